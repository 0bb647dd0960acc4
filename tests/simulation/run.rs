//! Runs plans, each in its own world and folder.

use std::{
    fmt::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use crate::{
    book::{Broken, broken},
    foes,
    mutants::Mutant,
    plan::{Step, plan, written},
    trace::Trace,
    world::{World, prepare},
};

/// How many worlds run at the same time.
pub const THREADS: usize = 4;
/// Longer than anything takes on a busy machine, in real time. A world that takes longer never comes to rest.
const LONGEST: Duration = Duration::from_secs(60);

/// The result of a plan.
pub struct Outcome {
    pub broken: Option<Broken>,
    pub trace: String,
    pub digest: String,
    /// How many entries were compared with the oracle.
    pub judged: u64,
}

/// Where the simulated disks are: in memory, if the system has a place for that.
pub struct Place(tempfile::TempDir);

impl Place {
    /// A folder in which the first disks were made.
    pub fn make() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let place = Self(made.unwrap());
        runtime().block_on(prepare(place.0.path()));
        place
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a plan. A panic counts as a broken promise, too.
    pub fn carry_out(&self, steps: &[Step], mutant: Option<Mutant>) -> Outcome {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = self.0.path().join(format!("w{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        // The trace is kept outside, so that it survives a panic and shows what came before.
        let trace = Arc::<Trace>::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| carry_out(&folder, steps, mutant, &trace)));
        let _ = std::fs::remove_dir_all(&folder);
        let (broken, judged) = outcome.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let what = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
            (Some(Broken { invariant: "nothing panics", what }), 0)
        });
        if let Some(found) = &broken {
            trace.line(format!("BROKEN: {}: {}", found.invariant, found.what));
        }
        Outcome { broken, trace: trace.text(), digest: trace.digest(), judged }
    }

    /// Runs the plans of seeds, some at the same time. Returns the results in their order. Each is reported as soon as it is done.
    pub fn carry_out_seeds(&self, seeds: &[u64], tell: impl Fn(u64, &Outcome) + Sync) -> Vec<(u64, Outcome)> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(vec![]));
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome = self.carry_out(&plan(*seed), None);
                        tell(*seed, &outcome);
                        done.lock().unwrap().push((*seed, outcome));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap();
        done.sort_by_key(|(seed, _)| *seed);
        done
    }

    /// The fewest steps that still break the same promise.
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

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// What was broken, and how many entries were judged.
fn carry_out(folder: &Path, steps: &[Step], mutant: Option<Mutant>, trace: &Arc<Trace>) -> (Option<Broken>, u64) {
    runtime().block_on(async {
        let mut world = World::begin(folder, mutant, trace.clone(), foes::budgets(steps)).await;
        let broken = through(&mut world, steps).await.err();
        (broken, world.book.judged)
    })
}

/// Every step, the repair, and the final checks.
async fn through(world: &mut World, steps: &[Step]) -> Result<(), Broken> {
    for (number, step) in steps.iter().enumerate() {
        in_time(world.step(number, step)).await?;
    }
    in_time(world.heal()).await?;
    in_time(world.check_the_end()).await
}

async fn in_time<T>(what: impl Future<Output = Result<T, Broken>>) -> Result<T, Broken> {
    let done = tokio::time::timeout(LONGEST, what).await;
    done.unwrap_or_else(|_| broken("comes to rest", format!("not within {} s", LONGEST.as_secs())))
}

/// Writes down what led to a broken promise: what happened, and the plan in a form that can be copied into `found.rs`.
pub fn keep(name: &str, steps: &[Step], outcome: &Outcome) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("simulation");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.txt"));
    let mut text = outcome.trace.clone();
    write!(text, "\nThe plan:\n\n{}", written(steps)).unwrap();
    std::fs::write(&file, text).unwrap();
    file
}
