//! Real faults against the running program: real processes, real TLS, real SQLite on a real disk. Nodes are killed, their disk fails, their
//! clock jumps, their database is damaged. Then it is checked that everything that was promised is still there.
//!
//! `cargo test --test faults` runs the short form, `-- --long` the long form, and `-- NAME` only the faults with that in their names.
//! docs/testing.md, "Real faults", says what each does.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "faults/acts.rs"]
mod acts;
#[path = "shared/arguments.rs"]
mod arguments;
#[path = "faults/audit.rs"]
mod audit;
#[path = "faults/calls.rs"]
mod calls;
#[path = "faults/clock.rs"]
mod clock;
#[path = "faults/controls.rs"]
mod controls;
#[path = "faults/damage.rs"]
mod damage;
#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/files.rs"]
mod files;
#[path = "faults/form.rs"]
mod form;
#[path = "faults/kill.rs"]
mod kill;
#[allow(dead_code, reason = "some of it is for other tests only")]
#[path = "node/kit.rs"]
mod kit;
#[path = "faults/load.rs"]
mod load;
#[path = "faults/outcome.rs"]
mod outcome;
#[path = "faults/pause.rs"]
mod pause;
#[path = "faults/promises.rs"]
mod promises;
#[path = "shared/splitmix.rs"]
mod splitmix;
#[path = "shared/system.rs"]
mod system;
#[path = "faults/world.rs"]
mod world;

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    process::ExitCode,
    time::Instant,
};

use form::Form;
use outcome::{Outcome, Totals};

/// One fault: its name, and what happens in it.
struct Fault {
    name: &'static str,
    run: fn(Form) -> Pin<Box<dyn Future<Output = Outcome>>>,
}

const FAULTS: &[Fault] = &[
    Fault { name: "kill9", run: |form| Box::pin(kill::under_load(form)) },
    Fault { name: "killed-at-a-call-of-serve", run: |form| Box::pin(calls::of_serve(form)) },
    Fault { name: "killed-at-a-call-of-init", run: |form| Box::pin(calls::of_init(form)) },
    Fault { name: "disk-fails", run: |form| Box::pin(disk::fails(form)) },
    Fault { name: "disk-full-for-a-while", run: |form| Box::pin(disk::is_full_for_a_while(form)) },
    Fault { name: "disk-read-only", run: |form| Box::pin(disk::is_read_only(form)) },
    Fault { name: "clock-jumps", run: |form| Box::pin(clock::jumps(form)) },
    Fault { name: "stopped", run: |form| Box::pin(pause::stopped(form)) },
    Fault { name: "damaged-pages", run: |form| Box::pin(damage::of_pages(form)) },
    Fault { name: "damaged-log", run: |form| Box::pin(damage::of_the_log(form)) },
    Fault { name: "keys-open-to-others", run: |form| Box::pin(files::of_keys(form)) },
    Fault { name: "control-an-older-copy", run: |form| Box::pin(controls::an_older_copy(form)) },
    Fault { name: "control-a-torn-store", run: |form| Box::pin(controls::torn(form)) },
];

fn main() -> ExitCode {
    let form = match Form::from_arguments(std::env::args().skip(1)) {
        Ok(form) => form,
        Err(wrong) => {
            eprintln!("{wrong}");
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<&Fault> = FAULTS.iter().filter(|f| form.chosen.wants(f.name)).collect();
    if form.chosen.list {
        chosen.iter().for_each(|f| println!("{}: test", f.name));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} faults, {}", chosen.len(), form.words());
    let started = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut totals = Totals::new(FAULTS.len() - chosen.len());
    for fault in chosen {
        let begun = Instant::now();
        let run = || runtime.block_on((fault.run)(form.clone()));
        // The panic's own message is on stderr already.
        let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Outcome::interrupted());
        println!("{}", totals.add(fault.name, outcome, begun.elapsed()));
    }
    println!("\n{}", totals.words(started.elapsed()));
    if totals.are_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
