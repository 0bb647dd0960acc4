//! Recalls: an originator takes an assessment back, and what becomes of it at whoever holds it.

use serde::{Deserialize, Serialize};

use super::{
    approval::{Approved, Done},
    fault::{Fault, Reason},
    ids::{AssessmentId, SpiffeId, TrustDomain},
    time::Time,
    words::words,
};

words!(
    /// How far an assessment is taken back.
    RecallKind, "kind of recall" {
        /// Nobody reads it any more; its bytes stay for oversight.
        Withdraw = "withdraw",
        /// Its key is destroyed.
        Purge = "purge",
    }
);

words!(
    /// What a recall has come to at one node.
    RecallState, "state of a recall" {
        /// Sealed, as was asked.
        Withdrawn = "withdrawn",
        /// Sealed; the purge waits for two officers.
        AwaitingApproval = "awaiting-approval",
        /// Sealed; an officer has declined the purge.
        Declined = "declined",
        /// Destroyed.
        Purged = "purged",
    }
);

/// The longest reason of a recall, bytes.
pub const MAX_REASON: usize = 500;

/// How many officers of a recipient must stand behind a purge to which the originator has no right.
pub const PURGERS: usize = 2;

/// The originator's statement. It closes the assessment: all versions, and no further one is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// Whose assessment it is.
    pub originator: TrustDomain,
    /// Which one.
    pub assessment: AssessmentId,
    /// How far.
    pub kind: RecallKind,
    /// Why, in one line for the recipients.
    pub reason: String,
    /// When.
    pub recalled_at: Time,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// Where a recall stands at one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallStanding {
    /// What it has come to.
    pub state: RecallState,
    /// The officers who stand behind the purge, each once.
    pub approvals: Vec<Approved>,
    /// Who has declined it, and when; the last word counts.
    pub declined: Option<Done>,
}

impl RecallStanding {
    fn new(state: RecallState) -> Self {
        Self { state, approvals: vec![], declined: None }
    }

    /// What a recall comes to that has arrived; `before`: what an earlier one of the same assessment came to. `may_purge`:
    /// a purge runs here without a further decision. `None` where it says nothing new: nothing is given back, and a purge
    /// that was decided upon is not asked for again.
    pub fn after(before: Option<&Self>, kind: RecallKind, may_purge: bool) -> Option<Self> {
        use RecallState::{AwaitingApproval, Purged, Withdrawn};
        match (before.map(|b| b.state), kind) {
            (None, RecallKind::Withdraw) => Some(Self::new(Withdrawn)),
            (None | Some(Withdrawn), RecallKind::Purge) => {
                Some(Self::new(if may_purge { Purged } else { AwaitingApproval }))
            }
            (Some(_), _) => None,
        }
    }

