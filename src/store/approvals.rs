//! Approvals of subjects that have no record of their own.

use async_trait::async_trait;

use super::Result;
use crate::domain::{approval::ApprovalRecord, event::Event, ids::Sha256};

/// The approvals of subjects that have no record of their own.
#[async_trait]
pub trait ApprovalStore: Send + Sync {
    /// All approvals: pending, lapsed and sufficient ones.
    async fn approvals(&self) -> Result<Vec<ApprovalRecord>>;
    /// Stores an approval. It replaces the one with the same subject.
    async fn save_approval(&self, approval: ApprovalRecord, events: Vec<Event>) -> Result<()>;
    /// Deletes the approval with that subject, if there is one, because what it allowed was taken back.
    async fn forget_approval(&self, subject: &Sha256, events: Vec<Event>) -> Result<()>;
}
