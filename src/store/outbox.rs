//! Outboxes: statements that wait for partners, and the partners' answers to them.

use async_trait::async_trait;

use super::Result;
use crate::domain::{ids::TrustDomain, time::Time};

/// A statement that waits for a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its number in the store.
    pub id: i64,
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// When it was first logged here, if that is known.
    pub at: Option<Time>,
    /// Why the partner could not take it at the last offer: a stable reason in capitals.
    pub reason: Option<String>,
}

/// The outcome of offering a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxOutcome {
    /// It leaves the outbox.
    Done,
    /// The partner could not take it at the moment. It counts as not offered, and is offered again at that time.
    Later(Time),
    /// It stays in the outbox, and does not delay other statements.
    Kept {
        /// Why the partner can't take it; `None` if the partner has taken it and its receipt is awaited.
        reason: Option<String>,
        /// When it is offered again.
        again_at: Time,
        /// The edition of its roots and lists that the partner had announced.
        seen: Option<Vec<u8>>,
    },
}

/// Outboxes. Each method is one transaction, as in [`Store`](super::Store).
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Puts a statement into a partner's outbox. The store compares the statement's SHA-256 with what waits there: the same
    /// statement does not wait twice.
    async fn post(&self, partner: &TrustDomain, envelope: Vec<u8>, at: Time) -> Result<()>;
    /// The statements that wait for a partner, recalls first, then the oldest first, after an item (0: from the beginning), at most
    /// `limit`.
    async fn outbox(&self, partner: &TrustDomain, after: i64, limit: u32) -> Result<Vec<OutboxItem>>;
    /// The same, without statements that are to be offered later than `now`.
    async fn outbox_due(&self, partner: &TrustDomain, after: i64, now: Time, limit: u32) -> Result<Vec<OutboxItem>>;
    /// Records the partner's answers to these items.
    async fn record_outbox_outcomes(&self, partner: &TrustDomain, answers: Vec<(i64, OutboxOutcome)>) -> Result<()>;
    /// Offers at once what the partner could not take under another edition of its roots and lists. `false` if there is nothing
    /// of that kind.
    async fn offer_again(&self, partner: &TrustDomain, edition: Vec<u8>) -> Result<bool>;
}
