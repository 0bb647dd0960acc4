//! Limits how fast a partner may change agreements and hand over statements that are kept for good.
//!
//! Each change of an agreement makes the node read all agreements and compile the partner's policies again.

use crate::domain::time::Time;

/// The most changes in one window.
const MOST: u32 = 120;

/// The length of a window, in seconds.
const WINDOW: i64 = 3_600;

/// What one partner has done in the current window. It is not stored, so it starts from zero when the process starts. A second process would
/// have its own: each allows the whole number.
#[derive(Debug, Default)]
pub(in crate::node) struct WindowLimit {
    since: Option<Time>,
    changes: u32,
}

impl WindowLimit {
    /// Counts one more change. `false` means that it must wait.
    pub fn allows(&mut self, now: Time) -> bool {
        self.allows_of(MOST, now)
    }

    /// Like [`Self::allows`], with at most `most` changes in a window.
    pub fn allows_of(&mut self, most: u32, now: Time) -> bool {
        let is_over = |since: Time| !(0..WINDOW).contains(&now.seconds_since(since));
        if self.since.is_none_or(is_over) {
            (self.since, self.changes) = (Some(now), 0);
        }
        let allowed = self.changes < most;
        self.changes = self.changes.saturating_add(u32::from(allowed));
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_are_allowed_in_a_window_and_again_in_the_next() {
        let at = |seconds| Time::from_parts(1_767_225_600 + seconds, 0).unwrap();
        let mut pace = WindowLimit::default();
        assert!((0..i64::from(MOST)).all(|n| pace.allows(at(n))));
        assert!(!pace.allows(at(WINDOW - 1)));
        assert!(pace.allows(at(WINDOW)));
        // A clock that is set back locks nobody out.
        assert!((0..10).all(|_| pace.allows(at(-10))));
        let mut pace = WindowLimit::default();
        assert!((0..600).all(|_| pace.allows_of(600, at(0))));
        assert!(!pace.allows_of(600, at(1)) && pace.allows_of(600, at(WINDOW)));
    }
}
