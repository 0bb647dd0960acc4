//! The faults of the layers below, as partners and people are told them.

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
