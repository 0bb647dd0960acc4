//! Spans of time as people write them: `24h`, `90 days`, `5y`. A month has no fixed length and is refused.

use crate::domain::ids::shorten;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Seconds in a day.
pub(super) const DAY: u64 = 24 * HOUR;
/// A year is 365 days, so that a term of years is the same number of days wherever it begins.
const YEAR: u64 = 365 * DAY;

/// Reads a span of time, in seconds.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
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
pub(super) fn is_span(text: &str) -> bool {
    !text.contains('-')
}

/// Reads a number of whole days.
pub(super) fn days(text: &str) -> Result<u32, String> {
    let seconds = seconds(text)?;
    let days = u32::try_from(seconds / DAY).ok().filter(|_| seconds % DAY == 0);
    days.ok_or_else(|| format!("`{}` is not a number of whole days; write e.g. `90 days`", shorten(text)))
}

/// Writes a span of time as people do.
pub(super) fn written(seconds: u64) -> String {
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

    proptest! {
        #[test]
        fn what_is_written_reads_back(n in any::<u64>()) {
            prop_assert_eq!(seconds(&written(n)), Ok(n));
        }
    }
}
