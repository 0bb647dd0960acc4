//! The store over a driver: what the files of all subjects share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    damages::DamageRegistry,
    driver::Driver,
    lock::Lock,
    query::{Connection, Queries},
    transaction::{Changes, Transaction},
};
use crate::store::{Result, vault::Vault};

/// A store in a database.
pub struct SqlStore<D> {
    driver: D,
    vault: Arc<Vault>,
    damages: Arc<DamageRegistry>,
    /// Whether the words of what is stored go into the index. Processes of one store must be configured alike; where one was not, searches find
    /// that the index is not whole, and read the texts.
    keeps_words: AtomicBool,
}

impl<D: Driver> SqlStore<D> {
    /// Makes a store of an open database.
    pub(in crate::store) fn new(driver: D, vault: Vault) -> Self {
        Self { driver, vault: Arc::new(vault), damages: Arc::default(), keeps_words: AtomicBool::new(true) }
    }

    pub(in crate::store) fn driver(&self) -> &D {
        &self.driver
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(super) fn keeps_words(&self) -> bool {
        self.keeps_words.load(Ordering::Relaxed)
    }

    pub(super) fn set_keeps_words(&self, keeps: bool) {
        self.keeps_words.store(keeps, Ordering::Relaxed);
    }

    pub(super) fn damages(&self) -> &Arc<DamageRegistry> {
        &self.damages
    }

    /// Runs queries on one snapshot.
    pub(in crate::store) async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Queries) -> Result<T> + Send + 'static,
    {
        let damages = Arc::clone(&self.damages);
        let read = move |conn: &dyn Queries| {
            let outcome = work(conn);
            damages.of(&outcome);
            outcome
        };
        self.driver.read(read).await
    }

    /// As [`Self::read`], with the vault that decrypts what is read.
    pub(super) async fn read_sealed<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Queries, &Vault) -> Result<T> + Send + 'static,
    {
        let vault = Arc::clone(&self.vault);
        self.read(move |conn| work(conn, &vault)).await
    }

    /// Runs a [`Transaction`]: `look` queries, refuses, and adds to the changes what is to be written.
    pub(in crate::store) async fn transact<T, F>(&self, locks: impl IntoIterator<Item = Lock>, look: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Queries, &Vault, &mut Changes) -> Result<T> + Send + 'static,
    {
        let (vault, damages) = (Arc::clone(&self.vault), Arc::clone(&self.damages));
        let look = move |conn: &dyn Queries, changes: &mut Changes| {
            let outcome = look(conn, &vault, changes);
            damages.of(&outcome);
            outcome
        };
        self.driver.write(Transaction::new(Arc::clone(&self.vault), locks, look)).await
    }

    /// Runs a transaction whose later queries depend on its earlier writes.
    pub(super) async fn interleave<T, F>(&self, locks: impl IntoIterator<Item = Lock>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Connection, &Vault, &mut Changes) -> Result<T> + Send + 'static,
    {
        let (vault, damages) = (Arc::clone(&self.vault), Arc::clone(&self.damages));
        let work = move |conn: &dyn Connection, changes: &mut Changes| {
            let outcome = work(conn, &vault, changes);
            damages.of(&outcome);
            outcome
        };
        self.driver.write(Transaction::interleaved(Arc::clone(&self.vault), locks, work)).await
    }
}
