//! The timer table, as the store gives and takes it: what is due at a time, kept over restarts.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    time::Time,
    timer::{Timer, TimerKind},
};

/// Timers. Whoever changes something that has a time sets its timer in the same transaction; the backend has a helper for that.
#[async_trait]
pub trait TimerStore: Send + Sync {
    /// Sets timers. One that is there already for the same kind and subject gets the new time.
    async fn set_timers(&self, timers: Vec<Timer>) -> Result<()>;
    /// Timers that are due, the longest due first, at most `limit`. Kinds that this program does not know are left where they are.
    async fn due_timers(&self, now: Time, limit: u32) -> Result<Vec<Timer>>;
    /// All timers of a kind, by subject.
    async fn timers(&self, kind: TimerKind) -> Result<Vec<Timer>>;
    /// When the next timer is due, now or later. `None` where there is none.
    async fn next_due(&self) -> Result<Option<Time>>;
    /// Removes a timer, whenever it is due.
    async fn clear_timer(&self, kind: TimerKind, subject: &[u8]) -> Result<()>;
    /// Ends the firing of `timer`: it is removed, or due again at `next`. Where it was set to another time since it was read, it stays
    /// as it was set.
    async fn timer_fired(&self, timer: &Timer, next: Option<Time>) -> Result<()>;
    /// Timers of a kind that are due later than `latest` become due at `latest`. How many there were.
    async fn pull_in_timers(&self, kind: TimerKind, latest: Time) -> Result<u64>;
}
