//! The decision: portion by portion under each agreement, then one release under one of them.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use super::{
    agreement::{Compiled, PartnerPolicy},
    assemble::{Candidate, assemble},
    engine::{Answer, Traits},
    explain,
    facts::{Facts, View},
    outcome::{Cleared, Decision, Denial, GrantRef, Permit, PortionOutcome, Reason, Verdict},
    terms,
};
use crate::domain::{assessment::Portion, marking::GroupName, time::Time};

/// What one agreement says of one portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    /// Permitted by these of its grants, ascending.
    Permitted(Vec<usize>),
    /// Not permitted.
    Denied(Vec<Reason>),
}

/// Decides what the taker gets of an assessment at a time.
///
/// All of one release stands on one agreement: the one under which most portions go, of several the one with the lowest id.
/// Where nothing can go, every verdict is a denial: leave is given to a release, never to a loose portion.
pub fn decide(policy: &PartnerPolicy, facts: &Facts<'_>, now: Time) -> Decision {
    let candidates: Vec<Candidate<'_>> =
        policy.agreements.iter().map(|compiled| assemble(policy, compiled, facts, now)).collect();
    // Where nothing goes, the nearest miss explains best. Reversed, as `max_by_key` gives the last of equals.
    let weight = |c: &&Candidate<'_>| (c.released.len(), if c.released.is_empty() { c.permitted() } else { 0 });
    let best = candidates.iter().rev().max_by_key(weight);
    let verdict = |index: usize| match best {
        Some(candidate) => verdict(candidate, &candidates, index),
        None => withhold("no-agreement", format!("no agreement with {} is in force", policy.taker.domain)),
    };
    let portions = facts
        .portions
        .iter()
        .enumerate()
        .map(|(index, (digest, portion))| PortionOutcome {
            digest: *digest,
            handle: portion.handle,
            verdict: verdict(index),
        })
        .collect();
    let release = best.filter(|c| !c.released.is_empty()).map(|c| cleared(policy, c, facts, now));
    Decision { portions, release }
}

/// Asks one agreement about the portions at these indexes. Portions with equal traits share one evaluation.
pub(super) fn rule(
    policy: &PartnerPolicy,
    compiled: &Compiled,
    facts: &Facts<'_>,
    view: &View,
    indexes: impl Iterator<Item = usize>,
    now: Time,
) -> BTreeMap<usize, Rc<Ruling>> {
    let entities = match compiled.engine.entities(view, facts.expires.unix_nanos()) {
        Ok(entities) => entities,
        Err(reason) => {
            let denied = Rc::new(Ruling::Denied(vec![reason]));
            return indexes.map(|i| (i, Rc::clone(&denied))).collect();
        }
    };
    let age = facts.age(now);
    let mut known: HashMap<Traits<'_>, Rc<Ruling>> = HashMap::new();
    let mut rulings = BTreeMap::new();
    for index in indexes {
        let Some(portion) = facts.portion(index) else { continue };
        let traits = traits(portion);
        let ruling = known.entry(traits).or_insert_with(|| {
            Rc::new(match compiled.engine.ask(&entities, traits, now.unix_nanos(), age) {
                Answer::Permitted(grants) => Ruling::Permitted(grants),
                Answer::Denied(reasons) if reasons.is_empty() => {
                    Ruling::Denied(vec![explain::no_grant(policy, compiled, facts, view, traits, now)])
                }
                Answer::Denied(reasons) => Ruling::Denied(reasons),
            })
        });
        rulings.insert(index, Rc::clone(ruling));
    }
    rulings
}

pub(super) fn traits(portion: &Portion) -> Traits<'_> {
    let marking = &portion.marking;
    Traits {
        kind: portion.kind(),
        tlp: marking.tlp,
        topics: &marking.topics,
        releasable_to: &marking.releasable_to,
        caveats: &marking.caveats,
    }
}

fn verdict(candidate: &Candidate<'_>, all: &[Candidate<'_>], index: usize) -> Verdict {
    if let Some(grants) = candidate.released.get(&index) {
        return Verdict::Release(permit(candidate.compiled, grants));
    }
    if let Some(reason) = candidate.held.get(&index) {
        return Verdict::Withhold(Denial { reasons: vec![reason.clone()] });
    }
    let mut reasons = candidate.reasons(index);
    if let Some(other) = all.iter().find(|c| c.released.contains_key(&index)) {
        let words = format!(
            "agreement {} would give it, but a release stands on one agreement and another gives more",
            other.compiled.reference.id
        );
        reasons.push(Reason::new("another-agreement", words));
    }
    Verdict::Withhold(Denial { reasons })
}

fn withhold(id: &'static str, words: String) -> Verdict {
    Verdict::Withhold(Denial { reasons: vec![Reason::new(id, words)] })
}

fn permit(compiled: &Compiled, grants: &[usize]) -> Permit {
    let used = || grants.iter().filter_map(|g| compiled.grants.get(*g));
    let mut references: Vec<GrantRef> =
        used().map(|c| GrantRef { agreement: compiled.reference, grant: c.grant.id.clone() }).collect();
    references.sort_by(|a, b| a.grant.cmp(&b.grant));
    let reasons = used().map(|c| Reason::new(c.grant.id.to_string(), c.words())).collect();
    Permit { grants: references, reasons }
}

fn cleared(policy: &PartnerPolicy, candidate: &Candidate<'_>, facts: &Facts<'_>, now: Time) -> Cleared {
    let compiled = candidate.compiled;
    let used = candidate.released.values().flatten().filter_map(|g| compiled.grants.get(*g));
    let mut grants: Vec<GroupName> = used.map(|c| c.grant.id.clone()).collect();
    grants.sort_unstable();
    grants.dedup();
    let digest = |index: &usize| facts.portions.get(*index).map(|(digest, _)| (*digest, *index));
    Cleared {
        recipient: policy.taker.domain.clone(),
        agreement: compiled.reference,
        grants,
        portions: candidate.released.keys().filter_map(digest).collect(),
        terms: terms::of(compiled, facts, &candidate.released),
        at: now,
    }
}
