//! Later versions: which version may follow which, and which partners don't get the new one.

use crate::{
    domain::{
        assessment::Manifest,
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    node::{assessments::Assessments, decisions::PartnerDecision},
};

/// The fault where something is to follow a recall.
pub(in crate::node) fn recalled() -> Fault {
    Fault::new(Reason::Recalled, "the assessment was recalled; publish a new assessment")
}

impl Assessments {
    /// Requires that a version is a first one or follows the version that is here, and that the assessment was not recalled.
    ///
    /// # Errors
    /// `RECALLED`; `REPLAY_DIFFERS` where it names another manifest as the one before.
    pub(in crate::node) async fn require_open(&self, manifest: &Manifest) -> Result<(), Fault> {
        let Manifest { assessment, version, previous, originator, .. } = manifest;
        // For a first version, the store itself reports a recall.
        let Some(before) = version.checked_sub(1).filter(|v| *v > 0) else { return Ok(()) };
        if self.store.recall_of(originator, assessment).await?.is_some() {
            return Err(recalled());
        }
        if self.store.version(originator, assessment, before).await? != *previous {
            let what = "this version does not follow the one that is here; correct the latest version";
            return Err(Fault::at(Reason::ReplayDiffers, "manifest.previous_manifest_id", what));
        }
        Ok(())
    }

    /// Partners that hold an earlier version and get nothing of this one.
    pub(in crate::node) async fn left_behind(
        &self,
        manifest: &Manifest,
        decisions: &[PartnerDecision],
    ) -> Result<Vec<(TrustDomain, u32)>, Fault> {
        if manifest.version == 1 {
            return Ok(vec![]);
        }
        let Manifest { assessment, version, originator, .. } = manifest;
        let mut holders = self.store.holders_before(originator, assessment, *version).await?;
        holders.retain(|(holder, _)| !decisions.iter().any(|d| d.release && d.partner == *holder));
        Ok(holders)
    }
}
