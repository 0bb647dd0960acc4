//! The ledger's entries. An entry gets its number in the transaction that it records, so that there are no gaps and no entry
//! without its change. In addition to its own row, an entry costs one encrypted state row for each transaction, and one subtree
//! row for 256 entries.

use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore,
    dialect::{count, execute, number, query_all},
};
use crate::{
    domain::{event::Event, ids::StatementId},
    store::{
        Result, StoreError,
        vault::{LedgerLeaf, Vault},
    },
};
use state::State;

mod ledger_store;
mod records;
mod nodes;
mod state;
#[cfg(test)]
mod tests;
mod verify;

/// Makes the tree over the entries from before there was one.
pub(super) fn begin(conn: &Connection, vault: &Vault) -> Result<()> {
    let mut state = State::default();
    let mut statement = conn.prepare("SELECT leaf FROM ledger ORDER BY number")?;
    let mut found = statement.query([])?;
    while let Some(entry) = found.next()? {
        grow(conn, &mut state, &entry.get::<_, Vec<u8>>(0)?)?;
    }
    state.write(conn, vault)
}

fn grow(conn: &Connection, state: &mut State, leaf: &[u8]) -> Result<()> {
    const PUT: &str = "INSERT INTO ledger_subtree (level, place, hash) VALUES (?1, ?2, ?3) \
        ON CONFLICT (level, place) DO UPDATE SET hash = excluded.hash";
    state.frontier.push(leaf, |level, place, hash| {
        let values = params![level, number(place)?, hash.as_slice()];
        execute(conn, PUT, values).map(|_| ())
    })
}

/// Appends entries. For the writer, within the transaction of what they record.
pub(super) fn append(conn: &Connection, vault: &Vault, leaves: &[LedgerLeaf]) -> Result<()> {
    if leaves.is_empty() {
        return Ok(());
    }
    let mut state = State::read(conn, vault)?;
    put(conn, vault, &mut state, leaves)?;
    state.write(conn, vault)
}

/// Appends entries to a state that is written afterwards.
fn put(conn: &Connection, vault: &Vault, state: &mut State, leaves: &[LedgerLeaf]) -> Result<()> {
    const INDEX: &str = "INSERT INTO ledger_manifest (manifest, number) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    for leaf in leaves {
        let index = state.frontier.size();
        let sealed = vault.seal_leaf(index, leaf)?;
        let values = params![number(index)?, leaf.hash.as_slice(), sealed];
        let put = execute(conn, "INSERT INTO ledger (number, leaf, sealed) VALUES (?1, ?2, ?3)", values);
        put.map_err(|error| foreign(index, error))?;
        for manifest in &leaf.manifests {
            let values = params![manifest.as_bytes(), number(index)?];
            execute(conn, INDEX, values)?;
        }
        grow(conn, state, &leaf.hash)?;
    }
    Ok(())
}

/// If there is an entry at the next index, somebody else has written it. That is no race, and a retry would not help.
fn foreign(index: u64, error: StoreError) -> StoreError {
    match error {
        StoreError::Conflict => {
            StoreError::Corrupt(format!("entry {index} of the ledger is there, and was not written here"))
        }
        other => other,
    }
}

pub(super) async fn record(store: &SqliteStore, events: Vec<Event>) -> Result<()> {
    let leaves = LedgerLeaf::all(&events)?;
    store.write(move |conn, vault| append(conn, vault, &leaves)).await
}

type Sealed = (u64, Vec<u8>, Vec<u8>);

fn sealed(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    Ok((count(row, 0)?, row.get(1)?, row.get(2)?))
}

fn open(vault: &Vault, entries: Vec<Sealed>) -> Result<Vec<Event>> {
    entries.into_iter().map(|(index, leaf, sealed)| vault.open_leaf(index, &leaf, &sealed)).collect()
}

/// Entries from an index on, in their stored form.
fn page(conn: &Connection, from: u64, limit: u32) -> Result<Vec<Sealed>> {
    const SQL: &str = "SELECT number, leaf, sealed FROM ledger WHERE number >= ?1 ORDER BY number LIMIT ?2";
    query_all(conn, SQL, params![number(from)?, limit], sealed).map_err(torn)
}

/// Damage of the ledger is damage of the whole store.
fn torn(error: StoreError) -> StoreError {
    error.of_all("an entry of the ledger is torn")
}

pub(super) async fn events(store: &SqliteStore, from: u64, limit: u32) -> Result<Vec<Event>> {
    store.read_sealed(move |conn, vault| open(vault, page(conn, from, limit)?)).await
}

pub(super) async fn events_of(store: &SqliteStore, manifest: &StatementId) -> Result<Vec<Event>> {
    const SQL: &str = "SELECT l.number, l.leaf, l.sealed FROM ledger_manifest m JOIN ledger l ON l.number = m.number \
        WHERE m.manifest = ?1 ORDER BY m.number";
    let manifest = *manifest;
    store
        .read_sealed(move |conn, vault| {
            open(vault, query_all(conn, SQL, params![manifest.as_bytes()], sealed).map_err(torn)?)
        })
        .await
}
