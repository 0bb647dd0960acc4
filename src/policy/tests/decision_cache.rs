//! Compares cached evaluations with new ones.

use proptest::prelude::*;

use super::{
    cases::{Case, case},
    fixture::*,
};
use crate::{
    domain::{marking::Tlp, time::Time},
    policy::{Facts, HouseRules, PartnerPolicy, cedar::DecisionCache, decide, possible_release_times},
};

/// House rules: none; one whose times can be read; one whose times can't be read.
const RULES: [&str; 3] = [
    "",
    r#"@id("r") @reason("w") forbid (principal, action, resource) when { context.now > 1777800000000000000 && context.tlp > 1 };"#,
    r#"@id("r") @reason("w") forbid (principal, action, resource) when { resource.expires - context.now < 86400000000000 };"#,
];

fn policy(case: &Case, rule: usize) -> PartnerPolicy {
    compile_all(&case.taker, case.agreements.clone(), &HouseRules::parse(RULES[rule]).unwrap())
}

fn with(policy: &PartnerPolicy, cache: impl Fn() -> DecisionCache) -> PartnerPolicy {
    let mut policy = policy.clone();
    policy.agreements.iter_mut().for_each(|a| a.policies.cache = cache());
    policy
}

/// Each time at which something may change, and the nanoseconds before and after it.
fn moments(policy: &PartnerPolicy, facts: &Facts<'_>, case: &Case) -> Vec<Time> {
    let turns =
        [possible_release_times(policy, facts), case.later.clone(), vec![case.now, case.issued, case.expires]].concat();
    let around = |t: Time| [-1, 0, 1].map(|n| Time::from_unix_nanos(t.unix_nanos().saturating_add(n)));
    turns.into_iter().flat_map(around).collect()
}

proptest! {
    #[test]
    fn what_is_kept_is_what_would_be_answered(case in case(), others in prop::collection::vec(case(), 3), rule in 0..RULES.len()) {
        let kept = policy(&case, rule);
        let anew = with(&kept, DecisionCache::disabled);
        for asked in std::iter::once(&case).chain(&others) {
            let manifest = manifest(asked.issued, asked.expires);
            let facts = Facts::new(&manifest, asked.portions.iter().enumerate().map(|(i, p)| (digest(i), p)));
            for at in moments(&kept, &facts, asked) {
                prop_assert_eq!(decide(&kept, &facts, at), decide(&anew, &facts, at));
            }
        }
    }
}

#[test]
fn what_a_partner_writes_does_not_fill_the_memory() {
    let policy = compile(&ecowas(), vec![grant("g", &ecowas(), &["BF"])]);
    let kept = |topics: usize| {
        let mut portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["BF"])];
        portions[0].marking.topics = (0..topics).map(|n| format!("t{n:05}").parse().unwrap()).collect();
        decide(&policy, &facts(&portions), time("2026-05-01T10:00:00Z"));
        policy.agreements[0].policies.cache.len()
    };
    assert_eq!([kept(0), kept(3), kept(40_000)], [2, 3, 3]);
    let mut alone = [headline(1, Tlp::Clear)];
    alone[0].marking.releasable_to = (0..200).map(|n| format!("o{n:03}.example").parse().unwrap()).collect();
    decide(&policy, &facts(&alone), time("2026-05-01T10:00:00Z"));
    assert_eq!(policy.agreements[0].policies.cache.len(), 3, "nor do its readers' names");
    let states = "BF ML NE SN GH NG TG BJ CI GN GW LR SL GM MR CV SD".split(' ').collect::<Vec<_>>();
    let about = |states: &[&str]| {
        decide(&policy, &facts(&[subject(1, Tlp::Clear, states)]), time("2026-05-01T10:00:00Z"));
        policy.agreements[0].policies.cache.len()
    };
    assert_eq!([about(&states[..16]), about(&states)], [4, 4], "nor what it is about: each place, and each state");
}

#[test]
fn a_memory_that_does_not_know_the_time_is_found_out() {
    let mut delayed = grant("delayed", &ecowas(), &["BF"]);
    delayed.delay_seconds = 3_600;
    let policy = compile(&ecowas(), vec![delayed]);
    let portions = [headline(1, Tlp::Clear), subject(2, Tlp::Clear, &["BF"])];
    let facts = facts(&portions);
    let goes = |policy: &PartnerPolicy| {
        ["2026-05-01T10:29:59Z", "2026-05-01T10:30:00Z"].map(|at| decide(policy, &facts, time(at)).release.is_some())
    };
    assert_eq!(goes(&policy), [false, true]);
    assert_eq!(goes(&with(&policy, || DecisionCache::new([]))), [false, false], "the control");
}
