//! The catalogue in memory: which version of it the snapshots have, and whose turn it is to change it.
//!
//! Partners, policies, trust, lists, house rules, the register of people and the own bundle are snapshots of the store's catalogue. What is
//! decided by them names the version that they had, and the store refuses it if another process has changed the catalogue. Then the
//! snapshots are loaded anew and the decision is made again.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    domain::fault::Fault,
    node::lock::lock,
    store::{
        Result, Store, StoreError,
        catalogue::{CatalogueChange, CatalogueMove},
    },
};

/// While the node starts, nothing is in memory yet that a change could be decided on.
const STARTING: u64 = u64::MAX;

/// How often something is decided if the catalogue changes each time.
pub(in crate::node) const TURNS: usize = 8;

/// After how many decisions in vain nobody else in this process changes the catalogue during the next one. So whatever a partner hands over,
/// and however fast, it can't keep this process from a decision.
pub(in crate::node) const ALONE_AFTER: usize = 4;

/// The version of the catalogue in memory.
pub struct CatalogueInForce {
    store: Arc<dyn Store>,
    /// The version that all snapshots have at least. The store decides: each transaction names this version, and is refused if the store has
    /// another one. A second process loads its snapshots anew then, and within a second if it does nothing.
    version: AtomicU64,
    /// Changes by this process that its snapshots already have, but not yet the one before: the version before and after each. The store
    /// decides; this only saves loading everything anew.
    followed: Mutex<BTreeMap<u64, u64>>,
    /// Held during a change of partners, agreements, bundles, lists or rules, so that this process makes one at a time. The store decides;
    /// this only saves work: a change names the version that it was decided on.
    changing: tokio::sync::Mutex<()>,
    /// The version on which the holder of `changing` decides.
    deciding: AtomicU64,
}

impl CatalogueInForce {
    /// Nothing is loaded yet.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            version: AtomicU64::default(),
            followed: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            deciding: AtomicU64::new(STARTING),
        }
    }

    /// Begins the start. What is loaded from now on has this version at least.
    pub(crate) async fn begin(&self) -> Result<()> {
        self.version.store(self.store.catalogue().await?, Ordering::Release);
        Ok(())
    }

    /// The version that all snapshots have at least. A decision reads it before it reads any snapshot.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether the store has the version of the snapshots.
    pub(in crate::node) async fn is_current(&self) -> Result<bool> {
        Ok(self.store.catalogue().await? == self.version())
    }

    /// Waits for the turn to change the catalogue.
    pub(in crate::node) async fn changing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    /// From now on the holder of the turn decides on the snapshots as they are.
    pub(in crate::node) fn decide(&self) {
        self.deciding.store(self.version(), Ordering::Release);
    }

    /// Makes a change that the holder of the turn has decided on. The caller calls [`Self::follow`] once the snapshots have it.
    ///
    /// # Errors
    /// [`StoreError::CatalogueMoved`] if the catalogue has changed since the turn began; store faults.
    pub(in crate::node) async fn change(&self, change: CatalogueChange) -> Result<CatalogueMove> {
        let deciding = self.deciding.load(Ordering::Acquire);
        let is_starting = deciding == STARTING;
        let moved = self.store.change_catalogue((!is_starting).then_some(deciding), change).await?;
        if !is_starting {
            self.deciding.store(moved.after, Ordering::Release);
        }
        Ok(moved)
    }

    /// The snapshots have this change by this process. If they had the version before it, they have the version after it.
    pub(in crate::node) fn follow(&self, moved: &CatalogueMove) {
        let mut followed = lock(&self.followed);
        if moved.before < moved.after {
            followed.insert(moved.before, moved.after);
        }
        self.take_over(&mut followed, self.version());
    }

    /// The snapshots were loaded anew, beginning when the store had this version.
    pub(in crate::node) fn loaded(&self, version: u64) {
        self.take_over(&mut lock(&self.followed), version);
    }

    /// The snapshots have this version, and the changes by this process that follow on it.
    fn take_over(&self, followed: &mut BTreeMap<u64, u64>, mut version: u64) {
        while let Some(after) = followed.remove(&version) {
            version = after;
        }
        followed.retain(|before, _| *before > version);
        self.version.store(version, Ordering::Release);
    }
}

/// Whether something was refused because the catalogue has changed since it was decided.
pub(in crate::node) fn has_moved(fault: &Fault) -> bool {
    *fault == Fault::from(StoreError::CatalogueMoved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::SqliteStore;

    fn moved(before: u64) -> CatalogueMove {
        CatalogueMove { before, after: before + 1, hidden: vec![] }
    }

    #[tokio::test]
    async fn own_changes_are_followed_in_any_order_and_no_other_one_is_passed_over() {
        let home = tempfile::tempdir().unwrap();
        let store = SqliteStore::open_or_create(&home.path().join("store.db"), &[7; 32]).unwrap();
        let catalogue = CatalogueInForce::new(Arc::new(store));
        catalogue.begin().await.unwrap();
        assert_eq!(catalogue.version(), 0);
        // The second change of this process is in memory before the first one.
        catalogue.follow(&moved(1));
        assert_eq!(catalogue.version(), 0);
        catalogue.follow(&moved(0));
        assert_eq!(catalogue.version(), 2);
        // Another process has made the change from 2 to 3.
        catalogue.follow(&moved(3));
        assert_eq!(catalogue.version(), 2);
        catalogue.loaded(3);
        assert_eq!(catalogue.version(), 4);
        catalogue.loaded(7);
        catalogue.follow(&moved(5));
        assert_eq!(catalogue.version(), 7, "an older change is in what was loaded");
    }
}
