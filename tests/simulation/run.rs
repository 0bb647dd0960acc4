//! Runs seeds and plans, and tells of what failed in a way that replays it.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use crate::{
    book::Broken,
    plan::{Step, plan, written},
    world::{Faults, World, prepare},
};

/// Seeds of a usual run.
const SEEDS: u64 = 60;

/// What came of a plan.
pub struct Outcome {
    pub broken: Option<Broken>,
    pub trace: String,
    pub digest: String,
    pub judged: u64,
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// Carries out a plan in a folder of its own.
pub fn carry_out(folder: &Path, steps: &[Step], faults: Faults) -> Outcome {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let folder = folder.join(format!("w{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    let outcome = runtime().block_on(async {
        let mut world = World::begin(&folder, faults).await;
        let broken = through(&mut world, steps).await.err();
        if let Some(found) = &broken {
            world.trace.line(format!("BROKEN: {}: {}", found.invariant, found.what));
        }
        Outcome { broken, trace: world.trace.text(), digest: world.trace.digest(), judged: world.book.judged }
    });
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

/// Every step, the healing, and what must hold at the end.
async fn through(world: &mut World, steps: &[Step]) -> Result<(), Broken> {
    for (number, step) in steps.iter().enumerate() {
        world.step(number, step).await?;
    }
    world.heal().await?;
    world.check_the_end().await
}

/// Where simulated disks are: in memory where the system has a place for that.
fn place() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|a| a == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let place = place();
    runtime().block_on(prepare(&place.path().to_owned()));
    let seeds: Vec<u64> = match value("--seed") {
        Some(seed) => vec![seed],
        None => (1..=value("--seeds").unwrap_or(SEEDS)).collect(),
    };
    let start = Instant::now();
    let next = AtomicU64::new(0);
    let done = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap()) {
                    let outcome = carry_out(place.path(), &plan(*seed), Faults::default());
                    done.lock().unwrap().push((*seed, outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(seed, _)| *seed);
    let judged: u64 = done.iter().map(|(_, o)| o.judged).sum();
    let mut failed = 0;
    for (seed, outcome) in done {
        if arguments.iter().any(|a| a == "--trace") {
            print!("{}", outcome.trace);
        }
        if let Some(broken) = outcome.broken {
            failed += 1;
            println!("seed {seed}: {}: {}", broken.invariant, broken.what);
            if arguments.iter().any(|a| a == "--plan") {
                print!("{}", written(&plan(seed)));
            }
        }
    }
    println!("{} seeds, {judged} entries judged, {:?}", seeds.len(), start.elapsed());
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {} passed; {failed} failed; 0 ignored", seeds.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
