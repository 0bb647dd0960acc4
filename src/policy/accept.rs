//! The recipient's check of a release against its own copy of the agreement.

use std::{collections::BTreeSet, rc::Rc};

use super::{
    agreement::PartnerPolicy,
    audience::AudienceMembers,
    decision::{Basis, GrantedItems, Grounds, Ruling, release_terms},
    facts::Facts,
    provenance::Acquisition,
    reason::PolicyReason,
};
use crate::domain::{
    group::Group,
    ids::Digest,
    marking::Audience,
    place::Country,
    release::{OnwardLimit, Release, ReleaseTerms},
};

/// Checks that our own copy of the agreement permits everything that the release discloses, at the time of the release, and that the terms of
/// the release are no wider than the grants that it names.
///
/// The policy is compiled with the sender as giver and us as taker. The facts contain the portions that the sender disclosed of this manifest:
/// those of this release, and those of its earlier releases if this one adds to them. If the sender is not the originator, they also
/// contain the releases by which the sender got them.
///
/// # Errors
/// Why the release must be quarantined: every reason, each once.
pub fn accept(policy: &PartnerPolicy, release: &Release, facts: &Facts<'_>) -> Result<(), Vec<PolicyReason>> {
    if release.recipient != policy.taker.domain {
        return Err(vec![PolicyReason::new("not-for-us", "the release is for another recipient")]);
    }
    let Some(agreement) = policy.agreements.iter().find(|c| c.reference == release.agreement) else {
        let words = format!(
            "the release is based on agreement {} version {}, which is not in force here",
            release.agreement.id, release.agreement.version
        );
        return Err(vec![PolicyReason::new("agreement-differs", words)]);
    };
    let acquisitions = Acquisition::all(&policy.giver, facts.originator, &facts.provenances);
    let Some(acquisition) = acquisitions.into_iter().find(|a| a.via() == release.via) else {
        let words = "the sender says that it got this by a release that is not among those that arrived with it";
        return Err(vec![PolicyReason::new("via-unknown", words)]);
    };
    let basis = Basis { policy, agreement, facts, acquisition, now: release.released_at };
    let mut reasons = Vec::new();
    for id in release.grants.iter().filter(|id| !agreement.grants.iter().any(|c| c.grant.id == **id)) {
        reasons.push(PolicyReason::new(
            "agreement-differs",
            format!("this organisation's copy of the agreement has no grant {id} for it"),
        ));
    }
    let index_of = |digest: &Digest| facts.items.iter().position(|item| item.id.to_digest() == *digest);
    let disclosed: Vec<Digest> = release.disclosed().collect();
    let indexes: Vec<usize> = disclosed.iter().filter_map(index_of).collect();
    if indexes.len() != disclosed.len() || indexes.is_empty() {
        reasons.push(PolicyReason::new("portion-missing", "the release names a portion that did not arrive with it"));
    }
    let mut granted = GrantedItems::new();
    for (index, ruling) in basis.rulings(&facts.all_subjects, indexes.into_iter()) {
        match Rc::as_ref(&ruling) {
            Ruling::Permitted(grounds) => _ = granted.insert(index, named_grounds(basis, release, grounds)),
            denied => reasons.extend(denied.reasons().iter().cloned()),
        }
    }
    // Where something is not permitted at all, the terms are not checked as well.
    if reasons.is_empty() {
        reasons.extend(too_wide(basis, release, &granted));
    }
    reasons.sort();
    reasons.dedup();
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// Those of the grounds that the release names.
fn named_grounds(basis: Basis<'_>, release: &Release, grounds: &Grounds) -> Grounds {
    let Basis { agreement, facts, .. } = basis;
    let names_grant = |g: &usize| agreement.grants.get(*g).is_some_and(|c| release.grants.contains(&c.grant.id));
    let names_exception =
        |e: &usize| facts.exceptions.get(*e).is_some_and(|e| release.exceptions.iter().any(|l| l.id == e.id));
    Grounds {
        grants: grounds.grants.iter().copied().filter(names_grant).collect(),
        exceptions: grounds.exceptions.iter().copied().filter(names_exception).collect(),
    }
}

/// What the release allows and the grants that it names do not. The terms of a release may always be narrower.
fn too_wide(basis: Basis<'_>, release: &Release, granted: &GrantedItems) -> Option<PolicyReason> {
    let Basis { facts, agreement, .. } = basis;
    if granted.values().any(Grounds::is_empty) {
        return Some(PolicyReason::new("no-grant", "no grant that the release names permits one of its portions"));
    }
    let (ours, theirs) = (release_terms(basis, granted), &release.terms);
    let mut wider = Vec::new();
    if let Some(days) = ours.retention_days
        && theirs.retention_days.is_none_or(|d| d > days)
    {
        wider.push(format!("it may be kept for {days} days, and the release says longer"));
    }
    let is_allowed = |theirs: &OnwardLimit| {
        ours.onward.as_ref().is_some_and(|ours| is_within(theirs, ours)) && no_group_is_wider(theirs, &agreement.groups)
    };
    if !theirs.onward.as_ref().is_none_or(is_allowed) {
        wider.push("the release lets more portions be passed on, or to more organisations, than they do".to_owned());
    }
    let missing: Vec<&str> = missing_bars(facts, theirs, &ours, granted).map(Country::code).collect();
    if !missing.is_empty() {
        wider.push(format!("the release does not bar {}, which it is about", missing.join(", ")));
    }
    let words = || format!("the terms are wider than the grants that the release names: {}", wider.join("; "));
    (!wider.is_empty()).then(|| PolicyReason::new("terms-too-wide", words()))
}

fn is_within(theirs: &OnwardLimit, ours: &OnwardLimit) -> bool {
    theirs.to.iter().all(|a| ours.to.contains(a))
        && theirs.kinds.iter().all(|k| ours.kinds.contains(k))
        && theirs.later_kinds.iter().all(|k| ours.later_kinds.contains(k))
        && theirs.max_tlp <= ours.max_tlp
        && theirs.depth <= ours.depth
}

/// Whether no group has members in the release that it does not have in the agreement.
fn no_group_is_wider(theirs: &OnwardLimit, ours: &[Group]) -> bool {
    let is_contained = |g: &Group| AudienceMembers::new(&[Audience::Group(g.name.clone())], ours).contains_group(g);
    theirs.groups.iter().all(is_contained)
}

/// The states that the release should bar and does not: the states of the subjects that it discloses. Where anything may be passed on, also the
/// states of all subjects that are known here, since what is added later may be passed on without these subjects.
fn missing_bars<'a>(
    facts: &'a Facts<'_>,
    theirs: &'a ReleaseTerms,
    ours: &ReleaseTerms,
    granted: &GrantedItems,
) -> impl Iterator<Item = Country> + 'a {
    let mut needed: BTreeSet<Country> = facts.subjects_of(granted.keys().copied()).states;
    if theirs.onward.is_some() {
        needed.extend(&facts.all_subjects.states);
        needed.extend(&ours.barred_states);
    }
    needed.into_iter().filter(|s| !theirs.barred_states.contains(s))
}
