//! What each person keeps for themselves: read marks and saved searches. They are no decisions, so the ledger has no entries for them.

use crate::{
    domain::{
        actor::{Authorized, Write},
        fault::{Fault, Reason},
        ids::{AssessmentId, Role, shorten},
    },
    node::assessments::Assessments,
};

pub use crate::store::personal::SavedSearch;

/// How many searches a person may save.
pub const MOST_SEARCHES: u32 = 100;

impl Assessments {
    /// Marks a version as read or as not read by the caller; the latest if none is named. Returns the version.
    ///
    /// # Errors
    /// `NOT_FOUND`, store faults.
    pub async fn mark(
        &self,
        actor: &Authorized<Write>,
        id: &AssessmentId,
        version: Option<u32>,
        is_read: bool,
    ) -> Result<u32, Fault> {
        let quarantined = actor.role() == Role::Officer;
        let found = self.store.assessment(id, version, quarantined).await?;
        let record =
            found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here")))?;
        self.store.mark_read(actor.id(), &[record.manifest_id], is_read).await?;
        Ok(record.version)
    }

    /// The searches that the caller has saved, by name.
    ///
    /// # Errors
    /// Store faults.
    pub async fn saved_searches(&self, actor: &Authorized<Write>) -> Result<Vec<SavedSearch>, Fault> {
        Ok(self.store.saved_searches(actor.id()).await?)
    }

    /// Saves a search of the caller, in place of one with the same name.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED`, store faults.
    pub async fn save_search(&self, actor: &Authorized<Write>, name: String, search: Vec<u8>) -> Result<(), Fault> {
        let saved = SavedSearch { name, search, saved_at: self.clock.now() };
        if self.store.save_search(actor.id(), saved, MOST_SEARCHES).await? {
            return Ok(());
        }
        let what = format!("you have saved {MOST_SEARCHES} searches; delete one first");
        Err(Fault::new(Reason::LimitExceeded, what))
    }

    /// Deletes a search of the caller.
    ///
    /// # Errors
    /// `NOT_FOUND`, store faults.
    pub async fn delete_search(&self, actor: &Authorized<Write>, name: &str) -> Result<(), Fault> {
        if self.store.delete_search(actor.id(), name).await? {
            return Ok(());
        }
        Err(Fault::new(Reason::NotFound, format!("you have saved no search as `{}`", shorten(name))))
    }
}
