//! Compares the recipient's check of a release's terms with a naive check. The terms are arbitrary, on a release that the decision made.

use std::collections::BTreeSet;

use proptest::{
    option,
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::TestRunner,
};

use crate::{
    cases::{Case, case},
    compared::{copy, decided, manifest_of, shown},
    domain::{
        body::{Body, Kind},
        marking::{Audience, Tlp},
        place::{Country, Place, SubjectTimes},
        release::{OnwardLimit, ReleaseTerms},
    },
    fixture::statement,
    policy::{Cleared, accept},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    Retention,
    To,
    Kinds,
    Tlp,
    Depth,
    AtAll,
    Bars,
}

const CHECKS: [Check; 7] =
    [Check::Retention, Check::To, Check::Kinds, Check::Tlp, Check::Depth, Check::AtAll, Check::Bars];

/// Whether these terms are at each point as narrow as `right`, the terms of the grants.
pub fn is_narrow(
    terms: &ReleaseTerms,
    right: &ReleaseTerms,
    needed: &BTreeSet<Country>,
    without: Option<Check>,
) -> bool {
    let mut wider = Vec::new();
    if let Some(most) = right.retention_days {
        match terms.retention_days {
            Some(days) if days <= most => {}
            _ => wider.push(Check::Retention),
        }
    }
    match (&terms.onward, &right.onward) {
        (None, _) => {}
        (Some(_), None) => wider.push(Check::AtAll),
        (Some(a), Some(b)) => {
            if !a.to.iter().all(|t| b.to.contains(t)) {
                wider.push(Check::To);
            }
            if !a.kinds.iter().all(|k| b.kinds.contains(k)) {
                wider.push(Check::Kinds);
            }
            if a.max_tlp > b.max_tlp {
                wider.push(Check::Tlp);
            }
            if a.depth > b.depth {
                wider.push(Check::Depth);
            }
        }
    }
    let mut needed = needed.clone();
    if terms.onward.is_some() {
        needed.extend(&right.barred_states);
    }
    if needed.iter().any(|state| !terms.barred_states.contains(state)) {
        wider.push(Check::Bars);
    }
    wider.retain(|check| Some(*check) != without);
    wider.is_empty()
}

/// The states of the subjects that are disclosed to the recipient.
fn told_of(case: &Case, cleared: &Cleared) -> BTreeSet<Country> {
    let mut states = BTreeSet::new();
    for index in cleared.indexes() {
        if let Body::Subject(subject) = &case.portions[index].body {
            for place in
                subject.places.iter().copied().chain(subject.actors.iter().filter_map(|a| a.state).map(Place::Country))
            {
                let when = SubjectTimes::new(subject.period, case.issued, case.expires);
                states.extend(place.states_concerned(when));
            }
        }
    }
    states
}

fn withholds_a_subject(case: &Case, cleared: &Cleared) -> bool {
    let shown: Vec<usize> = cleared.indexes().collect();
    let mut all = case.portions.iter().enumerate();
    all.any(|(index, portion)| portion.kind() == Kind::Subject && !shown.contains(&index))
}

/// A change of the right terms. Some changes make them narrower, some wider.
#[derive(Debug, Clone)]
struct Change {
    retention: Option<Option<u32>>,
    onward: Option<Option<OnwardLimit>>,
    depth: Option<u32>,
    tlp: Option<Tlp>,
    unbar: bool,
}

fn change() -> impl Strategy<Value = Change> {
    const NAMES: [&str; 4] = ["taker.example", "group:a", "group:b", "other.example"];
    let to = subsequence(&NAMES[..], 1..=4).prop_map(|n| n.iter().map(|n| n.parse::<Audience>().unwrap()).collect());
    let kinds = subsequence(&[Kind::Headline, Kind::Subject, Kind::Gap, Kind::Source][..], 1..=4);
    let limit = (to, kinds, select(Tlp::ALL), 1..4_u32).prop_map(|(to, kinds, max_tlp, depth)| OnwardLimit {
        later_kinds: vec![],
        to,
        kinds,
        max_tlp,
        depth,
        groups: vec![],
    });
    let retention = option::weighted(0.3, option::of(1..400_u32));
    let small = (option::weighted(0.3, 1..4_u32), option::weighted(0.3, select(Tlp::ALL)), prop::bool::weighted(0.2));
    (retention, option::weighted(0.2, option::of(limit)), small)
        .prop_map(|(retention, onward, (depth, tlp, unbar))| Change { retention, onward, depth, tlp, unbar })
}

fn changed(right: &ReleaseTerms, change: Change) -> ReleaseTerms {
    let mut terms = right.clone();
    if let Some(retention) = change.retention {
        terms.retention_days = retention;
    }
    if let Some(onward) = change.onward {
        terms.onward = onward;
    }
    if let (Some(onward), Some(depth)) = (&mut terms.onward, change.depth) {
        onward.depth = depth;
    }
    if let (Some(onward), Some(tlp)) = (&mut terms.onward, change.tlp) {
        onward.max_tlp = tlp;
    }
    if change.unbar {
        terms.barred_states.pop();
    }
    terms
}

#[test]
fn terms_are_accepted_exactly_where_they_are_no_wider_than_the_grants_named() {
    let mut runner = TestRunner::deterministic();
    let (mut accepted, mut refused, mut unnoticed) = (0, 0, CHECKS.to_vec());
    while accepted + refused < 800 || (accepted + refused < 8_000 && !unnoticed.is_empty()) {
        let mut case = case().new_tree(&mut runner).unwrap().current();
        // The recipient does not know the giver's own control table.
        case.control.clear();
        let Some(cleared) = decided(&case).release else { continue };
        // If a subject is withheld, the giver narrows the terms more than the recipient can know.
        if withholds_a_subject(&case, &cleared) {
            continue;
        }
        let (manifest, policy, needed) = (manifest_of(&case), copy(&case), told_of(&case, &cleared));
        let facts = shown(&case, &manifest, cleared.indexes());
        for _ in 0..8 {
            let mut release = statement(&cleared);
            release.terms = changed(cleared.terms(), change().new_tree(&mut runner).unwrap().current());
            let right = is_narrow(&release.terms, cleared.terms(), &needed, None);
            let reasons = accept(&policy, &release, &facts).err().unwrap_or_default();
            assert_eq!(reasons.is_empty(), right, "{reasons:?}\n{:#?}\n{case:#?}", release.terms);
            assert!(reasons.iter().all(|r| r.id == "terms-too-wide"), "{reasons:?}");
            unnoticed.retain(|check| is_narrow(&release.terms, cleared.terms(), &needed, Some(*check)) == right);
            if right { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(unnoticed.is_empty(), "no terms tell these apart: {unnoticed:?}");
    assert!(accepted > 200 && refused > 200, "{accepted} accepted, {refused} refused");
}
