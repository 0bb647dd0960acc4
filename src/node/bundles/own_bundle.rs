//! What the node holds of its own bundle.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::{bundle::HeldBundle, ids::Sha256, time::Time};

/// Writes the own roots (PEM) into the file that the node reads them from.
pub type KeepBundle = Arc<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What the node holds of its own bundle.
pub(crate) struct OwnBundle {
    pub(in crate::node) held: ArcSwap<HeldBundle>,
    pub(in crate::node) keep: KeepBundle,
}

impl OwnBundle {
    pub fn new(keep: KeepBundle) -> Self {
        let held = HeldBundle::new(1, Sha256([0; 32]), Time::from_unix_nanos(0));
        Self { held: ArcSwap::from_pointee(held), keep }
    }
}
