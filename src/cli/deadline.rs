//! How long there is to acknowledge something.

use crate::domain::time::Time;

/// `in 5 h`, or `OVERDUE 2 days`.
pub fn left(by: Time, now: Time) -> String {
    let seconds = by.seconds_since(now);
    let span = match seconds.abs() {
        s if s < 3_600 => format!("{} min", s / 60),
        s if s < 48 * 3_600 => format!("{} h", s / 3_600),
        s => format!("{} days", s / 86_400),
    };
    if seconds < 0 { format!("OVERDUE {span}") } else { format!("in {span}") }
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
        assert_eq!([-60, -7_200, -864_000].map(left), ["OVERDUE 1 min", "OVERDUE 2 h", "OVERDUE 10 days"]);
    }
}
