//! Entries that can't be verified yet, as the store takes and gives them. They are kept sealed, and count for nothing.

use async_trait::async_trait;

use super::{ReceivedEntry, Result};
use crate::domain::{
    event::Event,
    ids::{AssessmentId, StatementId, TrustDomain},
    time::Time,
};

/// What an entry that comes in waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The organisation whose roots or revocation lists must change before the entry can be verified.
    pub waits_for: TrustDomain,
    /// The encoded entry; `None` where it is over the budget of its pair, so that it is to be asked for again.
    pub entry: Option<Vec<u8>>,
    /// Of which assessment it claims to be.
    pub of: Option<AssessmentId>,
}

/// Which of the entries that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting<'a> {
    /// Those that wait for an organisation.
    For(&'a TrustDomain),
    /// Those that claim to be of an assessment.
    Of(&'a AssessmentId),
}

/// An entry that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldArrival {
    /// What it waits for.
    pub waits_for: TrustDomain,
    /// Who handed it over.
    pub partner: TrustDomain,
    /// Its number there.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// When it came.
    pub arrived_at: Time,
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases by which its sender got it.
    pub provenance: Vec<Vec<u8>>,
    /// The encoded entry; `None` where it was over the budget.
    pub entry: Option<Vec<u8>>,
}

/// How much waits of one pair: who handed it over, and whose name it bears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldUsage {
    /// Who handed it over.
    pub partner: TrustDomain,
    /// What it waits for.
    pub waits_for: TrustDomain,
    /// How many entries are kept.
    pub entries: u64,
    /// How many bytes these take.
    pub bytes: u64,
    /// How many more were over the budget.
    pub over_budget: u64,
    /// When the first of them came.
    pub since: Time,
}

/// Entries that wait. As [`Store`](super::Store): each method is one transaction.
#[async_trait]
pub trait HeldStore: Send + Sync {
    /// How much waits, by pair; of one partner only where it is named.
    async fn held_usage(&self, partner: Option<&TrustDomain>) -> Result<Vec<HeldUsage>>;
    /// What waits, by partner and number, after one of them, at most `limit`.
    async fn held_waiting(
        &self,
        which: Waiting<'_>,
        after: Option<(TrustDomain, u64)>,
        limit: u32,
    ) -> Result<Vec<HeldArrival>>;
    /// An entry that waited was examined again: it is kept as if it came now, but for its time of arrival, and puts the
    /// statements of `post` into the partner's outbox. It arrives anew, so that followers see it. `false` where it does not
    /// wait any more; nothing is changed then. [`StoreError::Recalled`](super::StoreError::Recalled) as for an arrival.
    async fn settle_held(
        &self,
        partner: &TrustDomain,
        entry: ReceivedEntry,
        arrived_at: Time,
        events: Vec<Event>,
        post: Vec<Vec<u8>>,
    ) -> Result<bool>;
}
