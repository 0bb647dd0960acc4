//! A plan of later releases, so that what is delayed today can be queued today.

use std::collections::BTreeSet;

use super::{
    decide::decide,
    verdict::{Decision, PortionVerdict},
};
use crate::{
    domain::time::Time,
    policy::{
        agreement::PartnerPolicy,
        facts::{Facts, ItemId},
    },
};

/// The times from the assessment's issue to before its expiry at which more of it may become permitted, in ascending order.
///
/// These are the end of each grant's delay, and the beginning and the end of each agreement and each exception. The times in house rules are
/// not among them.
pub fn possible_release_times(policy: &PartnerPolicy, facts: &Facts<'_>) -> Vec<Time> {
    let mut times = BTreeSet::new();
    for agreement in &policy.agreements {
        times.insert(agreement.from);
        // When an agreement ends, another one may release another headline. Where there is no other agreement, nothing is released any more.
        times.extend((policy.agreements.len() > 1).then_some(agreement.until));
        times.extend(agreement.grants.iter().map(|c| c.permits_from(facts.logged_at)));
    }
    // When an exception ends, another headline may be released than the one that it gave.
    times.extend(facts.exceptions.iter().flat_map(|e| [e.from, e.until]));
    times.into_iter().filter(|t| *t >= facts.logged_at && *t < facts.expires).collect()
}

/// The decision now, and the decision at each later time at which something is released that no earlier decision releases.
pub fn plan(policy: &PartnerPolicy, facts: &Facts<'_>, now: Time) -> Vec<(Time, Decision)> {
    let first = decide(policy, facts, now);
    let mut released: BTreeSet<ItemId> = disclosed(&first).collect();
    let mut steps = vec![(now, first)];
    for time in possible_release_times(policy, facts).into_iter().filter(|t| *t > now) {
        let decision = decide(policy, facts, time);
        let before = released.len();
        released.extend(disclosed(&decision));
        if released.len() > before {
            steps.push((time, decision));
        }
    }
    steps
}

/// What a plan releases, item by item: the verdict at the first time at which the item is released, and that time unless it is the plan's first.
/// For an item that is never released it is the last verdict, when most may be permitted.
pub fn schedule(steps: &[(Time, Decision)]) -> Vec<(&PortionVerdict, Option<Time>)> {
    let Some(((now, _), (_, last))) = steps.first().zip(steps.last()) else { return Vec::new() };
    let first_release = |index: usize| {
        let found =
            steps.iter().find_map(|(at, d)| Some((at, d.portions.get(index).filter(|p| p.verdict.is_release())?)));
        found.map(|(at, verdict)| (verdict, (at > now).then_some(*at)))
    };
    let all = last.portions.iter().enumerate();
    all.map(|(index, verdict)| first_release(index).unwrap_or((verdict, None))).collect()
}

fn disclosed(decision: &Decision) -> impl Iterator<Item = ItemId> {
    decision.release.iter().flat_map(|r| r.disclosed())
}
