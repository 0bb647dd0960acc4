//! Forwarding of received entries to other partners.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{StatementId, TrustDomain},
    time::Time,
};

/// A received entry that users see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardableEntry {
    /// See [`ReceivedRecord`](super::ReceivedRecord).
    pub arrival: u64,
    /// The manifest that it handed over.
    pub manifest_id: StatementId,
    /// The encoded envelope of the release by which it came.
    pub release: Vec<u8>,
}

/// The partners that something is offered to, each with the time from which on.
pub type Offers = Vec<(TrustDomain, Time)>;

/// The outcome of examining a range of arrivals for forwarding.
pub struct Forwarding {
    /// The version of the catalogue that it was decided on: see [`CatalogueStore`](super::catalogue::CatalogueStore).
    pub catalogue: Option<u64>,
    /// The position at which the examination began.
    pub from: u64,
    /// The arrival number up to which all entries were examined.
    pub upto: u64,
    /// The versions, each with its urgency and the partners that it is offered to.
    pub queue: Vec<(StatementId, u8, Offers)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// Forwarding. A stored position among the arrivals makes sure that each is forwarded once, and that a crash misses none.
#[async_trait]
pub trait ForwardStore: Send + Sync {
    /// The arrival number up to which all entries were examined.
    async fn forwarded(&self) -> Result<u64>;
    /// Entries that users see, by arrival number, after `arrival`, at most `limit`.
    async fn arrived_after(&self, arrival: u64, limit: u32) -> Result<Vec<ForwardableEntry>>;
    /// Fills the queues and moves the position from `from` to `upto`. A version that is not stored any more is skipped.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) if the position is not `from`: somebody else has forwarded these
    /// arrivals, and their queues and ledger entries must not be written twice.
    async fn forward(&self, forwarding: Forwarding) -> Result<()>;
}
