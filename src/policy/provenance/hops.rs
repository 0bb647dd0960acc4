//! The recipient's check of the hops by which another's assessment came: each hop against the terms of the hop before it.
//!
//! The first hop is the originator's own decision. The last hop, to the recipient itself, is checked by [`accept`](crate::policy::accept()).

use std::collections::BTreeSet;

use super::acquisition::Acquisition;
use crate::{
    domain::{
        assessment::Portion,
        ids::{Digest, StatementId, TrustDomain},
        marking::{Audience, Tlp},
        partner::Organisation,
        release::{OnwardLimit, Release},
    },
    policy::{
        audience::AudienceMembers,
        facts::{Facts, Provenance},
        reason::PolicyReason,
    },
};

/// One release on the way, by its giver to its taker.
#[derive(Debug, Clone)]
pub struct Hop<'a> {
    /// The release's statement id.
    pub id: StatementId,
    /// The organisation that gave.
    pub giver: &'a TrustDomain,
    /// What the release says.
    pub release: &'a Release,
    /// The organisation that got it, as it is known here.
    pub taker: &'a Organisation,
}

/// A hop that the hop before it did not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The organisation that gave more than it was allowed to.
    pub by: TrustDomain,
    /// Why; each reason once.
    pub reasons: Vec<PolicyReason>,
}

/// Checks each hop but the first against the terms of the hop before it: who may get it, which portions, how many hops further, for how
/// long, and that no term was widened or left out. Also checks the built-in rules, which no agreement can switch off.
///
/// The facts contain the portions that came, which is all that can be checked here.
///
/// # Errors
/// The first hop that is at fault.
pub fn check_hops(hops: &[Hop<'_>], facts: &Facts<'_>) -> Result<(), Breach> {
    let mut carriers = BTreeSet::from([facts.originator.clone()]);
    for pair in hops.windows(2) {
        let [before, hop] = pair else { continue };
        let provenance = Provenance::new(before.id, before.release, carriers.clone());
        let reasons = violations(&provenance, hop, facts);
        if !reasons.is_empty() {
            return Err(Breach { by: hop.giver.clone(), reasons });
        }
        carriers.insert(hop.giver.clone());
    }
    let is_about_taker = |hop: &&Hop<'_>| hop.taker.states().any(|s| facts.all_subjects.states.contains(&s));
    let Some(hop) = hops.iter().find(is_about_taker) else { return Ok(()) };
    let words = format!("it is about {}'s own state, and was released to it", hop.taker.domain);
    Err(Breach { by: hop.giver.clone(), reasons: vec![PolicyReason::new("subject-rule", words)] })
}

/// The reasons why the hop was not allowed, after the release that `provenance` describes.
fn violations(provenance: &Provenance, hop: &Hop<'_>, facts: &Facts<'_>) -> Vec<PolicyReason> {
    let release = hop.release;
    let mut reasons = Vec::new();
    if release.released_at >= facts.expires {
        reasons.push(PolicyReason::new("expired", "the assessment had expired when it was passed on"));
    }
    let disclosed: BTreeSet<Digest> = release.disclosed().collect();
    for item in facts.items.iter().filter(|item| disclosed.contains(&item.id.to_digest())) {
        if !item.is_own_endorsement(hop.giver) {
            reasons.extend(Acquisition::Received(provenance).denials(hop.taker, *item, release.released_at));
        }
        reasons.extend(not_releasable_to(item.portion, hop.taker));
    }
    let wider = wider_terms(provenance, release);
    if !wider.is_empty() {
        reasons.push(PolicyReason::new("terms-too-wide", wider.join("; ")));
    }
    reasons.sort();
    reasons.dedup();
    reasons
}

/// The built-in rules on who may get a portion by any hop (`cedar/builtin.cedar`).
fn not_releasable_to(portion: &Portion, taker: &Organisation) -> Option<PolicyReason> {
    let releasable_to = &portion.marking.releasable_to;
    let members = AudienceMembers::new(releasable_to, &portion.marking.groups);
    if portion.marking.tlp == Tlp::Red && !members.names(&taker.domain) {
        let words = format!("it is RED, and its marking does not name {}", taker.domain);
        return Some(PolicyReason::new("tlp-red-named-only", words));
    }
    let is_for_others = !releasable_to.is_empty() && !members.contains(taker);
    is_for_others.then(|| PolicyReason::new("releasable-to", format!("its marking does not name {}", taker.domain)))
}

/// What the release allows and the release before it did not.
fn wider_terms(provenance: &Provenance, release: &Release) -> Vec<String> {
    let terms = &release.terms;
    let mut wider = Vec::new();
    let days_left = provenance.days_left(release.released_at);
    if days_left.is_some_and(|left| terms.retention_days.is_none_or(|days| days > left)) {
        wider.push("it may be kept longer than its giver may keep it".to_owned());
    }
    let Some(onward) = &terms.onward else { return wider };
    if !provenance.terms.onward.as_ref().is_some_and(|limit| is_one_hop_less(onward, limit, provenance)) {
        wider.push("more may be passed on, to more organisations or further, than at the hop before".to_owned());
    }
    let missing = provenance.terms.barred_states.iter().filter(|s| !terms.barred_states.contains(s));
    let missing: Vec<&str> = missing.map(|s| s.code()).collect();
    if !missing.is_empty() {
        wider.push(format!("the bar to {} was left out", missing.join(", ")));
    }
    wider
}

/// Whether the limit of a release is within the limit of the release before it, and at least one hop less.
fn is_one_hop_less(onward: &OnwardLimit, limit: &OnwardLimit, provenance: &Provenance) -> bool {
    let members = AudienceMembers::new(&limit.to, &provenance.groups);
    let is_allowed = |audience: &Audience| match audience {
        Audience::Organisation(domain) => members.names(domain),
        // The members of the group are checked below.
        Audience::Group(name) => onward.groups.iter().any(|g| g.name == *name),
    };
    onward.depth < limit.depth
        && onward.max_tlp <= limit.max_tlp
        && onward.kinds.iter().all(|k| limit.kinds.contains(k))
        && onward.later_kinds.iter().all(|k| limit.later_kinds.contains(k))
        && onward.to.iter().all(is_allowed)
        && onward.groups.iter().all(|group| members.contains_group(group))
}
