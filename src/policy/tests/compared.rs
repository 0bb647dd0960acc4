//! The decision against the oracle, over random cases. `WATCHFIRE_ORACLE_CASES` sets how many.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{
    cases::{Case, case},
    fixture::{compile_all, digest, manifest},
    oracle::{Answer, Rule, answer},
    releases::statement,
};
use crate::{
    domain::ids::StatementId,
    policy::{Decision, Facts, HouseRules, PartnerPolicy, Verdict, accept, decide, plan, times},
};

fn how_many(default: u32) -> u32 {
    std::env::var("WATCHFIRE_ORACLE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn policy(case: &Case) -> PartnerPolicy {
    compile_all(&case.taker, case.agreements.clone(), &HouseRules::none())
}

fn facts(case: &Case) -> Facts<'_> {
    let manifest = manifest(case.issued, case.expires);
    Facts::of(&manifest, case.portions.iter().enumerate().map(|(i, p)| (digest(i), p)))
}

/// The decision in the oracle's form; it also holds the decision to what its types promise.
fn told(decision: &Decision) -> Option<Answer> {
    let mut portions: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (index, outcome) in decision.portions.iter().enumerate() {
        assert!(!outcome.verdict.reasons().is_empty());
        if let Verdict::Release(permit) = &outcome.verdict {
            let cleared = decision.release.as_ref().expect("no permit without a release");
            assert!(permit.grants().iter().all(|g| g.agreement == cleared.agreement()));
            portions.insert(index, permit.grants().iter().map(|g| g.grant.to_string()).collect());
        }
    }
    let cleared = decision.release.as_ref()?;
    assert_eq!(cleared.indexes().collect::<BTreeSet<_>>(), portions.keys().copied().collect());
    let named: BTreeSet<String> = cleared.grants().iter().map(ToString::to_string).collect();
    assert_eq!(named, portions.values().flatten().cloned().collect());
    let StatementId([first, ..]) = cleared.agreement().id;
    Some(Answer { agreement: usize::from(first) - 1, portions, terms: cleared.terms().clone() })
}

proptest! {
    #![proptest_config(Config { cases: how_many(2_500), ..Config::default() })]

    #[test]
    fn the_decision_is_what_the_rules_say(case in case()) {
        let decision = decide(&policy(&case), &facts(&case), case.now);
        prop_assert_eq!(told(&decision), answer(&case, None));
    }
}

proptest! {
    #![proptest_config(Config { cases: how_many(2_500) / 5, ..Config::default() })]

    #[test]
    fn whatever_is_released_is_accepted_by_a_recipient_that_sees_only_that(case in case()) {
        let policy = policy(&case);
        if let Some(cleared) = decide(&policy, &facts(&case), case.now).release {
            let shown = cleared.indexes().map(|i| (digest(i), &case.portions[i]));
            let facts = Facts::of(&manifest(case.issued, case.expires), shown);
            prop_assert_eq!(accept(&policy, &statement(&cleared), &facts), Ok(()));
        }
    }

    #[test]
    fn nothing_goes_later_that_the_plan_does_not_list(case in case(), later in 0..100 * 3_600_i64) {
        let (policy, facts) = (policy(&case), facts(&case));
        let time = case.now.plus_seconds(later);
        let planned: BTreeSet<_> = plan(&policy, &facts, case.now)
            .iter()
            .filter(|(t, _)| *t <= time)
            .flat_map(|(_, d)| d.release.iter().flat_map(|r| r.digests()).collect::<Vec<_>>())
            .collect();
        let now: BTreeSet<_> = decide(&policy, &facts, time).release.iter().flat_map(|r| r.digests()).collect();
        // A release changes its shape as time passes (another agreement, a fuller headline), so each step between is asked too.
        prop_assert!(now.is_subset(&planned), "{now:?} at {time}, planned {planned:?}, times {:?}", times(&policy, &facts));
    }
}

/// Negative control: the comparison is worth something only if it notices each single rule that goes missing.
#[test]
fn the_comparison_notices_each_rule_that_is_left_out() {
    let mut runner = TestRunner::deterministic();
    let mut unnoticed: Vec<Rule> = Rule::ALL.to_vec();
    let mut releases = 0;
    let mut cases = 0;
    while cases < 1_000 || (cases < 10_000 && !unnoticed.is_empty()) {
        cases += 1;
        let case = case().new_tree(&mut runner).unwrap().current();
        let right = answer(&case, None);
        releases += u32::from(right.is_some());
        let noticed = |rule: &Rule| answer(&case, Some(*rule)) != right;
        if unnoticed.iter().any(noticed) {
            // The engine, not only the complete oracle, must stand on the other side.
            assert_eq!(told(&decide(&policy(&case), &facts(&case), case.now)), right);
            unnoticed.retain(|rule| !noticed(rule));
        }
    }
    assert!(unnoticed.is_empty(), "no case of {cases} tells these apart: {unnoticed:?}");
    assert!(releases > cases / 8 && releases < cases / 2, "{releases} of {cases} cases release something");
}
