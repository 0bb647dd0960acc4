//! Statements that are attached to a version, and requests for more of it.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{SpiffeId, StatementId, TrustDomain},
    request::RequestState,
    time::Time,
};

/// A statement made here that is to be attached to a version: an endorsement or an exception.
#[derive(Debug, Clone)]
pub struct NewAttachedStatement {
    /// The manifest of the version.
    pub manifest_id: StatementId,
    /// The own domain.
    pub from: TrustDomain,
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// When it is logged here.
    pub at: Time,
    /// See [`Publication`](super::Publication).
    pub urgency: u8,
    /// The partners that are offered the version once more. See [`Publication`](super::Publication).
    pub queue: Vec<(TrustDomain, Time)>,
}

/// A request.
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
    /// Sent (or still open, if it came from a partner), refused, answered, released or declined.
    pub state: RequestState,
    /// When it was made or received.
    pub at: Time,
    /// The number from which followers resume; 0 if the partner has done nothing yet.
    pub turn: u64,
    /// The encoded envelope of the request; empty after a purge of the version.
    pub envelope: Vec<u8>,
    /// The encoded envelope of the answer.
    pub answer: Option<Vec<u8>>,
    /// Who of this organisation asked, or answered.
    pub by: Option<SpiffeId>,
    /// Why the other side has refused it: a stable reason in capitals.
    pub reason: Option<String>,
}

/// One step of a request: everything that is committed together.
#[derive(Debug, Clone)]
pub struct RequestStep {
    /// The version of the catalogue that it was decided on: see [`CatalogueStore`](super::catalogue::CatalogueStore).
    pub catalogue: Option<u64>,
    /// The request after the step.
    pub record: RequestRecord,
    /// Whether the partner took the step, so that followers are notified.
    pub is_theirs: bool,
    /// The encoded envelope of a statement for the partner.
    pub post: Option<Vec<u8>>,
    /// The exception that an answer grants.
    pub attached: Option<NewAttachedStatement>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// Requests, and attached statements.
#[async_trait]
pub trait RequestStore {
    /// Attaches a statement made here to a version. `false` if it is attached already; nothing changes then.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) if the version is not stored, or was purged.
    async fn attach_statement(&self, attached: NewAttachedStatement, events: Vec<Event>) -> Result<bool>;
    /// Stores a new request. `false` if a request with that id is stored; nothing changes then.
    async fn begin_request(&self, step: RequestStep) -> Result<bool>;
    /// Commits a step of an open request. `false` if it is not open any more; nothing changes then.
    async fn settle_request(&self, step: RequestStep) -> Result<bool>;
    /// One request.
    async fn request(&self, id: &StatementId) -> Result<Option<RequestRecord>>;
    /// Requests, newest first and then by id, at most `limit`; with `open_only`, only open ones. They begin after the request that is `after`,
    /// by its time and its id.
    async fn requests(
        &self,
        open_only: bool,
        after: Option<(Time, StatementId)>,
        limit: u32,
    ) -> Result<Vec<RequestRecord>>;
    /// The requests that partners acted on after a turn, ascending, at most `limit`.
    async fn requests_after(&self, turn: u64, limit: u32) -> Result<Vec<RequestRecord>>;
    /// How many requests of a partner are unanswered.
    async fn open_requests(&self, partner: &TrustDomain) -> Result<u64>;
}
