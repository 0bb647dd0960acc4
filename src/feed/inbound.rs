//! The receiving side of a feed: which entry comes next, which one is a repeat, and which one can't be.

use crate::domain::{
    fault::{Fault, Reason},
    ids::StatementId,
    release::FeedPosition,
};

/// The position of a feed from a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inbound {
    sequence: u64,
    release: Option<StatementId>,
}

/// What an entry means for the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryOrder {
    /// The expected entry. Store it.
    Next,
    /// An entry that was stored before. Compare its id, then ignore it.
    Repeat,
}

impl Inbound {
    /// Resumes after the last stored entry. `(0, None)` means that there is none.
    pub fn resume(sequence: u64, release: Option<StatementId>) -> Self {
        Self { sequence, release }
    }

    /// The number of the last stored entry.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Judges an entry at `position`.
    ///
    /// # Errors
    /// `SEQUENCE_GAP`, if an entry before it is missing. `SEQUENCE_FORK`, if it does not continue from the last entry.
    pub fn judge(&self, position: &FeedPosition) -> Result<EntryOrder, Fault> {
        if position.sequence <= self.sequence {
            return Ok(EntryOrder::Repeat);
        }
        if position.sequence != self.sequence + 1 {
            let what = format!("number {} came where {} belongs", position.sequence, self.sequence + 1);
            return Err(Fault::new(Reason::SequenceGap, what));
        }
        if position.previous != self.release {
            let what = format!(
                "number {} does not continue from what was received; the partner's feed was rolled back or forked, \
                 settle it with its administrator",
                position.sequence
            );
            return Err(Fault::new(Reason::SequenceFork, what));
        }
        Ok(EntryOrder::Next)
    }

    /// Advances after an entry that was judged [`EntryOrder::Next`]. For a void, `id` is the id of the release that it replaces.
    #[must_use]
    pub fn advanced(self, id: StatementId) -> Self {
        Self { sequence: self.sequence + 1, release: Some(id) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::feed::outbound::Outbound;

    fn feed(length: u8) -> Vec<(FeedPosition, StatementId)> {
        let mut outbound = Outbound::default();
        (1..=length)
            .map(|i| {
                let (position, id) = (outbound.next(), StatementId([i; 32]));
                outbound = outbound.released(id);
                assert_eq!(outbound.sequence(), position.sequence);
                (position, id)
            })
            .collect()
    }

    #[test]
    fn a_gap_and_a_fork_are_named() {
        let entries = feed(3);
        let after_one = Inbound::default().advanced(entries[0].1);
        assert_eq!(after_one.judge(&entries[2].0).unwrap_err().reason, Reason::SequenceGap);
        let forked = FeedPosition { previous: Some(StatementId([9; 32])), ..entries[1].0 };
        assert_eq!(after_one.judge(&forked).unwrap_err().reason, Reason::SequenceFork);
        let rolled_back = FeedPosition { sequence: 1, previous: None };
        assert_eq!(after_one.judge(&rolled_back).unwrap(), EntryOrder::Repeat);
    }

    proptest! {
        /// However a link loses, repeats and reorders entries, the stored entries are the beginning of the feed, each entry once.
        #[test]
        fn any_delivery_stores_a_prefix_exactly_once(deliveries in proptest::collection::vec(0usize..20, 0..300)) {
            let entries = feed(20);
            let (mut inbound, mut stored) = (Inbound::default(), vec![]);
            for i in deliveries {
                let (position, id) = &entries[i];
                match inbound.judge(position) {
                    Ok(EntryOrder::Next) => {
                        stored.push(*id);
                        inbound = inbound.advanced(*id);
                    }
                    Ok(EntryOrder::Repeat) => prop_assert!(stored.contains(id)),
                    Err(fault) => prop_assert_eq!(fault.reason, Reason::SequenceGap),
                }
            }
            let expected: Vec<_> = entries.iter().take(stored.len()).map(|e| e.1).collect();
            prop_assert_eq!((inbound.sequence(), &stored), (stored.len() as u64, &expected));
            prop_assert_eq!(Inbound::resume(inbound.sequence(), stored.last().copied()), inbound);
        }
    }
}
