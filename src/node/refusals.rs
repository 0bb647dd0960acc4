//! Counts what partners sent that was refused. `refusal_log` records the counts: one entry of the ledger and one line of the log for each
//! kind of statement, reason and minute. So the ledger and the log stay readable however much a partner sends that is refused.

use std::collections::HashMap;

use crate::domain::{fault::Reason, statement::StatementKind, time::Time};

/// For how many seconds refusals are counted before they are recorded.
pub(in crate::node) const COUNTED: i64 = 60;

/// What was refused of one partner and is not recorded yet. A second process would have its own: each records its own count, so that the
/// ledger has two entries for a minute in place of one.
#[derive(Debug, Default)]
pub(in crate::node) struct Refusals(HashMap<(StatementKind, Reason), Tally>);

#[derive(Debug)]
pub(in crate::node) struct Tally {
    told: Time,
    /// How many came since.
    more: u64,
}

/// How often something of one kind was refused for one reason.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::node) struct RefusalCount {
    pub(in crate::node) kind: StatementKind,
    pub(in crate::node) reason: Reason,
    pub(in crate::node) count: u64,
}

impl Refusals {
    /// Counts one more. Returns how many are to be recorded now: the first one at once, and those after it together, a minute later.
    pub(in crate::node) fn count(&mut self, kind: StatementKind, reason: Reason, now: Time) -> Option<u64> {
        let Some(tally) = self.0.get_mut(&(kind, reason)) else {
            self.0.insert((kind, reason), Tally { told: now, more: 0 });
            return Some(1);
        };
        tally.more = tally.more.saturating_add(1);
        is_over(tally.told, now).then(|| {
            tally.told = now;
            std::mem::take(&mut tally.more)
        })
    }

    /// The counts that are to be recorded now although nothing more came.
    pub(in crate::node) fn due(&mut self, now: Time) -> Vec<RefusalCount> {
        let mut due = vec![];
        self.0.retain(|(kind, reason), tally| {
            if !is_over(tally.told, now) {
                return true;
            }
            let (kind, reason, count) = (*kind, *reason, tally.more);
            due.extend((count > 0).then_some(RefusalCount { kind, reason, count }));
            false
        });
        due
    }
}

/// Whether the minute is over. It is also over if the clock was set back.
pub(in crate::node) fn is_over(told: Time, now: Time) -> bool {
    !(0..COUNTED).contains(&now.seconds_since(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_once_a_minute() {
        let at = |seconds| Time::from_unix_nanos(1_767_225_600_000_000_000).plus_seconds(seconds);
        let (kind, reason) = (StatementKind::Recall, Reason::SignatureInvalid);
        let mut refusals = Refusals::default();
        assert_eq!(refusals.count(kind, reason, at(0)), Some(1));
        assert!((0..500).all(|_| refusals.count(kind, reason, at(1)).is_none()));
        assert_eq!(refusals.count(kind, Reason::WrongDomain, at(1)), Some(1), "another reason is told by itself");
        assert_eq!(refusals.count(kind, reason, at(60)), Some(501));
        assert!(refusals.count(kind, reason, at(61)).is_none());
        assert_eq!(refusals.due(at(119)), []);
        assert_eq!(refusals.due(at(120)), [RefusalCount { kind, reason, count: 1 }]);
        assert!(refusals.0.is_empty(), "nothing is remembered of a partner that is quiet");
    }
}
