//! The release by which an organisation that is not the originator got an assessment.

use std::collections::BTreeSet;

use crate::domain::{
    group::Group,
    ids::{Digest, StatementId, TrustDomain},
    release::{Release, ReleaseTerms},
    time::Time,
};

const DAY_SECONDS: i64 = 86_400;

/// A release by which a giver that is not the originator got portions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The release's id, which a release onward cites.
    pub release: StatementId,
    /// The portions and endorsements that it disclosed; see [`ItemId::to_digest`](super::ItemId::to_digest).
    pub digests: BTreeSet<Digest>,
    /// The terms that it set for the giver.
    pub terms: ReleaseTerms,
    /// The time from which `terms.retention_days` counts.
    pub released_at: Time,
    /// When it came to the giver. What the giver says of a portion after this time, it may have read there.
    pub received_at: Time,
    /// What `group:x` means in these terms: the agreement behind the release defines it, and the release repeats it. A group that is not here
    /// has no members. A marking defines its own groups.
    pub groups: Vec<Group>,
    /// Whether either party suspended or ended the agreement under which it came. Then nothing of it goes on, because one of the two no longer
    /// trusts the other.
    pub is_stopped: bool,
    /// The organisations that had it before the giver, with the originator. It goes back to none of them.
    pub carriers: BTreeSet<TrustDomain>,
}

impl Provenance {
    /// Takes what a decision needs from a release that came by way of these organisations. Nobody but the giver knows when it came, so it
    /// counts as received when it was released.
    pub fn new(id: StatementId, release: &Release, carriers: BTreeSet<TrustDomain>) -> Self {
        Self {
            release: id,
            digests: release.disclosed().collect(),
            terms: release.terms.clone(),
            released_at: release.released_at,
            received_at: release.released_at,
            groups: release.terms.onward.iter().flat_map(|o| &o.groups).cloned().collect(),
            is_stopped: false,
            carriers,
        }
    }

    /// How many whole days of the retention time are left. A copy that goes on is kept no longer than this one. A sender gains nothing from a
    /// clock that is ahead of ours.
    pub(in crate::policy) fn days_left(&self, now: Time) -> Option<u32> {
        let days = self.terms.retention_days?;
        let until = self.released_at.plus_seconds(i64::from(days) * DAY_SECONDS);
        let left = until.seconds_since(now).div_euclid(DAY_SECONDS);
        Some(u32::try_from(left).unwrap_or(0).min(days))
    }
}
