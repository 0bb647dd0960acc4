//! The failure that makes the store read-only until a restart. The writer and the readers share it.

use std::sync::OnceLock;

use crate::store::{Result, StoreError};

/// The first permanent failure, once there is one. A second process would have its own: it would go on writing until it meets the failure. The
/// lock file keeps it away.
#[derive(Default)]
pub(super) struct FailureState(OnceLock<StoreError>);

impl FailureState {
    /// Why nothing is written any more.
    pub(super) fn known(&self) -> Option<StoreError> {
        self.0.get().cloned()
    }

    /// Records a failed or corrupt write. After a failed write or fsync it is unknown what is on disk: the kernel may have
    /// dropped the pages, and reports success the next time. A change on top of a damaged page is damaged, too. So nothing is
    /// written after either.
    pub(super) fn of_writing<T>(&self, outcome: &Result<T>) {
        if let Err(error @ (StoreError::Failed(_) | StoreError::Corrupt(_))) = outcome {
            self.note(error);
        }
    }

    /// Records damage that a reader has found. It ends all writing. Any other failed read has changed nothing.
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
