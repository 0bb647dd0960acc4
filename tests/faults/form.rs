//! The size of a run, and which faults it contains: the arguments after `--`.

use crate::{arguments::Chosen, splitmix::SplitMix};

/// The form of a run.
#[derive(Clone)]
pub struct Form {
    /// The long form. The short form is for every merge.
    pub long: bool,
    /// How many times nodes are killed under load.
    pub kills: usize,
    /// At how many of its write and sync calls the node is killed.
    pub calls: usize,
    /// The seed for the moments and victims.
    pub seed: u64,
    /// The names of the faults.
    pub chosen: Chosen,
    /// Whether each step is printed.
    verbose: bool,
}

const OPTIONS: &[&str] = &["--long", "--kills", "--calls", "--seed", "--verbose"];

impl Form {
    pub fn from_arguments(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
        let (mut long, mut verbose, mut seed) = (false, false, u64::from(seed));
        let (mut kills, mut calls) = (None, None);
        let chosen = Chosen::read(arguments, OPTIONS, |option, value| {
            match option {
                "--long" => long = true,
                "--kills" => kills = Some(value.number()?),
                "--calls" => calls = Some(value.number()?),
                "--seed" => seed = value.number()?,
                _ => verbose = true,
            }
            Ok(())
        })?;
        let kills = kills.unwrap_or(if long { 100 } else { 15 });
        Ok(Self { long, kills, calls: calls.unwrap_or(300), seed, chosen, verbose })
    }

    /// Prints a step, for somebody who waits for a long run.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if self.verbose {
            eprintln!("  {}", what());
        }
    }

    pub fn words(&self) -> String {
        let form = if self.long { "the long form" } else { "the short form; `-- --long` runs the long one" };
        format!("{form} (seed {})", self.seed)
    }
}

/// A random number for moments and victims. It is the same for the same seed.
pub struct Dice(SplitMix);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(SplitMix::new(seed))
    }

    /// A number from `from` up to `to`, exclusive.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.0.next() % (to - from)
    }
}
