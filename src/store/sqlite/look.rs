//! One look at what there is for a partner. All of it from one snapshot and in one turn of a reader: a thousand live partners look at once.

use rusqlite::Connection;

use super::{
    SqliteStore, outbox, partners,
    queue::{due_to, next_due},
    release::{disclosed_to, numbered_after, position},
};
use crate::{
    domain::{ids::TrustDomain, time::Time},
    store::{Look, QueueItem, Result},
};

pub(super) async fn look(
    store: &SqliteStore,
    partner: &TrustDomain,
    after: u64,
    now: Time,
    limit: u32,
) -> Result<Look> {
    let partner = partner.clone();
    store
        .read(move |conn| match partners::find(conn, &partner)? {
            Some(peer) => look_for(conn, peer, after, now, limit),
            None => Ok(Look::default()),
        })
        .await
}

fn look_for(conn: &Connection, peer: i64, after: u64, now: Time, limit: u32) -> Result<Look> {
    let seen = Look { next_due: next_due(conn, peer, now)?, ..Look::default() };
    if outbox::has_urgent(conn, peer)? {
        return Ok(Look { recall_waits: true, ..seen });
    }
    let seen = Look { position: position(conn, peer)?, ..seen };
    // Usually there is nothing after the last number, and then that need not be asked.
    if seen.position.sequence > after {
        return Ok(Look { numbered: numbered_after(conn, peer, after, limit)?, ..seen });
    }
    let due = due_to(conn, peer, now, limit)?;
    let with_given = |item: QueueItem| disclosed_to(conn, peer, &item.manifest_id).map(|given| (item, given));
    Ok(Look { due: due.into_iter().map(with_given).collect::<Result<_>>()?, ..seen })
}
