//! Everything with an end that is known in advance: certificates, revocation lists, roots, agreements, exceptions.

use serde::Serialize;

use super::{
    ids::TrustDomain,
    time::{Day, Time},
    words::words,
};

words!(
    /// The kind of what ends.
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

/// The numbers of days before the last day at which the log reports it. 0 is the last day itself.
pub const STAGES: [i64; 4] = [30, 7, 1, 0];
/// Something is reported this many days before its end at the latest, however long it was valid.
pub const SOON_DAYS: i64 = 30;
const DAY: i64 = 86_400;

/// Something that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What it is.
    pub kind: EndingKind,
    /// The organisation that it belongs to. For agreements and exceptions: the partner.
    pub domain: TrustDomain,
    /// Its name, in words that begin a sentence: `person alice: TLS certificate`.
    pub name: String,
    /// What it is used for: `tls`, `signing`, `ca`. Empty if there is only one use.
    pub usage: &'static str,
    /// Identifies it among others, as a serial number or an id. A renewed one has another subject. For a list: the name of its CA.
    pub subject: String,
    /// Since when it is valid.
    pub starts_at: Time,
    /// The first moment at which it is over. If that is a midnight, its last day is the day before.
    pub ends_at: Time,
    /// From when on somebody should act. `doctor` fails from then on.
    pub act_from: Time,
    /// What to do, with the command.
    pub fix: String,
    /// Whether it was revoked before its end, so that nobody need renew it.
    pub is_revoked: bool,
}

impl Ending {
    /// From when on somebody should act on what is valid from `starts_at` to `ends_at`: when less than a third of its life is left, but at most
    /// 30 days before the end.
    ///
    /// A certificate of one year is due for renewal 30 days before its end, a list of 30 days 10 days before, and a certificate of 7 days some
    /// two days before. What is renewed in time never gets there.
    pub fn third_of_life(starts_at: Time, ends_at: Time) -> Time {
        let third = ends_at.seconds_since(starts_at).max(0) / 3;
        ends_at.plus_seconds(-third.min(SOON_DAYS * DAY))
    }

    /// The last day on which it is valid, UTC.
    pub fn last_day(&self) -> Day {
        self.ends_at.last_day()
    }

    /// Days of the calendar (UTC) from today to the last day: 0 on the last day, negative on later ones.
    pub fn days_left(&self, now: Time) -> i64 {
        self.last_day().days_since(now.day())
    }

    /// Whether it has ended.
    pub fn has_ended(&self, now: Time) -> bool {
        self.ends_at <= now
    }

    /// Whether it should be mentioned: it ends within 30 days, has ended, was revoked, or somebody has to act on it.
    pub fn is_soon(&self, now: Time) -> bool {
        self.is_revoked || self.days_left(now) <= SOON_DAYS || self.act_from <= now
    }

    /// Whether somebody has to act now.
    pub fn is_urgent(&self, now: Time) -> bool {
        !self.is_revoked && self.act_from <= now
    }

    /// Whether to show what to do: somebody has to act, or the log has begun to report it.
    pub fn shows_fix(&self, now: Time) -> bool {
        self.is_revoked || self.is_urgent(now) || self.stage(now).is_some()
    }

    /// The stages of its life, the earliest first: how many days are left then, as counted by [`Self::days_left`], and when that is. A stage of
    /// N days is left out if the whole life is not longer: a list of 30 days is not reported on the day that it is made.
    fn stages(&self) -> impl Iterator<Item = (i64, Time)> {
        let life = self.ends_at.seconds_since(self.starts_at).div_euclid(DAY);
        let (last, end) = (self.last_day(), self.ends_at);
        // What is renewed each month is not worth reporting on its first day, but what lives only for days is.
        let counts = move |days: &i64| *days <= 7 || *days < life;
        STAGES.into_iter().filter(counts).map(move |days| match days {
            0 => (0, end),
            days => (days, last.plus_days(-days).start()),
        })
    }

