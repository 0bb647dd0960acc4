//! Searches: lists of the assessments that a filter wants, and what of a feed it wants.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        actor::{Authorized, Write},
        fault::Fault,
        ids::{StatementId, TrustDomain},
        summary::Life,
    },
    node::{
        assessments::{
            Assessments,
            read::{ListedAssessment, require_reader},
        },
        monitor::status::Arrival,
    },
    store::{ListFilter, search::VersionSummary},
};

pub use crate::store::{
    AssessmentState,
    search::{NewestChanges, VersionFilter},
};

/// Which arrivals a follower wants.
#[derive(Debug, Clone)]
pub struct ArrivalFilter {
    /// Only of this originator.
    pub originator: Option<TrustDomain>,
    /// By what the assessment is.
    pub wanted: VersionFilter,
}

impl ArrivalFilter {
    /// Of a quarantined arrival its readers know no more than that.
    fn wants_quarantined(&self) -> bool {
        let VersionFilter { summary, states, .. } = &self.wanted;
        let needs_more = self.originator.is_some() || summary.needs_life() || self.wanted.needs_portions();
        !needs_more && states.contains(&AssessmentState::Quarantined)
    }

    fn wants(&self, arrival: &Arrival, summaries: &HashMap<StatementId, VersionSummary>) -> bool {
        if arrival.record.quarantined {
            return self.wants_quarantined();
        }
        let (Some(manifest), Some(id)) = (&arrival.manifest, &arrival.record.manifest_id) else { return false };
        let Some(found) = summaries.get(id) else { return false };
        self.originator.as_ref().is_none_or(|originator| manifest.originator == *originator)
            && self.wanted.wants(found.state, &Life::of(manifest), found.portions.as_deref())
    }
}

impl Assessments {
    /// A page of the list of those assessments that are wanted, newest first. It may be empty although there is a next one.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn search(
        &self,
        actor: &Authorized<Write>,
        filter: &ListFilter,
        wanted: &VersionFilter,
    ) -> Result<ListedAssessment, Fault> {
        require_reader(actor, filter.quarantined)?;
        let page = self.store.search(filter, wanted).await?;
        self.listed_page(actor, page, filter).await
    }

    /// Which of these arrivals are wanted now, in their order.
    ///
    /// # Errors
    /// Store faults.
    pub async fn wanted_arrivals(&self, arrivals: &[Arrival], filter: &ArrivalFilter) -> Result<Vec<bool>, Fault> {
        let shown = arrivals.iter().filter(|arrival| !arrival.record.quarantined);
        let ids: Vec<StatementId> = shown.filter_map(|arrival| arrival.record.manifest_id).collect();
        let found = self.store.summaries(&ids, false).await?;
        let summaries = found.into_iter().map(|summary| (summary.manifest_id, summary)).collect();
        let wanted = VersionFilter { now: self.clock.now(), ..filter.wanted.clone() };
        let filter = ArrivalFilter { wanted, ..filter.clone() };
        let words = &filter.wanted.words;
        let having: Option<HashSet<StatementId>> = match words.is_empty() {
            true => None,
            false => Some(self.store.having_words(&ids, words, false).await?.into_iter().collect()),
        };
        let has_words = |arrival: &Arrival| match (&having, &arrival.record.manifest_id) {
            (Some(having), Some(id)) => having.contains(id),
            (having, _) => having.is_none(),
        };
        let wants = |arrival: &Arrival| filter.wants(arrival, &summaries) && has_words(arrival);
        Ok(arrivals.iter().map(wants).collect())
    }

    /// Whether a search for words need not read portions.
    ///
    /// # Errors
    /// Store faults.
    pub async fn has_word_index(&self) -> Result<bool, Fault> {
        Ok(self.store.has_word_index().await?)
    }

    /// The newest change of each kind that followers resume by.
    ///
    /// # Errors
    /// Store faults.
    pub async fn newest_changes(&self, _actor: &Authorized<Write>) -> Result<NewestChanges, Fault> {
        Ok(self.store.newest_changes().await?)
    }
}
