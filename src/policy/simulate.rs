//! What another set of terms or rules would give and withhold: two policies about the same assessments, over their whole lives.

use std::collections::BTreeMap;

use super::{
    agreement::PartnerPolicy,
    decide::decide,
    facts::Facts,
    outcome::{Decision, Reason},
    plan::plan,
};
use crate::domain::{
    agreement::Agreement,
    ids::Digest,
    time::{Day, Time},
    words::words,
};

words!(
    /// What becomes of a portion under the other policy.
    Change, "change" {
        /// It would go, and does not.
        Released = "newly-released",
        /// It goes, and would not.
        Withheld = "newly-withheld",
        /// It goes, and would go sooner.
        Earlier = "earlier",
        /// It goes, and would go later.
        Later = "later",
    }
);

/// One portion that fares differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub portion: Digest,
    /// How.
    pub change: Change,
    /// From when on it goes now; `None`: never.
    pub before: Option<Time>,
    /// From when on it would go; `None`: never.
    pub after: Option<Time>,
    /// The grants or rules of the other policy that decide so.
    pub reasons: Vec<Reason>,
}

/// An agreement without its dates, so that terms are compared and not calendars.
pub fn without_dates(agreement: &Agreement) -> Agreement {
    Agreement { from: Day::FIRST, until: Day::LAST, ..agreement.clone() }
}

/// Compares both policies as if each had been in force from the assessment's issue to its expiry. In the portions' order.
pub fn compare(before: &PartnerPolicy, after: &PartnerPolicy, facts: &Facts<'_>) -> Vec<Difference> {
    let (was, is) = (life(before, facts), life(after, facts));
    let (from, to) = (first_times(&was), first_times(&is));
    let mut differences = Vec::new();
    for (portion, _) in &facts.portions {
        let (before, after) = (from.get(portion).copied(), to.get(portion).copied());
        let change = match (before, after) {
            (None, None) => continue,
            (None, Some(_)) => Change::Released,
            (Some(_), None) => Change::Withheld,
            (Some(then), Some(now)) if now < then => Change::Earlier,
            (Some(then), Some(now)) if now > then => Change::Later,
            (Some(_), Some(_)) => continue,
        };
        differences.push(Difference { portion: *portion, change, before, after, reasons: vec![] });
    }
    explain(after_at(after, facts, &is), &mut differences);
    differences
}

/// The other policy's decisions, asked anew only for times that its plan does not hold.
fn after_at<'a>(
    policy: &'a PartnerPolicy,
    facts: &'a Facts<'a>,
    plan: &'a [(Time, Decision)],
) -> impl Fn(Time) -> Decision + 'a {
    move |at| {
        let planned = plan.iter().find(|(time, _)| *time == at).map(|(_, decision)| decision.clone());
        planned.unwrap_or_else(|| decide(policy, facts, at))
    }
}

fn explain(decision_at: impl Fn(Time) -> Decision, differences: &mut [Difference]) {
    let mut asked: BTreeMap<Time, BTreeMap<Digest, Vec<Reason>>> = BTreeMap::new();
    for difference in differences {
        // Where it would go: why, at that time. Where it would not: why not, at the time at which it goes now.
        let Some(at) = difference.after.or(difference.before) else { continue };
        let answers = asked.entry(at).or_insert_with(|| {
            decision_at(at).portions.into_iter().map(|p| (p.digest, p.verdict.reasons().to_vec())).collect()
        });
        difference.reasons = answers.get(&difference.portion).cloned().unwrap_or_default();
    }
}

fn life(policy: &PartnerPolicy, facts: &Facts<'_>) -> Vec<(Time, Decision)> {
    // Most partners get nothing of most assessments; those without any agreement cost nothing.
    if policy.agreements.is_empty() { vec![] } else { plan(policy, facts, facts.logged_at) }
}

/// From when on each portion goes.
fn first_times(plan: &[(Time, Decision)]) -> BTreeMap<Digest, Time> {
    let mut times = BTreeMap::new();
    for (at, decision) in plan {
        for digest in decision.release.iter().flat_map(|r| r.disclosed()) {
            times.entry(digest).or_insert(*at);
        }
    }
    times
}
