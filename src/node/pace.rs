//! How fast a partner may change what is agreed (each change has all agreements read and its policies compiled), and hand over
//! what is kept for good.

use crate::domain::time::Time;

/// How many changes in a window.
const MOST: u32 = 120;
/// The window, seconds.
const WINDOW: i64 = 3_600;

/// The pace of one partner. It begins anew with the process.
#[derive(Debug, Default)]
pub(super) struct Pace {
    since: Option<Time>,
    changes: u32,
}

impl Pace {
    /// Counts one more change; `false`: it must wait.
    pub fn allows(&mut self, now: Time) -> bool {
        self.allows_of(MOST, now)
    }

    /// As [`Self::allows`], where `most` are allowed in a window.
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
        let mut pace = Pace::default();
        assert!((0..i64::from(MOST)).all(|n| pace.allows(at(n))));
        assert!(!pace.allows(at(WINDOW - 1)));
        assert!(pace.allows(at(WINDOW)));
        // A clock that was set back does not lock anybody out.
        assert!((0..10).all(|_| pace.allows(at(-10))));
        let mut pace = Pace::default();
        assert!((0..600).all(|_| pace.allows_of(600, at(0))));
        assert!(!pace.allows_of(600, at(1)) && pace.allows_of(600, at(WINDOW)));
    }
}
