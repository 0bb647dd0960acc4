//! Compares whole chains of releases, from the originator by way of hubs to the reader.
//!
//! What each hop releases is compared with an oracle, which predicts it from its own decisions. What the reader refuses of a chain that a hub
//! has changed is compared with a judge, which shares no code with what is tested.
//!
//! `ORACLE_CASES` sets how many portions are compared; a portion counts once for each hop that it reaches. `.ci/run` asks for 200,000.

#[path = "chains/bends.rs"]
mod bends;
#[path = "chains/judge.rs"]
mod judge;
#[path = "chains/run.rs"]
mod run;
#[path = "chains/vectors.rs"]
mod vectors;
#[path = "chains/world.rs"]
mod world;

use std::{cell::RefCell, collections::BTreeMap};

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{TestCaseError, TestError, TestRunner},
};

use self::{
    bends::{Bent, Kind},
    judge::{LEFT, judged},
    run::{Foretold, Policies, Run, Step, foretold},
    world::{Piece, World, long_world, world},
};
use crate::compared::{how_many, is_plenty, runners, told};

/// Counts what was compared.
#[derive(Default)]
struct Count {
    portions: usize,
    /// All chains. The next three fields count those that got past the first hop, reached the reader, or had three hops.
    chains: usize,
    went_on: usize,
    all_the_way: usize,
    three_hops: usize,
    /// For each kind of change, how many were within what the hop before allowed, and how many were not.
    bends: BTreeMap<Kind, [usize; 2]>,
}

impl Count {
    fn add(mut self, other: Self) -> Self {
        self.portions += other.portions;
        self.chains += other.chains;
        self.went_on += other.went_on;
        self.all_the_way += other.all_the_way;
        self.three_hops += other.three_hops;
        for (kind, [within, beyond]) in other.bends {
            let sum = self.bends.entry(kind).or_default();
            *sum = [sum[0] + within, sum[1] + beyond];
        }
        self
    }
}

/// Runs the chain with the library and compares it with the prediction. The taker of each hop must accept it.
fn made(run: &Run<'_>, foretold: &[Foretold], count: &mut Count) -> Result<Vec<Step>, TestCaseError> {
    let mut steps: Vec<Step> = vec![];
    for (k, hop) in foretold.iter().enumerate() {
        let decision = run.decided(&steps);
        prop_assert_eq!(&told(&decision), &hop.answer, "hop {} of {}", k + 1, run.world.agreements.len());
        count.portions += hop.held.len();
        let Some(step) = run.step(k, &decision) else { break };
        prop_assert_eq!(Some(step.clone()), hop.step(run.world, run.piece, k));
        steps.push(step);
        prop_assert_eq!(run.refused(&steps), None, "an honest chain, at hop {}: {:#?}", k + 1, steps);
    }
    prop_assert!(steps.len() == run.world.agreements.len() || foretold[steps.len()].answer.is_none());
    Ok(steps)
}

/// Checks that each changed chain is refused exactly where the judge refuses it, with the same organisation at fault.
fn bent(run: &Run<'_>, honest: &[Step], count: &mut Count) -> Result<(), TestCaseError> {
    for bends in &run.piece.bends {
        let mut steps = honest.to_vec();
        let mut by = vec![];
        for bend in bends {
            let Some(bent) = bend.apply(run, &steps) else { continue };
            by.push((bend.kind, bent.hub, bent.is_followed_honestly));
            steps = bent.steps;
        }
        let right = judged(run.world, run.piece, &steps, None);
        prop_assert_eq!(&run.refused(&steps), &right, "{:?}: {:#?}", by, steps);
        let [(kind, hub, is_followed_honestly)] = by.as_slice() else { continue };
        count.bends.entry(*kind).or_default()[usize::from(right.is_some())] += 1;
        let Some(named) = right else { continue };
        // If the change only forbids something, a later hub that passes it on all the same is at fault.
        let mut suspects = steps[*hub..].iter().map(|s| &s.giver.domain);
        prop_assert!(suspects.clone().any(|s| *s == named), "{:?} names {}: {:#?}", kind, named, steps);
        if *is_followed_honestly {
            prop_assert_eq!(suspects.next(), Some(&named), "{:?}: {:#?}", kind, steps);
        }
    }
    Ok(())
}

