//! Appends entries. An entry gets its number in the transaction that it records, so that there are no gaps and no entry without its
//! change. In addition to its own row, an entry costs one encrypted state row for each transaction, and one subtree row for 256
//! entries.

use super::{
    super::{
        query::{Connection, NEXT, execute, params},
        value::number,
    },
    state::StoredLedgerState,
};
use crate::store::{
    Result, StoreError,
    vault::{LedgerLeaf, Vault},
};

/// Makes the tree over the entries from before there was one.
pub(in crate::store) fn begin(conn: &dyn Connection, vault: &Vault) -> Result<()> {
    let mut state = StoredLedgerState::default();
    conn.query("SELECT leaf FROM ledger ORDER BY number", params![], &mut |entry| {
        grow(conn, &mut state, &entry.get::<Vec<u8>>(0)?)?;
        NEXT
    })?;
    state.write(conn, vault)
}

fn grow(conn: &dyn Connection, state: &mut StoredLedgerState, leaf: &[u8]) -> Result<()> {
    const PUT: &str = "INSERT INTO ledger_subtree (level, place, hash) VALUES (?1, ?2, ?3) \
        ON CONFLICT (level, place) DO UPDATE SET hash = excluded.hash";
    state.frontier.push(leaf, |level, place, hash| {
        let values = params![level, number(place)?, hash.as_slice()];
        execute(conn, PUT, values).map(|_| ())
    })
}

/// Appends entries. For the writer, within the transaction of what they record.
pub(in crate::store::sql) fn append(conn: &dyn Connection, vault: &Vault, leaves: &[LedgerLeaf]) -> Result<()> {
    if leaves.is_empty() {
        return Ok(());
    }
    let mut state = StoredLedgerState::read(conn, vault)?;
    put(conn, vault, &mut state, leaves)?;
    state.write(conn, vault)
}

/// Appends entries to a state that is written afterwards.
pub(super) fn put(
    conn: &dyn Connection,
    vault: &Vault,
    state: &mut StoredLedgerState,
    leaves: &[LedgerLeaf],
) -> Result<()> {
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
