//! When a decision may widen as time passes, so that what is delayed today can be queued today.

use std::collections::BTreeSet;

use super::{
    agreement::PartnerPolicy,
    decide::decide,
    facts::Facts,
    outcome::{Decision, PortionOutcome},
};
use crate::domain::{ids::Digest, time::Time};

/// The times from its issue to before its expiry at which more of the assessment may become permitted: the end of each grant's delay, and the
/// beginning and the end of each agreement, the beginning and the end of each exception. Ascending. (House rules that speak of time are not looked into.)
pub fn times(policy: &PartnerPolicy, facts: &Facts<'_>) -> Vec<Time> {
    let mut times = BTreeSet::new();
    for compiled in &policy.agreements {
        times.insert(compiled.from);
        // At its end another one may give another headline; where there is no other, nothing goes any more.
        times.extend((policy.agreements.len() > 1).then_some(compiled.until));
        times.extend(compiled.grants.iter().map(|c| c.reaches_from(facts.logged_at)));
    }
    // At an exception's end another headline may go than the one that it gave.
    times.extend(facts.exceptions.iter().flat_map(|e| [e.from, e.until]));
    times.into_iter().filter(|t| *t >= facts.logged_at && *t < facts.expires).collect()
}

/// The decision now, and at each later time at which a portion goes that no earlier decision gives.
pub fn plan(policy: &PartnerPolicy, facts: &Facts<'_>, now: Time) -> Vec<(Time, Decision)> {
    let first = decide(policy, facts, now);
    let mut given: BTreeSet<Digest> = digests(&first).collect();
    let mut steps = vec![(now, first)];
    for time in times(policy, facts).into_iter().filter(|t| *t > now) {
        let decision = decide(policy, facts, time);
        let before = given.len();
        given.extend(digests(&decision));
        if given.len() > before {
            steps.push((time, decision));
        }
    }
    steps
}

/// What a plan gives, portion by portion: each as decided at the first time at which it goes, and that time where it is not the plan's first.
/// What never goes is as decided last, when most may.
pub fn schedule(steps: &[(Time, Decision)]) -> Vec<(&PortionOutcome, Option<Time>)> {
    let Some(((now, _), (_, last))) = steps.first().zip(steps.last()) else { return Vec::new() };
    let first_that_gives = |index: usize| {
        let found =
            steps.iter().find_map(|(at, d)| Some((at, d.portions.get(index).filter(|p| p.verdict.is_release())?)));
        found.map(|(at, outcome)| (outcome, (at > now).then_some(*at)))
    };
    let each =
        last.portions.iter().enumerate().map(|(index, outcome)| first_that_gives(index).unwrap_or((outcome, None)));
    each.collect()
}

fn digests(decision: &Decision) -> impl Iterator<Item = Digest> {
    decision.release.iter().flat_map(|r| r.disclosed())
}
