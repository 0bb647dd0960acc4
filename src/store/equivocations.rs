//! Equivocations: two statements that an originator has signed and that contradict each other.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    equivocation::{Equivocation, StatementSubject},
    ids::{AssessmentId, StatementId, TrustDomain},
};

/// A manifest that was verified by its originator's own signature, under roots that somebody has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedVersion {
    /// The version of the assessment.
    pub subject: StatementSubject,
    /// Its statement id.
    pub manifest_id: StatementId,
    /// The encoded envelope.
    pub manifest: Vec<u8>,
}

/// An equivocation with its proof. It has no content, so that it survives a purge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EquivocationProof {
    /// The equivocation.
    pub found: Equivocation,
    /// The encoded envelopes of the two statements, in their order.
    pub envelopes: [Vec<u8>; 2],
}

/// Equivocations. As [`Store`](super::Store): each method is one transaction. Those between manifests are found by
/// [`Store::receive`](super::Store::receive) and [`UnverifiedStore::settle_unverified`](super::unverified::UnverifiedStore::settle_unverified), in the transaction that
/// keeps the entry.
#[async_trait]
pub trait EquivocationStore: Send + Sync {
    /// Stores a proof with its ledger entry, one for each subject and at most
    /// [`MAX_EQUIVOCATIONS`](crate::domain::equivocation::MAX_EQUIVOCATIONS) of an originator. Whether it is new.
    async fn keep_equivocation(&self, proof: EquivocationProof) -> Result<bool>;
    /// All equivocations, or those about one assessment; the earliest first.
    async fn equivocations(&self, of: Option<(&TrustDomain, &AssessmentId)>) -> Result<Vec<Equivocation>>;
    /// The proofs about assessments with that id, of all originators.
    async fn equivocation_proofs(&self, id: &AssessmentId) -> Result<Vec<EquivocationProof>>;
}
