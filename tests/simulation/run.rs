//! Carries out plans, each in a world and a folder of its own.

use std::{
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use crate::{
    book::Broken,
    mutants::Mutant,
    plan::{Step, plan, written},
    world::{World, prepare},
};

/// How many worlds run at once.
const THREADS: usize = 2;

/// What came of a plan.
pub struct Outcome {
    pub broken: Option<Broken>,
    pub trace: String,
    pub digest: String,
    /// How many entries were held against the oracle.
    pub judged: u64,
}

/// Where simulated disks are: in memory where the system has a place for that.
pub struct Place(tempfile::TempDir);

impl Place {
    /// A place, with the disks of the beginning made.
    pub fn make() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let place = Self(made.unwrap());
        runtime().block_on(prepare(place.0.path()));
        place
    }

    /// Carries out a plan. A panic counts as a broken promise, too.
    pub fn carry_out(&self, steps: &[Step], mutant: Option<Mutant>) -> Outcome {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = self.0.path().join(format!("w{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(&folder, steps, mutant)));
        let _ = std::fs::remove_dir_all(&folder);
        outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let what = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
            let broken = Some(Broken { invariant: "nothing panics", what });
            Outcome { broken, trace: String::new(), digest: String::new(), judged: 0 }
        })
    }

    /// Carries out the plans of seeds, some at a time; what came of each, in their order.
    pub fn carry_out_seeds(&self, seeds: &[u64], mutant: Option<Mutant>) -> Vec<(u64, Outcome)> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![]));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome = self.carry_out(&plan(*seed), mutant);
                        done.lock().unwrap().push((*seed, outcome));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap();
        done.sort_by_key(|(seed, _)| *seed);
        done
    }

    /// As few of the steps as still break the same promise.
    pub fn shortened(&self, steps: &[Step], broken: &Broken) -> Vec<Step> {
        let mut short = steps.to_vec();
        let mut size = short.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < short.len() {
                let mut fewer = short.clone();
                fewer.drain(at..(at + size).min(fewer.len()));
                let found = self.carry_out(&fewer, None).broken;
                if found.is_some_and(|f| f.invariant == broken.invariant) {
                    short = fewer;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        short
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn carry_out(folder: &Path, steps: &[Step], mutant: Option<Mutant>) -> Outcome {
    runtime().block_on(async {
        let mut world = World::begin(folder, mutant).await;
        let broken = through(&mut world, steps).await.err();
        if let Some(found) = &broken {
            world.trace.line(format!("BROKEN: {}: {}", found.invariant, found.what));
        }
        Outcome { broken, trace: world.trace.text(), digest: world.trace.digest(), judged: world.book.judged }
    })
}

/// Every step, the healing, and what must hold at the end.
async fn through(world: &mut World, steps: &[Step]) -> Result<(), Broken> {
    for (number, step) in steps.iter().enumerate() {
        world.step(number, step).await?;
    }
    world.heal().await?;
    world.check_the_end().await
}

/// Writes down what led to a broken promise: what happened, and the plan as it can be copied into `found.rs`.
pub fn keep(name: &str, steps: &[Step], outcome: &Outcome) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulation");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.txt"));
    let mut text = outcome.trace.clone();
    write!(text, "\nThe plan:\n\n{}", written(steps)).unwrap();
    std::fs::write(&file, text).unwrap();
    file
}
