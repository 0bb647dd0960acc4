//! Drafts that the node keeps for its people.

use async_trait::async_trait;

use super::Result;
use crate::domain::{event::Event, ids::DraftId, stored_draft::StoredDraft};

/// A change of a draft: everything that is committed together.
#[derive(Debug, Clone)]
pub struct DraftChange {
    /// The draft after the change.
    pub draft: StoredDraft,
    /// The text of a new revision, with its number.
    pub text: Option<(u32, Vec<u8>)>,
    /// The revisions whose texts are deleted.
    pub dropped: Vec<u32>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// Drafts.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// The drafts that can be read, without their texts, by id.
    async fn drafts(&self) -> Result<Vec<StoredDraft>>;
    /// One draft, without its texts.
    async fn draft(&self, id: &DraftId) -> Result<Option<StoredDraft>>;
    /// The text of a revision, if it is kept.
    async fn draft_text(&self, id: &DraftId, revision: u32) -> Result<Option<Vec<u8>>>;
    /// Commits a change. [`StoreError::Conflict`](super::StoreError::Conflict) if the draft was changed since it was read, or a new draft has an id
    /// that is taken.
    async fn save_draft(&self, change: DraftChange) -> Result<()>;
    /// Deletes a draft with all its texts, so that nothing of it is left in the files. Returns `false` if there is none.
    async fn delete_draft(&self, id: &DraftId, events: Vec<Event>) -> Result<bool>;
}
