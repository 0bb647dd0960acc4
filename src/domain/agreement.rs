//! The terms between two organisations, and their state.

mod grant;
mod standing;
mod trigger;

pub mod difference;

use serde::Serialize;

use super::{
    body::Mandate,
    group::Group,
    ids::{AssessmentId, StatementId, TrustDomain},
    level::WarningLevel,
    marking::{Audience, GroupName},
    time::{Day, Time},
};

pub use grant::{Area, Grant, OnwardTerms};
pub use standing::{AgreementNotice, AgreementState, AgreementStep, AnnouncedStep, End, Side, Standing};
pub use trigger::{Measure, Trigger};

/// An agreement's series: 16 random bytes, the same over all its versions.
pub type Series = AssessmentId;

/// The terms between two organisations; both sign the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The id of the series, the same for all versions.
    pub series: Series,
    /// The version, from 1.
    pub version: u32,
    /// The version before. `None` exactly for version 1.
    pub previous: Option<StatementId>,
    /// The two parties, ascending.
    pub parties: [TrustDomain; 2],
    /// The first day.
    pub from: Day,
    /// The last day.
    pub until: Day,
    /// What it is for.
    pub purpose: String,
    /// How many days before its end both parties are notified.
    pub notice_days: u32,
    /// The groups that it uses, with their members.
    pub groups: Vec<Group>,
    /// What each party gives the other.
    pub grants: Vec<Grant>,
    /// What each party owes the other.
    pub duties: Duties,
    /// Events of which one party notifies the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
}

impl Agreement {
    /// Whether `now` is within its first and last day.
    pub fn is_valid_at(&self, now: Time) -> bool {
        self.from.start() <= now && now < self.until.end()
    }

    /// Whether its notice period has begun and it has not ended yet.
    pub fn is_ending(&self, now: Time) -> bool {
        let end = self.until.end();
        now < end && end.plus_seconds(-i64::from(self.notice_days) * 86_400) <= now
    }

    /// The same terms from today on, for as many days as before. A draft of the next version begins with them. `None` unless the terms have
    /// ended or their notice period has begun.
    pub fn prolonged(&self, now: Time) -> Option<Self> {
        let today = now.day();
        let is_due = self.from <= today && (self.until.end() <= now || self.is_ending(now));
        let until = today.plus_days(self.until.days_since(self.from)).max(self.until);
        is_due.then(|| Self { from: today, until, ..self.clone() })
    }

    /// The terms that this version of the program can read but does not enforce. An agreement with any of them is not signed here, because
    /// the program would not keep that promise.
    pub fn unkept(&self) -> Vec<&'static str> {
        let Duties { acknowledge, offline_crl_days, retention_without_exception, counts_for, .. } = &self.duties;
        let all = [
            ("triggers", !self.triggers.is_empty()),
            ("duties.acknowledge.mandate", acknowledge.iter().any(|duty| duty.mandate.is_some())),
            (
                "duties.acknowledge.answer_within_seconds",
                acknowledge.iter().any(|duty| duty.answer_within_seconds.is_some()),
            ),
            ("duties.offline_crl_days", *offline_crl_days > 0),
            ("duties.retention_without_exception", *retention_without_exception),
            ("duties.counts_for", !counts_for.is_empty()),
        ];
        all.into_iter().filter_map(|(term, is_there)| is_there.then_some(term)).collect()
    }

    /// The group with that name.
    pub fn group(&self, name: &GroupName) -> Option<&Group> {
        self.groups.iter().find(|g| g.name == *name)
    }

    /// The other party, if `own` is one of the two.
    pub fn other(&self, own: &TrustDomain) -> Option<&TrustDomain> {
        let [a, b] = &self.parties;
        if a == own {
            Some(b)
        } else if b == own {
            Some(a)
        } else {
            None
        }
    }
}

/// What the parties owe each other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Duties {
    /// Deadlines to acknowledge, by level.
    pub acknowledge: Vec<AcknowledgeDuty>,
    /// Whether an originator's purge runs at the recipient without a second decision there.
    pub purge_on_recall: bool,
    /// How many persons approve on each side. 0 leaves it to each organisation.
    pub approvals: u32,
    /// For how many days after its next update a revocation list still counts, if statements travel as files.
    #[serde(skip_serializing_if = "is_zero")]
    pub offline_crl_days: u32,
    /// Whether nothing is kept longer than the grants say, whatever the recipient's own law says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retention_without_exception: bool,
    /// The organisations whose triggers may count what is given, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts_for: Vec<Audience>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Duties {
    /// The time by which a release must be acknowledged. `None` if it need not be. `level` is the level as far as the recipient sees it.
    pub fn due(&self, level: Option<WarningLevel>, released_at: Time) -> Option<Time> {
        let asked = self.acknowledge.iter().filter(|duty| level.is_some_and(|level| level >= duty.min_level));
        let within = asked.map(|duty| duty.within_seconds).min()?;
        Some(released_at.plus_seconds(i64::try_from(within).unwrap_or(i64::MAX)))
    }
}

/// The duty to acknowledge within a time, from a level up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcknowledgeDuty {
    /// The lowest level.
    pub min_level: WarningLevel,
    /// The time within which to acknowledge, in seconds.
    pub within_seconds: u64,
    /// The role of the recipient that must be informed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mandate: Option<Mandate>,
    /// The time within which an answer is owed, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_within_seconds: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_lasts_as_long_as_the_one_before() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let agreement = Agreement {
            triggers: vec![],
            series: AssessmentId([1; 16]),
            version: 1,
            previous: None,
            parties: ["gb.example".parse().unwrap(), "no.example".parse().unwrap()],
            from: day("2026-01-01"),
            until: day("2026-12-31"),
            purpose: String::new(),
            notice_days: 30,
            groups: vec![],
            grants: vec![],
            duties: Duties::default(),
        };
        let prolonged = |on: &str| agreement.prolonged(day(on).start()).map(|a| (a.from, a.until));
        assert_eq!(prolonged("2026-11-01"), None, "there is time");
        assert_eq!(prolonged("2026-12-10"), Some((day("2026-12-10"), day("2027-12-09"))), "within its notice");
        assert_eq!(prolonged("2027-02-01"), Some((day("2027-02-01"), day("2028-01-31"))), "ended");
        let again = agreement.prolonged(day("2027-02-01").start()).unwrap();
        assert_eq!(again.until.days_since(again.from), 364, "it does not grow from version to version");
        let ahead = Agreement { from: day("2026-12-20"), ..agreement.clone() };
        assert_eq!(ahead.prolonged(day("2026-12-10").start()), None, "it has not begun");
    }
}
