//! The recipient's check of what it got, against its own copy of the agreement.

use std::{collections::BTreeSet, rc::Rc};

use super::{
    agreement::PartnerPolicy,
    assemble::Granted,
    decide::{Question, Ruling},
    exception::Exceptions,
    facts::Facts,
    onward::{Circle, Holding},
    outcome::Reason,
    terms,
};
use crate::domain::{
    group::Group,
    ids::Digest,
    marking::Audience,
    place::Country,
    release::{OnwardLimit, Release, Terms},
};

/// Checks that our own copy of the agreement covers every portion that the release discloses, at the time of the release, and that its
/// terms are no wider than the grants that it names. The policy is compiled with the sender as giver and us as taker. The
/// facts hold the portions that the sender disclosed of this manifest: those of this release, and those of its earlier
/// releases where this one adds to them; where the sender is not the originator, the releases by which it got them too.
///
/// # Errors
/// Why the release must be quarantined: every reason, each once.
pub fn accept(policy: &PartnerPolicy, release: &Release, facts: &Facts<'_>) -> Result<(), Vec<Reason>> {
    if release.recipient != policy.taker.domain {
        return Err(vec![Reason::new("not-for-us", "the release is for another recipient")]);
    }
    let Some(compiled) = policy.agreements.iter().find(|c| c.reference == release.agreement) else {
        let words = format!(
            "the release stands on agreement {} version {}, which is not in force here",
            release.agreement.id, release.agreement.version
        );
        return Err(vec![Reason::new("agreement-differs", words)]);
    };
    let holdings = Holding::all(&policy.giver, facts);
    let Some(holding) = holdings.into_iter().find(|h| h.via() == release.via) else {
        let words = "the sender says that it got this by a release that is not among those that came with it";
        return Err(vec![Reason::new("via-unknown", words)]);
    };
    let question = Question { policy, compiled, facts, holding, now: release.released_at };
    let mut reasons = Vec::new();
    for id in release.grants.iter().filter(|id| !compiled.grants.iter().any(|c| c.grant.id == **id)) {
        reasons.push(Reason::new("agreement-differs", format!("our copy of the agreement has no grant {id} to us")));
    }
    let index_of = |digest| facts.portions.iter().position(|(d, _)| d == digest);
    let disclosed: Vec<Digest> = release.disclosed().collect();
    let indexes: Vec<usize> = disclosed.iter().filter_map(index_of).collect();
    if indexes.len() != disclosed.len() || indexes.is_empty() {
        reasons.push(Reason::new("portion-missing", "the release names a portion that did not come with it"));
    }
    let mut granted = Granted::new();
    for (index, ruling) in question.rule(&facts.whole, indexes.into_iter()) {
        match Rc::as_ref(&ruling) {
            Ruling::Permitted(grants) => _ = granted.insert(index, named(question, release, grants)),
            denied => reasons.extend(denied.reasons().iter().cloned()),
        }
    }
    // What is not covered at all is told as that, and not by its terms as well.
    if reasons.is_empty() {
        reasons.extend(too_wide(question, release, &granted));
    }
    reasons.sort();
    reasons.dedup();
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// Those of the grants and exceptions that the release names.
fn named(question: Question<'_>, release: &Release, grants: &[usize]) -> Vec<usize> {
    let Question { compiled, facts, .. } = question;
    let is_named = |g: &usize| match (compiled.grants.get(*g), Exceptions::of(compiled, facts).at(*g)) {
        (Some(c), _) => release.grants.contains(&c.grant.id),
        (None, Some(excepted)) => release.exceptions.iter().any(|l| l.id == excepted.id),
        (None, None) => false,
    };
    grants.iter().copied().filter(is_named).collect()
}

/// What the release leaves open that the grants named close. Terms may always be narrower.
fn too_wide(question: Question<'_>, release: &Release, granted: &Granted) -> Option<Reason> {
    let Question { facts, .. } = question;
    if granted.values().any(Vec::is_empty) {
        return Some(Reason::new("no-grant", "no grant that the release names permits one of its portions"));
    }
    let (ours, theirs) = (terms::of(question, granted), &release.terms);
    let mut wider = Vec::new();
    if let Some(days) = ours.retention_days
        && theirs.retention_days.is_none_or(|d| d > days)
    {
        wider.push(format!("it may be kept for {days} days, and the release says longer"));
    }
    let spelled_out = &question.compiled.groups;
    let is_within = |theirs: &OnwardLimit| {
        ours.onward.as_ref().is_some_and(|ours| is_within(theirs, ours)) && no_group_is_wider(theirs, spelled_out)
    };
    if !theirs.onward.as_ref().is_none_or(is_within) {
        wider.push("the release lets more be passed on, or to more, than they do".to_owned());
    }
    let missing: Vec<&str> = bars(facts, theirs, &ours, granted).map(Country::code).collect();
    if !missing.is_empty() {
        wider.push(format!("the release does not bar {}, whom it is about", missing.join(", ")));
    }
    let words = || format!("the terms are wider than the grants that the release names: {}", wider.join("; "));
    (!wider.is_empty()).then(|| Reason::new("terms-too-wide", words()))
}

pub(super) fn is_within(theirs: &OnwardLimit, ours: &OnwardLimit) -> bool {
    theirs.to.iter().all(|a| ours.to.contains(a))
        && theirs.kinds.iter().all(|k| ours.kinds.contains(k))
        && theirs.later_kinds.iter().all(|k| ours.later_kinds.contains(k))
        && theirs.max_tlp <= ours.max_tlp
        && theirs.depth <= ours.depth
}

/// No group has members in the release that it lacks in the agreement.
fn no_group_is_wider(theirs: &OnwardLimit, ours: &[Group]) -> bool {
    theirs.groups.iter().all(|g| Circle::of(&[Audience::Group(g.name.clone())], ours).covers(g))
}

/// The states that the release fails to bar: of those subjects that it discloses; where anything may be passed on, of all that are known
/// here, since what is added later may go on without them.
fn bars<'a>(
    facts: &'a Facts<'_>,
    theirs: &'a Terms,
    ours: &Terms,
    granted: &Granted,
) -> impl Iterator<Item = Country> + 'a {
    let mut needed: BTreeSet<Country> = facts.view(granted.keys().copied()).states;
    if theirs.onward.is_some() {
        needed.extend(&facts.whole.states);
        needed.extend(&ours.barred_states);
    }
    needed.into_iter().filter(|s| !theirs.barred_states.contains(s))
}
