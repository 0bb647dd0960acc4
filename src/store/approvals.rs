//! Who has approved a thing that has no record of its own.

use async_trait::async_trait;

use super::Result;
use crate::domain::{approval::ApprovalRecord, event::Event, ids::Sha256};

/// What is kept of approvals whose subject has no record of its own.
#[async_trait]
pub trait ApprovalStore: Send + Sync {
    /// All: those that wait, those that have lapsed, and those that were enough.
    async fn approvals(&self) -> Result<Vec<ApprovalRecord>>;
    /// Keeps one in the place of that with the same subject.
    async fn save_approval(&self, approval: ApprovalRecord, events: Vec<Event>) -> Result<()>;
    /// Forgets the one with that subject, where there is one: what it allowed was taken back.
    async fn forget_approval(&self, subject: &Sha256, events: Vec<Event>) -> Result<()>;
}
