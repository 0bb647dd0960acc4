//! Records and reads entries.

use super::super::{
    driver::Driver,
    query::{Queries, params, query_all},
    store::SqlStore,
    transaction::Changes,
    value::{SqlRow, count, number},
};
use crate::{
    domain::{event::Event, ids::StatementId},
    store::{
        Result, StoreError,
        vault::{LedgerLeaf, Vault},
    },
};

pub(in crate::store::sql) async fn record(store: &SqlStore<impl Driver>, events: Vec<Event>) -> Result<()> {
    let leaves = LedgerLeaf::all(&events)?;
    let look = move |_: &dyn Queries, _: &Vault, changes: &mut Changes| {
        changes.record(leaves);
        Ok(())
    };
    store.transact([], look).await
}

/// An entry in its stored form: its index, its leaf, and the ciphertext.
pub(super) type Sealed = (u64, Vec<u8>, Vec<u8>);

fn sealed(row: &SqlRow<'_>) -> Result<Sealed> {
    Ok((count(row, 0)?, row.get(1)?, row.get(2)?))
}

fn open(vault: &Vault, entries: Vec<Sealed>) -> Result<Vec<Event>> {
    entries.into_iter().map(|(index, leaf, sealed)| vault.open_leaf(index, &leaf, &sealed)).collect()
}

/// Entries from an index on, in their stored form.
pub(super) fn page(conn: &dyn Queries, from: u64, limit: u32) -> Result<Vec<Sealed>> {
    const SQL: &str = "SELECT number, leaf, sealed FROM ledger WHERE number >= ?1 ORDER BY number LIMIT ?2";
    query_all(conn, SQL, params![number(from)?, limit], sealed).map_err(torn)
}

/// Damage of the ledger is damage of the whole store.
fn torn(error: StoreError) -> StoreError {
    error.of_all("an entry of the ledger is torn")
}

pub(in crate::store::sql) async fn events(store: &SqlStore<impl Driver>, from: u64, limit: u32) -> Result<Vec<Event>> {
    store.read_sealed(move |conn, vault| open(vault, page(conn, from, limit)?)).await
}

pub(in crate::store::sql) async fn events_of(
    store: &SqlStore<impl Driver>,
    manifest: &StatementId,
) -> Result<Vec<Event>> {
    const SQL: &str = "SELECT l.number, l.leaf, l.sealed FROM ledger_manifest m JOIN ledger l ON l.number = m.number \
        WHERE m.manifest = ?1 ORDER BY m.number";
    let manifest = *manifest;
    store
        .read_sealed(move |conn, vault| {
            open(vault, query_all(conn, SQL, params![manifest.as_bytes()], sealed).map_err(torn)?)
        })
        .await
}
