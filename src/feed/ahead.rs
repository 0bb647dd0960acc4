//! How far numbering may run ahead of a stream. An entry that has a number can't be overtaken by a more urgent one. So only as much is numbered
//! ahead as the stream takes within a moment.

use std::collections::VecDeque;

/// The length of a moment, in nanoseconds.
const MOMENT: u64 = 250_000_000;
/// Bytes that were taken in less time than this count as taken in this time, in nanoseconds. It bounds how many items are remembered.
const SHORTEST: u64 = 1_000_000;
/// The most bytes that are numbered ahead, however fast the stream is.
pub const MOST: u64 = 1 << 20;

/// How much a stream has taken recently.
#[derive(Debug, Default)]
pub struct Ahead {
    /// Pairs of a duration in nanoseconds and the bytes taken in it, the latest last. Pairs older than the last moment are removed.
    taken: VecDeque<(u64, u64)>,
}

impl Ahead {
    /// Records that the stream has taken everything that was numbered: how many bytes, and in how many nanoseconds. Do not count the time in
    /// which there was nothing to take, because a slow disk says nothing about the stream.
    pub fn took(&mut self, bytes: u64, nanos: u64) {
        self.taken.push_back((nanos.max(SHORTEST), bytes));
        let mut all: u64 = self.taken.iter().fold(0, |sum, (nanos, _)| sum.saturating_add(*nanos));
        while let Some((first, _)) = self.taken.front()
            && all.saturating_sub(*first) >= MOMENT
        {
            all = all.saturating_sub(*first);
            self.taken.pop_front();
        }
    }

    /// How many bytes may be numbered when no numbered entry waits: as many as the stream took in the last moment. One entry may always be
    /// numbered, even if it is larger.
    pub fn room(&self) -> u64 {
        let (mut left, mut room) = (MOMENT, 0_u64);
        for (nanos, bytes) in self.taken.iter().rev() {
            let within = u128::from(*bytes) * u128::from(left.min(*nanos)) / u128::from(*nanos);
            room = room.saturating_add(u64::try_from(within).unwrap_or(MOST));
            left = left.saturating_sub(*nanos);
        }
        room.min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILLI: u64 = 1_000_000;

    #[test]
    fn at_first_there_is_room_for_one_entry_and_then_for_what_was_taken_in_the_last_moment() {
        let mut ahead = Ahead::default();
        assert_eq!(ahead.room(), 0);
        ahead.took(4_000, 0);
        ahead.took(4_000, 0);
        assert_eq!(ahead.room(), 8_000);
        // The link carries 64 KiB a second, however large the pieces are.
        ahead.took(2_700_000, 41_200 * MILLI);
        assert_eq!(ahead.room(), 2_700_000 * 250 / 41_200);
        ahead.took(10_000, 100 * MILLI);
        assert_eq!(ahead.room(), 10_000 + 2_700_000 * 150 / 41_200);
        ahead.took(64 << 20, 50 * MILLI);
        assert_eq!(ahead.room(), MOST);
    }

    proptest! {
        /// Compares with a count of the bytes taken in each of the last 250 milliseconds.
        #[test]
        fn the_room_is_what_was_taken_in_the_last_moment_and_little_is_remembered(
            taken in proptest::collection::vec((1..600_u64, 0..3_000_u64), 0..100),
            burst in proptest::collection::vec((1..3_u64, 1..5_000_u64), 0..600),
        ) {
            let (mut ahead, mut by_milli) = (Ahead::default(), vec![]);
            for (millis, bytes) in taken.into_iter().chain(burst) {
                // The bytes taken in each millisecond.
                ahead.took(bytes * millis, millis * MILLI);
                by_milli.extend((0..millis).map(|_| bytes));
                let last: u64 = by_milli.iter().rev().take(250).sum();
                prop_assert_eq!(ahead.room(), last.min(MOST));
                prop_assert!(ahead.taken.len() <= 250);
            }
        }
    }
}
