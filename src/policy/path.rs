//! The way by which another's assessment came: each hop held against the terms of the one before, by whoever reads it.
//! The first hop is the originator's own decision; the last one, to us, is for [`accept`](super::accept()).

use std::collections::BTreeSet;

use super::{
    accept::no_group_is_wider,
    facts::Facts,
    onward::{Circle, Holding, Provenance},
    outcome::Reason,
};
use crate::domain::{
    ids::{Digest, StatementId, TrustDomain},
    marking::Audience,
    partner::Organisation,
    release::{OnwardLimit, Release},
};

/// One release of the way, by its giver to its taker.
#[derive(Debug, Clone)]
pub struct Hop<'a> {
    /// The release's statement id.
    pub id: StatementId,
    /// Who gave.
    pub giver: &'a TrustDomain,
    /// What it said.
    pub release: &'a Release,
    /// Who got it, as it is known here.
    pub taker: &'a Organisation,
}

/// A hop that the one before did not allow, by whom, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Who gave more than it might.
    pub by: TrustDomain,
    /// Why: each reason once.
    pub reasons: Vec<Reason>,
}

/// Holds each hop but the first against the terms of the one before: who may get it, which portions, how many hops further,
/// for how long, and that no term was widened or left out. The facts hold the portions that came, which is all that can be judged here.
///
/// # Errors
/// The first hop that is at fault.
pub fn check_path(path: &[Hop<'_>], facts: &Facts<'_>) -> Result<(), Breach> {
    let mut carriers = BTreeSet::from([facts.originator.clone()]);
    for pair in path.windows(2) {
        let [before, hop] = pair else { continue };
        let came = Provenance::of(before.id, before.release, carriers.clone());
        let reasons = unmet(&came, hop, facts);
        if !reasons.is_empty() {
            return Err(Breach { by: hop.giver.clone(), reasons });
        }
        carriers.insert(hop.giver.clone());
    }
    let Some(told) = path.iter().find(|hop| hop.taker.state().is_some_and(|s| facts.whole.states.contains(&s))) else {
        return Ok(());
    };
    let words = format!("it is about {}'s own state, and went to it", told.taker.domain);
    Err(Breach { by: told.giver.clone(), reasons: vec![Reason::new("subject-rule", words)] })
}

fn unmet(came: &Provenance, hop: &Hop<'_>, facts: &Facts<'_>) -> Vec<Reason> {
    let release = hop.release;
    let groups = release.terms.onward.as_ref().map(|o| o.groups.as_slice()).unwrap_or_default();
    let disclosed: BTreeSet<Digest> = release.disclosed().collect();
    // What the hop's own people say of it came by no release that could bar it.
    let is_own = |digest: &Digest| facts.endorsers.get(digest).is_some_and(|endorser| *endorser == hop.giver);
    let passed = facts.portions.iter().filter(|(digest, _)| disclosed.contains(digest) && !is_own(digest));
    let mut reasons: Vec<Reason> = passed
        .filter_map(|(digest, portion)| {
            Holding::Through(came).bars(hop.taker, groups, (digest, portion), release.released_at)
        })
        .collect();
    let wider = wider(came, release);
    if !wider.is_empty() {
        reasons.push(Reason::new("terms-too-wide", wider.join("; ")));
    }
    reasons.sort();
    reasons.dedup();
    reasons
}

/// What the release leaves open that the one before closed.
fn wider(came: &Provenance, release: &Release) -> Vec<String> {
    let terms = &release.terms;
    let mut wider = Vec::new();
    if came.days_left(release.released_at).is_some_and(|left| terms.retention_days.is_none_or(|days| days > left)) {
        wider.push("it may be kept longer than its giver may".to_owned());
    }
    let Some(onward) = &terms.onward else { return wider };
    if !came.terms.onward.as_ref().is_some_and(|limit| is_one_hop_less(onward, limit, came)) {
        wider.push("more may be passed on, to more or further, than by the hop before".to_owned());
    }
    let missing = came.terms.barred_states.iter().filter(|s| !terms.barred_states.contains(s));
    let missing: Vec<&str> = missing.map(|s| s.code()).collect();
    if !missing.is_empty() {
        wider.push(format!("the bar to {} was left out", missing.join(", ")));
    }
    wider
}

fn is_one_hop_less(onward: &OnwardLimit, limit: &OnwardLimit, came: &Provenance) -> bool {
    let circle = Circle::of(&limit.to, &came.groups);
    let reaches = |audience: &Audience| match audience {
        Audience::Organisation(domain) => circle.names(domain),
        Audience::Group(name) => onward.groups.iter().any(|g| g.name == *name && circle.covers(g)),
    };
    // A group that the hop before spelled out keeps its members; another one is a name of the agreement at hand.
    let is_kept = |name| came.groups.iter().any(|g| g.name == name);
    let kept = OnwardLimit {
        groups: onward.groups.iter().filter(|g| is_kept(g.name.clone())).cloned().collect(),
        ..onward.clone()
    };
    onward.depth < limit.depth
        && onward.max_tlp <= limit.max_tlp
        && onward.kinds.iter().all(|k| limit.kinds.contains(k))
        && onward.to.iter().all(reaches)
        && no_group_is_wider(&kept, &came.groups)
}
