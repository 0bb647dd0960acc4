//! One look at what there is for a partner. All of it from one snapshot and in one turn of a reader: a thousand live partners look at once.

use rusqlite::Connection;

use super::{
    SqliteStore, partners,
    queue::{due_to, next_due},
    release::{disclosed_to, numbered_after, position},
};
use crate::{
    domain::{ids::TrustDomain, time::Time},
    store::{Look, QueueItem, Result, damage::Damage},
};

pub(super) async fn look(store: &SqliteStore, partner: &TrustDomain, after: u64, now: Time, room: u64) -> Result<Look> {
    let partner = partner.clone();
    store
        .read(move |conn| match partners::find(conn, &partner)? {
            Some(peer) => look_for(conn, peer, after, now, room).map_err(|e| e.of(Damage::Feed(partner))),
            None => Ok(Look::default()),
        })
        .await
}

fn look_for(conn: &Connection, peer: i64, after: u64, now: Time, room: u64) -> Result<Look> {
    let seen = Look { next_due: next_due(conn, peer, now)?, ..Look::default() };
    let seen = Look { position: position(conn, peer)?, ..seen };
    // Usually there is nothing after the last number, and then that need not be asked.
    if seen.position.sequence > after {
        let (numbered, is_more) = numbered_after(conn, peer, after, room)?;
        return Ok(Look { numbered, is_more, ..seen });
    }
    let (due, is_more) = due_to(conn, peer, now, room)?;
    let with_given = |item: QueueItem| disclosed_to(conn, peer, &item.manifest_id).map(|given| (item, given));
    Ok(Look { due: due.into_iter().map(with_given).collect::<Result<_>>()?, is_more, ..seen })
}
