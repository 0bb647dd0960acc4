//! Days and spans of time as people write them: `24h`, `90 days`, `2 weeks`, `yesterday`, `in 3 days`, `2 weeks ago`. A month has no fixed length and
//! is refused.

use super::Day;
use crate::domain::ids::shorten;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// A year is 365 days, so that a term of years is the same number of days wherever it begins.
const YEAR: u64 = 365 * DAY;

/// Reads a span of time, in seconds.
///
/// # Errors
/// What is no such span, in words.
pub fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{}` is not a span of time; write e.g. `24h`, `90 days` or `5y`", shorten(text));
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = trimmed.split_at(end);
    let unit = match unit.trim() {
        "s" | "second" | "seconds" => 1,
        "min" | "minute" | "minutes" => MINUTE,
        "h" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => 7 * DAY,
        "y" | "year" | "years" => YEAR,
        "m" | "month" | "months" => {
            return Err(format!("`{}` has no fixed length; write days, or `min` for minutes", shorten(text)));
        }
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(wrong)
}

/// Whether a text is meant as a span of time, where a day may stand too.
pub fn is_span(text: &str) -> bool {
    !text.contains('-')
}

/// Reads a span of time that lies ahead, in seconds: `90 days`, `in 90 days`, `tomorrow`.
///
/// # Errors
/// What is no such span, in words.
pub fn seconds_ahead(text: &str) -> Result<u64, String> {
    match text.trim() {
        "today" => Ok(0),
        "tomorrow" => Ok(DAY),
        "yesterday" => Err("`yesterday` has passed".to_owned()),
        trimmed if trimmed.strip_suffix(" ago").is_some() => Err(format!("`{}` has passed", shorten(trimmed))),
        trimmed => seconds(trimmed.strip_prefix("in ").unwrap_or(trimmed)),
    }
}

/// On which side of today a span lies that does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `3 days` means three days ago.
    Before,
    /// `3 days` means in three days.
    After,
}

impl Day {
    /// Reads a day as people write it: `2026-05-01`, `today`, `yesterday`, `tomorrow`, `3 days ago`, `in 2 weeks`; or a span alone, which lies on the
    /// given side of today.
    ///
    /// # Errors
    /// What is neither, in words.
    pub fn spoken(text: &str, today: Self, side: Side) -> Result<Self, String> {
        let trimmed = text.trim();
        let count = |span: &str| days(span).map(i64::from);
        let shift = match (trimmed, trimmed.strip_suffix(" ago"), trimmed.strip_prefix("in ")) {
            ("today", ..) => 0,
            ("yesterday", ..) => -1,
            ("tomorrow", ..) => 1,
            (_, Some(span), _) => -count(span)?,
            (_, _, Some(span)) => count(span)?,
            // A day of the calendar keeps its one spelling.
            _ if !is_span(trimmed) => return text.parse(),
            _ => {
                let what = || {
                    format!(
                        "`{}` is not a day; write e.g. 2026-05-01, `yesterday`, `3 days ago` or `in 2 weeks`",
                        shorten(text)
                    )
                };
                let days = count(trimmed).map_err(|why| if why.contains("no fixed length") { why } else { what() })?;
                if side == Side::Before { -days } else { days }
            }
        };
        Ok(today.plus_days(shift))
    }
}

/// Reads a span of time that lies ahead, in whole days.
///
/// # Errors
/// What is no such span, in words.
pub fn days_ahead(text: &str) -> Result<u32, String> {
    whole_days(seconds_ahead(text)?, text)
}

/// Reads a number of whole days.
///
/// # Errors
/// What is no such span, in words.
pub fn days(text: &str) -> Result<u32, String> {
    whole_days(seconds(text)?, text)
}

fn whole_days(seconds: u64, text: &str) -> Result<u32, String> {
    let days = u32::try_from(seconds / DAY).ok().filter(|_| seconds.is_multiple_of(DAY));
    days.ok_or_else(|| format!("`{}` is not a number of whole days; write e.g. `90 days`", shorten(text)))
}

/// Writes a span of time as people do.
pub fn written(seconds: u64) -> String {
    match seconds {
        n if n > 0 && n % DAY == 0 && n != DAY => format!("{} days", n / DAY),
        n if n % HOUR == 0 => format!("{}h", n / HOUR),
        n if n % MINUTE == 0 => format!("{}min", n / MINUTE),
        n => format!("{n}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_write_spans_in_several_ways() {
        for (text, wanted) in
            [("24h", 86_400), ("0h", 0), ("90 days", 7_776_000), ("5y", 157_680_000), (" 6 hours ", 21_600)]
        {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for wrong in ["", "h", "24", "-1h", "1.5h", "3 months", "9999999999999999999y", "24 h ours", "１h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
        assert!(days("25h").unwrap_err().contains("whole days"));
    }

    #[test]
    fn people_say_days_in_several_ways() {
        let today: Day = "2026-05-01".parse().unwrap();
        for (text, before, after) in [
            ("2026-04-03", "2026-04-03", "2026-04-03"),
            ("today", "2026-05-01", "2026-05-01"),
            ("yesterday", "2026-04-30", "2026-04-30"),
            ("tomorrow", "2026-05-02", "2026-05-02"),
            ("3 days ago", "2026-04-28", "2026-04-28"),
            ("in 90 days", "2026-07-30", "2026-07-30"),
            ("2 weeks", "2026-04-17", "2026-05-15"),
            ("1d", "2026-04-30", "2026-05-02"),
        ] {
            let of = |side| Day::spoken(text, today, side).map(|day| day.to_string());
            assert_eq!((of(Side::Before), of(Side::After)), (Ok(before.to_owned()), Ok(after.to_owned())), "{text}");
        }
        for (wrong, told) in [
            ("1 May", "is not a day; write e.g. 2026-05-01"),
            ("next week", "is not a day"),
            ("2026-5-1", "is not a day"),
            ("", "is not a day"),
            ("3 months ago", "no fixed length"),
            ("2 months", "no fixed length"),
            ("in 36h", "whole days"),
        ] {
            let refused = Day::spoken(wrong, today, Side::After).unwrap_err();
            assert!(refused.contains(told), "{wrong}: {refused}");
        }
        assert_eq!(seconds_ahead("in 2 weeks"), Ok(1_209_600));
        assert_eq!(seconds_ahead("tomorrow"), Ok(86_400));
        assert!(["yesterday", "3 days ago"].iter().all(|past| seconds_ahead(past).unwrap_err().contains("has passed")));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(n in any::<u64>()) {
            prop_assert_eq!(seconds(&written(n)), Ok(n));
        }
    }
}
