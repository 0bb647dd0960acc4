//! Pages of lists.

use super::{AssessmentRecord, Result, StoreError, damage::Damage};
use crate::domain::ids::{AssessmentId, StatementId, TrustDomain};

/// A page of a list, newest first.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AssessmentPage {
    /// The readable assessments; without `whole`, with only the portions that name them.
    pub records: Vec<AssessmentRecord>,
    /// The version before which the next page begins, if there is one.
    pub next: Option<StatementId>,
    /// The unreadable assessments, each with its id and version if these are readable. They do not affect the others.
    pub damaged: Vec<Option<(AssessmentId, u32)>>,
}

impl AssessmentPage {
    /// All assessments of the page, for callers that must not miss one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if something is unreadable.
    pub fn whole(self) -> Result<Vec<AssessmentRecord>> {
        if self.damaged.is_empty() {
            return Ok(self.records);
        }
        Err(StoreError::Damaged(Damage::Row))
    }
}

/// Selects the assessments of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListFilter {
    /// Only this originator's.
    pub originator: Option<TrustDomain>,
    /// Only the latest version of each.
    pub current_only: bool,
    /// Also those in quarantine (for officers).
    pub quarantined: bool,
    /// With all their portions, and not only those that name them.
    pub whole: bool,
    /// The most assessments of the page, newest first; 0 means 50.
    pub limit: u32,
    /// Only assessments that came before this version: the next page. Empty if the version is not stored.
    pub before: Option<StatementId>,
}
