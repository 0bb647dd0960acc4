//! How long there is to acknowledge something.

use crate::domain::time::Time;

/// `in 5 h`, or `2 days late`.
pub fn left(by: Time, now: Time) -> String {
    let seconds = by.seconds_since(now);
    if seconds < 0 { format!("{} late", span(seconds)) } else { format!("in {}", span(seconds)) }
}

/// How long something has waited: `since 5 h`.
pub fn waited(since: Time, now: Time) -> String {
    format!("since {}", span(now.seconds_since(since)))
}

/// A span of seconds in the unit that matters.
fn span(seconds: i64) -> String {
    match seconds.abs() {
        s if s < 3_600 => format!("{} min", s / 60),
        s if s < 48 * 3_600 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    }
}

/// The sentence about it.
pub fn sentence(by: Time, now: Time, id: &str) -> String {
    format!("by {by} ({}): watchfire assess acknowledge {id}", left(by, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_the_unit_that_matters() {
        let now = Time::from_unix_nanos(0).plus_seconds(1_000_000);
        let left = |seconds| left(now.plus_seconds(seconds), now);
        assert_eq!(
            [59, 3_599, 3_600, 172_799, 172_800].map(left),
            ["in 0 min", "in 59 min", "in 1 h", "in 47 h", "in 2 days"]
        );
        assert_eq!([-60, -7_200, -864_000].map(left), ["1 min late", "2 h late", "10 days late"]);
    }
}
