//! Statements on their way to partners, and where this node's following of a partner stands.

use super::Node;
use crate::{
    domain::{fault::Fault, ids::TrustDomain},
    store::OutboxItem,
};

impl Node {
    /// What waits for a partner, oldest first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn outbox(&self, partner: &TrustDomain, limit: u32) -> Result<Vec<OutboxItem>, Fault> {
        Ok(self.store.outbox(partner, limit).await?)
    }

    /// The partner has these.
    ///
    /// # Errors
    /// Store faults.
    pub async fn delivered(&self, partner: &TrustDomain, items: Vec<i64>) -> Result<(), Fault> {
        Ok(self.store.posted(partner, items).await?)
    }

    /// The number of the last entry stored from a partner.
    ///
    /// # Errors
    /// Store faults.
    pub async fn inbound_position(&self, partner: &TrustDomain) -> Result<u64, Fault> {
        Ok(self.store.inbound(partner).await?.sequence)
    }
}
