//! Points in time and days. The clock itself is passed in: see [`Clock`].

pub mod spoken;

use std::{fmt, ops::Range, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::shorten;

/// A point in time in UTC, with nanoseconds. It counts from 1970 as a pair, like `google.protobuf.Timestamp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(jiff::Timestamp);

impl Time {
    /// Makes a time from seconds since 1970 and nanoseconds of that second (0 to 999,999,999). `None` outside the years -9999 to 9999.
    pub fn from_parts(seconds: i64, nanos: i32) -> Option<Self> {
        if !(0..1_000_000_000).contains(&nanos) {
            return None;
        }
        jiff::Timestamp::new(seconds, nanos).ok().map(Self)
    }

    /// Makes a time from whole seconds since 1970, clamped to the calendar's ends. RFC 5280 writes "without end" as the last second of 9999,
    /// which is some hours after the last moment of this type.
    pub fn from_seconds_clamped(seconds: i64) -> Self {
        let end = if seconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::from_second(seconds).unwrap_or(end))
    }

    /// Seconds since 1970, rounded towards the past, and nanoseconds of that second.
    pub fn parts(self) -> (i64, i32) {
        let nanos = self.0.as_nanosecond();
        let seconds = nanos.div_euclid(1_000_000_000);
        let rest = nanos.rem_euclid(1_000_000_000);
        (i64::try_from(seconds).unwrap_or_default(), i32::try_from(rest).unwrap_or_default())
    }

    /// The seconds since 1970 of the years 1678 to 2261, whose nanoseconds fit into 64 bits. No statement contains another time.
    pub const IN_NANOSECONDS: Range<i64> = -9_214_560_000..9_214_646_400;

    /// Nanoseconds since 1970, clamped to 64 bits (the years 1677 to 2262). Only the ends of certificates are ever clamped.
    pub fn unix_nanos(self) -> i64 {
        let nanos = self.0.as_nanosecond();
        i64::try_from(nanos).unwrap_or(if nanos < 0 { i64::MIN } else { i64::MAX })
    }

    /// Makes a time from nanoseconds since 1970.
    pub fn from_unix_nanos(nanos: i64) -> Self {
        Self(jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    /// This time plus a number of seconds, which may be negative. It saturates at the calendar's ends.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let span = jiff::SignedDuration::from_secs(seconds);
        let end = if seconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(self.0.checked_add(span).unwrap_or(end))
    }

    /// Whole seconds from `earlier` to this time. Negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.duration_since(earlier.0).as_secs()
    }

    /// This time without the fraction of its second.
    #[must_use]
    pub fn whole_seconds(self) -> Self {
        Self::from_parts(self.parts().0, 0).unwrap_or(self)
    }

    /// The latest time, not after this one, that is a multiple of this many seconds since 1970. With 3600 it is the full hour of UTC.
    #[must_use]
    pub fn last_multiple_of(self, seconds: u32) -> Self {
        let now = self.parts().0;
        Self::from_seconds_clamped(now.saturating_sub(now.rem_euclid(i64::from(seconds.max(1)))))
    }

    /// The day in UTC.
    pub fn day(self) -> Day {
        Day(jiff::tz::Offset::UTC.to_datetime(self.0).date())
    }

    /// The last day of something that ends at this time: the UTC day of the moment before it. If it ends at midnight, that is the day before.
    pub fn last_day(self) -> Day {
        Self(self.0.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(self.0)).day()
    }

    /// This time as the end of something, for people: `the end of 2026-12-20 (UTC)` if it is a midnight, otherwise the time itself.
    pub fn as_end(self) -> String {
        let last = self.last_day();
        if last.end() == self { format!("the end of {last} (UTC)") } else { self.to_string() }
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(value: jiff::Timestamp) -> Self {
        Self(value)
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC, seconds only: `2026-05-01T09:30:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}", self.0)
    }
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("`{}` is not an RFC 3339 time; write e.g. 2026-05-01T09:30:00Z", shorten(text));
        text.parse().map(Self).map_err(wrong)
    }
}

/// A day of the calendar, `2026-05-01`. Begins and ends at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(Date);

impl Day {
    /// The calendar's first day. Nothing happened before it.
    pub const FIRST: Self = Self(jiff::civil::date(1, 1, 1));
    /// The last day that ends within the calendar.
    pub const LAST: Self = Self(jiff::civil::date(9999, 12, 28));

    /// The first moment of the day, UTC.
    pub fn start(self) -> Time {
        let midnight = self.0.to_datetime(jiff::civil::Time::midnight());
        Time(jiff::tz::Offset::UTC.to_timestamp(midnight).unwrap_or(jiff::Timestamp::MIN))
    }

    /// The day before. The calendar's first day has none and stays.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.yesterday().unwrap_or(self.0))
    }

    /// The day this many days later, or earlier if negative. It saturates at [`Self::FIRST`] and [`Self::LAST`].
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let day = self.start().plus_seconds(days.saturating_mul(86_400)).day();
        day.clamp(Self::FIRST, Self::LAST)
    }

    /// The number of days between: 1 if `earlier` is the day before, negative if it is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.start().seconds_since(earlier.start()).div_euclid(86_400)
    }

    /// The first moment after the day, UTC.
    pub fn end(self) -> Time {
        self.start().plus_seconds(86_400)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{}` is not a day; write e.g. 2026-05-01", shorten(text));
        let day = text.parse().map(Self).map_err(|_| wrong())?;
        // Only one spelling is accepted, because days are part of signed bytes.
        if day.to_string() == text { Ok(day) } else { Err(wrong()) }
    }
}

/// A span of days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
}

