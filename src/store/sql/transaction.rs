//! A transaction as a value. It has four parts:
//!
//! 1. the [locks](super::lock) that a database with several writers takes first;
//! 2. a *look*: queries that may refuse the transaction, before anything is written;
//! 3. the *writes* that the look has chosen: statements whose results nobody reads, each with the number of rows that it must touch;
//! 4. the ledger's entries.
//!
//! SQLite runs the parts one after another on its writer thread. A driver with a connection over a network can send the parts of
//! several transactions together, because no part depends on the results of its own writes. Transactions that do, such as a
//! batch of received entries in which one hides another, are [interleaved](Transaction::interleaved): publishing, receiving, recalls and
//! receipts are.

use std::sync::Arc;

use super::{
    ledger::append,
    lock::{Lock, in_order},
    query::{Connection, Queries},
    value::{OwnedValue, ToValue},
};
use crate::{
    domain::ids::TrustDomain,
    store::{
        Result, StoreError,
        vault::{LedgerLeaf, Vault},
    },
};

/// How many rows a write must touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Exactly one.
    One,
    /// One or none.
    AtMostOne,
    /// Any number.
    Any,
}

impl Rows {
    fn include(self, touched: usize) -> bool {
        match self {
            Self::One => touched == 1,
            Self::AtMostOne => touched <= 1,
            Self::Any => true,
        }
    }
}

/// Makes the values of a write from expressions. What is owned is moved, and not copied.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::sql::value::ToValue::into_value($value)),*]
    };
}
pub(super) use values;

/// A statement that runs after the look.
struct Write {
    sql: &'static str,
    values: Vec<OwnedValue>,
    rows: Rows,
}

/// What a look has decided to change.
#[derive(Default)]
pub struct Changes {
    writes: Vec<Write>,
    entries: Vec<LedgerLeaf>,
    /// The organisations that get a number with these changes.
    new_peers: Vec<(TrustDomain, i64)>,
}

impl Changes {
    /// Adds a statement, after those that were added before.
    pub(in crate::store) fn write(&mut self, sql: &'static str, values: Vec<OwnedValue>, rows: Rows) {
        self.writes.push(Write { sql, values, rows });
    }

    /// Adds ledger entries.
    pub(in crate::store) fn record(&mut self, entries: impl IntoIterator<Item = LedgerLeaf>) {
        self.entries.extend(entries);
    }

    /// The number that an organisation gets with these changes.
    pub(super) fn new_peer(&self, domain: &TrustDomain) -> Option<i64> {
        self.new_peers.iter().find(|(known, _)| known == domain).map(|(_, number)| *number)
    }

    /// Gives an organisation a number, `first` or the next one that these changes have not given away.
    pub(super) fn add_peer(&mut self, domain: &TrustDomain, first: i64) -> i64 {
        const SQL: &str = "INSERT INTO peer (number, domain) VALUES (?1, ?2)";
        let number = self.new_peers.last().map_or(first, |(_, last)| last.saturating_add(1));
        self.new_peers.push((domain.clone(), number));
        self.write(SQL, values![number, domain.as_str()], Rows::One);
        number
    }

    /// Runs the writes that were added so far, for an interleaved transaction whose next queries depend on them.
    pub(in crate::store) fn apply(&mut self, conn: &dyn Connection) -> Result<()> {
        self.new_peers.clear();
        for Write { sql, values, rows } in self.writes.drain(..) {
            let params: Vec<&dyn ToValue> = values.iter().map(|value| value as &dyn ToValue).collect();
            let touched = conn.execute(sql, &params)?;
            if !rows.include(touched) {
                tracing::error!(sql, touched, must = ?rows, "a statement has touched other rows than it must; its change is undone");
                return Err(StoreError::Conflict);
            }
        }
        Ok(())
    }
}

type Look<T> = Box<dyn FnOnce(&dyn Queries, &mut Changes) -> Result<T> + Send>;
type Interleaved<T> = Box<dyn FnOnce(&dyn Connection, &mut Changes) -> Result<T> + Send>;

enum Work<T> {
    Look(Look<T>),
    Interleaved(Interleaved<T>),
}

/// A transaction with an answer for its caller.
pub struct Transaction<T> {
    locks: Vec<Lock>,
    vault: Arc<Vault>,
    work: Work<T>,
}

impl<T> Transaction<T> {
    /// Makes a transaction. The look gets the queries, and adds to the changes what is to be written. It refuses with an error; a
    /// look that adds nothing changes nothing.
    pub(super) fn new(
        vault: Arc<Vault>,
        locks: impl IntoIterator<Item = Lock>,
        look: impl FnOnce(&dyn Queries, &mut Changes) -> Result<T> + Send + 'static,
    ) -> Self {
        Self { locks: in_order(locks), vault, work: Work::Look(Box::new(look)) }
    }

    /// Makes a transaction whose later queries depend on its earlier writes. It writes directly, or adds to the changes what nothing
    /// else depends on.
    pub(super) fn interleaved(
        vault: Arc<Vault>,
        locks: impl IntoIterator<Item = Lock>,
        work: impl FnOnce(&dyn Connection, &mut Changes) -> Result<T> + Send + 'static,
    ) -> Self {
        Self { locks: in_order(locks), vault, work: Work::Interleaved(Box::new(work)) }
    }

    /// The locks, in the order in which they are taken.
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// Runs all parts within a transaction of the database that has the locks. If it fails, the driver undoes what was written.
    ///
    /// # Errors
    /// The look's refusal; the database's errors; [`StoreError::Conflict`] if a write touches another number of rows than it must.
    pub fn run(self, conn: &dyn Connection) -> Result<T> {
        let mut changes = Changes::default();
        let answer = match self.work {
            Work::Look(look) => look(conn, &mut changes)?,
            Work::Interleaved(work) => work(conn, &mut changes)?,
        };
        changes.apply(conn)?;
        append::append(conn, &self.vault, &changes.entries)?;
        Ok(answer)
    }
}
