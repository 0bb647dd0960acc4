//! What of a partner's quarantine is to be examined, so that each entry is looked at when it comes, and when what it waited for changes,
//! and not whenever another one comes.

use std::collections::BTreeMap;

use crate::domain::ids::StatementId;

/// What was examined of one partner's quarantine, and what came since.
#[derive(Debug, Default)]
pub(super) struct Examined {
    /// The agreements in force under which all of it was examined.
    under: Vec<StatementId>,
    /// The first number that came since under an agreement, which may have come into force between the check and the commit.
    arrived: BTreeMap<StatementId, u64>,
}

impl Examined {
    /// The agreements under which something is to be examined, each with the number after which that begins. It counts as examined from
    /// now on, so that what comes meanwhile asks for another look.
    pub(super) fn take(&mut self, in_force: Vec<StatementId>) -> Vec<(StatementId, u64)> {
        let arrived = std::mem::take(&mut self.arrived);
        let after = |id: &StatementId| match self.under.contains(id) {
            false => Some(0),
            true => arrived.get(id).map(|first| first.saturating_sub(1)),
        };
        let found = in_force.iter().filter_map(|id| after(id).map(|after| (*id, after))).collect();
        self.under = in_force;
        found
    }

    /// An entry came that only that agreement may cover.
    pub(super) fn arrived(&mut self, under: StatementId, sequence: u64) {
        let first = self.arrived.entry(under).or_insert(sequence);
        *first = sequence.min(*first);
    }

    /// All of it is to be examined again.
    pub(super) fn forget(&mut self) {
        self.under.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_examined_once_under_an_agreement_and_later_only_what_came_since() {
        let mut examined = Examined::default();
        let [one, other] = [1, 2].map(|n| StatementId([n; 32]));
        assert_eq!(examined.take(vec![one]), [(one, 0)]);
        assert_eq!(examined.take(vec![one, other]), [(other, 0)]);
        assert!(examined.take(vec![other]).is_empty());
        // In force again after a time.
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
