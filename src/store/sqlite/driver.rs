//! The implementation of `Driver`.

use std::{path::Path, sync::Arc};

use super::{
    connection::SqliteConnection,
    disk_space::{self, DiskSpace},
    failure::FailureState,
    open::{self, Connections},
    readers::Readers,
    writer::WriteQueue,
};
use crate::store::{
    Result, StoreError,
    sql::{driver::Driver, query::Queries, transaction::Transaction},
};

/// An open file.
pub struct SqliteDriver {
    readers: Readers,
    pub(super) write_queue: WriteQueue,
    failure: Arc<FailureState>,
    disk_space: Arc<DiskSpace>,
    /// Allows one integrity check at a time.
    pub(super) checking: Arc<tokio::sync::Mutex<()>>,
}

impl SqliteDriver {
    /// Starts the writer and the readers of an open file.
    pub(super) fn start(path: &Path, opened: Connections) -> Result<Self> {
        let (failure, disk_space) = (Arc::new(FailureState::default()), Arc::new(DiskSpace::of_store(path)));
        Ok(Self {
            readers: Readers::new(opened.readers, failure.clone()),
            write_queue: WriteQueue::start(opened.writer, opened.lock, failure.clone(), disk_space.clone())?,
            failure,
            disk_space,
            checking: Arc::default(),
        })
    }
}

impl Driver for SqliteDriver {
    async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Queries) -> Result<T> + Send + 'static,
    {
        self.readers.run(move |conn| work(&SqliteConnection::reader(conn))).await
    }

    async fn write<T: Send + 'static>(&self, transaction: Transaction<T>) -> Result<T> {
        // The one writer excludes all others, so the transaction's own locks are not taken.
        let scrub = self.write_queue.scrub();
        self.write_queue.run(move |conn| transaction.run(&SqliteConnection::writer(conn, &scrub))).await
    }

    fn failure(&self) -> Option<StoreError> {
        self.failure.known()
    }

    fn report_failure(&self, error: StoreError) {
        self.failure.of_reading::<()>(&Err(error));
    }

    async fn is_full(&self) -> bool {
        self.disk_space.is_short()
            || self.disk_space.was_missing()
                && matches!(self.write_queue.run(disk_space::try_out).await, Err(StoreError::Full))
    }

    async fn check_integrity(&self) -> Result<()> {
        let checking = Arc::clone(&self.checking).lock_owned().await;
        self.readers
            .run(move |conn| {
                // The check holds the lock until it has finished, even if the caller has given up. Otherwise such callers could
                // occupy all readers.
                let _checking = checking;
                open::check(conn)
            })
            .await
    }
}