/// The clock. It is passed in from outside, so that everything below can run on simulated time.
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Time;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_one_spelling() {
        assert!("2026-05-01".parse::<Day>().is_ok());
        for wrong in ["2026-5-1", "20260501", "2026-05-01T00:00:00", "2026-02-30", ""] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_ends_at_midnight_has_its_last_day_before() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        for (end, last, words) in [
            ("2026-12-21T00:00:00Z", "2026-12-20", "the end of 2026-12-20 (UTC)"),
            ("2026-12-20T23:59:59Z", "2026-12-20", "2026-12-20T23:59:59Z"),
            ("2026-12-21T00:00:01Z", "2026-12-21", "2026-12-21T00:00:01Z"),
        ] {
            let end: Time = end.parse().unwrap();
            assert_eq!((end.last_day(), end.as_end().as_str()), (day(last), words));
        }
        assert_eq!(day("2026-12-20").end().last_day(), day("2026-12-20"));
    }

    #[test]
    fn days_are_counted_over_the_ends_of_months_and_within_the_calendar() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        for (from, days, to) in
            [("2026-12-20", 12, "2027-01-01"), ("2028-02-28", 2, "2028-03-01"), ("2026-05-01", -1, "2026-04-30")]
        {
            assert_eq!((day(from).plus_days(days), day(to).days_since(day(from))), (day(to), days));
        }
        assert_eq!(day("2026-05-01").plus_days(i64::MAX), Day::LAST);
    }

    #[test]
    fn an_error_quotes_the_beginning_without_control_characters() {
        let long = format!("2026\u{1b}[2J{}", "1".repeat(1_000));
        for error in [long.parse::<Day>().unwrap_err(), long.parse::<Time>().unwrap_err()] {
            assert!(error.len() < 150 && !error.contains(char::is_control), "{error:?}");
        }
    }

    #[test]
    fn parts_round_trip_before_and_after_1970() {
        for (s, n) in [(0, 0), (-1, 999_999_999), (1_767_225_600, 1), (-62_135_596_800, 0)] {
            assert_eq!(Time::from_parts(s, n).unwrap().parts(), (s, n));
        }
        assert_eq!(Time::from_parts(0, 1_000_000_000), None);
        assert_eq!(Time::from_parts(i64::MAX, 0), None);
    }

    proptest::proptest! {
        #[test]
        fn the_last_multiple_is_one_and_none_lies_between_it_and_now(seconds in -253_000_000_000_i64..9_000_000_000, of: u32) {
            let now = Time::from_parts(seconds, 1).unwrap();
            let last = now.last_multiple_of(of);
            let of = i64::from(of.max(1));
            proptest::prop_assert_eq!(last.parts(), (seconds.div_euclid(of) * of, 0));
            proptest::prop_assert!(last < now && last.plus_seconds(of) > now);
        }
    }

    #[test]
    fn the_last_multiple_of_an_hour_is_the_full_hour_of_utc() {
        let last = |text: &str| text.parse::<Time>().unwrap().last_multiple_of(3600).to_string();
        assert_eq!(last("2026-05-01T09:59:59Z"), "2026-05-01T09:00:00Z");
        assert_eq!(last("2026-05-01T10:00:00Z"), "2026-05-01T10:00:00Z");
    }

    #[test]
    fn a_date_without_end_is_the_last_moment_and_counts_like_any_other() {
        // 99991231235959Z.
        let end = Time::from_seconds_clamped(253_402_300_799);
        let now: Time = "2026-05-01T00:00:00Z".parse().unwrap();
        assert!(end > now && end.seconds_since(now) > 7_000 * 365 * 86_400, "{end}");
        assert_eq!(end.unix_nanos(), i64::MAX);
        assert_eq!(end.plus_seconds(1), end.plus_seconds(2));
        assert!(end.to_string().starts_with("9999-12-30T"), "{end}");
        assert!(Time::from_seconds_clamped(i64::MIN) < now);
        assert_eq!(Time::from_seconds_clamped(0).parts(), (0, 0));
    }
}
