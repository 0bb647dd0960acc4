//! Simulated time: one true time, and each organisation's own clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use watchfire::domain::time::{Clock, Time};

/// The time at which every simulation begins.
pub const BEGIN: &str = "2026-06-01T06:00:00Z";

/// A node's clock.
#[derive(Clone, Default)]
pub struct SimClock(Arc<AtomicI64>);

impl SimClock {
    /// Sets the time that it shows from now on.
    pub fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Time {
        begin().plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

/// The beginning, as a time.
pub fn begin() -> Time {
    BEGIN.parse().unwrap()
}
