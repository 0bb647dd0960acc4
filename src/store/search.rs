//! Searches: pages of lists that select by what is read of versions, and the summaries by which they select.

use async_trait::async_trait;

use super::{AssessmentPage, AssessmentState, ListFilter, Result};
use crate::domain::{
    ids::{AssessmentId, SpiffeId, StatementId},
    summary::{Filter, Life, PortionSummary},
    time::Time,
};

/// What a version must be to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionFilter {
    /// By what its summary says.
    pub summary: Filter,
    /// In one of these states; empty: in any state.
    pub states: Vec<AssessmentState>,
    /// Now, which decides what is expired.
    pub now: Time,
    /// With all these words in its portions, as [`folded_words`](crate::domain::fold::folded_words) gives them.
    pub words: Vec<String>,
    /// Not marked as read by this person.
    pub unread_by: Option<SpiffeId>,
}

impl VersionFilter {
    /// A filter that does not select by words or read marks.
    pub fn new(summary: Filter, states: Vec<AssessmentState>, now: Time) -> Self {
        Self { summary, states, now, words: vec![], unread_by: None }
    }

    /// Whether it selects by what portions say or how they are marked.
    pub fn needs_portions(&self) -> bool {
        self.summary.needs_portions() || !self.words.is_empty()
    }

    /// Whether it wants a version that is stored in this state.
    pub fn wants_state(&self, stored: AssessmentState, life: &Life) -> bool {
        self.states.is_empty() || self.states.contains(&stored.at(life.expires, self.now))
    }

    /// Whether it wants a version, as far as that is decided without its words and read marks. `None` for what the reader may not read, or what
    /// was destroyed: nothing is known of its portions then.
    pub fn wants(&self, stored: AssessmentState, life: &Life, portions: Option<&[PortionSummary]>) -> bool {
        let is_known = portions.is_some() || !self.needs_portions();
        is_known
            && self.wants_state(stored, life)
            && self.summary.wants_life(life)
            && self.summary.wants_portions(portions.unwrap_or_default())
    }
}

/// The summary of a version: of all its arrivals that the reader may read.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionSummary {
    /// The version's manifest.
    pub manifest_id: StatementId,
    /// The stored state.
    pub state: AssessmentState,
    /// What the manifest says of the whole.
    pub life: Life,
    /// The portions; `None` if they may not be read, or were destroyed.
    pub portions: Option<Vec<PortionSummary>>,
}

/// The newest number of each kind of change that followers resume by; 0 if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NewestChanges {
    /// Of a received entry.
    pub arrival: u64,
    /// Of a change of a recall.
    pub recall: u64,
    /// Of a change of a request.
    pub request: u64,
}

/// Searches among versions.
#[async_trait]
pub trait SearchStore: Send + Sync {
    /// A page of the list of those assessments that are wanted, newest first. No more than some thousand versions are looked at, and about a
    /// mebibyte is read: a page may be empty although there is a next one.
    ///
    /// Words are searched for in the index of words, if it is whole. Otherwise the portions of those versions are read that the other fields
    /// select.
    async fn search(&self, filter: &ListFilter, wanted: &VersionFilter) -> Result<AssessmentPage>;
    /// Those of these versions that have all these words in portions that a reader may read; with `quarantined`, also in quarantine. Versions
    /// that are missing or unreadable are left out.
    async fn having_words(
        &self,
        manifest_ids: &[StatementId],
        words: &[String],
        quarantined: bool,
    ) -> Result<Vec<StatementId>>;
    /// Keeps an index of words from now on and completes it, or deletes it and keeps none.
    async fn prepare_word_index(&self, is_kept: bool) -> Result<()>;
    /// Whether the index of words is whole, so that searches need not read portions.
    async fn has_word_index(&self) -> Result<bool>;
    /// The summaries of several versions, in the order of `manifest_ids`. Versions that are missing or unreadable are left out. With
    /// `quarantined`, also of what is in quarantine.
    async fn summaries(&self, manifest_ids: &[StatementId], quarantined: bool) -> Result<Vec<VersionSummary>>;
    /// The manifests of all versions, in quarantine or not, of the assessments with ids from `first` to `last`; at most `limit`.
    async fn manifests_between(
        &self,
        first: &AssessmentId,
        last: &AssessmentId,
        limit: u32,
    ) -> Result<Vec<StatementId>>;
    /// The newest changes.
    async fn newest_changes(&self) -> Result<NewestChanges>;
}
