//! What belongs to a version beside its portions, and requests for more of it, as the store takes and gives them.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{SpiffeId, StatementId, TrustDomain},
    request::RequestState,
    time::Time,
};

/// A statement made here that belongs to a version: an endorsement, or an exception.
#[derive(Debug, Clone)]
pub struct Beside {
    /// The manifest of the version.
    pub manifest_id: StatementId,
    /// The own domain.
    pub from: TrustDomain,
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// When it is logged here.
    pub at: Time,
    /// As in [`Publication`](super::Publication).
    pub urgency: u8,
    /// As in [`Publication`](super::Publication): who will be offered the version once more.
    pub queue: Vec<(TrustDomain, Time)>,
}

/// A request, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// Its statement id.
    pub id: StatementId,
    /// The other side.
    pub partner: TrustDomain,
    /// Whether this organisation asks.
    pub outgoing: bool,
    /// The version that it is about.
    pub manifest_id: StatementId,
    /// Sent (or still open, where it came from a partner), refused, answered, released or declined.
    pub state: RequestState,
    /// When it was made or came.
    pub at: Time,
    /// What followers resume by; 0 where the partner has done nothing yet.
    pub turn: u64,
    /// The encoded envelope of the request; empty once what it is about was purged.
    pub envelope: Vec<u8>,
    /// The encoded envelope of the answer.
    pub answer: Option<Vec<u8>>,
    /// Who of this organisation asked, or answered.
    pub by: Option<SpiffeId>,
    /// Why the other side has refused to take it: a stable reason in capitals.
    pub reason: Option<String>,
}

/// What one step of a request commits together.
#[derive(Debug, Clone)]
pub struct RequestStep {
    /// The request after it.
    pub record: RequestRecord,
    /// Whether the partner took the step, so that followers are told.
    pub is_theirs: bool,
    /// The encoded envelope of a statement for the partner.
    pub post: Option<Vec<u8>>,
    /// The exception that an answer gives.
    pub beside: Option<Beside>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// Requests, and statements beside portions.
#[async_trait]
pub trait RequestStore {
    /// Keeps a statement made here beside the portions of a version. `false` where it is there already; nothing is changed then.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where the version is not here, or was purged.
    async fn put_beside(&self, beside: Beside, events: Vec<Event>) -> Result<bool>;
    /// Keeps a request that is new. `false` where one of that id is here; nothing is changed then.
    async fn begin_request(&self, step: RequestStep) -> Result<bool>;
    /// Puts a step of a request that is open. `false` where it is not (any more); nothing is changed then.
    async fn settle_request(&self, step: RequestStep) -> Result<bool>;
    /// One request.
    async fn request(&self, id: &StatementId) -> Result<Option<RequestRecord>>;
    /// Requests, newest first, at most `limit`; of open ones only, where asked for.
    async fn requests(&self, open_only: bool, limit: u32) -> Result<Vec<RequestRecord>>;
    /// What partners did after a turn, ascending, at most `limit`.
    async fn requests_after(&self, turn: u64, limit: u32) -> Result<Vec<RequestRecord>>;
    /// How many requests of a partner wait for an answer.
    async fn open_requests(&self, partner: &TrustDomain) -> Result<u64>;
}
