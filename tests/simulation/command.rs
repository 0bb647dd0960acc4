//! The command line of this test program: everything, some tests by name, or seeds.

use std::{process::ExitCode, time::Instant};

use crate::{
    arguments::Chosen,
    asked::asked,
    plan::{plan, written},
    run::{Place, keep},
    tests,
};

/// The seeds of a usual run. `SIMULATION_SEEDS` sets another number.
const SEEDS: u64 = 60;
/// The histories of roots in a usual run. `SIMULATION_HISTORIES` sets another number.
const HISTORIES: u64 = 50;

/// What to run.
#[derive(Default)]
struct Asked {
    seeds: Option<u64>,
    seed: Option<u64>,
    trace: bool,
    shorten: bool,
    chosen: Chosen,
}

/// What a run does without options.
struct Usual {
    seeds: u64,
    histories: u64,
}

const OPTIONS: &[&str] = &["--seeds", "--seed", "--trace", "--shorten"];

impl Asked {
    fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self::default();
        asked.chosen = Chosen::read(arguments, OPTIONS, |option, value| {
            match option {
                "--seeds" => asked.seeds = Some(at_least_one(option, value.number()?)?),
                "--seed" => asked.seed = Some(value.number()?),
                "--trace" => asked.trace = true,
                _ => asked.shorten = true,
            }
            Ok(())
        })?;
        Ok(asked)
    }

    /// The same with the numbers from the environment.
    fn all(arguments: impl IntoIterator<Item = String>) -> Result<(Self, Usual), String> {
        let count = |variable: &str, usual| at_least_one(variable, asked(variable)?.unwrap_or(usual));
        let usual =
            Usual { seeds: count("SIMULATION_SEEDS", SEEDS)?, histories: count("SIMULATION_HISTORIES", HISTORIES)? };
        Ok((Self::read(arguments)?, usual))
    }
}

fn at_least_one(what: &str, number: u64) -> Result<u64, String> {
    if number > 0 { Ok(number) } else { Err(format!("`{what}` is at least 1: no seed shows nothing")) }
}

/// Reads the arguments. Unknown ones are refused, and options of the usual runner are accepted. `Err` says what failed.
pub fn is_understood() -> Result<String, String> {
    let read = |line: &str| Asked::read(line.split_whitespace().map(str::to_owned));
    let refused =
        ["--seds 10000", "--seeds", "--seeds 10k", "--seeds 0", "--seed=x", "--trace=1", "--test-threads many", "-x"];
    if let Some(line) = refused.into_iter().find(|line| read(line).is_ok()) {
        return Err(format!("`{line}` is taken"));
    }
    let wanted = [
        ("", "ab", true),
        ("--test-threads 1", "ab", true),
        ("--test-threads=1 --format terse --nocapture -q", "ab", true),
        ("b", "ab", true),
        ("c", "ab", false),
        ("--exact b", "ab", false),
        ("--skip b", "ab", false),
        ("--skip b", "ac", true),
        ("--exact --skip b", "ab", true),
        ("--ignored", "ab", false),
    ];
    for (line, name, is_wanted) in wanted {
        if read(line)?.chosen.wants(name) != is_wanted {
            return Err(format!("`{line}` and a test `{name}`: it should be {is_wanted}"));
        }
    }
    let taken = read("--seeds=17 --trace")?;
    if (taken.seeds, taken.trace, read("--seed 5")?.seed) != (Some(17), true, Some(5)) {
        return Err("numbers are not taken as they are".to_owned());
    }
    Ok(format!("{} lines refused, {} taken", refused.len(), wanted.len() + 2))
}

pub fn main() -> ExitCode {
    let (asked, usual) = match Asked::all(std::env::args().skip(1)) {
        Ok(all) => all,
        Err(what) => {
            eprintln!("{what}");
            return ExitCode::from(2);
        }
    };
    let place = Place::make();
    match (asked.seed, asked.seeds) {
        (Some(seed), _) => one(&place, seed, &asked),
        (None, Some(seeds)) => {
            let list: Vec<u64> = (1..=seeds).collect();
            finished(1, usize::from(!passes("seeds", || tests::hold(&place, &list))))
        }
        (None, None) => every(&place, &asked.chosen, &usual),
    }
}

/// One seed, with the further options.
fn one(place: &Place, seed: u64, asked: &Asked) -> ExitCode {
    let steps = plan(seed);
    let outcome = place.carry_out(&steps, None);
    if asked.trace {
        print!("{}", outcome.trace);
    }
    if let (Some(broken), true) = (&outcome.broken, asked.shorten) {
        print!("The shortest plan that breaks the same:\n\n{}", written(&place.shortened(&steps, broken)));
    }
    let is_well = passes(&format!("seed_{seed}"), || match &outcome.broken {
        None => Ok(format!("{} steps, trace {}", steps.len(), outcome.digest)),
        Some(broken) => {
            let kept = keep(&format!("seed-{seed}"), &steps, &outcome);
            Err(format!("{}: {}\n    what happened, and the plan: {}", broken.invariant, broken.what, kept.display()))
        }
    });
    finished(1, usize::from(!is_well))
}

fn every(place: &Place, chosen: &Chosen, usual: &Usual) -> ExitCode {
    let all: Vec<_> =
        tests::all(place, usual.seeds, usual.histories).into_iter().filter(|t| chosen.wants(&t.name)).collect();
    if chosen.list {
        all.iter().for_each(|test| println!("{}: test", test.name));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", all.len());
    let failed = all.iter().filter(|test| !passes(&test.name, &test.run)).count();
    finished(all.len(), failed)
}

fn passes(name: &str, run: impl Fn() -> Result<String, String>) -> bool {
    let start = Instant::now();
    let (word, more) = match run() {
        Ok(more) => ("ok", more),
        Err(more) => ("FAILED", more),
    };
    println!("test {name} ... {word} ({more}; {:.1} s)", start.elapsed().as_secs_f64());
    word == "ok"
}

/// The line from which `.ci/run` counts tests.
fn finished(all: usize, failed: usize) -> ExitCode {
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {} passed; {failed} failed; 0 ignored\n", all - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