    /// The last stage that was reached: 30, 7, 1 or 0 days before the end. `None` before that, and for what was revoked.
    pub fn stage(&self, now: Time) -> Option<i64> {
        let reached = self.stages().filter(|(_, at)| *at <= now && !self.is_revoked);
        reached.map(|(days, _)| days).last()
    }

    /// When the next stage is reached. `None` once it has ended.
    pub fn next_stage_at(&self, now: Time) -> Option<Time> {
        self.stages().map(|(_, at)| at).find(|at| *at > now && !self.is_revoked)
    }

    /// The sentence that `doctor`, the log and refusals share, without what to do.
    pub fn words(&self, now: Time) -> String {
        let (verb, past) = match self.kind {
            EndingKind::RevocationList => ("runs out", "ran out"),
            _ => ("ends", "has ended"),
        };
        let (name, day) = (&self.name, self.last_day());
        match self.days_left(now) {
            _ if self.is_revoked => format!("{name} was revoked"),
            _ if self.has_ended(now) => format!("{name} {past} on {day}"),
            0 => format!("{name} {verb} today, at {}", self.ends_at.as_end()),
            days => format!("{name} {verb} {}, on {day}", in_days(days)),
        }
    }
}

/// `in 5 days`, `in 1 day`; `today` on the last day.
pub fn in_days(days: i64) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

