//! How long to wait before the next try: doubling, with full jitter, so that a thousand subscribers of a node that
//! comes back do not all knock at once.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// Counts the tries.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// How long to wait after a try that failed. `random` is uniform over its range.
    pub fn wait(&mut self, random: u32) -> Duration {
        let ceiling = FIRST.saturating_mul(1u32.checked_shl(self.tries).unwrap_or(u32::MAX)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        // At least a tenth, so that a run of small random numbers can't hammer.
        ceiling / 10 + ceiling.mul_f64(0.9 * f64::from(random) / f64::from(u32::MAX))
    }

    /// A try went well.
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
