//! What each person keeps for themselves: which versions they have read, and the searches that they have saved.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    ids::{SpiffeId, StatementId},
    time::Time,
};

/// A saved search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    /// The name that the person has given it.
    pub name: String,
    /// What is searched for, in the form of the caller.
    pub search: Vec<u8>,
    /// When it was saved.
    pub saved_at: Time,
}

/// What each person keeps for themselves. Neither persons nor names of searches can be read in the file.
#[async_trait]
pub trait PersonalStore: Send + Sync {
    /// Marks versions as read or as not read by a person. Versions that are missing are left out.
    async fn mark_read(&self, who: &SpiffeId, manifest_ids: &[StatementId], is_read: bool) -> Result<()>;
    /// Those of these versions that are marked as read by a person.
    async fn read_by(&self, who: &SpiffeId, manifest_ids: &[StatementId]) -> Result<Vec<StatementId>>;
    /// The searches of a person that can be read, by name.
    async fn saved_searches(&self, who: &SpiffeId) -> Result<Vec<SavedSearch>>;
    /// Saves a search, in place of one with the same name. `false` if the person has `most` others already; nothing changes then.
    async fn save_search(&self, who: &SpiffeId, search: SavedSearch, most: u32) -> Result<bool>;
    /// Deletes a search. `false` if there is none of that name.
    async fn delete_search(&self, who: &SpiffeId, name: &str) -> Result<bool>;
}
