//! How many lists of a partner are taken in an hour. The number is limited because each list is kept for good, and large lists take time
//! to read.

use std::collections::{HashMap, HashSet};

use crate::domain::{ids::Sha256, time::Time};

/// The window, in seconds.
const WINDOW: i64 = 3_600;

/// All keys together may have this many times as many lists as one key.
const KEYS: u32 = 2;

/// The most bytes in the window. The first list is taken whatever its size.
const BYTES: usize = 16 << 20;

/// What came from one partner in this hour. A second process would have its own: each takes the whole number.
#[derive(Debug, Default)]
pub struct ListRateLimit {
    since: Option<Time>,
    bytes: usize,
    lists: u32,
    by_key: HashMap<Sha256, u32>,
    /// Lists that could not be verified under the bundle of that time. They are not asked for again in this hour.
    refused: HashSet<Sha256>,
}

impl ListRateLimit {
    /// When a list of that size by that key is taken. `None`: now.
    ///
    /// `most_of_key` is how many lists of one issuing key are taken in an hour. It is 60 by default, so that a CA that revokes somebody
    /// each minute keeps up.
    pub fn wait(&self, most_of_key: u32, key: &Sha256, size: usize, now: Time) -> Option<Time> {
        let since = self.since.filter(|since| (0..WINDOW).contains(&now.seconds_since(*since)))?;
        let of_key = self.by_key.get(key).copied().unwrap_or_default();
        let fits = self.bytes == 0 || self.bytes.saturating_add(size) <= BYTES;
        let has_room = of_key < most_of_key && self.lists < most_of_key.saturating_mul(KEYS) && fits;
        (!has_room).then(|| since.plus_seconds(WINDOW))
    }

    /// Whether this list could not be verified in the last hour. After that it is tried again, because a clock may be right by then.
    pub fn has_refused(&self, list: &Sha256, now: Time) -> bool {
        let is_of_now = self.since.is_some_and(|since| (0..WINDOW).contains(&now.seconds_since(since)));
        is_of_now && self.refused.contains(list)
    }

    /// Counts a list that was taken.
    pub fn count(&mut self, key: &Sha256, size: usize, now: Time) {
        self.begin(now);
        self.lists = self.lists.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
        let of_key = self.by_key.entry(*key).or_default();
        *of_key = of_key.saturating_add(1);
    }

    /// Counts a list that could not be verified. The list takes nothing from the limit of the key that it names, because nothing proves
    /// that it is by that key.
    pub fn refuse(&mut self, list: &Sha256, size: usize, now: Time) {
        self.begin(now);
        self.lists = self.lists.saturating_add(1);
        self.bytes = self.bytes.saturating_add(size);
        self.refused.insert(*list);
    }

    fn begin(&mut self, now: Time) {
        if self.since.is_none_or(|since| !(0..WINDOW).contains(&now.seconds_since(since))) {
            *self = Self { since: Some(now), ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Sha256 = Sha256([1; 32]);
    const OTHER: Sha256 = Sha256([2; 32]);

    fn at(seconds: i64) -> Time {
        Time::from_unix_nanos(0).plus_seconds(seconds)
    }

    #[test]
    fn a_list_a_minute_of_each_key_is_taken_and_the_next_hour_begins_anew() {
        let mut pace = ListRateLimit::default();
        for n in 0..60 {
            assert_eq!(pace.wait(60, &KEY, 1_000, at(n)), None, "list {n}");
            pace.count(&KEY, 1_000, at(n));
        }
        assert_eq!(pace.wait(60, &KEY, 1_000, at(60)), Some(at(3_600)));
        assert_eq!(pace.wait(60, &OTHER, 1_000, at(60)), None);
        assert_eq!(pace.wait(60, &KEY, 1_000, at(3_600)), None);
    }

    #[test]
    fn large_lists_wait_and_the_largest_is_taken_first_of_all() {
        let mut pace = ListRateLimit::default();
        assert_eq!(pace.wait(60, &KEY, 20 << 20, at(0)), None);
        pace.count(&KEY, 8 << 20, at(0));
        assert_eq!(pace.wait(60, &KEY, 8 << 20, at(0)), None);
        assert_eq!(pace.wait(60, &KEY, (8 << 20) + 1, at(0)), Some(at(3_600)));
    }

    #[test]
    fn what_could_not_be_verified_takes_nothing_from_a_key() {
        let mut pace = ListRateLimit::default();
        for n in 0..70_u8 {
            pace.refuse(&Sha256([n; 32]), 1_000, at(0));
        }
        assert!(pace.has_refused(&Sha256([69; 32]), at(0)) && !pace.has_refused(&Sha256([70; 32]), at(0)));
        assert!(!pace.has_refused(&Sha256([69; 32]), at(3_600)));
        assert_eq!(pace.wait(60, &KEY, 1_000, at(0)), None);
        for n in 70..120_u8 {
            pace.refuse(&Sha256([n; 32]), 1_000, at(0));
        }
        assert!(pace.wait(60, &KEY, 1_000, at(0)).is_some(), "the partner's own hour is full");
    }
}