/// An ending in the form for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndingView {
    /// The kind's name.
    pub kind: String,
    /// The organisation that it belongs to.
    pub domain: String,
    /// The name.
    pub name: String,
    /// What it is used for.
    pub usage: String,
    /// When it ends.
    pub ends_at: String,
    /// Its last day, UTC.
    pub last_day: String,
    /// Days of the calendar until the last day.
    pub days_left: i64,
    /// Whether it was revoked before its end.
    pub revoked: bool,
    /// Whether somebody has to act now.
    pub act_now: bool,
    /// The sentence about it.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl EndingView {
    /// The view of an ending at a time.
    pub fn of(ending: &Ending, now: Time) -> Self {
        Self {
            kind: ending.kind.to_string(),
            domain: ending.domain.to_string(),
            name: ending.name.clone(),
            usage: ending.usage.to_owned(),
            ends_at: ending.ends_at.to_string(),
            last_day: ending.last_day().to_string(),
            days_left: ending.days_left(now),
            revoked: ending.is_revoked,
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

    /// Noon of a day, because certificates are rarely made at midnight.
    fn noon(days: i64) -> Time {
        at(days).plus_seconds(DAY / 2)
    }

    fn between(starts_at: Time, ends_at: Time) -> Ending {
        Ending {
            kind: EndingKind::Certificate,
            domain: "gb.example".parse().unwrap(),
            name: "TLS certificate of this node".to_owned(),
            usage: "tls",
            subject: "01".to_owned(),
            starts_at,
            ends_at,
            act_from: Ending::third_of_life(starts_at, ends_at),
            fix: String::new(),
            is_revoked: false,
        }
    }

    fn ending(life: i64) -> Ending {
        between(at(0), at(life))
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
    fn days_are_those_of_the_calendar_until_the_last_day() {
        for life in [1, 30, 365] {
            assert_eq!(between(noon(0), noon(life)).days_left(noon(0)), life, "made now, for {life} days");
        }
        // An agreement until the 20th ends at the midnight after that day.
        let agreement = ending(20);
        let left = |now: Time| (agreement.days_left(now), agreement.has_ended(now));
        assert_eq!(agreement.last_day(), at(19).day());
        assert_eq!([at(18), at(19), at(20).plus_seconds(-1)].map(left), [(1, false), (0, false), (0, false)]);
        assert_eq!([at(20), at(21).plus_seconds(-1), at(21)].map(left), [(-1, true), (-1, true), (-2, true)]);
        let certificate = between(noon(0), noon(20));
        let left = |now: Time| (certificate.days_left(now), certificate.has_ended(now));
        assert_eq!([at(20), noon(20), noon(21)].map(left), [(0, false), (0, true), (-1, true)]);
    }

    #[test]
    fn stages_are_reached_one_after_the_other() {
        // Its last day is the 100th, which is day 99.
        let ending = ending(100);
        let reached = |now: Time| (ending.stage(now), ending.next_stage_at(now));
        for (day, stage, next) in [(0, None, Some(69)), (68, None, Some(69)), (69, Some(30), Some(92))] {
            assert_eq!(reached(at(day)), (stage, next.map(at)), "day {day}");
        }
        for (day, stage, next) in
            [(92, 7, Some(98)), (98, 1, Some(100)), (99, 1, Some(100)), (100, 0, None), (500, 0, None)]
        {
            assert_eq!(reached(at(day)), (Some(stage), next.map(at)), "day {day}");
        }
    }

    #[test]
    fn a_stage_says_as_many_days_as_it_is_named_after() {
        for ending in [ending(100), between(noon(0), noon(100)), between(at(0), at(100).plus_seconds(-1))] {
            let mut now = at(0);
            let mut told = vec![];
            while let Some(next) = ending.next_stage_at(now) {
                now = next;
                told.push(ending.stage(now).unwrap());
                let words = ending.words(now);
                match told.last().unwrap() {
                    0 => assert!(words.contains("has ended on"), "{words}"),
                    days => assert!(words.contains(&format!("{}, on", in_days(*days))), "{words}"),
                }
                assert_eq!(ending.stage(now.plus_seconds(-1)), told.iter().rev().nth(1).copied(), "not before");
            }
            assert_eq!(told, STAGES);
        }
    }

    #[test]
    fn what_is_renewed_each_month_is_not_told_of_on_its_first_day_and_what_lives_for_days_is() {
        // Lists and certificates begin some minutes before they are made, because clocks may be behind.
        let skew = |life: i64| between(noon(0).plus_seconds(-300), noon(life));
        for (life, first) in [(30, 7), (31, 30), (365, 30)] {
            let ending = skew(life);
            assert!(ending.stage(noon(0)).is_none() && !ending.shows_fix(noon(0)), "{life}");
            let next = ending.next_stage_at(noon(0)).unwrap();
            assert_eq!(ending.stage(next), Some(first), "{life}");
        }
        for (life, first) in [(1, 1), (5, 7), (7, 7)] {
            assert_eq!(skew(life).stage(noon(0)), Some(first), "{life}");
        }
    }

    #[test]
    fn what_ends_today_is_urgent_once_the_last_third_has_begun() {
        let ending = between(noon(0), noon(1));
        assert!(ending.words(noon(0)).contains("ends in 1 day") && !ending.is_urgent(noon(0)));
        let last_third = noon(1).plus_seconds(-DAY / 3);
        assert!(ending.words(last_third).contains("ends today") && ending.is_urgent(last_third));
    }

    #[test]
    fn what_was_revoked_is_nothing_to_renew() {
        let ending = Ending { is_revoked: true, ..ending(100) };
        for day in [0, 80, 99, 100, 500] {
            assert!(!ending.is_urgent(at(day)) && ending.stage(at(day)).is_none(), "day {day}");
            assert!(ending.is_soon(at(day)) && ending.next_stage_at(at(day)).is_none(), "day {day}");
            assert_eq!(ending.words(at(day)), "TLS certificate of this node was revoked");
        }
    }

    #[test]
    fn the_sentence_says_the_days() {
        let ending = ending(5);
        assert_eq!(ending.words(at(0)), "TLS certificate of this node ends in 4 days, on 1970-01-05");
        assert_eq!(ending.words(at(3)), "TLS certificate of this node ends in 1 day, on 1970-01-05");
        assert!(ending.words(at(4)).ends_with("ends today, at the end of 1970-01-05 (UTC)"), "{}", ending.words(at(4)));
        assert!(between(at(0), noon(5)).words(at(5)).ends_with("ends today, at 1970-01-06T12:00:00Z"));
        assert_eq!(ending.words(at(5)), "TLS certificate of this node has ended on 1970-01-05");
        let list = Ending { kind: EndingKind::RevocationList, name: "revocation list of `CA`".to_owned(), ..ending };
        assert_eq!(list.words(at(0)), "revocation list of `CA` runs out in 4 days, on 1970-01-05");
    }
}