fn compare_all(world: &World, count: &mut Count) -> Result<(), TestCaseError> {
    let policies = Policies::of(world);
    for piece in &world.pieces {
        let run = Run::new(world, &policies, piece);
        let steps = made(&run, &foretold(world, piece), count)?;
        count.chains += 1;
        count.went_on += usize::from(steps.len() > 1);
        if steps.len() < world.agreements.len() {
            continue;
        }
        count.all_the_way += 1;
        count.three_hops += usize::from(steps.len() > 2);
        bent(&run, &steps, count)?;
    }
    Ok(())
}

/// Compares at least this many portions on one thread.
fn compare(thread: usize, portions: usize) -> Count {
    const AT_ONCE: u32 = 20;
    let mut count = Count::default();
    for mut runner in runners(thread, AT_ONCE) {
        if count.portions >= portions {
            break;
        }
        let seen = RefCell::new(&mut count);
        match runner.run(&world(), |world| compare_all(&world, &mut seen.borrow_mut())) {
            Ok(()) => {}
            Err(TestError::Fail(why, world)) => panic!("{why}\nminimal case: {world:#?}"),
            Err(TestError::Abort(why)) => panic!("{why}"),
        }
    }
    count
}

#[test]
fn each_hop_of_a_chain_is_what_the_rules_say_and_a_bent_one_is_refused_by_name() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = how_many().div_ceil(threads);
    let counts: Vec<Count> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|thread| scope.spawn(move || compare(thread, share))).collect();
        all.into_iter().map(|t| t.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
    });
    let Count { portions, chains, went_on, all_the_way, three_hops, bends } =
        counts.into_iter().fold(Count::default(), Count::add);
    println!(
        "compared {portions} portions in {chains} chains; {went_on} were passed on, {all_the_way} reached the reader, {three_hops} of them by three hops or four"
    );
    for (kind, [within, beyond]) in &bends {
        println!("{kind:?}: {beyond} refused, {within} within what was allowed");
    }
    assert!(portions >= how_many());
    assert!(all_the_way > chains / 10 && all_the_way < chains, "{all_the_way} of {chains} reach the reader");
    assert!(three_hops > chains / 50, "{three_hops} of {chains} over three or four hops");
    if is_plenty() {
        let never: Vec<_> = bends::ALL.iter().filter(|kind| bends.get(kind).is_none_or(|b| b[1] == 0)).collect();
        assert!(never.is_empty(), "{never:?} were never refused");
    }
}

/// The chain that the oracle predicts, if it reaches the reader.
fn all_the_way(world: &World, piece: &Piece) -> Option<Vec<Step>> {
    let hops = foretold(world, piece);
    let steps: Option<Vec<Step>> = hops.iter().enumerate().map(|(k, hop)| hop.step(world, piece, k)).collect();
    steps.filter(|steps| steps.len() == world.agreements.len())
}

/// Negative control: the comparison fails if the judge leaves out a rule.
#[test]
fn the_judge_of_chains_notices_each_rule_that_is_left_out() {
    let mut runner = TestRunner::deterministic();
    let (mut unnoticed, mut worlds) = (LEFT.to_vec(), 0);
    while worlds < 10_000 && !unnoticed.is_empty() {
        worlds += 1;
        let world = long_world().new_tree(&mut runner).unwrap().current();
        let policies = Policies::of(&world);
        for piece in &world.pieces {
            let run = Run::new(&world, &policies, piece);
            let Some(honest) = all_the_way(&world, piece) else { continue };
            let bends: Vec<_> = piece.bends.iter().flatten().collect();
            // Some rules make a difference only if another hub forbids something.
            let alone = bends.iter().flat_map(|b| b.of_any_kind()).map(|b| (None, b));
            let others = bends.iter().zip(bends.iter().skip(1)).take(2);
            let after = others.flat_map(|(a, b)| b.of_any_kind().map(|b| (Some(a.of_kind(Kind::Closes)), b)));
            for (first, second) in alone.chain(after) {
                let once = first.and_then(|f| f.apply_as_a_liar(&run, &honest)).map_or(honest.clone(), |b| b.steps);
                let Some(Bent { steps, .. }) = second.apply_as_a_liar(&run, &once) else { continue };
                let right = judged(&world, piece, &steps, None);
                let before = unnoticed.len();
                unnoticed.retain(|left| judged(&world, piece, &steps, Some(*left)) == right);
                if unnoticed.len() < before {
                    // The complete judge must agree with the library.
                    assert_eq!(run.refused(&steps), right);
                }
            }
        }
    }
    assert!(unnoticed.is_empty(), "no chain of {worlds} worlds tells these apart: {unnoticed:?}");
    println!("each of {} rules was missed within {worlds} worlds", LEFT.len());
}
