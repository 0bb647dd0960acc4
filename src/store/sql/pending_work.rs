//! Reads what is pending for a partner. All of it comes from one snapshot and one use of a reader, because a thousand connected
//! partners may ask at once.

use super::{
    catalogue,
    driver::Driver,
    peers,
    query::Queries,
    queue::{due_to, next_due},
    recalls::newest_turn,
    release::{disclosed_to, numbered_after, position},
    store::SqlStore,
};
use crate::{
    domain::{ids::TrustDomain, time::Time},
    store::{PendingWork, QueueItem, Result, damage::Damage},
};

pub(super) async fn pending_work(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    after: u64,
    now: Time,
    max_bytes: u64,
) -> Result<PendingWork> {
    let partner = partner.clone();
    store
        .read(move |conn| match peers::find(conn, &partner)? {
            Some(peer) => read(conn, peer, after, now, max_bytes).map_err(|e| e.of(Damage::Feed(partner))),
            None => Ok(PendingWork {
                catalogue: catalogue::version(conn)?,
                recalls: newest_turn(conn)?,
                ..PendingWork::default()
            }),
        })
        .await
}

fn read(conn: &dyn Queries, peer: i64, after: u64, now: Time, max_bytes: u64) -> Result<PendingWork> {
    let work = PendingWork { next_due: next_due(conn, peer, now)?, ..PendingWork::default() };
    let work = PendingWork { position: position(conn, peer)?, ..work };
    let work = PendingWork { catalogue: catalogue::version(conn)?, recalls: newest_turn(conn)?, ..work };
    // Usually there is nothing after the last number. Then no query is needed.
    if work.position.sequence > after {
        let (numbered, is_more) = numbered_after(conn, peer, after, max_bytes)?;
        return Ok(PendingWork { numbered, is_more, ..work });
    }
    let (due, is_more) = due_to(conn, peer, now, max_bytes)?;
    let with_given = |item: QueueItem| disclosed_to(conn, peer, &item.manifest_id).map(|given| (item, given));
    Ok(PendingWork { due: due.into_iter().map(with_given).collect::<Result<_>>()?, is_more, ..work })
}
