//! The real nodes of several organisations in one process, on simulated time, network and disks. A seed determines the plan. After every step,
//! the invariants are checked. See `docs/testing.md`.
//!
//! `cargo test --test simulation -- --seeds 10000`, `-- --seed 17 --trace`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

// The oracle of `tests/policy` is used here too. It imports these by `crate::`.
use watchfire::{domain, policy};

#[path = "simulation/administration.rs"]
mod administration;
#[path = "shared/arguments.rs"]
mod arguments;
#[path = "shared/asked.rs"]
#[allow(dead_code, reason = "some of it is for other tests only")]
mod asked;
#[path = "simulation/attacks.rs"]
mod attacks;
#[path = "policy/back.rs"]
mod back;
#[path = "simulation/book.rs"]
mod book;
#[path = "policy/cases.rs"]
#[allow(dead_code, reason = "random cases are for tests/policy only")]
mod cases;
#[path = "simulation/cast.rs"]
mod cast;
#[path = "simulation/clock.rs"]
mod clock;
#[path = "simulation/command.rs"]
mod command;
#[path = "simulation/contained.rs"]
mod contained;
#[path = "simulation/content.rs"]
mod content;
#[path = "simulation/decided.rs"]
mod decided;
#[path = "simulation/disk.rs"]
mod disk;
#[path = "policy/exceptions.rs"]
mod exceptions;
#[path = "../src/policy/tests/fixture.rs"]
#[allow(dead_code, reason = "most of it is for the unit tests only")]
mod fixture;
#[path = "shared/extremes.rs"]
mod extremes;
#[path = "simulation/foes.rs"]
mod foes;
#[path = "simulation/found.rs"]
mod found;
#[path = "simulation/garble.rs"]
mod garble;
#[path = "policy/headlines.rs"]
mod headlines;
#[path = "simulation/heal.rs"]
mod heal;
#[path = "simulation/histories.rs"]
mod histories;
#[path = "policy/house.rs"]
#[allow(dead_code, reason = "some of it is for tests/policy only")]
mod house;
#[path = "simulation/judge.rs"]
mod judge;
#[path = "simulation/machine.rs"]
mod machine;
#[path = "simulation/mutants.rs"]
mod mutants;
#[path = "simulation/net.rs"]
mod net;
#[path = "policy/oracle.rs"]
#[allow(dead_code, reason = "some of it is for tests/policy only")]
mod oracle;
#[path = "simulation/overtaking.rs"]
mod overtaking;
#[path = "policy/places.rs"]
#[allow(dead_code, reason = "some of it is for the test of the tables")]
mod places;
#[path = "policy/passed_on.rs"]
mod passed_on;
#[path = "simulation/plan.rs"]
mod plan;
#[path = "simulation/rng.rs"]
mod rng;
#[path = "simulation/rotation.rs"]
mod rotation;
#[path = "simulation/rotation_end.rs"]
mod rotation_end;
#[path = "simulation/run.rs"]
mod run;
#[path = "shared/splitmix.rs"]
mod splitmix;
#[path = "simulation/store.rs"]
mod store;
#[path = "simulation/tests.rs"]
mod tests;
#[path = "simulation/thieves.rs"]
mod thieves;
#[path = "simulation/trace.rs"]
mod trace;
#[path = "simulation/two_processes.rs"]
mod two_processes;
#[path = "simulation/world.rs"]
mod world;

fn main() -> std::process::ExitCode {
    command::main()
}
