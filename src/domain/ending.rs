//! Everything that ends on a day known beforehand: certificates, revocation lists, roots, agreements, exceptions.

use serde::Serialize;

use super::{ids::TrustDomain, time::Time, words::words};

words!(
    /// What it is that ends.
    EndingKind, "kind of ending" {
        /// The certificate of a node, for TLS or for signing, or that of a CA between it and the root.
        Certificate = "certificate",
        /// A root certificate of a trust bundle.
        Root = "root",
        /// A revocation list: its next update.
        RevocationList = "revocation_list",
        /// A certificate of a person of this organisation.
        Person = "person",
        /// An agreement in force.
        Agreement = "agreement",
        /// An exception in force.
        Exception = "exception",
    }
);

/// The days before the end at which the log tells of it. 0 is the end itself.
pub const STAGES: [i64; 4] = [30, 7, 1, 0];
/// How many days before the end something is named at the latest, however long it was valid.
pub const SOON_DAYS: i64 = 30;
const DAY: i64 = 86_400;

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What it is.
    pub kind: EndingKind,
    /// Whose it is. For agreements and exceptions: the partner.
    pub domain: TrustDomain,
    /// What it is called, in words that begin a sentence: `person alice: TLS certificate`.
    pub name: String,
    /// For what it is used: `tls`, `signing`, `ca`; empty where there is one use only.
    pub usage: &'static str,
    /// Names this very thing among others: a serial number, an id. A renewed one has another.
    pub subject: String,
    /// When it ends.
    pub ends_at: Time,
    /// From when on something is to be done about it: `doctor` fails from then on.
    pub act_from: Time,
    /// What to do, with the command.
    pub fix: String,
}

impl Ending {
    /// From when on somebody should act on what is valid from `starts_at` to `ends_at`: when less than a third of its life is left, and
    /// 30 days before the end at the earliest.
    ///
    /// A certificate of one year is due for renewal 30 days before its end, a list of 30 days 10 days before, a certificate of 7 days
    /// some two days before. What is renewed in good time never gets there.
    pub fn third_of_life(starts_at: Time, ends_at: Time) -> Time {
        let third = ends_at.seconds_since(starts_at).max(0) / 3;
        ends_at.plus_seconds(-third.min(SOON_DAYS * DAY))
    }

    /// Whole days until the end; negative once it is past.
    pub fn days_left(&self, now: Time) -> i64 {
        self.ends_at.seconds_since(now).div_euclid(DAY)
    }

    /// Whether it has ended.
    pub fn has_ended(&self, now: Time) -> bool {
        self.ends_at <= now
    }

    /// Whether it is worth a word: it ends within 30 days, has ended, or is to be acted on.
    pub fn is_soon(&self, now: Time) -> bool {
        self.ends_at <= now.plus_seconds(SOON_DAYS * DAY) || self.act_from <= now
    }

    /// Whether somebody has to act now.
    pub fn is_urgent(&self, now: Time) -> bool {
        self.act_from <= now
    }

    /// The last stage that is reached: 30, 7, 1 or 0 days before the end. `None` while there is more time.
    pub fn stage(&self, now: Time) -> Option<i64> {
        STAGES.iter().rev().copied().find(|days| self.ends_at <= now.plus_seconds(days * DAY))
    }

    /// When the next stage is reached. `None` once it has ended.
    pub fn next_stage_at(&self, now: Time) -> Option<Time> {
        STAGES.iter().map(|days| self.ends_at.plus_seconds(-days * DAY)).find(|at| *at > now)
    }

    /// The sentence that `doctor`, the log and refusals have in common, without the fix.
    pub fn words(&self, now: Time) -> String {
        let (verb, past) = match self.kind {
            EndingKind::RevocationList => ("runs out", "ran out"),
            _ => ("ends", "has ended"),
        };
        let day = self.ends_at.day();
        match self.days_left(now) {
            _ if self.has_ended(now) => format!("{} {past} on {day}", self.name),
            0 => format!("{} {verb} today, at {}", self.name, self.ends_at),
            1 => format!("{} {verb} in 1 day, on {day}", self.name),
            days => format!("{} {verb} in {days} days, on {day}", self.name),
        }
    }
}

/// An ending as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndingView {
    /// The kind's name.
    pub kind: String,
    /// Whose.
    pub domain: String,
    /// The name.
    pub name: String,
    /// For what it is used.
    pub usage: String,
    /// When it ends.
    pub ends_at: String,
    /// Whole days until then.
    pub days_left: i64,
    /// Whether somebody has to act now.
    pub act_now: bool,
    /// The sentence.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl EndingView {
    /// How it looks at a time.
    pub fn of(ending: &Ending, now: Time) -> Self {
        Self {
            kind: ending.kind.to_string(),
            domain: ending.domain.to_string(),
            name: ending.name.clone(),
            usage: ending.usage.to_owned(),
            ends_at: ending.ends_at.to_string(),
            days_left: ending.days_left(now),
            act_now: ending.is_urgent(now),
            message: ending.words(now),
            fix: ending.fix.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Time {
        Time::from_unix_nanos(0).plus_seconds(days * DAY)
    }

    fn ending(life: i64) -> Ending {
        Ending {
            kind: EndingKind::Certificate,
            domain: "gb.example".parse().unwrap(),
            name: "TLS certificate of this node".to_owned(),
            usage: "tls",
            subject: "01".to_owned(),
            ends_at: at(life),
            act_from: Ending::third_of_life(at(0), at(life)),
            fix: String::new(),
        }
    }

    #[test]
    fn what_is_renewed_in_time_is_never_urgent() {
        for (life, urgent_from) in [(365, 335), (90, 60), (30, 20), (6, 4)] {
            let ending = ending(life);
            assert!(!ending.is_urgent(at(urgent_from).plus_seconds(-1)), "{life}");
            assert!(ending.is_urgent(at(urgent_from)), "{life}");
        }
        assert_eq!(Ending::third_of_life(at(5), at(3)), at(3), "a life of less than nothing");
    }

    #[test]
    fn stages_are_reached_one_after_the_other() {
        let ending = ending(100);
        for (day, stage, next) in [(0, None, Some(70)), (70, Some(30), Some(93)), (92, Some(30), Some(93))] {
            assert_eq!((ending.stage(at(day)), ending.next_stage_at(at(day))), (stage, next.map(at)), "day {day}");
        }
        for (day, stage, next) in [(93, 7, Some(99)), (99, 1, Some(100)), (100, 0, None), (500, 0, None)] {
            assert_eq!(
                (ending.stage(at(day)), ending.next_stage_at(at(day))),
                (Some(stage), next.map(at)),
                "day {day}"
            );
        }
    }

    #[test]
    fn the_sentence_says_the_days() {
        let ending = ending(5);
        assert_eq!(ending.words(at(0)), "TLS certificate of this node ends in 5 days, on 1970-01-06");
        assert_eq!(ending.words(at(4)), "TLS certificate of this node ends in 1 day, on 1970-01-06");
        assert!(ending.words(at(4).plus_seconds(1)).contains("ends today, at 1970-01-06T00:00:00Z"));
        assert_eq!(ending.words(at(5)), "TLS certificate of this node has ended on 1970-01-06");
        let list = Ending { kind: EndingKind::RevocationList, name: "revocation list of `CA`".to_owned(), ..ending };
        assert_eq!(list.words(at(0)), "revocation list of `CA` runs out in 5 days, on 1970-01-06");
    }
}
