//! Times as readers see them: the distance from now in words, with the exact time in UTC beside it.

use super::texts::Texts;
use crate::domain::time::Time;

/// A time on a page.
pub struct Moment {
    /// RFC 3339, for the `datetime` attribute.
    pub exact: String,
    /// The date and the time in UTC, to the minute.
    pub utc: String,
    /// How far away it is, in words.
    pub distance: String,
    /// Whether it has passed.
    pub is_past: bool,
}

impl Moment {
    /// The moment as seen now.
    pub fn new(t: &Texts, time: Time, now: Time) -> Self {
        let seconds = time.seconds_since(now);
        let (is_past, away) = (seconds < 0, seconds.unsigned_abs());
        let distance = match away {
            0..60 if is_past => t.say("time-just-now"),
            0..3_600 if is_past => t.count("time-minutes-ago", &(away / 60)),
            0..172_800 if is_past => t.count("time-hours-ago", &(away / 3_600)),
            _ if is_past => t.count("time-days-ago", &(away / 86_400)),
            0..3_600 => t.count("time-in-minutes", &(away / 60)),
            3_600..172_800 => t.count("time-in-hours", &(away / 3_600)),
            _ => t.count("time-in-days", &(away / 86_400)),
        };
        let exact = time.to_string();
        let utc = exact.get(..16).map(|minute| format!("{} UTC", minute.replace('T', " "))).unwrap_or_default();
        Self { exact, utc, distance, is_past }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::texts::Catalogue, *};

    #[test]
    fn what_is_near_is_told_in_the_unit_that_matters() {
        let catalogue = Catalogue::new();
        let (t, now) = (catalogue.best("en"), Time::from_unix_nanos(0).plus_seconds(1_000_000));
        let told = |seconds| Moment::new(t, now.plus_seconds(seconds), now).distance;
        assert_eq!(
            [0, 59, 60, 3_600, 172_799, 172_800].map(told),
            ["in 0 minutes", "in 0 minutes", "in 1 minute", "in 1 hour", "in 47 hours", "in 2 days"]
        );
        assert_eq!([-1, -60, -7_200, -864_000].map(told), ["just now", "1 minute ago", "2 hours ago", "10 days ago"]);
    }
}
