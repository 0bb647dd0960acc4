//! The ledger's entries: numbered within the transaction that they record, so that there is no gap and no entry
//! without its change.

use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore,
    column::{change, count, number, row, rows},
};
use crate::{
    domain::{event::Event, ids::StatementId},
    store::{
        Result,
        vault::{Leaf, Vault},
    },
};

/// Appends entries. For the writer, within the transaction of what they record.
pub(super) fn append(conn: &Connection, vault: &Vault, leaves: &[Leaf]) -> Result<()> {
    if leaves.is_empty() {
        return Ok(());
    }
    let next = row(conn, "SELECT ifnull(max(number) + 1, 0) FROM ledger", [], |r| count(r, 0))?.unwrap_or_default();
    for (index, leaf) in (next..).zip(leaves) {
        let sealed = vault.seal_leaf(index, leaf)?;
        let values = params![number(index), leaf.hash.as_slice(), sealed];
        change(conn, "INSERT INTO ledger (number, leaf, sealed) VALUES (?1, ?2, ?3)", values)?;
        if let Some(manifest) = &leaf.manifest {
            let values = params![manifest.as_bytes(), number(index)];
            change(conn, "INSERT INTO ledger_manifest (manifest, number) VALUES (?1, ?2)", values)?;
        }
    }
    Ok(())
}

pub(super) async fn record(store: &SqliteStore, events: Vec<Event>) -> Result<()> {
    let leaves = Leaf::all(&events)?;
    store.write(move |conn, vault| append(conn, vault, &leaves)).await
}

type Sealed = (u64, Vec<u8>, Vec<u8>);

fn sealed(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    Ok((count(row, 0)?, row.get(1)?, row.get(2)?))
}

fn open(vault: &Vault, entries: Vec<Sealed>) -> Result<Vec<Event>> {
    entries.into_iter().map(|(index, leaf, sealed)| vault.open_leaf(index, &leaf, &sealed)).collect()
}

pub(super) async fn events(store: &SqliteStore, from: u64, limit: u32) -> Result<Vec<Event>> {
    const SQL: &str = "SELECT number, leaf, sealed FROM ledger WHERE number >= ?1 ORDER BY number LIMIT ?2";
    store.read_sealed(move |conn, vault| open(vault, rows(conn, SQL, params![number(from), limit], sealed)?)).await
}

pub(super) async fn events_of(store: &SqliteStore, manifest: &StatementId) -> Result<Vec<Event>> {
    const SQL: &str = "SELECT l.number, l.leaf, l.sealed FROM ledger_manifest m JOIN ledger l ON l.number = m.number \
        WHERE m.manifest = ?1 ORDER BY m.number";
    let manifest = *manifest;
    store.read_sealed(move |conn, vault| open(vault, rows(conn, SQL, params![manifest.as_bytes()], sealed)?)).await
}
