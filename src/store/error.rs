//! Why a store method fails.

use super::damage::Damage;

/// Why a store method failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full. Nothing was written; reading goes on.
    #[error("the disk is full; free space, then try again")]
    Full,
    /// The store as a whole is damaged: a page of the file, the ledger, or the key check. Nothing is written any more.
    #[error("the store is damaged ({0}); restore a backup")]
    Corrupt(String),
    /// One stored thing can't be read. Everything else stays in service. The message does not name the thing, because partners
    /// see it; the log and [`Store::damages`] do.
    #[error("what is kept of this can't be read any more; `watchfire ledger alarms` says what an administrator can do")]
    Damaged(Damage),
    /// What the caller had read was changed in the meantime. The caller reads it again and retries.
    #[error("the store changed in the meantime; try again")]
    Conflict,
    /// The catalogue has another version than the one on which the change was decided. Nothing was written. The caller reads the
    /// catalogue anew, decides anew and retries.
    #[error("partners, agreements, rules or people changed in the meantime; try again")]
    CatalogueMoved,
    /// The originator has recalled the assessment. Nothing of it is stored any more.
    #[error("the assessment was recalled; publish a new one")]
    Recalled,
    /// A number is larger than a column can hold. Nothing was written.
    #[error("a number is larger than the store can keep")]
    TooLarge,
    /// Too many changes are waiting. Retry later.
    #[error("the store is busy; try again")]
    Busy,
    /// The file can't be opened, has another version, or the key is wrong. The text is a sentence for the administrator.
    #[error("{0}")]
    Open(String),
    /// The backend failed. It is not written to again until a restart, because a failed fsync can't be retried. It is unknown
    /// whether the change that met the failure is there after the restart; the caller asks again then.
    #[error("the store failed ({0}); restart the node once the disk is well")]
    Failed(String),
}

/// The result of a store method.
pub type Result<T> = std::result::Result<T, StoreError>;

impl StoreError {
    /// Names the damaged thing, whatever part of it was damaged.
    #[must_use]
    pub fn of(self, thing: Damage) -> Self {
        match self {
            Self::Damaged(_) => Self::Damaged(thing),
            other => other,
        }
    }

    /// Makes the damage one of the whole store, for things that the store can't work without.
    #[must_use]
    pub fn of_all(self, what: &str) -> Self {
        match self {
            Self::Damaged(_) => Self::Corrupt(what.to_owned()),
            other => other,
        }
    }
}
