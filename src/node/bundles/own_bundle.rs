//! What the node holds of its organisation's own bundle.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::{bundle::HeldBundle, ids::Sha256, time::Time};

/// Writes the own roots (PEM) into the file that the node reads them from.
pub type KeepBundle = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What the node holds of its own bundle.
pub(crate) struct OwnBundle {
    /// The newest own bundle. The store has it, and it is read from there at the start and when the own file changes. A second process would
    /// have its own copy: it would propose and announce the bundle before.
    pub(in crate::node) held: ArcSwap<HeldBundle>,
    /// Writes the own roots into the file.
    pub(in crate::node) keep: KeepBundle,
}

impl OwnBundle {
    pub fn new(keep: KeepBundle) -> Self {
        let held = HeldBundle::new(1, Sha256([0; 32]), Time::from_unix_nanos(0));
        Self { held: ArcSwap::from_pointee(held), keep }
    }
}
