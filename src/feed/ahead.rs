//! How far numbers run ahead of a stream. What is numbered can't be overtaken any more, so that little of it waits: as much as
//! the stream takes in a moment.

use std::collections::VecDeque;

/// The moment, nanoseconds.
const MOMENT: u64 = 250_000_000;
/// What was taken in less time counts as taken in this time, nanoseconds: so few are remembered.
const SHORTEST: u64 = 1_000_000;
/// The most that is numbered ahead, bytes, however fast the stream is.
pub const MOST: u64 = 1 << 20;

/// What a stream took of late.
#[derive(Debug, Default)]
pub struct Ahead {
    /// In how many nanoseconds it took how many bytes, the latest last. Those before the last moment are gone.
    taken: VecDeque<(u64, u64)>,
}

impl Ahead {
    /// The stream has taken everything that was numbered: so many bytes, in so many nanoseconds. The time in which there was
    /// nothing for it to take does not count: a slow disk says nothing of the stream.
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

    /// How many bytes may be numbered now that nothing numbered waits: what the stream took in the last moment. One entry may be
    /// numbered also where it is larger.
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
        // 64 KiB a second, whatever the size of what went.
        ahead.took(2_700_000, 41_200 * MILLI);
        assert_eq!(ahead.room(), 2_700_000 * 250 / 41_200);
        ahead.took(10_000, 100 * MILLI);
        assert_eq!(ahead.room(), 10_000 + 2_700_000 * 150 / 41_200);
        ahead.took(64 << 20, 50 * MILLI);
        assert_eq!(ahead.room(), MOST);
    }

    proptest! {
        /// Beside a count of what went in each of the last 250 milliseconds.
        #[test]
        fn the_room_is_what_was_taken_in_the_last_moment_and_little_is_remembered(
            taken in proptest::collection::vec((1..600_u64, 0..3_000_u64), 0..100),
            burst in proptest::collection::vec((1..3_u64, 1..5_000_u64), 0..600),
        ) {
            let (mut ahead, mut by_milli) = (Ahead::default(), vec![]);
            for (millis, bytes) in taken.into_iter().chain(burst) {
                // So many bytes in each millisecond.
                ahead.took(bytes * millis, millis * MILLI);
                by_milli.extend((0..millis).map(|_| bytes));
                let last: u64 = by_milli.iter().rev().take(250).sum();
                prop_assert_eq!(ahead.room(), last.min(MOST));
                prop_assert!(ahead.taken.len() <= 250);
            }
        }
    }
}
