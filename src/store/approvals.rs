//! What one administrator has said, and what takes another one.

use async_trait::async_trait;

use super::Result;
use crate::domain::{approval::Approval, event::Event, ids::Sha256};

/// What is kept of matters that take several administrators.
#[async_trait]
pub trait ApprovalStore: Send + Sync {
    /// All that wait, those that have lapsed among them.
    async fn approvals(&self) -> Result<Vec<Approval>>;
    /// Keeps one in the place of that with the same subject.
    async fn save_approval(&self, approval: Approval, events: Vec<Event>) -> Result<()>;
    /// Forgets the one with that subject, where there is one: it is settled, or has lapsed.
    async fn forget_approval(&self, subject: &Sha256, events: Vec<Event>) -> Result<()>;
}
