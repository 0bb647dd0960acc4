//! What another set of terms or rules would release and withhold: two policies compared over the whole validity of the same assessments.

use std::collections::BTreeMap;

use super::{
    agreement::PartnerPolicy,
    decision::{Decision, decide, plan},
    facts::{Facts, ItemId},
    reason::PolicyReason,
};
use crate::domain::{
    agreement::Agreement,
    time::{Day, Time},
    words::words,
};

words!(
    /// How the release of an item changes under the other policy.
    Change, "change" {
        /// It is withheld, and would be released.
        Released = "newly-released",
        /// It is released, and would be withheld.
        Withheld = "newly-withheld",
        /// It is released, and would be released sooner.
        Earlier = "earlier",
        /// It is released, and would be released later.
        Later = "later",
    }
);

/// One item that the two policies release differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionDifference {
    /// Which item.
    pub item: ItemId,
    /// How it changes.
    pub change: Change,
    /// When it is first released now; `None`: never.
    pub before: Option<Time>,
    /// When it would first be released; `None`: never.
    pub after: Option<Time>,
    /// The grants or rules of the other policy that decide so.
    pub reasons: Vec<PolicyReason>,
}

/// The agreement without its dates, so that a comparison shows only what the terms change.
pub fn without_dates(agreement: &Agreement) -> Agreement {
    Agreement { from: Day::FIRST, until: Day::LAST, ..agreement.clone() }
}

/// Compares both policies as if each had been in force from the assessment's issue to its expiry. The differences are in the items' order.
pub fn compare(before: &PartnerPolicy, after: &PartnerPolicy, facts: &Facts<'_>) -> Vec<DecisionDifference> {
    let (plan_before, plan_after) = (whole_plan(before, facts), whole_plan(after, facts));
    let (times_before, times_after) = (first_times(&plan_before), first_times(&plan_after));
    let mut differences = Vec::new();
    for item in &facts.items {
        let (before, after) = (times_before.get(&item.id).copied(), times_after.get(&item.id).copied());
        let change = match (before, after) {
            (None, None) => continue,
            (None, Some(_)) => Change::Released,
            (Some(_), None) => Change::Withheld,
            (Some(before), Some(after)) if after < before => Change::Earlier,
            (Some(before), Some(after)) if after > before => Change::Later,
            (Some(_), Some(_)) => continue,
        };
        differences.push(DecisionDifference { item: item.id, change, before, after, reasons: vec![] });
    }
    add_reasons(decisions_of(after, facts, &plan_after), &mut differences);
    differences
}

/// The decisions of a policy by time. A time that is not in its plan is decided anew.
fn decisions_of<'a>(
    policy: &'a PartnerPolicy,
    facts: &'a Facts<'a>,
    plan: &'a [(Time, Decision)],
) -> impl Fn(Time) -> Decision + 'a {
    move |at| {
        let planned = plan.iter().find(|(time, _)| *time == at).map(|(_, decision)| decision.clone());
        planned.unwrap_or_else(|| decide(policy, facts, at))
    }
}

fn add_reasons(decision_at: impl Fn(Time) -> Decision, differences: &mut [DecisionDifference]) {
    let mut by_time: BTreeMap<Time, BTreeMap<ItemId, Vec<PolicyReason>>> = BTreeMap::new();
    for difference in differences {
        // Where the item would be released: why, at that time. Where it would be withheld: why, at the time at which it is released now.
        let Some(at) = difference.after.or(difference.before) else { continue };
        let reasons = by_time.entry(at).or_insert_with(|| {
            decision_at(at).portions.into_iter().map(|p| (p.item, p.verdict.reasons().to_vec())).collect()
        });
        difference.reasons = reasons.get(&difference.item).cloned().unwrap_or_default();
    }
}

/// The plan over the assessment's whole validity.
fn whole_plan(policy: &PartnerPolicy, facts: &Facts<'_>) -> Vec<(Time, Decision)> {
    // Most partners get nothing of most assessments. A partner without an agreement costs nothing.
    if policy.agreements.is_empty() { vec![] } else { plan(policy, facts, facts.logged_at) }
}

/// When each item is first released.
fn first_times(plan: &[(Time, Decision)]) -> BTreeMap<ItemId, Time> {
    let mut times = BTreeMap::new();
    for (at, decision) in plan {
        for item in decision.release.iter().flat_map(|r| r.disclosed()) {
            times.entry(item).or_insert(*at);
        }
    }
    times
}
