//! Converts SQLite's errors into the store's. They are told apart only here.

use rusqlite::{Error, ErrorCode};

use crate::store::{StoreError, damage::Damage};

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::OutOfMemory) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt("a page of the database is unreadable".to_owned())
            }
            Some(ErrorCode::ConstraintViolation) => Self::Conflict,
            // The text has the primary code and the failed system call, and no values.
            Some(_) => Self::Failed(error.to_string()),
            None => Self::of_value(&error),
        }
    }
}

impl StoreError {
    /// Converts an error that comes from a value and not from the disk.
    fn of_value(error: &Error) -> Self {
        match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
            | Error::QueryReturnedNoRows => Self::Damaged(Damage::Row),
            other => Self::Failed(other.to_string()),
        }
    }
}
