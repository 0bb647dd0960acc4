//! What a database driver does. Everything else of the store is written once, over this trait.

use super::{query::Queries, transaction::Transaction};
use crate::store::{Result, StoreError};

/// A database.
pub trait Driver: Send + Sync + 'static {
    /// Runs queries on one snapshot.
    fn read<T, F>(&self, work: F) -> impl Future<Output = Result<T>> + Send
    where
        T: Send + 'static,
        F: FnOnce(&dyn Queries) -> Result<T> + Send + 'static;

    /// Runs a transaction. When this returns `Ok`, the transaction is on disk. When it returns `Err`, nothing of it is.
    fn write<T: Send + 'static>(&self, transaction: Transaction<T>) -> impl Future<Output = Result<T>> + Send;

    /// Why nothing is written any more until a restart.
    fn failure(&self) -> Option<StoreError>;

    /// Records damage of the whole database that a reader has found. Nothing is written from then on.
    fn report_failure(&self, error: StoreError);

    /// Whether the disk has no space for changes at the moment.
    fn is_full(&self) -> impl Future<Output = bool> + Send;

    /// Checks the whole database for damage.
    fn check_integrity(&self) -> impl Future<Output = Result<()>> + Send;
}
