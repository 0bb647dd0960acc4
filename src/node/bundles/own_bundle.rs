//! What the node holds of its organisation's own bundle.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    domain::{
        bundle::{BundleState, HeldBundle},
        fault::Fault,
        ids::{Sha256, TrustDomain},
        time::Time,
    },
    node::bundles::found::held_of,
    store::Store,
};

/// Writes the own roots (PEM) into the file that the node reads them from.
pub type KeepBundle = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What the node holds of its own bundle.
pub(crate) struct OwnBundle {
    /// The newest own bundle. The store decides: a change of bundles names the version of the catalogue that it was decided on. A second
    /// process reads it anew within a second.
    pub(in crate::node) held: ArcSwap<HeldBundle>,
    /// Writes the own roots into the file.
    pub(in crate::node) keep: KeepBundle,
}

impl OwnBundle {
    pub fn new(keep: KeepBundle) -> Self {
        let held = HeldBundle::new(1, Sha256([0; 32]), Time::from_unix_nanos(0));
        Self { held: ArcSwap::from_pointee(held), keep }
    }

    /// Reads the newest own bundle from the store.
    pub(in crate::node) async fn reload(&self, store: &dyn Store, own: &TrustDomain) -> Result<(), Fault> {
        let kept = store.bundles(own).await?;
        if let Some(newest) = kept.iter().filter(|r| r.state == BundleState::Taken).max_by_key(|r| r.sequence) {
            self.held.store(Arc::new(held_of(newest)));
        }
        Ok(())
    }
}
