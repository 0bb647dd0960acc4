//! Entries that can't be verified yet. They are stored encrypted as a whole, and have no effect until they are verified.

use async_trait::async_trait;

pub use super::pending_verification::PendingVerification;
use super::{ReceivedEntry, Result};
use crate::domain::{
    event::Event,
    ids::{AssessmentId, StatementId, TrustDomain},
    time::Time,
};

/// Selects unverified entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnverifiedFilter<'a> {
    /// Those that wait for an organisation.
    For(&'a TrustDomain),
    /// Those that claim to be of an assessment.
    Of(&'a AssessmentId),
}

/// An entry that can't be verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedEntry {
    /// What it waits for.
    pub waits_for: TrustDomain,
    /// Who sent it.
    pub partner: TrustDomain,
    /// Its number there.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// When it arrived.
    pub arrived_at: Time,
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases by which its sender got it.
    pub provenance: Vec<Vec<u8>>,
    /// The encoded entry; `None` if it was over the budget.
    pub entry: Option<Vec<u8>>,
}

/// How much is unverified for one pair of sender and organisation that it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedUsage {
    /// Who sent it.
    pub partner: TrustDomain,
    /// What it waits for.
    pub waits_for: TrustDomain,
    /// How many entries are stored.
    pub entries: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// How many more entries were over the budget.
    pub over_budget: u64,
    /// When the first of them arrived.
    pub since: Time,
}

/// Entries that can't be verified yet. Each method is one transaction, as in [`Store`](super::Store).
#[async_trait]
pub trait UnverifiedStore: Send + Sync {
    /// How much is unverified, by pair; with `partner`, only of that sender.
    async fn unverified_usage(&self, partner: Option<&TrustDomain>) -> Result<Vec<UnverifiedUsage>>;
    /// The unverified entries, by partner and number, after `after`, at most `limit`.
    async fn unverified_entries(
        &self,
        which: UnverifiedFilter<'_>,
        after: Option<(TrustDomain, u64)>,
        limit: u32,
    ) -> Result<Vec<UnverifiedEntry>>;
    /// Stores an entry that was examined again as if it came now, except for its time of arrival, and puts the statements of
    /// `post` into the partner's outbox. It gets a new arrival number, so that followers see it. `false` if it is not unverified
    /// any more; nothing changes then. `catalogue` is the version of the [catalogue](super::catalogue::CatalogueStore) that it was
    /// examined on. [`StoreError::Recalled`](super::StoreError::Recalled) as for an arrival.
    async fn settle_unverified(
        &self,
        partner: &TrustDomain,
        entry: ReceivedEntry,
        arrived_at: Time,
        catalogue: Option<u64>,
        events: Vec<Event>,
        post: Vec<Vec<u8>>,
    ) -> Result<bool>;
}
