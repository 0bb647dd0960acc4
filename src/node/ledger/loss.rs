//! Whether entries of the own ledger are lost that this node has signed.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::{Result, Store};

/// Whether entries are lost. Nothing is served then.
#[derive(Default)]
pub struct LedgerLoss {
    /// What the store says. The store decides: a loss moves the catalogue's version, and each transaction that releases or admits anything
    /// names that.
    is_lost: AtomicBool,
}

impl LedgerLoss {
    /// Whether entries are lost.
    pub fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// Notes whether entries are lost.
    pub(in crate::node) fn note(&self, is_lost: bool) {
        self.is_lost.store(is_lost, Ordering::Relaxed);
    }

    /// Reads from the store whether entries are lost.
    pub(in crate::node) async fn reload(&self, store: &dyn Store) -> Result<()> {
        self.note(!store.ledger().await?.behind.is_empty());
        Ok(())
    }
}
