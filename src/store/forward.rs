//! What came from partners and may go on to others, as the store gives and takes it.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{StatementId, TrustDomain},
    time::Time,
};

/// An entry that came in and is shown to users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// As in [`ReceivedRecord`](super::ReceivedRecord).
    pub arrival: u64,
    /// What it handed over.
    pub manifest_id: StatementId,
    /// The encoded envelope of the release by which it came.
    pub release: Vec<u8>,
}

/// Whom something is offered, and from when on.
pub type Offers = Vec<(TrustDomain, Time)>;

/// What is to go on of what came in.
pub struct Forwarding {
    /// Up to which arrival all were looked at.
    pub upto: u64,
    /// Which versions, how urgent, and who will be offered each from when on.
    pub queue: Vec<(StatementId, u8, Offers)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// Passing on: a position among the arrivals, so that each is looked at once and none is missed over a crash.
#[async_trait]
pub trait ForwardStore: Send + Sync {
    /// Up to which arrival all were looked at.
    async fn forwarded(&self) -> Result<u64>;
    /// Entries that are shown to users, by arrival, after `arrival`, at most `limit`.
    async fn arrived_after(&self, arrival: u64, limit: u32) -> Result<Vec<Arrived>>;
    /// Fills the queues and moves the position. A version that is not here any more is passed over.
    async fn forward(&self, forwarding: Forwarding) -> Result<()>;
}
