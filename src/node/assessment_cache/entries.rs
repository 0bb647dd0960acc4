//! The versions that the assessment cache holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{
        ids::{AssessmentId, StatementId},
        time::Time,
    },
    node::{assessment_cache::loaded::LoadedAssessment, rate_limit::window::WindowLimit},
};

/// The most bytes that all versions in the cache together take. The largest assessment has room, so all partners' feeds can share it.
const KEPT_BYTES: usize = 8 << 20;

/// The versions that were last asked for.
///
/// A second process would have its own, and would not hear when this process stores more of a version. It would go on with what it has
/// until the entry gives way, and decide without later versions and later portions. It does hear of recalls: each look at a feed says the
/// turn of the newest one, and what was recalled since is forgotten.
#[derive(Default)]
pub struct Entries(Mutex<Kept>);

/// How many versions whose parts do not fit together are logged in an hour.
const MOST_LINES: u32 = 60;

#[derive(Default)]
struct Kept {
    /// The loaded versions. A second process would have its own; see [`Entries`].
    by_id: HashMap<StatementId, Arc<LoadedAssessment>>,
    bytes: usize,
    /// How often something was forgotten. A version that was read before that may be out of date. A second process would have its own: it
    /// does not count what this process changes.
    forgotten: u64,
    /// How often an assessment was taken back, as far as this process knows. The store decides: the turn of the newest recall is there.
    taken_back: u64,
    /// The turn up to which recalls by any process are followed. `None` before the first look. The store decides.
    recalls: Option<u64>,
    /// How many lines were logged. A second process would have its own, as it has a log of its own.
    telling: WindowLimit,
}

impl Kept {
    fn put(&mut self, prepared: Arc<LoadedAssessment>) {
        self.remove(&prepared.id);
        if self.bytes + prepared.bytes() > KEPT_BYTES {
            // More than this is needed only in a catch-up, where nothing is asked for twice anyway.
            (self.by_id, self.bytes) = (HashMap::new(), 0);
        }
        if prepared.bytes() <= KEPT_BYTES {
            self.bytes += prepared.bytes();
            self.by_id.insert(prepared.id, prepared);
        }
    }

    fn remove(&mut self, id: &StatementId) {
        if let Some(removed) = self.by_id.remove(id) {
            self.bytes -= removed.bytes();
        }
    }
}

impl Entries {
    /// Locks even after a panic elsewhere, because the value is whole after every statement.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::node) fn get(&self, id: &StatementId) -> Option<Arc<LoadedAssessment>> {
        self.kept().by_id.get(id).cloned()
    }

    /// Counts one more log line about a version whose parts do not fit together. `false`: there were enough of them in this hour.
    pub(in crate::node) fn allows_a_line(&self, now: Time) -> bool {
        self.kept().telling.allows_of(MOST_LINES, now)
    }

    /// How often something was forgotten so far.
    pub(in crate::node) fn forgotten(&self) -> u64 {
        self.kept().forgotten
    }

    /// Keeps a version that was read when `forgotten` was the count. Does nothing if something was forgotten since.
    pub(in crate::node) fn put(&self, prepared: Arc<LoadedAssessment>, forgotten: u64) {
        let mut kept = self.kept();
        if kept.forgotten == forgotten {
            kept.put(prepared);
        }
    }

    /// Keeps a version that was just made, and that nobody else knows of yet.
    pub(in crate::node) fn put_new(&self, prepared: Arc<LoadedAssessment>) {
        self.put(prepared, self.forgotten());
    }

    /// How often an assessment was taken back so far. A reader reads again if this has changed meanwhile.
    pub(in crate::node) fn taken_back(&self) -> u64 {
        self.kept().taken_back
    }

    /// Forgets all versions of an assessment after another version came. A decision on one version depends on what all are about.
    pub(in crate::node) fn forget_versions(&self, assessment: &AssessmentId) {
        let mut kept = self.kept();
        kept.forgotten += 1;
        let is_version = |(id, prepared): (&StatementId, &Arc<LoadedAssessment>)| {
            (prepared.manifest.assessment == *assessment).then_some(*id)
        };
        let versions: Vec<StatementId> = kept.by_id.iter().filter_map(is_version).collect();
        versions.iter().for_each(|id| kept.remove(id));
    }

    /// Forgets a version that was taken back, after the store has recorded that.
    pub(in crate::node) fn take_back(&self, id: &StatementId) {
        self.forget(id);
        self.kept().taken_back += 1;
    }

    /// The turn up to which recalls are followed.
    pub(in crate::node) fn recalls(&self) -> Option<u64> {
        self.kept().recalls
    }

    /// Forgets all versions of an assessment that was recalled at that turn.
    pub(in crate::node) fn follow_recall(&self, assessment: &AssessmentId, turn: u64) {
        self.forget_versions(assessment);
        let mut kept = self.kept();
        kept.taken_back += 1;
        kept.recalls = kept.recalls.max(Some(turn));
    }

    /// Forgets everything, so that all recalls up to that turn are followed.
    pub(in crate::node) fn forget_all(&self, turn: u64) {
        let mut kept = self.kept();
        kept.forgotten += 1;
        kept.taken_back += 1;
        (kept.by_id, kept.bytes) = (HashMap::new(), 0);
        kept.recalls = kept.recalls.max(Some(turn));
    }

    /// Forgets a version after more portions of it came, or after it gave way to another manifest.
    pub(in crate::node) fn forget(&self, id: &StatementId) {
        let mut kept = self.kept();
        kept.forgotten += 1;
        kept.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::assessment_cache::loaded::tests::prepared_of;

    #[test]
    fn bytes_bound_what_is_kept_and_the_largest_finds_a_place() {
        let cache = Entries::default();
        let kept = |cache: &Entries| {
            let kept = cache.kept();
            (kept.by_id.len(), kept.bytes)
        };
        for n in 0..100 {
            cache.put_new(prepared_of(n, 300 << 10));
            let (count, bytes) = kept(&cache);
            assert!(bytes <= KEPT_BYTES && count > 0, "{count} take {bytes}");
        }
        let largest = prepared_of(101, crate::domain::assessment::MAX_PORTIONS_BYTES);
        cache.put_new(largest.clone());
        assert!(cache.get(&largest.id).is_some());
        assert!((1..20).contains(&kept(&cache).0));
    }
}
