//! Forwarding: the position among the arrivals, and the queues that are filled with it.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::{
    SqliteStore,
    dialect::{count, execute, id, number, query_all, query_optional},
    ledger, manifests, queue,
};
use crate::store::{
    Result, StoreError,
    forward::{ForwardStore, ForwardableEntry, Forwarding},
    vault::{LedgerLeaf, Vault},
};

#[async_trait]
impl ForwardStore for SqliteStore {
    async fn forwarded(&self) -> Result<u64> {
        self.read(position).await
    }

    async fn arrived_after(&self, arrival: u64, limit: u32) -> Result<Vec<ForwardableEntry>> {
        const SQL: &str = "SELECT r.number, m.id, r.envelope FROM received r JOIN manifest m ON m.number = r.manifest \
            WHERE r.number > ?1 AND r.quarantined = 0 ORDER BY r.number LIMIT ?2";
        let read = |r: &rusqlite::Row<'_>| {
            Ok(ForwardableEntry { arrival: count(r, 0)?, manifest_id: id(r, 1)?, release: r.get(2)? })
        };
        self.read(move |conn| query_all(conn, SQL, params![number(arrival)?, limit], read)).await
    }

    async fn forward(&self, forwarding: Forwarding) -> Result<()> {
        let leaves = LedgerLeaf::all(&forwarding.events)?;
        self.write(move |conn, vault| commit(conn, vault, &forwarding, &leaves)).await
    }
}

/// The arrival number up to which all entries were examined.
fn position(conn: &Connection) -> Result<u64> {
    const SQL: &str = "SELECT upto FROM forwarded";
    Ok(query_optional(conn, SQL, [], |r| count(r, 0))?.unwrap_or_default())
}

fn commit(conn: &Connection, vault: &Vault, forwarding: &Forwarding, leaves: &[LedgerLeaf]) -> Result<()> {
    const POSITION: &str = "INSERT INTO forwarded (one, upto) VALUES (1, ?1) \
        ON CONFLICT (one) DO UPDATE SET upto = excluded.upto";
    if position(conn)? != forwarding.from {
        return Err(StoreError::Conflict);
    }
    for (manifest, urgency, partners) in &forwarding.queue {
        if let Some(manifest) = manifests::find(conn, manifest)? {
            queue::put(conn, manifest, *urgency, partners)?;
        }
    }
    execute(conn, POSITION, [number(forwarding.upto)?])?;
    ledger::append(conn, vault, leaves)
}
