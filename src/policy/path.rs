//! The way by which another's assessment came: each hop held against the terms of the one before, by whoever reads it.
//! The first hop is the originator's own decision; the last one, to us, is for [`accept`](super::accept()).

use std::collections::BTreeSet;

use super::{
    facts::Facts,
    onward::{Circle, Holding, Provenance},
    outcome::Reason,
};
use crate::domain::{
    assessment::Portion,
    ids::{Digest, StatementId, TrustDomain},
    marking::{Audience, Tlp},
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
/// for how long, and that no term was widened or left out; and against the built-in rules, which no agreement switches off. The
/// facts hold the portions that came, which is all that can be judged here.
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
    let Some(told) = path.iter().find(|hop| hop.taker.states().any(|s| facts.whole.states.contains(&s))) else {
        return Ok(());
    };
    let words = format!("it is about {}'s own state, and went to it", told.taker.domain);
    Err(Breach { by: told.giver.clone(), reasons: vec![Reason::new("subject-rule", words)] })
}

fn unmet(came: &Provenance, hop: &Hop<'_>, facts: &Facts<'_>) -> Vec<Reason> {
    let release = hop.release;
    let mut reasons = Vec::new();
    if release.released_at >= facts.expires {
        reasons.push(Reason::new("expired", "the assessment had expired when it was passed on"));
    }
    let disclosed: BTreeSet<Digest> = release.disclosed().collect();
    // What the hop's own people say of it came by no release that could bar it.
    let is_own = |digest: &Digest| facts.endorsers.get(digest).is_some_and(|endorser| *endorser == hop.giver);
    for (digest, portion) in facts.portions.iter().filter(|(digest, _)| disclosed.contains(digest)) {
        if !is_own(digest) {
            reasons.extend(Holding::Through(came).bars(hop.taker, (digest, portion), release.released_at));
        }
        reasons.extend(is_for_others(portion, hop.taker));
    }
    let wider = wider(came, release);
    if !wider.is_empty() {
        reasons.push(Reason::new("terms-too-wide", wider.join("; ")));
    }
    reasons.sort();
    reasons.dedup();
    reasons
}

/// What the portion's marking says of who gets it by any hop (`builtin.cedar`).
fn is_for_others(portion: &Portion, taker: &Organisation) -> Option<Reason> {
    let named = &portion.marking.releasable_to;
    let circle = Circle::of(named, &portion.marking.groups);
    if portion.marking.tlp == Tlp::Red && !circle.names(&taker.domain) {
        let words = format!("it is RED, and its marking does not name {}", taker.domain);
        return Some(Reason::new("tlp-red-named-only", words));
    }
    let is_for_others = !named.is_empty() && !circle.holds(taker);
    is_for_others.then(|| Reason::new("releasable-to", format!("its marking does not name {}", taker.domain)))
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
        Audience::Group(name) => onward.groups.iter().any(|g| g.name == *name),
    };
    onward.depth < limit.depth
        && onward.max_tlp <= limit.max_tlp
        && onward.kinds.iter().all(|k| limit.kinds.contains(k))
        && onward.later_kinds.iter().all(|k| limit.later_kinds.contains(k))
        && onward.to.iter().all(reaches)
        && onward.groups.iter().all(|group| circle.covers(group))
}