    /// An officer stands behind the purge. With the second one it is to run. `counts` tells whose approval still does.
    ///
    /// # Errors
    /// `CONFLICT` where no purge waits; `SECOND_PERSON_REQUIRED` where the officer has approved already.
    pub fn approve(mut self, approved: Approved, counts: impl Fn(&Approved) -> bool) -> Result<Self, Fault> {
        if !matches!(self.state, RecallState::AwaitingApproval | RecallState::Declined) {
            return Err(nothing_waits());
        }
        self.approvals.retain(counts);
        if self.approvals.iter().any(|a| a.by == approved.by) {
            let what = "you stand behind this purge already; it takes another officer, too";
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        self.approvals.push(approved);
        let is_enough = self.approvals.len() >= PURGERS;
        self.state = if is_enough { RecallState::Purged } else { RecallState::AwaitingApproval };
        self.declined = None;
        Ok(self)
    }

    /// An officer declines the purge: it stays sealed. Whoever stood behind it would have to do so again.
    ///
    /// # Errors
    /// `CONFLICT` where no purge waits.
    pub fn decline(self, by: &SpiffeId, at: Time) -> Result<Self, Fault> {
        if self.state != RecallState::AwaitingApproval {
            return Err(nothing_waits());
        }
        let declined = Some(Done { by: by.clone(), at });
        Ok(Self { state: RecallState::Declined, approvals: vec![], declined })
    }
}

fn nothing_waits() -> Fault {
    Fault::new(Reason::Conflict, "no purge of it waits for an officer; see `watchfire assess purge --list`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn officer(n: u8) -> SpiffeId {
        format!("spiffe://gb.example/officer/o{n}").parse().unwrap()
    }

    #[test]
    fn a_withdrawal_can_become_a_purge_and_never_the_reverse() {
        let withdrawn = RecallStanding::after(None, RecallKind::Withdraw, true).unwrap();
        assert_eq!(withdrawn.state, RecallState::Withdrawn);
        assert_eq!(RecallStanding::after(Some(&withdrawn), RecallKind::Withdraw, true), None);
        let purged = RecallStanding::after(Some(&withdrawn), RecallKind::Purge, true).unwrap();
        assert_eq!(purged.state, RecallState::Purged);
        let waiting = RecallStanding::after(Some(&withdrawn), RecallKind::Purge, false).unwrap();
        assert_eq!(waiting.state, RecallState::AwaitingApproval);
        for (before, kind) in
            [(&purged, RecallKind::Withdraw), (&purged, RecallKind::Purge), (&waiting, RecallKind::Purge)]
        {
            assert_eq!(RecallStanding::after(Some(before), kind, true), None);
        }
    }

    #[test]
    fn nobody_counts_twice_and_whoever_was_revoked_not_at_all() {
        let now = Time::from_unix_nanos(1);
        let waiting = RecallStanding::after(None, RecallKind::Purge, false).unwrap();
        let one = waiting.approve(Approved::unproved(&officer(1), now), |_| true).unwrap();
        let twice = one.clone().approve(Approved::unproved(&officer(1), now), |_| true).unwrap_err();
        assert_eq!(twice.reason, Reason::SecondPersonRequired);
        let other = one.clone().approve(Approved::unproved(&officer(2), now), |a| a.by != officer(1)).unwrap();
        assert_eq!((other.state, other.approvals.len()), (RecallState::AwaitingApproval, 1));
        assert_eq!(
            one.clone().approve(Approved::unproved(&officer(2), now), |_| true).unwrap().state,
            RecallState::Purged
        );
        let declined = one.decline(&officer(2), now).unwrap();
        assert_eq!(
            declined.clone().approve(Approved::unproved(&officer(2), now), |_| true).unwrap().approvals.len(),
            1
        );
        assert_eq!(declined.decline(&officer(2), now).unwrap_err().reason, Reason::Conflict);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Recall(RecallKind, bool),
        Approve(u8),
        Decline(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (prop::sample::select(RecallKind::ALL), any::<bool>()).prop_map(|(k, may)| Step::Recall(k, may)),
            (0u8..3).prop_map(Step::Approve),
            (0u8..3).prop_map(Step::Decline),
        ]
    }

    proptest! {
        /// Whatever comes in whatever order: what is taken back stays so, what is destroyed stays destroyed, and without
        /// the right it takes two who said yes after the last no.
        #[test]
        fn a_purge_without_a_right_takes_two_officers(steps in prop::collection::vec(step(), 0..30), revoked in 0u8..4) {
            let now = Time::from_unix_nanos(1);
            let mut standing: Option<RecallStanding> = None;
            let (mut has_right, mut yes) = (false, std::collections::BTreeSet::new());
            for step in steps {
                let before = standing.clone();
                match step {
                    Step::Recall(kind, may) => {
                        if let Some(next) = RecallStanding::after(standing.as_ref(), kind, may) {
                            has_right |= kind == RecallKind::Purge && may;
                            standing = Some(next);
                        }
                    }
                    // Whoever is revoked says nothing any more; what was said before stands on record only.
                    Step::Approve(n) if n != revoked => {
                        if let Some(Ok(next)) = standing.clone().map(|s| s.approve(Approved::unproved(&officer(n), now), |a| a.by != officer(revoked))) {
                            yes.insert(n);
                            standing = Some(next);
                        }
                    }
                    Step::Decline(n) => {
                        if let Some(Ok(next)) = standing.clone().map(|s| s.decline(&officer(n), now)) {
                            yes.clear();
                            standing = Some(next);
                        }
                    }
                    Step::Approve(_) => {}
                }
                prop_assert!(before.is_none() || standing.is_some(), "a recall was taken back");
                let state = |s: &Option<RecallStanding>| s.as_ref().map(|s| s.state);
                if state(&before) == Some(RecallState::Purged) {
                    prop_assert_eq!(&standing, &before);
                }
                if state(&standing) == Some(RecallState::Purged) {
                    prop_assert!(has_right || yes.len() >= PURGERS);
                }
            }
        }
    }
}
