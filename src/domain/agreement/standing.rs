//! The standing of an agreement at one of its parties: who has approved it, who has signed it, and what either side has stopped alone. Every
//! change is a method of [`Standing`]. The state is never set; it is derived.

use serde::{Deserialize, Serialize};

use crate::domain::{
    approval::{Approved, Done},
    fault::{Fault, Reason},
    ids::{SpiffeId, StatementId},
    time::{Day, Time},
    words::words,
};

words!(
    /// The state of an agreement.
    AgreementState, "state of an agreement" {
        /// It was proposed here and nobody has signed it. More persons must approve it.
        AwaitingApproval = "awaiting-approval",
        /// The other party has signed it, and this one has not.
        Proposed = "proposed",
        /// This party has signed it, and the other has not.
        SignedHere = "signed-here",
        /// Both have signed, and it begins later.
        Agreed = "agreed",
        /// Both have signed, and it has begun.
        InForce = "in-force",
        /// Stopped for a time, by one side or both.
        Suspended = "suspended",
        /// Over: terminated, replaced by a later version, or expired.
        Ended = "ended",
    }
);

words!(
    /// The side that did something.
    Side, "side" {
        /// This organisation's.
        Here = "here",
        /// The partner's.
        There = "there",
    }
);

impl AgreementState {
    /// Whether decisions use it: it is in force, or will be without anybody's action.
    pub fn counts(self) -> bool {
        matches!(self, Self::Agreed | Self::InForce)
    }
}

/// Why an agreement is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum End {
    /// One side alone ended it. Before both had signed, this declines or withdraws it.
    Terminated {
        /// The side that ended it.
        side: Side,
        /// When it was ended.
        at: Time,
    },
    /// A later version that both have signed replaces it.
    Followed {
        /// The later version.
        by: StatementId,
        /// The time from which the later version counts.
        from: Time,
    },
    /// Its last day is over.
    Expired {
        /// The end of its last day.
        at: Time,
    },
}

/// What the partner said about a step that it took alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncedStep {
    /// The step.
    pub step: AgreementStep,
    /// When, by the partner's clock.
    pub at: Time,
    /// The partner's reason. May be empty.
    pub reason: String,
}

/// The standing of an agreement at one party.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The persons of this organisation who have approved it, each once, in the order of their approvals.
    pub approvals: Vec<Approved>,
    /// The largest number of approvals that was required so far. If it could shrink, revoking a person could make one approval enough.
    pub needed: usize,
    /// When this node signed.
    pub signed_here: Option<Time>,
    /// When the partner's signature arrived.
    pub signed_there: Option<Time>,
    /// Who in this organisation has suspended it, and when.
    pub suspended_here: Option<Done>,
    /// Who in this organisation has lifted its last suspension.
    #[serde(default)]
    pub resumed_here: Option<Approved>,
    /// When the partner has suspended it.
    pub suspended_there: Option<Time>,
    /// The time in the last notice that this organisation has sent.
    #[serde(default)]
    pub told: Option<Time>,
    /// The last step that the partner has announced. An older notice is ignored.
    pub heard: Option<AnnouncedStep>,
    /// Why it is over.
    pub end: Option<End>,
}

impl Standing {
    /// The standing of a proposal that the partner has signed.
    pub fn proposed_there(at: Time) -> Self {
        Self { signed_there: Some(at), ..Self::default() }
    }

    /// The state at a time. `until` is the last day of the agreement.
    pub fn state(&self, until: Day, now: Time) -> AgreementState {
        if self.is_over(until, now) {
            return AgreementState::Ended;
        }
        if self.suspended_here.is_some() || self.suspended_there.is_some() {
            return AgreementState::Suspended;
        }
        match (self.signed_here, self.signed_there) {
            (Some(_), Some(_)) => AgreementState::InForce,
            (Some(_), None) => AgreementState::SignedHere,
            (None, Some(_)) => AgreementState::Proposed,
            (None, None) => AgreementState::AwaitingApproval,
        }
    }

    fn is_over(&self, until: Day, now: Time) -> bool {
        match &self.end {
            Some(End::Terminated { .. } | End::Expired { .. }) => true,
            Some(End::Followed { from, .. }) if *from <= now => true,
            Some(End::Followed { .. }) | None => until.end() <= now,
        }
    }

