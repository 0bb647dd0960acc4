//! Outboxes: statements that wait for partners, and what partners answered to them, as the store takes and gives it.

use async_trait::async_trait;

use super::Result;
use crate::domain::{ids::TrustDomain, time::Time};

/// A statement that waits for a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// The store's name for it.
    pub id: i64,
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// When it was first logged here, where that is known.
    pub at: Option<Time>,
    /// Why the partner could not take it when it was last offered: a stable reason in capitals.
    pub reason: Option<String>,
}

/// What became of a statement that was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It leaves the outbox.
    Done,
    /// The partner could not take it at the moment: it counts as not offered, and is offered again at that time.
    Later(Time),
    /// It stays in the outbox, and holds up nothing.
    Kept {
        /// Why the partner can't take it; `None` where it has, and a receipt is waited for.
        reason: Option<String>,
        /// When it is offered again.
        again_at: Time,
        /// The edition of roots and lists that the partner had told of.
        seen: Option<Vec<u8>>,
    },
}

/// Outboxes. As [`Store`](super::Store): each method is one transaction.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Puts a statement for a partner into its outbox.
    async fn post(&self, partner: &TrustDomain, envelope: Vec<u8>, at: Time) -> Result<()>;
    /// What waits for a partner, recalls first, then the oldest first, after an item (0: from the first on), at most `limit`.
    async fn outbox(&self, partner: &TrustDomain, after: i64, limit: u32) -> Result<Vec<OutboxItem>>;
    /// The same, without what is to be offered later than `now`.
    async fn outbox_due(&self, partner: &TrustDomain, after: i64, now: Time, limit: u32) -> Result<Vec<OutboxItem>>;
    /// Keeps what the partner answered to these items.
    async fn answer_outbox(&self, partner: &TrustDomain, answers: Vec<(i64, Answered)>) -> Result<()>;
    /// What the partner could not take under another edition of its roots and lists is offered at once. `false` where there
    /// is nothing of that kind.
    async fn offer_again(&self, partner: &TrustDomain, edition: Vec<u8>) -> Result<bool>;
}
