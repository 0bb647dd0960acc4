//! What an honest pair experiences, second by second: how long things take, what fails, and how much memory the victim uses.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// One action and how long it took, from the time when it was due.
#[derive(Clone, Copy)]
pub struct Sample {
    due: Instant,
    took: Duration,
}

/// Everything that was measured since the beginning.
#[derive(Default)]
pub struct Watch {
    /// From the author's call until the reader at another node has it.
    pub exchanges: Mutex<Vec<Sample>>,
    /// Calls of an honest partner to the attacked listener.
    pub calls: Mutex<Vec<Sample>>,
    pub errors: Mutex<Vec<String>>,
    /// The resident memory of the victim, in MiB.
    pub memory: Mutex<Vec<(Instant, u64)>>,
}

/// A span of time.
pub type Span = (Instant, Instant);

/// The median and the 99th percentile.
#[derive(Clone, Copy, Default)]
pub struct Quantiles {
    pub p50: Duration,
    pub p99: Duration,
}

impl std::fmt::Display for Quantiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        write!(f, "{:.1}/{:.1}", ms(self.p50), ms(self.p99))
    }
}

impl Watch {
    pub fn note(samples: &Mutex<Vec<Sample>>, due: Instant) {
        samples.lock().unwrap().push(Sample { due, took: due.elapsed() });
    }

    /// The actions that were due in a span.
    pub fn quantiles(samples: &Mutex<Vec<Sample>>, (from, until): Span) -> Quantiles {
        let samples = samples.lock().unwrap();
        let mut took: Vec<_> = samples.iter().filter(|s| s.due >= from && s.due < until).map(|s| s.took).collect();
        took.sort_unstable();
        let at = |part: f64| took.get((took.len() as f64 * part) as usize).or(took.last()).copied().unwrap_or_default();
        Quantiles { p50: at(0.5), p99: at(0.99) }
    }

    /// When the first action ended that was due after `from` and took no longer than `limit`.
    pub fn first_good(samples: &Mutex<Vec<Sample>>, from: Instant, limit: Duration) -> Option<Instant> {
        let samples = samples.lock().unwrap();
        let good = samples.iter().find(|s| s.due >= from && s.took <= limit);
        good.map(|s| s.due + s.took)
    }

    pub fn most_memory(&self, (from, until): Span) -> u64 {
        let memory = self.memory.lock().unwrap();
        memory.iter().filter(|(at, _)| *at >= from && *at < until).map(|(_, mib)| *mib).max().unwrap_or_default()
    }

    pub fn memory_now(&self) -> u64 {
        self.memory.lock().unwrap().last().map_or(0, |(_, mib)| *mib)
    }
}
