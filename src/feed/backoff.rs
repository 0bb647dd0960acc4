//! How long to wait before the next attempt. The time doubles and has full jitter, so that a thousand subscribers do not all dial at once when a
//! node comes back.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// Counts the failed attempts.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// How long to wait after a failed attempt. `random` is uniform over its range.
    pub fn wait(&mut self, random: u32) -> Duration {
        let ceiling = FIRST.saturating_mul(1u32.checked_shl(self.tries).unwrap_or(u32::MAX)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        // At least a tenth of the time, so that a series of small random numbers does not cause a burst of attempts.
        ceiling / 10 + ceiling.mul_f64(0.9 * f64::from(random) / f64::from(u32::MAX))
    }

    /// Records that an attempt succeeded.
    pub fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_spreads_the_wait_from_a_tenth_to_the_whole() {
        for (random, wanted) in [(0, FIRST / 10), (u32::MAX / 2, FIRST * 55 / 100), (u32::MAX, FIRST)] {
            let wait = Backoff::default().wait(random);
            assert!(wait.abs_diff(wanted) < Duration::from_micros(10), "{wait:?} for {random}");
        }
        let mut backoff = Backoff::default();
        let longest = (0..20).map(|_| backoff.wait(u32::MAX)).last();
        assert_eq!(longest, Some(LONGEST));
    }

    proptest::proptest! {
        #[test]
        fn waits_grow_to_half_a_minute_and_are_never_nothing(randoms in proptest::collection::vec(proptest::num::u32::ANY, 1..80)) {
            let mut backoff = Backoff::default();
            for random in randoms {
                let wait = backoff.wait(random);
                proptest::prop_assert!(wait >= FIRST / 10 && wait <= LONGEST);
            }
            backoff.reset();
            proptest::prop_assert!(backoff.wait(u32::MAX) <= FIRST);
        }
    }
}
