//! The tests of this binary: seeds, earlier findings, that a seed replays, and that deliberate faults are noticed.

use std::time::Instant;

use crate::{
    command, foes,
    found::{FOUND, Found},
    histories,
    mutants::Mutant,
    plan::{Step, plan},
    run::{Outcome, Place, keep},
    two_processes,
};

/// Within how many seeds each deliberate fault must be noticed.
const SEEDS_A_MUTANT: u64 = 60;
/// More than a reader keeps of one partner's statements in another's name; and, in a long run, in all others' names.
const RECALLS: u16 = 300;
const ALL_RECALLS: u16 = 1_100;
/// From this many seeds on, a run is long.
const LONG: u64 = 500;
/// Seeds that are run twice.
const REPEATED: u64 = 12;

/// A test: its name, and its function. `Err` says what failed.
pub struct Test<'a> {
    pub name: String,
    pub run: Box<dyn Fn() -> Result<String, String> + 'a>,
}

fn test<'a>(name: String, run: Box<dyn Fn() -> Result<String, String> + 'a>) -> Test<'a> {
    Test { name, run }
}

/// All tests.
pub fn all(place: &Place, seeds: u64, histories: u64) -> Vec<Test<'_>> {
    let mut all = vec![
        test("the_command_line_is_understood_or_refused".to_owned(), Box::new(command::is_understood)),
        test("a_seed_gives_the_same_trace_each_time".to_owned(), Box::new(move || replays(place))),
    ];
    for found in &FOUND {
        all.push(test(format!("found::{}", found.name), Box::new(move || stays_mended(place, found))));
    }
    for mutant in Mutant::ALL {
        let name = format!("{mutant:?}").to_lowercase().replace(['(', ')'], "_");
        let name = format!("a_deliberate_fault_is_noticed::{}", name.trim_end_matches('_'));
        all.push(test(name, Box::new(move || is_noticed(place, mutant))));
    }
    let recalls = if seeds < LONG { RECALLS } else { ALL_RECALLS };
    let name = format!("{recalls}_recalls_that_a_reader_can_t_take_hold_up_no_warning_behind_the_hub");
    all.push(test(name, Box::new(move || is_not_held_up(place, recalls))));
    let away = "who_was_away_for_thirty_days_follows_over_three_hops".to_owned();
    all.push(test(away, Box::new(move || histories::who_was_away_follows(place.path()))));
    let name = format!("every_history_of_roots_ends_well_in_{histories}");
    all.push(test(name, Box::new(move || histories::hold(place.path(), histories))));
    let name = "two_processes_on_one_store_decide_alike".to_owned();
    all.push(test(name, Box::new(move || two_processes::decide_alike(place.path()))));
    let list: Vec<u64> = (1..=seeds).collect();
    all.push(test(format!("promises_hold_for_{seeds}_seeds"), Box::new(move || hold(place, &list))));
    all
}

/// Runs seeds. Each failing seed is reported at once, with the command that replays it, because the others may take hours.
pub fn hold(place: &Place, seeds: &[u64]) -> Result<String, String> {
    let start = Instant::now();
    let tell = |seed: u64, outcome: &Outcome| {
        let Some(broken) = &outcome.broken else { return };
        let kept = keep(&format!("seed-{seed}"), &plan(seed), outcome);
        println!(
            "seed {seed}: {}: {}\n    replay it: cargo test --test simulation -- --seed {seed} --trace\n    \
             what happened, and the plan: {}",
            broken.invariant,
            broken.what,
            kept.display()
        );
    };
    let done = place.carry_out_seeds(seeds, tell);
    let judged: u64 = done.iter().map(|(_, o)| o.judged).sum();
    let failed: Vec<u64> = done.iter().filter(|(_, o)| o.broken.is_some()).map(|(seed, _)| *seed).collect();
    let seconds = start.elapsed().as_secs_f64();
    let summary = format!("{} seeds, {judged} entries judged, {seconds:.0} s", seeds.len());
    if failed.is_empty() { Ok(summary) } else { Err(format!("{summary}; failed: {failed:?}")) }
}

/// The same seed gives the same trace, whatever else runs at the same time.
fn replays(place: &Place) -> Result<String, String> {
    let twice: Vec<u64> = (1..=REPEATED).flat_map(|seed| [seed, seed]).collect();
    let done = place.carry_out_seeds(&twice, |_, _| ());
    for pair in done.chunks(2) {
        let [(seed, first), (_, second)] = pair else { continue };
        // Two runs that failed at their beginning would be equal and show nothing.
        if let Some(broken) = first.broken.as_ref().or(second.broken.as_ref()) {
            return Err(format!("seed {seed}: {}: {}", broken.invariant, broken.what));
        }
        if first.trace.is_empty() || second.trace.is_empty() {
            return Err(format!("seed {seed} has no trace"));
        }
        if first.digest != second.digest {
            let differs = first.trace.lines().zip(second.trace.lines()).find(|(a, b)| a != b);
            return Err(format!("seed {seed} went two ways: {differs:?}"));
        }
    }
    Ok(format!("{REPEATED} seeds, each twice"))
}

/// Everything that is due arrives, although the reader can't take so many recalls.
fn is_not_held_up(place: &Place, recalls: u16) -> Result<String, String> {
    let steps: Vec<Step> = foes::taken_back_in_great_number(recalls).into_iter().map(Step::from).collect();
    let outcome = place.carry_out(&steps, None);
    match &outcome.broken {
        None => Ok(format!("{} entries judged", outcome.judged)),
        Some(broken) => {
            let kept = keep("recalls", &steps, &outcome);
            Err(format!("{}: {} ({})", broken.invariant, broken.what, kept.display()))
        }
    }
}

fn stays_mended(place: &Place, found: &Found) -> Result<String, String> {
    let steps = found.steps();
    let outcome = place.carry_out(&steps, None);
    match &outcome.broken {
        None => Ok(format!("{} steps", steps.len())),
        Some(broken) => {
            let kept = keep(found.name, &steps, &outcome);
            Err(format!("{}: {} ({})", broken.invariant, broken.what, kept.display()))
        }
    }
}

/// One of the invariants for this fault must notice it soon.
fn is_noticed(place: &Place, mutant: Mutant) -> Result<String, String> {
    let plans = (1..=SEEDS_A_MUTANT).map(|seed| (format!("seed {seed}"), plan(seed)));
    let made = mutant.plan().map(|steps| ("a plan made for it".to_owned(), steps));
    for (name, steps) in made.into_iter().chain(plans) {
        let Some(broken) = place.carry_out(&steps, Some(mutant)).broken else { continue };
        if mutant.noticed_by().contains(&broken.invariant) {
            return Ok(format!("{name}: {}: {}", broken.invariant, broken.what));
        }
        return Err(format!("{name}: something else noticed it: {}: {}", broken.invariant, broken.what));
    }
    Err(format!("not noticed in {SEEDS_A_MUTANT} seeds"))
}
