//! The command line of this test: everything, some tests by name, or seeds.

use std::{process::ExitCode, time::Instant};

use crate::{
    plan::{plan, written},
    run::{Place, keep},
    tests,
};

/// Seeds of a usual run; `SIMULATION_SEEDS` asks for more.
const SEEDS: u64 = 60;

/// What is asked for.
#[derive(Default)]
struct Asked {
    seeds: Option<u64>,
    seed: Option<u64>,
    trace: bool,
    shorten: bool,
    list: bool,
    /// Parts of tests' names.
    names: Vec<String>,
}

impl Asked {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self::default();
        let mut arguments = arguments.peekable();
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let next = arguments.next().and_then(|n| n.parse().ok());
                next.ok_or_else(|| format!("`{argument}` takes a number, e.g. `{argument} 17`"))
            };
            match argument.as_str() {
                "--seeds" => asked.seeds = Some(number()?),
                "--seed" => asked.seed = Some(number()?),
                "--trace" => asked.trace = true,
                "--shorten" => asked.shorten = true,
                "--list" => asked.list = true,
                // Meant for the usual runner, which other test binaries have.
                other if other.starts_with('-') => {}
                name => asked.names.push(name.to_owned()),
            }
        }
        Ok(asked)
    }
}

pub fn main() -> ExitCode {
    let asked = match Asked::read(std::env::args().skip(1)) {
        Ok(asked) => asked,
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
        (None, None) => every(&place, &asked),
    }
}

/// One seed, with what is asked for beside it.
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

fn every(place: &Place, asked: &Asked) -> ExitCode {
    let seeds = std::env::var("SIMULATION_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(SEEDS);
    let is_asked_for = |name: &str| asked.names.is_empty() || asked.names.iter().any(|n| name.contains(n.as_str()));
    let all: Vec<_> = tests::all(place, seeds).into_iter().filter(|t| is_asked_for(&t.name)).collect();
    if asked.list {
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

/// The line by which `.ci/run` counts tests.
fn finished(all: usize, failed: usize) -> ExitCode {
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {} passed; {failed} failed; 0 ignored\n", all - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
