//! What makes the store read-only, known to writer and readers alike, until a restart.

use std::sync::OnceLock;

use crate::store::{Result, StoreError};

/// The first thing that went wrong for good, once something has.
#[derive(Default)]
pub(super) struct Trouble(OnceLock<StoreError>);

impl Trouble {
    /// Why nothing is written any more.
    pub(super) fn known(&self) -> Option<StoreError> {
        self.0.get().cloned()
    }

    /// Of a change: a failed write or fsync leaves it open what is on disk, for the kernel may have dropped the pages and will
    /// report success the next time; what is built upon a damaged page is damaged, too. So nothing is written after either.
    pub(super) fn of_writing<T>(&self, outcome: &Result<T>) {
        if let Err(error @ (StoreError::Failed(_) | StoreError::Corrupt(_))) = outcome {
            self.note(error);
        }
    }

    /// Of a look: whoever finds damage ends all writing. A read that failed otherwise has changed nothing.
    pub(super) fn of_reading<T>(&self, outcome: &Result<T>) {
        if let Err(error @ StoreError::Corrupt(_)) = outcome {
            self.note(error);
        }
    }

    fn note(&self, error: &StoreError) {
        if self.0.set(error.clone()).is_ok() {
            tracing::error!(%error, "the store writes no more");
        }
    }
}
