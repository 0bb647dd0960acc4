//! The assessment cache: loads stored assessments for releasing. Those that were used last stay in memory.

pub mod parts;
pub mod as_claimed;
pub mod entries;
pub mod loaded;
pub mod places;
pub mod route;
pub mod signed;

use std::{collections::HashMap, sync::Arc};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::StatementId,
        time::Clock,
    },
    node::{
        assessment_cache::{entries::Entries, loaded::LoadedAssessment},
        task::lost,
    },
    store::{AssessmentRecord, Store, damage::Damage},
};

/// Loads stored assessments for releasing, and caches those that were used last.
pub struct AssessmentCache {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The assessments that were used last. Its type says what a second process would lack.
    pub(crate) entries: Entries,
}

/// How many recalls are read at once.
const PAGE: u32 = 256;

impl AssessmentCache {
    /// Forgets what was recalled since the last look, by this process or another one. `newest` is the turn of the newest recall.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn follow_recalls(&self, newest: u64) -> Result<(), Fault> {
        let Some(followed) = self.entries.recalls() else {
            self.entries.forget_all(newest);
            return Ok(());
        };
        if followed < newest {
            let page = self.store.recalls_after(followed, None, PAGE).await?;
            page.iter().for_each(|recall| self.entries.follow_recall(&recall.assessment, recall.turn));
            if page.last().is_none_or(|last| last.turn < newest) {
                // There are more, or one that can't be read.
                self.entries.forget_all(newest);
            }
        }
        Ok(())
    }

    /// Loads these versions, in the order asked for, without those that are not here or were recalled. A version that came in parts
    /// may be inconsistent although each part is valid (two portions with one handle, or more bytes than an assessment may have). It
    /// counts as not here, so that it holds up nothing else.
    pub(in crate::node) async fn prepare(&self, ids: &[StatementId]) -> Result<Vec<Arc<LoadedAssessment>>, Fault> {
        let kept: Vec<Option<Arc<LoadedAssessment>>> = ids.iter().map(|id| self.entries.get(id)).collect();
        let missing: Vec<StatementId> = ids.iter().zip(&kept).filter(|(_, k)| k.is_none()).map(|(id, _)| *id).collect();
        if missing.is_empty() {
            return Ok(kept.into_iter().flatten().collect());
        }
        let (forgotten, mut records) = loop {
            let (forgotten, taken_back) = (self.entries.forgotten(), self.entries.taken_back());
            let records = self.store.by_manifests(&missing, false).await?;
            // A version that was recalled meanwhile may have been read in its earlier state.
            if self.entries.taken_back() == taken_back {
                break (forgotten, records);
            }
        };
        records.retain(|r| !r.state.is_recalled());
        let fresh = tokio::task::spawn_blocking(|| {
            let whole = |record: AssessmentRecord| (record.manifest_id, LoadedAssessment::new(record));
            records.into_iter().map(whole).collect::<Vec<_>>()
        });
        let mut by_id: HashMap<StatementId, Arc<LoadedAssessment>> = HashMap::with_capacity(missing.len());
        for (id, prepared) in fresh.await.map_err(lost)? {
            match prepared {
                Ok(prepared) => _ = by_id.insert(id, Arc::new(prepared)),
                Err(fault) if fault.reason == Reason::StoreCorrupt => self.store.report_corruption(Damage::Version(id)),
                // Its originator has signed parts that do not fit together. Nothing is damaged here.
                Err(fault) if self.entries.allows_a_line(self.clock.now()) => {
                    tracing::warn!(manifest = %id, reason = %fault.reason, "what came of a version does not fit together; it goes to nobody");
                }
                Err(_) => {}
            }
        }
        let mut fresh = |id: &StatementId| by_id.remove(id).inspect(|p| self.entries.put(p.clone(), forgotten));
        Ok(ids.iter().zip(kept).filter_map(|(id, kept)| kept.or_else(|| fresh(id))).collect())
    }
}
