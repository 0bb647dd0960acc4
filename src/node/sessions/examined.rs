//! Which entries of a partner's quarantine are to be examined. Each entry is examined when it comes, and again when what it waited for
//! changes. It is not examined again just because another entry comes.

use std::collections::BTreeMap;

use crate::domain::ids::StatementId;

/// Which part of one partner's quarantine was examined, and what came since.
#[derive(Debug, Default)]
pub(in crate::node) struct ExaminedQuarantine {
    /// The agreements in force under which the whole quarantine was examined. A second process would have its own, and examines everything
    /// when the other one changes the catalogue.
    under: Vec<StatementId>,
    /// For each agreement, the first number that came since. The agreement may have come into force between an entry's check and its
    /// commit. A second process would have its own: it does not learn of entries that this process quarantines.
    arrived: BTreeMap<StatementId, u64>,
}

impl ExaminedQuarantine {
    /// The agreements under which something is to be examined. The number beside each is the one after which the entries to examine
    /// begin. They count as examined from now on, so an entry that comes in the meantime is found by the next call.
    pub(in crate::node) fn take(&mut self, in_force: Vec<StatementId>) -> Vec<(StatementId, u64)> {
        let arrived = std::mem::take(&mut self.arrived);
        let after = |id: &StatementId| match self.under.contains(id) {
            false => Some(0),
            true => arrived.get(id).map(|first| first.saturating_sub(1)),
        };
        let found = in_force.iter().filter_map(|id| after(id).map(|after| (*id, after))).collect();
        self.under = in_force;
        found
    }

    /// Notes that an entry came that only this agreement may cover.
    pub(in crate::node) fn arrived(&mut self, under: StatementId, sequence: u64) {
        let first = self.arrived.entry(under).or_insert(sequence);
        *first = sequence.min(*first);
    }

    /// Has the whole quarantine examined again.
    pub(in crate::node) fn forget(&mut self) {
        self.under.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_examined_once_under_an_agreement_and_later_only_what_came_since() {
        let mut examined = ExaminedQuarantine::default();
        let [one, other] = [1, 2].map(|n| StatementId([n; 32]));
        assert_eq!(examined.take(vec![one]), [(one, 0)]);
        assert_eq!(examined.take(vec![one, other]), [(other, 0)]);
        assert!(examined.take(vec![other]).is_empty());
        // It is in force again after a time.
        assert_eq!(examined.take(vec![one, other]), [(one, 0)]);
        examined.arrived(one, 8);
        examined.arrived(one, 7);
        examined.arrived(StatementId([3; 32]), 9);
        assert_eq!(examined.take(vec![one, other]), [(one, 6)]);
        assert!(examined.take(vec![one, other]).is_empty());
        examined.forget();
        assert_eq!(examined.take(vec![one, other]), [(one, 0), (other, 0)]);
    }
}
