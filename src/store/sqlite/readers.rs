//! The readers: a few read-only connections, on threads where waiting for the disk blocks nobody else.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::failure::FailureState;
use crate::store::{Result, StoreError};

/// The number of readers.
pub(super) const READERS: usize = 4;

/// The idle connections. They belong to this process; a second process would have its own.
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
    failure: Arc<FailureState>,
}

impl Readers {
    /// Makes readers of open connections.
    pub(super) fn new(connections: Vec<Connection>, failure: Arc<FailureState>) -> Self {
        let places = Arc::new(Semaphore::new(connections.len()));
        Self { idle: Arc::new(Mutex::new(connections)), places, failure }
    }

    /// Runs a read on one snapshot.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let gone = || StoreError::Failed("a reader has stopped".to_owned());
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| gone())?;
        let (idle, failure) = (Arc::clone(&self.idle), Arc::clone(&self.failure));
        let read = move || {
            // Released at the end, after the connection is returned.
            let _place = place;
            let conn = idle.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(StoreError::Busy)?;
            let result = snapshot(&conn, work);
            failure.of_reading(&result);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
            result
        };
        tokio::task::spawn_blocking(read).await.map_err(|_| gone())?
    }
}

fn snapshot<T>(conn: &Connection, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
    let transaction = conn.unchecked_transaction()?;
    let result = work(&transaction);
    transaction.finish()?;
    result
}
