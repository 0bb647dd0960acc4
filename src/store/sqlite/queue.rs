//! The queues: what will be offered to whom, from when on. The most urgent goes first, then the oldest.

use rusqlite::{Connection, params};

use super::{
    SqliteStore,
    column::{count, id, row, rows, time},
    manifests, partners,
};
use crate::{
    domain::{
        ids::{StatementId, TrustDomain},
        time::Time,
    },
    store::{QueueItem, Result},
};

/// Puts a version into queues; where it stands already for the same time, nothing changes. For the writer.
pub(super) fn put(conn: &Connection, manifest: i64, urgency: u8, queue: &[(TrustDomain, Time)]) -> Result<()> {
    const SQL: &str = "INSERT INTO queue (peer, manifest, urgency, due_at) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (peer, due_at, manifest) DO NOTHING";
    let mut insert = conn.prepare_cached(SQL)?;
    for (partner, due_at) in queue {
        insert.execute(params![partners::number_of(conn, partner)?, manifest, urgency, due_at.unix_nanos()])?;
    }
    Ok(())
}

pub(super) async fn enqueue(
    store: &SqliteStore,
    manifest_id: &StatementId,
    urgency: u8,
    queue: Vec<(TrustDomain, Time)>,
) -> Result<()> {
    let manifest_id = *manifest_id;
    store
        .write(move |conn, _| {
            // What is superseded or was taken back meanwhile waits for nobody.
            let Some(manifest) = manifests::offered(conn, &manifest_id)? else { return Ok(()) };
            put(conn, manifest, urgency, &queue)
        })
        .await
}

/// How many items wait for a partner.
pub(super) async fn queued(store: &SqliteStore, partner: &TrustDomain) -> Result<u64> {
    const SQL: &str = "SELECT count(*) FROM queue WHERE peer = (SELECT number FROM peer WHERE domain = ?1)";
    let partner = partner.clone();
    store.read(move |conn| Ok(row(conn, SQL, [partner.as_str()], |r| count(r, 0))?.unwrap_or_default())).await
}

pub(super) async fn due(store: &SqliteStore, partner: &TrustDomain, now: Time, limit: u32) -> Result<Vec<QueueItem>> {
    let partner = partner.clone();
    store
        .read(move |conn| match partners::find(conn, &partner)? {
            Some(peer) => due_to(conn, peer, now, limit),
            None => Ok(vec![]),
        })
        .await
}

/// What is due, the most urgent first, then the oldest.
pub(super) fn due_to(conn: &Connection, peer: i64, now: Time, limit: u32) -> Result<Vec<QueueItem>> {
    // The index holds the queue in its order; what is not due yet is passed over within it.
    const SQL: &str = "SELECT q.number, m.id, q.due_at FROM queue q INDEXED BY queue_order \
        CROSS JOIN manifest m ON m.number = q.manifest \
        WHERE q.peer = ?1 AND q.due_at <= ?2 ORDER BY q.urgency DESC, q.number LIMIT ?3";
    rows(conn, SQL, params![peer, now.unix_nanos(), limit], |r| {
        Ok(QueueItem { id: r.get(0)?, manifest_id: id(r, 1)?, due_at: time(r, 2)? })
    })
}

/// When the next item that is not due yet becomes due.
pub(super) fn next_due(conn: &Connection, peer: i64, now: Time) -> Result<Option<Time>> {
    const SQL: &str = "SELECT due_at FROM queue WHERE peer = ?1 AND due_at > ?2 ORDER BY due_at LIMIT 1";
    row(conn, SQL, params![peer, now.unix_nanos()], |r| time(r, 0))
}
