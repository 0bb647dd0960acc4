//! How much of a rate a partner has used, counted by the organisation that is named in what it hands over.

use std::collections::HashMap;

use crate::domain::{budget::Rate, ids::TrustDomain, time::Time};

/// Once this many names are remembered, those whose buckets have run empty are forgotten.
const FEW_NAMES: usize = 64;

/// How much of one rate is used: a leaky bucket. It is not stored. A restart therefore gives the partner one more full measure, and
/// nothing else. A second process would have its own: each takes the whole rate.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// How full it is, in thousandths of one item. [`Rate::a_second`] of them run out in each millisecond.
    thousandths: u64,
    at: Time,
}

impl Bucket {
    /// How full it is at `now`. A clock that is set back neither empties nor fills it.
    fn run_out(self, rate: Rate, now: Time) -> Self {
        let millis = u64::try_from(now.unix_nanos().saturating_sub(self.at.unix_nanos()) / 1_000_000).unwrap_or(0);
        let out = millis.saturating_mul(rate.a_second.into());
        Self { thousandths: self.thousandths.saturating_sub(out), at: now }
    }

    fn has_room(self, rate: Rate, many: u64) -> bool {
        self.thousandths.saturating_add(many.saturating_mul(1_000)) <= u64::from(rate.at_once) * 1_000
    }
}

/// What a partner has used of one rate.
#[derive(Debug, Default)]
pub(in crate::node) struct LeakyBuckets {
    all: Option<Bucket>,
    by_name: HashMap<TrustDomain, Bucket>,
}

impl LeakyBuckets {
    /// Counts one more item with that name. `false` means that it must wait.
    pub fn allows(&mut self, rate: Rate, name: &TrustDomain, now: Time) -> bool {
        self.allows_many(rate, name, 1, now)
    }

    /// Like [`Self::allows`], for `many` items together.
    pub fn allows_many(&mut self, rate: Rate, name: &TrustDomain, many: u64, now: Time) -> bool {
        let empty = Bucket { thousandths: 0, at: now };
        let of_all = rate.of_all_names();
        let all = self.all.unwrap_or(empty).run_out(of_all, now);
        let one = self.by_name.get(name).copied().unwrap_or(empty).run_out(rate, now);
        self.all = Some(all);
        if let Some(known) = self.by_name.get_mut(name) {
            *known = one;
        }
        if !all.has_room(of_all, many) || !one.has_room(rate, many) {
            return false;
        }
        let spent = many.saturating_mul(1_000);
        let more = |bucket: Bucket| Bucket { thousandths: bucket.thousandths.saturating_add(spent), ..bucket };
        self.all = Some(more(all));
        if self.by_name.len() >= FEW_NAMES {
            self.by_name.retain(|_, bucket| bucket.run_out(rate, now).thousandths > 0);
        }
        self.by_name.insert(name.clone(), more(one));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { at_once: 4_096, a_second: 20 };

    fn at(millis: i64) -> Time {
        Time::from_unix_nanos(1_767_225_600_000_000_000 + millis * 1_000_000)
    }

    fn name(n: usize) -> TrustDomain {
        format!("n{n}.example").parse().unwrap()
    }

    fn taken(spent: &mut LeakyBuckets, of: &TrustDomain, tries: usize, now: Time) -> usize {
        (0..tries).filter(|_| spent.allows(RATE, of, now)).count()
    }

    #[test]
    fn so_many_are_taken_at_once_and_then_so_many_a_second() {
        let mut spent = LeakyBuckets::default();
        assert_eq!(taken(&mut spent, &name(0), 5_000, at(0)), 4_096);
        assert_eq!(taken(&mut spent, &name(0), 100, at(49)), 0);
        assert_eq!(taken(&mut spent, &name(0), 100, at(1_000)), 20);
        assert_eq!(taken(&mut spent, &name(0), 5_000, at(3_600_000)), 4_096, "an hour later all of it is there again");
        // A clock that is set back gives nothing away, and locks nobody out once it is right again.
        assert_eq!(taken(&mut spent, &name(0), 5_000, at(0)), 0);
        assert_eq!(taken(&mut spent, &name(0), 5_000, at(1_000)), 20);
    }

    #[test]
    fn an_honest_recall_of_five_thousand_is_through_within_a_minute() {
        let mut spent = LeakyBuckets::default();
        let through = (0..60).map(|second| taken(&mut spent, &name(0), 1_000, at(second * 1_000))).sum::<usize>();
        assert!(through >= 5_000, "{through}");
    }

    #[test]
    fn a_name_takes_nothing_from_another_and_all_names_have_four_times_as_much() {
        let mut spent = LeakyBuckets::default();
        for n in 0..4 {
            assert_eq!(taken(&mut spent, &name(n), 5_000, at(0)), 4_096);
        }
        assert_eq!(taken(&mut spent, &name(5), 10, at(0)), 0, "invented names find no room");
        let a_second = (10..2_000).map(|n| taken(&mut spent, &name(n), 1, at(1_000))).sum::<usize>();
        assert_eq!(a_second, 80);
    }

    #[test]
    fn invented_names_are_forgotten_once_what_they_spent_has_run_out() {
        let mut spent = LeakyBuckets::default();
        for n in 0..10_000 {
            spent.allows(RATE, &name(n), at(n as i64 * 100));
        }
        assert!(spent.by_name.len() <= FEW_NAMES, "{}", spent.by_name.len());
    }
}
