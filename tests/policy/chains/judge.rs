//! The naive judge of a chain of releases. It checks each hop by the oracle's rules for one hop, from what the last taker sees.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    run::{Step, case},
    world::{Piece, World},
};
use crate::{
    cases::Case,
    domain::{
        agreement::Agreement,
        group::Group,
        ids::{Digest, StatementId, TrustDomain},
    },
    fixture::digest,
    oracle::{Came, Oracle, Rule},
    passed_on::members,
    policy::Provenance,
    terms::is_narrow,
};

/// The rules of the judge that can be left out, to show that the comparison notices their absence.
///
/// Three rules are not among them. That some retention time is left: no retention fits into none. That a hop is left: `wire` refuses a limit
/// without one. That RED names its reader: RED is never passed on.
pub const LEFT: [Rule; 20] = [
    Rule::CameByIt,
    Rule::NotBack,
    Rule::OnwardAtAll,
    Rule::OnwardTo,
    Rule::OnwardKinds,
    Rule::OnwardTlp,
    Rule::BarredState,
    Rule::MarkingNone,
    Rule::MarkingWithin,
    Rule::MarkingNames,
    Rule::TermsTo,
    Rule::TermsKinds,
    Rule::TermsTlp,
    Rule::TermsOneHopLess,
    Rule::TermsKeepBars,
    Rule::TermsRetention,
    Rule::Expiry,
    Rule::ReleasableTo,
    Rule::NoAttribution,
    Rule::StrictStays,
];

/// The organisation whose hop is the first at fault, if any is. The rule that is left out applies to the hops before the last.
pub fn judged(world: &World, piece: &Piece, steps: &[Step], without: Option<Rule>) -> Option<TrustDomain> {
    let last = steps.len() - 1;
    let visible: Vec<usize> = by_digests(piece, &steps[last].release.digests);
    for k in 1..last {
        if is_at_fault(world, piece, (k, steps), &visible, without) {
            return Some(steps[k].giver.domain.clone());
        }
    }
    let told = with(world, piece, (last, &steps[last]), &visible, vec![], vec![]);
    let all: BTreeSet<usize> = (0..visible.len()).collect();
    let states = Oracle { case: &told, agreement: &told.agreements[0], came: Came::Own, without: None }.states(&all);
    for step in &steps[..last] {
        // A hop gave it to the state itself.
        if step.taker.states().any(|s| states.contains(&s)) {
            return Some(step.giver.domain.clone());
        }
    }
    is_last_at_fault(world, piece, steps, &visible).then(|| steps[last].giver.domain.clone())
}

fn by_digests(piece: &Piece, digests: &[Digest]) -> Vec<usize> {
    (0..piece.portions.len()).filter(|i| digests.contains(&digest(*i))).collect()
}

/// One hop as a case for the oracle. Its digests are indexes among the visible portions.
fn with(
    world: &World,
    piece: &Piece,
    (k, step): (usize, &Step),
    visible: &[usize],
    came: Vec<Provenance>,
    groups: Vec<Group>,
) -> Case {
    let mut case = case(world, piece, (k, &step.giver, &step.taker), visible, came);
    case.house.clear();
    case.now = step.release.released_at;
    // Others do not know the agreement. The groups in the terms of the release replace it.
    let known = Agreement { groups, grants: vec![], ..case.agreements[0].clone() };
    case.agreements = vec![known];
    case
}

/// The provenance by the hop before, as the last taker sees it.
fn provenance(steps: &[Step], visible: &[usize]) -> Provenance {
    let step = steps.last().unwrap();
    let local = visible.iter().enumerate().filter(|(_, i)| step.release.digests.contains(&digest(**i)));
    Provenance {
        release: step.id,
        digests: local.map(|(local, _)| digest(local)).collect(),
        terms: step.release.terms.clone(),
        released_at: step.release.released_at,
        received_at: step.release.released_at,
        is_stopped: false,
        groups: step.release.terms.onward.iter().flat_map(|o| o.groups.clone()).collect(),
        carriers: steps.iter().map(|s| s.giver.domain.clone()).collect(),
    }
}

/// Checks a hop in the middle. Its agreement is not known.
fn is_at_fault(
    world: &World,
    piece: &Piece,
    (k, steps): (usize, &[Step]),
    visible: &[usize],
    without: Option<Rule>,
) -> bool {
    let release = &steps[k].release;
    let came = provenance(&steps[..k], visible);
    let groups = release.terms.onward.iter().flat_map(|o| o.groups.clone()).collect();
    let case = with(world, piece, (k, &steps[k]), visible, vec![came], groups);
    let oracle = Oracle { case: &case, agreement: &case.agreements[0], came: Came::By(0), without };
    for (local, index) in visible.iter().enumerate() {
        if release.digests.contains(&digest(*index))
            && (oracle.has_expired() || !oracle.may_go_on(local) || oracle.is_for_others(local))
        {
            return true;
        }
    }
    // Terms that are narrow enough do not change when they are narrowed again.
    oracle.narrowed(release.terms.clone()) != release.terms
}

/// Checks the hop to the reader itself, which has the agreement too.
fn is_last_at_fault(world: &World, piece: &Piece, steps: &[Step], visible: &[usize]) -> bool {
    let (last, before) = steps.split_last().unwrap();
    let release = &last.release;
    let k = before.len();
    let mut case = case(world, piece, (k, &last.giver, &last.taker), visible, vec![provenance(before, visible)]);
    case.house.clear();
    case.now = release.released_at;
    let StatementId([number, ..]) = release.agreement.id;
    let agreement = case.agreements[usize::from(number) - 1].clone();
    let oracle = Oracle { case: &case, agreement: &agreement, came: Came::By(0), without: None };
    let named: BTreeSet<String> = release.grants.iter().map(ToString::to_string).collect();
    let all: BTreeSet<usize> = (0..visible.len()).collect();
    let mut shown: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for local in &all {
        let grants: BTreeSet<String> = oracle.permitting(*local, &all).intersection(&named).cloned().collect();
        if grants.is_empty() {
            return true;
        }
        shown.insert(*local, grants);
    }
    let right = oracle.narrowed(oracle.terms(&shown));
    let groups = release.terms.onward.iter().flat_map(|o| &o.groups);
    let mut names = groups.map(|g| &g.name);
    let spelled_out = release.terms.onward.as_ref().map(|o| o.groups.as_slice()).unwrap_or_default();
    names.any(|name| !members(name, spelled_out).is_subset(&members(name, &agreement.groups)))
        || !is_narrow(&release.terms, &right, &oracle.states(&all), None)
}
