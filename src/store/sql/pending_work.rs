//! Reads what is pending for a partner. All of it comes from one snapshot and one use of a reader, because a thousand connected
//! partners may ask at once.

use super::{
    driver::Driver,
    peers,
    query::{Queries, params, query_optional},
    queue::{due_to, next_due},
    release::{disclosed_to, numbered_after, position},
    store::SqlStore,
    value::count,
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
            None => begun(conn),
        })
        .await
}

/// The version of the catalogue and the newest recall. They are read together, because each live stream looks for each entry.
fn begun(conn: &dyn Queries) -> Result<PendingWork> {
    const SQL: &str =
        "SELECT (SELECT newest FROM turn WHERE of = 'catalogue'), (SELECT newest FROM turn WHERE of = 'recall')";
    let turns = query_optional(conn, SQL, params![], |r| Ok((count(r, 0)?, count(r, 1)?)))?;
    let (catalogue, recalls) = turns.unwrap_or_default();
    Ok(PendingWork { catalogue, recalls, ..PendingWork::default() })
}

fn read(conn: &dyn Queries, peer: i64, after: u64, now: Time, max_bytes: u64) -> Result<PendingWork> {
    let work = PendingWork { next_due: next_due(conn, peer, now)?, ..begun(conn)? };
    let work = PendingWork { position: position(conn, peer)?, ..work };
    // Usually there is nothing after the last number. Then no query is needed.
    if work.position.sequence > after {
        let (numbered, is_more) = numbered_after(conn, peer, after, max_bytes)?;
        return Ok(PendingWork { numbered, is_more, ..work });
    }
    let (due, is_more) = due_to(conn, peer, now, max_bytes)?;
    let with_given = |item: QueueItem| disclosed_to(conn, peer, &item.manifest_id).map(|given| (item, given));
    Ok(PendingWork { due: due.into_iter().map(with_given).collect::<Result<_>>()?, is_more, ..work })
}
