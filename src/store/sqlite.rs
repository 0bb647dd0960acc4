//! The driver of SQLite: one file, one writer thread that groups commits, and a few readers.
//!
//! Somebody who can write to the file can delete rows and put an older file in place; the ledger shows that. Encrypted values
//! can't be read. A moved or changed one is found as [`StoreError::Damaged`](super::StoreError::Damaged).

use std::path::Path;

use driver::SqliteDriver;

use super::{Result, sql::store::SqlStore, vault::Vault};
use crate::seal::at_rest::KEY_LEN;

mod connection;
mod disk_space;
mod driver;
mod error;
mod failure;
mod open;
mod readers;
#[cfg(test)]
mod tests;
mod writer;

/// A store in one file. A second process can't open it, because the first one holds the lock file. What is in memory here belongs to this one
/// process.
pub type SqliteStore = SqlStore<SqliteDriver>;

impl SqliteStore {
    /// Opens an existing store.
    ///
    /// # Errors
    /// [`StoreError::Open`](super::StoreError::Open) if it is missing, in use, of a newer version, or of another key.
    pub fn open(path: &Path, key: &[u8; KEY_LEN]) -> Result<Self> {
        let vault = Vault::new(key);
        let opened = open::open(path, &vault, false)?;
        Ok(Self::new(SqliteDriver::start(path, opened)?, vault))
    }

    /// Opens a store, and creates it if it is missing. A node in production uses [`Self::open`], so that a missing store is
    /// noticed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_or_create(path: &Path, key: &[u8; KEY_LEN]) -> Result<Self> {
        let vault = Vault::new(key);
        let opened = open::open(path, &vault, true)?;
        Ok(Self::new(SqliteDriver::start(path, opened)?, vault))
    }

    /// Opens a store that another `SqliteStore` has open, without its lock: a second writer on the same file.
    #[cfg(test)]
    fn open_second(path: &Path, key: &[u8; KEY_LEN]) -> Result<Self> {
        let vault = Vault::new(key);
        let no_lock = std::fs::File::open("/dev/null").map_err(|e| super::StoreError::Open(e.to_string()))?;
        let opened = open::open_locked(path, &vault, false, no_lock)?;
        Ok(Self::new(SqliteDriver::start(path, opened)?, vault))
    }
}
