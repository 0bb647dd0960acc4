//! The decision: the candidates of each agreement and acquisition, then a release by one of them.

use std::collections::BTreeMap;

use super::{
    basis::Basis,
    candidate::Candidate,
    ruling::Grounds,
    terms::release_terms,
    verdict::{Cleared, Decision, Denial, GrantRef, Permit, PortionVerdict, Verdict},
};
use crate::{
    domain::{ids::StatementId, marking::GroupName, time::Time},
    policy::{
        agreement::PartnerPolicy,
        attributes::PortionAttributes,
        facts::{Facts, ItemId},
        grant::CompiledGrant,
        provenance::{Acquisition, goes_along},
        reason::PolicyReason,
    },
};

/// Decides what the taker gets of an assessment at a time.
///
/// All of one release stands on one agreement. Where the giver is not the originator, it also stands on one of the releases by which the giver
/// got the assessment, since a release cites one. The decision takes the basis that releases most portions; of several, the one with the
/// lowest ids. Where nothing can be released, every verdict is a denial: a permission belongs to a release, never to a portion alone.
pub fn decide(policy: &PartnerPolicy, facts: &Facts<'_>, now: Time) -> Decision {
    let acquisitions = Acquisition::all(&policy.giver, facts.originator, &facts.provenances);
    let pairs = policy.agreements.iter().flat_map(|agreement| acquisitions.iter().map(move |a| (agreement, *a)));
    let candidates: Vec<Candidate<'_>> = pairs
        .map(|(agreement, acquisition)| Candidate::new(Basis { policy, agreement, facts, acquisition, now }))
        .collect();
    // Where nothing is released, the candidate that permits most explains best. Reversed, because `max_by_key` takes the last of equals.
    let weight = |c: &&Candidate<'_>| (c.released.len(), if c.released.is_empty() { c.permitted_count() } else { 0 });
    let best = candidates.iter().rev().max_by_key(weight);
    let verdict = |index: usize| match best {
        Some(candidate) => verdict(candidate, &candidates, index),
        None => withhold("no-agreement", format!("no agreement with {} is in force", policy.taker.domain)),
    };
    let portions = facts
        .items
        .iter()
        .enumerate()
        .map(|(index, item)| PortionVerdict { item: item.id, handle: item.portion.handle, verdict: verdict(index) })
        .collect();
    let release = best.filter(|c| !c.released.is_empty()).map(cleared);
    Decision { portions, release }
}

fn verdict(candidate: &Candidate<'_>, all: &[Candidate<'_>], index: usize) -> Verdict {
    if let Some(grounds) = candidate.released.get(&index) {
        return Verdict::Release(permit(candidate.basis, index, grounds));
    }
    if let Some(reason) = candidate.permitted_yet_withheld.get(&index) {
        return Verdict::Withhold(Denial { reasons: vec![reason.clone()] });
    }
    let mut reasons = candidate.reasons(index);
    if let Some(other) = all.iter().find(|c| c.released.contains_key(&index)) {
        reasons.push(another_basis(candidate.basis, other.basis));
    }
    Verdict::Withhold(Denial { reasons })
}

/// Another basis would release the item.
fn another_basis(chosen: Basis<'_>, other: Basis<'_>) -> PolicyReason {
    let id = other.agreement.reference.id;
    match other.acquisition.via() {
        Some(via) if id == chosen.agreement.reference.id => {
            let words = format!(
                "release {via} would let it be passed on, but a release can cite only one, and another one lets more be passed on"
            );
            PolicyReason::new("another-provenance", words)
        }
        _ => {
            let words = format!(
                "agreement {id} would give it, but a release is based on one agreement, and another one gives more"
            );
            PolicyReason::new("another-agreement", words)
        }
    }
}

fn withhold(id: &'static str, words: String) -> Verdict {
    Verdict::Withhold(Denial { reasons: vec![PolicyReason::new(id, words)] })
}

fn permit(basis: Basis<'_>, index: usize, grounds: &Grounds) -> Permit {
    let Basis { agreement, facts, .. } = basis;
    let used = || grounds.grants.iter().filter_map(|g| agreement.grants.get(*g));
    let mut grants: Vec<GrantRef> =
        used().map(|c| GrantRef { agreement: agreement.reference, grant: c.grant.id.clone() }).collect();
    grants.sort_by(|a, b| a.grant.cmp(&b.grant));
    let exceptions = grounds.needed_exceptions().iter().filter_map(|e| facts.exceptions.get(*e));
    let reason = |c: &CompiledGrant| match facts.portion(index) {
        Some(portion) => c.reason_for(&facts.all_subjects, PortionAttributes::new(portion)),
        None => c.reason.clone(),
    };
    let along = basis.way_back().is_some() && facts.items.get(index).is_some_and(goes_along);
    let reasons = match along {
        true => vec![PolicyReason::new(
            "its-originators-own",
            "it goes along with an endorsement, to the organisation that wrote it",
        )],
        false => used().map(reason).chain(exceptions.map(|e| e.reason())).collect(),
    };
    Permit { grants, reasons }
}

fn cleared(candidate: &Candidate<'_>) -> Cleared {
    let Basis { policy, agreement, facts, acquisition, now } = candidate.basis;
    let all_grounds = || candidate.released.values();
    let used = all_grounds().flat_map(|g| &g.grants).filter_map(|g| agreement.grants.get(*g));
    let mut grants: Vec<GroupName> = used.map(|c| c.grant.id.clone()).collect();
    grants.sort_unstable();
    grants.dedup();
    let needed = all_grounds().flat_map(|g| g.needed_exceptions()).filter_map(|e| facts.exceptions.get(*e));
    let mut exceptions: Vec<StatementId> = needed.map(|e| e.id).collect();
    exceptions.sort_unstable();
    exceptions.dedup();
    let (mut portions, mut endorsements) = (BTreeMap::new(), BTreeMap::new());
    for (index, item) in candidate.released.keys().filter_map(|i| facts.items.get(*i).map(|item| (*i, item))) {
        match item.id {
            ItemId::Portion(digest) => _ = portions.insert(digest, index),
            ItemId::Endorsement(id) => _ = endorsements.insert(id, index),
        }
    }
    Cleared {
        recipient: policy.taker.domain.clone(),
        agreement: agreement.reference,
        grants,
        portions,
        endorsements,
        exceptions,
        terms: release_terms(candidate.basis, &candidate.released),
        via: acquisition.via(),
        at: now,
    }
}
