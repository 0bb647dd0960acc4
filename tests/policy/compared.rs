//! Compares the decision with the oracle over random cases.
//!
//! A case is one portion, decided for one partner at one time under one set of agreements, house rules and earlier hops. Each portion of an
//! assessment is a case. `ORACLE_CASES` sets how many cases are compared; the test prints the number.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestError, TestRunner},
};

use crate::{
    asked::number,
    cases::{Case, case},
    domain::{assessment::Manifest, body::Kind, ids::StatementId},
    fixture::{compile_all, digest, manifest, statement},
    house,
    oracle::{Answer, Rule, answer},
    policy::{
        Decision, EndorsementFacts, Facts, HouseRules, PartnerPolicy, Verdict, accept, decide, plan,
        possible_release_times,
    },
};

/// How many portions are compared, unless the environment sets another number. `.ci/run` asks for 200,000.
const CASES: usize = 20_000;

pub fn how_many() -> usize {
    number("ORACLE_CASES", CASES)
}

/// Whether there are enough cases for even the rarer kinds to occur.
pub fn is_plenty() -> bool {
    how_many() >= CASES
}

pub fn policy(case: &Case) -> PartnerPolicy {
    compile_all(&case.taker, case.agreements.clone(), &house::rules(&case.house, &case.control))
}

/// The recipient's copy of the policy. The recipient does not know the giver's house rules.
pub fn copy(case: &Case) -> PartnerPolicy {
    compile_all(&case.taker, case.agreements.clone(), &HouseRules::none())
}

pub fn manifest_of(case: &Case) -> Manifest {
    Manifest { originator: case.originator.clone(), ..manifest(case.issued, case.expires) }
}

/// The facts that the giver knows.
pub fn facts<'a>(case: &'a Case, manifest: &'a Manifest) -> Facts<'a> {
    shown(case, manifest, 0..case.portions.len())
}

/// The facts that the recipient of these portions knows.
pub fn shown<'a>(case: &'a Case, manifest: &'a Manifest, indexes: impl Iterator<Item = usize>) -> Facts<'a> {
    let indexes: Vec<usize> = indexes.collect();
    let is_endorsement = |i: &usize| case.portions[*i].kind() == Kind::Endorsement;
    let portions = indexes.iter().copied().filter(|i| !is_endorsement(i)).map(|i| (digest(i), &case.portions[i]));
    let endorsements = indexes.iter().copied().filter(is_endorsement).map(|i| EndorsementFacts {
        id: StatementId(digest(i).0),
        endorser: &case.endorsers[i],
        portion: &case.portions[i],
        made_at: case.endorsed_at[i],
    });
    Facts::new(manifest, portions)
        .with_provenances(case.provenances.clone())
        .with_states_of_versions(&case.versions)
        .with_endorsements(endorsements)
        .with_exceptions(case.exceptions.clone())
}

pub fn decided(case: &Case) -> Decision {
    decide(&policy(case), &facts(case, &manifest_of(case)), case.now)
}

/// The decision in the oracle's form. Also checks what the types of the decision promise.
pub fn told(decision: &Decision) -> Option<Answer> {
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
    let (agreement, via) = (usize::from(first) - 1, cleared.via());
    let exceptions = cleared.exceptions().iter().copied().collect();
    Some(Answer { agreement, via, portions, terms: cleared.terms().clone(), exceptions })
}

/// Counts what one thread compared.
#[derive(Default)]
struct Count {
    portions: usize,
    decisions: usize,
    released: usize,
    passed_on: usize,
    by_exception: usize,
}

impl Count {
    fn add(&mut self, case: &Case, decision: &Decision) {
        self.portions += case.portions.len();
        self.decisions += 1;
        self.released += usize::from(decision.release.is_some());
        self.passed_on += usize::from(decision.release.as_ref().is_some_and(|r| r.via().is_some()));
        self.by_exception += usize::from(decision.release.as_ref().is_some_and(|r| !r.exceptions().is_empty()));
    }
}

/// The test runners of one thread, each with this many cases. A runner runs its cases once. If `PROPTEST_RNG_SEED` is set, each runner derives
/// its own seed from that number, so a run can be repeated, and no two runners try the same cases.
pub fn runners(thread: usize, cases: u32) -> impl Iterator<Item = TestRunner> {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: Config::default().max_shrink_iters.min(300),
        ..Config::default()
    };
    (0..).map(move |round: u64| {
        let rng_seed = match config.rng_seed {
            RngSeed::Random => RngSeed::Random,
            RngSeed::Fixed(seed) => {
                RngSeed::Fixed(seed.wrapping_add(round << 8).wrapping_add(u64::try_from(thread).unwrap() << 56))
            }
        };
        TestRunner::new(Config { rng_seed, ..config.clone() })
    })
}

