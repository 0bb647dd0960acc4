//! A candidate for a release: what one basis would release, with a headline and a subject, and nothing that the recipient would have to refuse.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    basis::Basis,
    headlines::select_headlines,
    ruling::{GrantedItems, Ruling},
};
use crate::{
    domain::body::Kind,
    policy::{facts::Facts, provenance::Acquisition, reason::PolicyReason},
};

/// The id of the reason for which a lesser headline is withheld. Whoever gets the fuller one may have it.
pub const FULLER_HEADLINE: &str = "a-fuller-headline-is-given";

/// What one basis would release.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    pub basis: Basis<'a>,
    rulings: BTreeMap<usize, Rc<Ruling>>,
    /// What it releases. Empty if it can release nothing.
    pub released: GrantedItems,
    /// What it permits and yet withholds, with the reason.
    pub permitted_yet_withheld: BTreeMap<usize, PolicyReason>,
}

impl<'a> Candidate<'a> {
    /// Evaluates the basis.
    pub fn new(basis: Basis<'a>) -> Self {
        let facts = basis.facts;
        let mut rulings = basis.rulings(&facts.all_subjects, facts.indexes());
        keep_words_of_others(basis, &mut rulings);
        let mut granted: GrantedItems = rulings
            .iter()
            .filter_map(|(index, ruling)| match &**ruling {
                Ruling::Permitted(grounds) => Some((*index, grounds.clone())),
                Ruling::NoGrant(_) | Ruling::Denied(_) => None,
            })
            .collect();
        let mut permitted_yet_withheld = BTreeMap::new();
        let mut released = select_headlines(basis, &granted);
        while missing_kind(facts, &released).is_none()
            && let Some(narrowed) = as_recipient_sees_it(basis, &released)
        {
            for index in released.keys().filter(|i| !narrowed.contains_key(i)) {
                granted.remove(index);
                permitted_yet_withheld.insert(*index, not_covered_as_shown());
            }
            granted.extend(narrowed);
            released = select_headlines(basis, &granted);
        }
        if let Some(reason) = obstacle(basis, &released) {
            permitted_yet_withheld.extend(granted.keys().map(|i| (*i, reason.clone())));
            released.clear();
        } else {
            let lesser = granted.keys().filter(|i| !released.contains_key(i));
            let reason = || PolicyReason::new(FULLER_HEADLINE, "a fuller headline is given");
            permitted_yet_withheld.extend(lesser.map(|i| (*i, reason())));
        }
        Self { basis, rulings, released, permitted_yet_withheld }
    }

    /// How many items are permitted.
    pub fn permitted_count(&self) -> usize {
        self.rulings.values().filter(|r| matches!(***r, Ruling::Permitted(_))).count()
    }

    /// Why the item is not permitted.
    pub fn reasons(&self, index: usize) -> Vec<PolicyReason> {
        match self.rulings.get(&index).map(|ruling| ruling.reasons()) {
            Some(reasons) if !reasons.is_empty() => reasons.to_vec(),
            Some(_) | None => vec![PolicyReason::new("unknown", "nothing permits it")],
        }
    }
}

/// An endorsement that came back to the originator stays there. It came under no release that the originator could cite, so nobody could check
/// whether its endorser lets it go on.
fn keep_words_of_others(basis: Basis<'_>, rulings: &mut BTreeMap<usize, Rc<Ruling>>) {
    if !matches!(basis.acquisition, Acquisition::Originated) {
        return;
    }
    for (index, ruling) in rulings {
        let endorser = basis.facts.items.get(*index).and_then(|item| item.endorser);
        if endorser.is_some_and(|endorser| *endorser != basis.policy.giver) {
            let words = "another organisation has made this endorsement, and its originator passes it on to nobody";
            *ruling = Rc::new(ruling.with_denials(vec![PolicyReason::new("onward-not-allowed", words)]));
        }
    }
}

/// Why nothing at all can be released, although these items are permitted.
fn obstacle(basis: Basis<'_>, released: &GrantedItems) -> Option<PolicyReason> {
    if let Some(kind) = missing_kind(basis.facts, released) {
        return Some(incomplete(kind));
    }
    // An exception adds to what the agreement gives. It does not replace an agreement.
    if released.values().all(|grounds| grounds.grants.is_empty()) {
        return Some(no_grant_at_all());
    }
    reveals_withheld_subject(basis, released).then(subject_stays)
}

/// A kind of which a release needs at least one portion, and these have none.
fn missing_kind(facts: &Facts<'_>, released: &GrantedItems) -> Option<Kind> {
    [Kind::Headline, Kind::Subject].into_iter().find(|kind| facts.count(*kind, released.keys().copied()) == 0)
}

/// Whether a hub would reveal the states of a subject that it withholds: the release by which it got the assessment goes along, and the barred
/// states in it are those of every subject (`decision/terms.rs`).
fn reveals_withheld_subject(basis: Basis<'_>, released: &GrantedItems) -> bool {
    let facts = basis.facts;
    let disclosed = facts.count(Kind::Subject, released.keys().copied());
    matches!(basis.acquisition, Acquisition::Received(_)) && disclosed < facts.count(Kind::Subject, facts.indexes())
}

/// What remains of these items if the recipient decides with what it sees. `None` if nothing changes.
///
/// The recipient checks a release. If a subject is withheld, it sees a lower level or fewer places, and might have to refuse what the giver
/// permits with its fuller knowledge. So this evaluates again with what the recipient would see, and keeps what is permitted both times. It
/// also prevents that the arrival of a portion reveals how high the withheld level is.
fn as_recipient_sees_it(basis: Basis<'_>, released: &GrantedItems) -> Option<GrantedItems> {
    let subjects = basis.facts.subjects_of(released.keys().copied());
    if subjects == basis.facts.all_subjects {
        return None;
    }
    let rulings = basis.rulings(&subjects, released.keys().copied());
    let narrowed: GrantedItems = released
        .iter()
        .filter_map(|(index, grounds)| match rulings.get(index).map(Rc::as_ref) {
            Some(Ruling::Permitted(seen)) => Some((*index, grounds.intersection(seen))),
            Some(Ruling::NoGrant(_) | Ruling::Denied(_)) | None => None,
        })
        .filter(|(_, grounds)| !grounds.is_empty())
        .collect();
    (narrowed != *released).then_some(narrowed)
}

fn not_covered_as_shown() -> PolicyReason {
    PolicyReason::new(
        "not-covered-as-shown",
        "a subject is withheld, and the disclosed subjects do not show that a grant covers this portion",
    )
}

fn no_grant_at_all() -> PolicyReason {
    PolicyReason::new("no-grant", "no grant gives any of it, and an exception only adds to what a grant gives")
}

fn subject_stays() -> PolicyReason {
    let words = "a hub releases an assessment only with all subjects that it has of it, and one is withheld";
    PolicyReason::new("a-subject-stays", words)
}

fn incomplete(kind: Kind) -> PolicyReason {
    match kind {
        Kind::Headline => {
            PolicyReason::new("no-headline", "no headline may be released, and without one nothing is released")
        }
        _ => PolicyReason::new("no-subject", "no subject may be released, and without one nothing is released"),
    }
}