    /// The last day on which anything is given under it: its own last day, or the day before the next version begins.
    pub fn last_day(&self, until: Day) -> Day {
        match &self.end {
            Some(End::Followed { from, .. }) => until.min(from.day().before()),
            Some(End::Terminated { .. } | End::Expired { .. }) | None => until,
        }
    }

    /// Whether this node has signed it.
    pub fn is_signed_here(&self) -> bool {
        self.signed_here.is_some()
    }

    /// Whether both have signed.
    pub fn is_signed_by_both(&self) -> bool {
        self.signed_here.is_some() && self.signed_there.is_some()
    }

    /// Whether it was in force when it ended.
    pub fn was_in_force(&self) -> bool {
        self.is_signed_by_both() && self.suspended_here.is_none() && self.suspended_there.is_none()
    }

    /// Adds a person's approval. Returns `true` if there are now as many approvals as `needed`.
    ///
    /// # Errors
    /// `SECOND_PERSON_REQUIRED`, if this person has already approved it and others are needed.
    pub fn approve(&mut self, approved: Approved, needed: usize) -> Result<bool, Fault> {
        self.needed = self.needed.max(needed);
        let needed = self.needed;
        if !self.approvals.iter().any(|a| a.by == approved.by) {
            self.approvals.push(approved);
        } else if self.approvals.len() < needed {
            let what = format!(
                "`{}` has approved it already; {} needed in all, so somebody else must sign too",
                approved.by,
                persons(needed)
            );
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        Ok(self.approvals.len() >= needed)
    }

    /// Suspends it here: this organisation gives and takes nothing under it until it is resumed.
    pub fn suspend(&mut self, by: &SpiffeId, at: Time) {
        self.suspended_here.get_or_insert_with(|| Done { by: by.clone(), at });
    }

    /// Lifts this organisation's suspension. A suspension by the partner stays.
    ///
    /// # Errors
    /// `SECOND_PERSON_REQUIRED`, if several persons must approve an agreement and the caller is the one who suspended it. `CONFLICT`, if it is
    /// not suspended here.
    pub fn resume(&mut self, approved: Approved, needed: usize) -> Result<(), Fault> {
        let Some(suspended) = &self.suspended_here else {
            let what = if self.suspended_there.is_some() {
                "the partner has suspended it, and only the partner can resume it"
            } else {
                "it is not suspended"
            };
            return Err(Fault::new(Reason::Conflict, what));
        };
        if needed.max(self.needed) > 1 && suspended.by == approved.by {
            let what = format!("`{}` has suspended it, so somebody else must resume it", approved.by);
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        (self.suspended_here, self.resumed_here) = (None, Some(approved));
        Ok(())
    }

    /// Ends it by one side. An agreement that is over already stays as it is.
    pub fn terminate(&mut self, side: Side, at: Time) {
        if !matches!(self.end, Some(End::Terminated { .. } | End::Expired { .. })) {
            self.end = Some(End::Terminated { side, at });
        }
    }

    /// Ends it because a later version replaces it.
    pub fn follow(&mut self, by: StatementId, from: Time) {
        if self.end.is_none() {
            self.end = Some(End::Followed { by, from });
        }
    }

    /// Ends it because its last day is over.
    pub fn expire(&mut self, at: Time) {
        if self.end.is_none() {
            self.end = Some(End::Expired { at });
        }
    }

    /// The time to put into a notice of a step that is taken now. It is later than the time of the notice before, even if the clock was set back
    /// since then. Otherwise the partner would ignore the notice as an older one and keep the earlier step.
    pub fn tells(&mut self, now: Time) -> Time {
        let after = |before: Time| Time::from_unix_nanos(before.unix_nanos().saturating_add(1));
        let at = self.told.map_or(now, |before| now.max(after(before)));
        self.told = Some(at);
        at
    }

    /// Takes a notice of the partner's step. Returns `false` if a later notice came before, so that this one is ignored. The step counts from
    /// `now` at the latest, even if the partner's clock is ahead.
    pub fn hear(&mut self, told: AnnouncedStep, now: Time) -> bool {
        if self.heard.as_ref().is_some_and(|before| told.at <= before.at) {
            return false;
        }
        match told.step {
            AgreementStep::Suspended => self.suspended_there = Some(told.at.min(now)),
            AgreementStep::Resumed => self.suspended_there = None,
            AgreementStep::Terminated => self.terminate(Side::There, told.at.min(now)),
        }
        self.heard = Some(told);
        true
    }
}

words!(
    /// A step that one side takes alone and announces to the other.
    AgreementStep, "step" {
        /// Nothing is given or taken under it for a time.
        Suspended = "suspended",
        /// The side's own suspension is over.
        Resumed = "resumed",
        /// It is over. A proposal is declined or withdrawn.
        Terminated = "terminated",
    }
);

/// How one party announces a step that it has taken alone to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgreementNotice {
    /// One version of the agreement.
    pub agreement: StatementId,
    /// The step.
    pub step: AgreementStep,
    /// When the step was taken.
    pub at: Time,
    /// The reason, in one line for the partner. May be empty.
    pub reason: String,
    /// Whether it concerns every version that is in force or will be. Otherwise it declines or withdraws a proposal. For the sender, a version
    /// may be in force of which the receiver does not know yet.
    pub every_version: bool,
}

/// `1 person is`, `2 persons are`
fn persons(number: usize) -> String {
    if number == 1 { "1 person is".to_owned() } else { format!("{number} persons are") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admin(n: u8) -> SpiffeId {
        format!("spiffe://gb.example/admin/a{n}").parse().unwrap()
    }

    fn at(seconds: i64) -> Time {
        Time::from_parts(1_767_225_600 + seconds, 0).unwrap()
    }

    fn heard(step: AgreementStep, at: Time) -> AnnouncedStep {
        AnnouncedStep { step, at, reason: String::new() }
    }

    fn until() -> Day {
        "2026-12-31".parse().unwrap()
    }

    #[test]
    fn a_notice_bears_a_later_time_than_the_one_before_whatever_the_clock_says() {
        let (mut here, mut there) = (Standing::default(), Standing::default());
        let suspended = here.tells(at(9));
        assert_eq!(suspended, at(9));
        assert!(there.hear(heard(AgreementStep::Suspended, suspended), at(99)));
        for now in [9, 4] {
            let mut there = there.clone();
            assert!(there.hear(heard(AgreementStep::Resumed, here.tells(at(now))), at(99)), "the clock says {now}");
            assert_eq!(there.suspended_there, None);
        }
        assert_eq!(here.tells(at(10)), at(10));
    }

    #[test]
    fn a_step_by_a_clock_that_is_ahead_counts_from_when_it_is_heard() {
        let mut there = Standing { signed_here: Some(at(0)), signed_there: Some(at(0)), ..Standing::default() };
        assert!(there.hear(heard(AgreementStep::Suspended, at(90_000)), at(5)));
        assert_eq!(there.suspended_there, Some(at(5)));
        assert!(there.hear(heard(AgreementStep::Terminated, at(90_001)), at(6)));
        assert_eq!(there.end, Some(End::Terminated { side: Side::There, at: at(6) }));
    }

    #[test]
    fn nobody_counts_twice() {
        let mut standing = Standing::default();
        assert_eq!(standing.approve(Approved::unproved(&admin(1), at(0)), 2), Ok(false));
        let again = standing.approve(Approved::unproved(&admin(1), at(1)), 2).unwrap_err();
        assert_eq!(again.reason, Reason::SecondPersonRequired);
        assert_eq!(standing.approve(Approved::unproved(&admin(2), at(2)), 2), Ok(true));
        assert_eq!(standing.approvals.len(), 2);
        // If fewer persons would be needed in the meantime, the number that was required first stays.
        let mut alone = Standing::default();
        alone.approve(Approved::unproved(&admin(1), at(0)), 2).unwrap();
        assert!(alone.approve(Approved::unproved(&admin(1), at(1)), 1).is_err());
        assert_eq!(alone.approve(Approved::unproved(&admin(2), at(1)), 1), Ok(true));
    }

    #[test]
    fn each_side_lifts_its_own_suspension_only() {
        let mut standing = Standing { signed_here: Some(at(0)), signed_there: Some(at(0)), ..Standing::default() };
        assert!(standing.hear(heard(AgreementStep::Suspended, at(5)), at(99)));
        assert_eq!(standing.resume(Approved::unproved(&admin(1), at(0)), 1).unwrap_err().reason, Reason::Conflict);
        standing.suspend(&admin(1), at(6));
        assert_eq!(
            standing.resume(Approved::unproved(&admin(1), at(0)), 2).unwrap_err().reason,
            Reason::SecondPersonRequired
        );
        standing.resume(Approved::unproved(&admin(2), at(0)), 2).unwrap();
        assert_eq!(standing.state(until(), at(7)), AgreementState::Suspended);
        assert!(!standing.hear(heard(AgreementStep::Resumed, at(4)), at(99)), "an older notice is ignored");
        assert!(standing.hear(heard(AgreementStep::Resumed, at(8)), at(99)));
        assert_eq!(standing.state(until(), at(9)), AgreementState::InForce);
    }

    #[test]
    fn a_version_that_is_followed_later_stays_until_then() {
        let mut standing = Standing { signed_here: Some(at(0)), signed_there: Some(at(0)), ..Standing::default() };
        let from: Day = "2026-03-01".parse().unwrap();
        standing.follow(StatementId([2; 32]), from.start());
        assert_eq!(standing.state(until(), at(0)), AgreementState::InForce);
        assert_eq!(standing.last_day(until()).to_string(), "2026-02-28");
        assert_eq!(standing.state(until(), from.start()), AgreementState::Ended);
        standing.terminate(Side::Here, at(1));
        assert_eq!(standing.state(until(), at(2)), AgreementState::Ended);
        assert_eq!(standing.state("2025-12-31".parse().unwrap(), at(0)), AgreementState::Ended, "it has expired");
    }

    #[derive(Debug, Clone)]
    enum Deed {
        Approve(u8),
        Sign,
        SignedThere,
        Suspend(u8),
        Resume(u8),
        Hear(AgreementStep, i64),
        Terminate,
        Follow(i64),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            (0..3_u8).prop_map(Deed::Approve),
            Just(Deed::Sign),
            Just(Deed::SignedThere),
            (0..3_u8).prop_map(Deed::Suspend),
            (0..3_u8).prop_map(Deed::Resume),
            (proptest::sample::select(AgreementStep::ALL), 0..50_i64).prop_map(|(s, t)| Deed::Hear(s, t)),
            Just(Deed::Terminate),
            (0..50_i64).prop_map(Deed::Follow),
        ]
    }

    proptest! {
        #[test]
        fn nothing_is_in_force_without_both_and_nothing_comes_back_from_its_end(
            deeds in proptest::collection::vec(deed(), 0..30)
        ) {
            let mut standing = Standing::default();
            let mut was_terminated = false;
            for (n, deed) in deeds.into_iter().enumerate() {
                let now = at(i64::try_from(n).unwrap());
                match deed {
                    Deed::Approve(who) => _ = standing.approve(Approved::unproved(&admin(who), now), 2),
                    Deed::Sign if standing.approvals.len() >= 2 => standing.signed_here = Some(now),
                    Deed::Sign => {}
                    Deed::SignedThere => standing.signed_there = Some(now),
                    Deed::Suspend(who) => standing.suspend(&admin(who), now),
                    Deed::Resume(who) => _ = standing.resume(Approved::unproved(&admin(who), at(0)), 2),
                    Deed::Hear(step, t) => _ = standing.hear(heard(step, at(t)), now),
                    Deed::Terminate => standing.terminate(Side::Here, now),
                    Deed::Follow(t) => standing.follow(StatementId([3; 32]), at(t)),
                }
                let state = standing.state(until(), now);
                was_terminated |= matches!(standing.end, Some(End::Terminated { .. }));
                if was_terminated {
                    prop_assert_eq!(state, AgreementState::Ended);
                }
                if state == AgreementState::InForce {
                    prop_assert!(standing.is_signed_by_both());
                    prop_assert!(standing.approvals.len() >= 2);
                    prop_assert!(standing.suspended_here.is_none() && standing.suspended_there.is_none());
                }
                let text = serde_json::to_string(&standing).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Standing>(&text).unwrap(), &standing);
            }
        }
    }
}
