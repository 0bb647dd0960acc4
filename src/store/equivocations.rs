//! Equivocations: two statements that an originator signed and that contradict each other, as the store takes and gives them.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    equivocation::{Equivocation, Subject},
    ids::{AssessmentId, StatementId, TrustDomain},
};

/// A manifest that was verified, on its originator's own word, under roots that somebody has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedVersion {
    /// Of which version of what.
    pub subject: Subject,
    /// Its statement id.
    pub manifest_id: StatementId,
    /// The encoded envelope.
    pub manifest: Vec<u8>,
}

/// An equivocation with what proves it. It holds no content, so that it survives a purge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EquivocationProof {
    /// What was found.
    pub found: Equivocation,
    /// The encoded envelopes of the two statements, in their order.
    pub envelopes: [Vec<u8>; 2],
}

/// Equivocations. As [`Store`](super::Store): each method is one transaction. Those between manifests are found by
/// [`Store::receive`](super::Store::receive) and [`HeldStore::settle_held`](super::held::HeldStore::settle_held), in the transaction that
/// keeps the entry.
#[async_trait]
pub trait EquivocationStore: Send + Sync {
    /// Keeps a proof with its ledger entry, one for each subject and at most
    /// [`MAX_EQUIVOCATIONS`](crate::domain::equivocation::MAX_EQUIVOCATIONS) of an originator. Whether it is new.
    async fn keep_equivocation(&self, proof: EquivocationProof) -> Result<bool>;
    /// All that were found, or those about one assessment; the earliest first.
    async fn equivocations(&self, of: Option<(&TrustDomain, &AssessmentId)>) -> Result<Vec<Equivocation>>;
    /// What proves those about assessments of that id, whoever's they are.
    async fn equivocation_proofs(&self, id: &AssessmentId) -> Result<Vec<EquivocationProof>>;
}
