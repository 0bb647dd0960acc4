//! Recalls: an originator recalls an assessment, and what follows at each holder.

use serde::{Deserialize, Serialize};

use super::{
    approval::{Approved, Done},
    fault::{Fault, Reason},
    ids::{AssessmentId, SpiffeId, TrustDomain},
    time::Time,
    words::words,
};

words!(
    /// How far a recall goes.
    RecallKind, "kind of recall" {
        /// Nobody reads the assessment any more. Its bytes stay for oversight.
        Withdraw = "withdraw",
        /// Its key is destroyed.
        Purge = "purge",
    }
);

words!(
    /// The state of a recall at one node.
    RecallState, "state of a recall" {
        /// Hidden, as the recall asks.
        Withdrawn = "withdrawn",
        /// Hidden; the purge waits for two officers.
        AwaitingApproval = "awaiting-approval",
        /// Hidden; an officer has declined the purge.
        Declined = "declined",
        /// Destroyed.
        Purged = "purged",
    }
);

/// The longest reason of a recall, bytes.
pub const MAX_REASON: usize = 500;

/// How many officers of a recipient must approve a purge to which the originator has no right.
pub const PURGERS: usize = 2;

/// The originator's statement. It closes the assessment: it covers all versions, and no further version is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    /// The organisation whose assessment it is.
    pub originator: TrustDomain,
    /// The assessment.
    pub assessment: AssessmentId,
    /// How far it goes.
    pub kind: RecallKind,
    /// The reason, in one line for the recipients.
    pub reason: String,
    /// When it was signed.
    pub recalled_at: Time,
    /// Whether it is an exercise.
    pub exercise: bool,
}

/// The standing of a recall at one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallStanding {
    /// Its state.
    pub state: RecallState,
    /// The officers who have approved the purge, each once.
    pub approvals: Vec<Approved>,
    /// Who has declined it, and when. The last decision counts.
    pub declined: Option<Done>,
}

impl RecallStanding {
    fn new(state: RecallState) -> Self {
        Self { state, approvals: vec![], declined: None }
    }

    /// The standing after a recall has arrived. `before` is the standing by an earlier recall of the same assessment. `may_purge` says that a
    /// purge runs here without a further decision. `None` if nothing changes: nothing is restored, and a purge that was decided on is not asked
    /// about again.
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

    /// Adds an officer's approval of the purge. The second approval makes it run. `counts` says which earlier approvals are still valid.
    ///
    /// # Errors
    /// `CONFLICT`, if no purge waits. `SECOND_PERSON_REQUIRED`, if the officer has approved it already.
    pub fn approve(mut self, approved: Approved, counts: impl Fn(&Approved) -> bool) -> Result<Self, Fault> {
        if !matches!(self.state, RecallState::AwaitingApproval | RecallState::Declined) {
            return Err(nothing_waits());
        }
        self.approvals.retain(counts);
        if self.approvals.iter().any(|a| a.by == approved.by) {
            let what = "you have approved this purge already; another officer must approve it, too";
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        self.approvals.push(approved);
        let is_enough = self.approvals.len() >= PURGERS;
        self.state = if is_enough { RecallState::Purged } else { RecallState::AwaitingApproval };
        self.declined = None;
        Ok(self)
    }

    /// An officer declines the purge, so the assessment stays hidden. Earlier approvals no longer count.
    ///
    /// # Errors
    /// `CONFLICT`, if no purge waits.
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
        /// In whatever order things happen: what is recalled stays recalled, and what is destroyed stays destroyed. Without the right to purge,
        /// it takes two officers who approved after the last refusal.
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
                    // A revoked officer decides nothing more. Earlier decisions stay on record only.
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
                prop_assert!(before.is_none() || standing.is_some(), "a recall was undone");
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
