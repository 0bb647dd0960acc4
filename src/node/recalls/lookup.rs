//! Whether an entry belongs to an assessment that was recalled.

use crate::{
    domain::{
        entry::FeedEntry,
        fault::Fault,
        ids::{AssessmentId, TrustDomain},
    },
    store::{Store, StoreError},
    wire,
};

/// Whether an entry claims to belong to an assessment that was recalled. Such an entry no longer waits, so that a purge reaches it.
pub(in crate::node) async fn is_recalled(store: &dyn Store, entry: &FeedEntry) -> Result<bool, Fault> {
    let Some((originator, assessment)) = claimed(entry) else { return Ok(false) };
    match store.recall_of(&originator, &assessment).await {
        // The recall can't be read any more, but it is a recall all the same.
        Err(StoreError::Damaged(_)) => Ok(true),
        found => Ok(found?.is_some()),
    }
}

/// The originator and the assessment that an entry claims.
pub(in crate::node) fn claimed(entry: &FeedEntry) -> Option<(TrustDomain, AssessmentId)> {
    let manifest = wire::manifest::decode(&entry.manifest.as_ref()?.payload).ok()?;
    Some((manifest.originator, manifest.assessment))
}
