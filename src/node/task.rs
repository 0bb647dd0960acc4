//! Work in tasks of its own, and the faults of the layers below as partners and people are told them.

use crate::{
    domain::fault::{Fault, Reason},
    seal::{random::NoRandomness, sign::KeyError},
    store::StoreError,
};

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let reason = match &error {
            StoreError::Full => Reason::StoreFull,
            StoreError::Corrupt(_) | StoreError::Damaged(_) => Reason::StoreCorrupt,
            StoreError::Conflict => Reason::Conflict,
            StoreError::TooLarge => Reason::LimitExceeded,
            StoreError::Recalled => Reason::Recalled,
            StoreError::CatalogueMoved | StoreError::Busy | StoreError::Failed(_) | StoreError::Open(_) => {
                Reason::Unavailable
            }
        };
        Self::new(reason, error.to_string())
    }
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        Self::new(Reason::Internal, error.to_string())
    }
}

impl From<NoRandomness> for Fault {
    fn from(error: NoRandomness) -> Self {
        Self::new(Reason::Internal, error.to_string())
    }
}

/// The fault for a worker thread that ended without an answer, which is a bug in this program.
pub(in crate::node) fn lost<E>(_: E) -> Fault {
    Fault::new(Reason::Internal, "the work was interrupted; try again")
}

/// Runs a change to its end even if whoever asked for it goes away in the middle. So what is in the store is also in force.
///
/// # Errors
/// Those of the work.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    tokio::spawn(work).await.map_err(lost)?
}