/// Compares at least this many portions on one thread.
fn compare(thread: usize, portions: usize) -> Count {
    const AT_ONCE: u32 = 100;
    let mut count = Count::default();
    for mut runner in runners(thread, AT_ONCE) {
        if count.portions >= portions {
            break;
        }
        let seen = std::cell::RefCell::new(&mut count);
        let one = |case: Case| {
            let (policy, manifest) = (policy(&case), manifest_of(&case));
            let facts = facts(&case, &manifest);
            for now in std::iter::once(case.now).chain(case.later.iter().copied()) {
                let decision = decide(&policy, &facts, now);
                prop_assert_eq!(told(&decision), answer(&Case { now, ..case.clone() }, None), "at {}", now);
                seen.borrow_mut().add(&case, &decision);
            }
            Ok(())
        };
        match runner.run(&case(), one) {
            Ok(()) => {}
            Err(TestError::Fail(why, case)) => panic!("{why}\nminimal case: {case:#?}"),
            Err(TestError::Abort(why)) => panic!("{why}"),
        }
    }
    count
}

#[test]
fn the_decision_is_what_the_rules_say() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = how_many().div_ceil(threads);
    let counts: Vec<Count> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|thread| scope.spawn(move || compare(thread, share))).collect();
        all.into_iter().map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
    });
    let total = |of: fn(&Count) -> usize| counts.iter().map(of).sum::<usize>();
    let (portions, decisions, released, passed_on) =
        (total(|c| c.portions), total(|c| c.decisions), total(|c| c.released), total(|c| c.passed_on));
    println!(
        "compared {portions} portions in {decisions} decisions; of these {released} were released, {passed_on} passed on"
    );
    assert!(portions >= how_many());
    assert!(released > decisions / 12 && released < decisions / 2, "{released} of {decisions} release something");
    let by_exception = total(|c| c.by_exception);
    println!("of these {by_exception} release something by exception");
    if is_plenty() {
        assert!(by_exception > decisions / 500, "{by_exception} of {decisions} release something by exception");
        assert!(passed_on > decisions / 500, "{passed_on} of {decisions} are passed on");
    }
}

proptest! {
    #![proptest_config(Config { cases: u32::try_from(how_many() / 100).unwrap(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_is_released_is_accepted_by_a_recipient_that_sees_only_that(case in case()) {
        if let Some(cleared) = decided(&case).release {
            let manifest = manifest_of(&case);
            let shown = shown(&case, &manifest, cleared.indexes());
            prop_assert_eq!(accept(&copy(&case), &statement(&cleared), &shown), Ok(()));
        }
    }

    #[test]
    fn nothing_goes_later_that_the_plan_does_not_list(mut case in case(), later in 0..100 * 3_600_i64) {
        // A house rule may end an embargo at a time that the plan does not consider, as its documentation says.
        case.house.clear();
        let (policy, manifest) = (policy(&case), manifest_of(&case));
        let facts = facts(&case, &manifest);
        let time = case.now.plus_seconds(later);
        let planned: BTreeSet<_> = plan(&policy, &facts, case.now)
            .iter()
            .filter(|(t, _)| *t <= time)
            .flat_map(|(_, d)| d.release.iter().flat_map(|r| r.disclosed()).collect::<Vec<_>>())
            .collect();
        let now: BTreeSet<_> = decide(&policy, &facts, time).release.iter().flat_map(|r| r.disclosed()).collect();
        // A later release may use another agreement or have a fuller headline, so the steps in between count too.
        prop_assert!(now.is_subset(&planned), "{now:?} at {time}, planned {planned:?}, times {:?}", possible_release_times(&policy, &facts));
    }
}

/// Negative control: the comparison must fail if any single rule is left out.
#[test]
fn the_comparison_notices_each_rule_that_is_left_out() {
    let mut runner = TestRunner::deterministic();
    let mut unnoticed: Vec<Rule> = Rule::ALL.to_vec();
    let mut cases = 0;
    while cases < 30_000 && !unnoticed.is_empty() {
        cases += 1;
        let case = case().new_tree(&mut runner).unwrap().current();
        let right = answer(&case, None);
        let noticed = |rule: &Rule| answer(&case, Some(*rule)) != right;
        if unnoticed.iter().any(noticed) {
            // The complete oracle must agree with the decision.
            assert_eq!(told(&decided(&case)), right);
            unnoticed.retain(|rule| !noticed(rule));
        }
    }
    assert!(unnoticed.is_empty(), "no assessment of {cases} tells these apart: {unnoticed:?}");
    println!("each of {} rules was missed within {cases} decisions", Rule::ALL.len());
}
