//! Pages of lists, as the store is asked for them and gives them.

use super::{AssessmentRecord, Result, StoreError, damage::Damage};
use crate::domain::ids::{AssessmentId, StatementId, TrustDomain};

/// A page of a list, newest first.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// What can be read; where whole ones were not asked for, with nothing but what names them.
    pub records: Vec<AssessmentRecord>,
    /// Before which version the next page begins, where there is one.
    pub next: Option<StatementId>,
    /// What is there and can't be read: it takes no other with it. Which version it is, where that at least can be told.
    pub damaged: Vec<Option<(AssessmentId, u32)>>,
}

impl Page {
    /// All of it, for whoever must not miss anything, such as the way to the next page.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where something can't be read.
    pub fn whole(self) -> Result<Vec<AssessmentRecord>> {
        if self.damaged.is_empty() {
            return Ok(self.records);
        }
        Err(StoreError::Damaged(Damage::Row))
    }
}

/// What a page of a list asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFilter {
    /// Of this originator only.
    pub originator: Option<TrustDomain>,
    /// Only the latest version of each.
    pub current_only: bool,
    /// Kept-from-users ones too (for the officer).
    pub quarantined: bool,
    /// With all that is here of them, not only what names them.
    pub whole: bool,
    /// At most so many, newest first; 0 means 50.
    pub limit: u32,
    /// Only what came here before this version: the next page. Nothing where that is not here.
    pub before: Option<StatementId>,
}
