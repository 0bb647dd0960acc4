//! The timer table: what is due at a certain time. It is kept over restarts.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    time::Time,
    timer::{Timer, TimerKind},
};

/// Timers. A method that changes something with a time sets its timer in the same transaction; the backend has a helper for
/// that.
#[async_trait]
pub trait TimerStore: Send + Sync {
    /// Sets timers. A timer of the same kind and subject gets the new time.
    async fn set_timers(&self, timers: Vec<Timer>) -> Result<()>;
    /// The due timers, the longest due first, at most `limit`. Timers of unknown kinds are left alone.
    async fn due_timers(&self, now: Time, limit: u32) -> Result<Vec<Timer>>;
    /// All timers of a kind, by subject.
    async fn timers(&self, kind: TimerKind) -> Result<Vec<Timer>>;
    /// When the next timer is due, now or later; `None` if there is none.
    async fn next_due(&self) -> Result<Option<Time>>;
    /// Removes a timer, whenever it is due.
    async fn clear_timer(&self, kind: TimerKind, subject: &[u8]) -> Result<()>;
    /// Ends the firing of `timer`: it is removed, or due again at `next`. If it was set to another time since it was read, that
    /// time stays.
    async fn timer_fired(&self, timer: &Timer, next: Option<Time>) -> Result<()>;
    /// Makes timers of a kind due at `latest` that are due later. Returns how many there were.
    async fn pull_in_timers(&self, kind: TimerKind, latest: Time) -> Result<u64>;
}
