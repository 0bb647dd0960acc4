//! The queues: what is offered to which partner, and from when on. The most urgent item goes first. Within one urgency the
//! originators take turns: each item has a turn number, one after its originator's last one in the queue, and not before those
//! that went last. So an originator's next item waits for at most one item of each other originator, however many items they
//! have.

use std::collections::BTreeMap;

use super::{
    dialect,
    driver::Driver,
    lock::Lock,
    manifests::{self, version_bytes},
    peers,
    query::{IsMore, Queries, params, query_all, query_optional, query_within},
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{SqlRow, count, id, text, time},
};
use crate::{
    domain::{
        ids::{StatementId, TrustDomain},
        time::Time,
    },
    store::{FeedFigures, QueueItem, Result},
};

pub(in crate::store) const PUT: &str = concat!(
    "INSERT INTO queue (peer, manifest, urgency, due_at, originator, turn) VALUES (?1, ?2, ?3, ?4, ?5, 1 + ",
    dialect::larger!(
        "coalesce((SELECT turn FROM queue_turn WHERE peer = ?1 AND urgency = ?3), 0)",
        "coalesce((SELECT max(turn) FROM queue WHERE peer = ?1 AND urgency = ?3 AND originator = ?5), 0)"
    ),
    ") ON CONFLICT (peer, due_at, manifest) DO NOTHING"
);

/// Puts a version into queues. If it is there for the same time already, nothing changes.
pub(in crate::store) fn put(
    conn: &dyn Queries,
    changes: &mut Changes,
    manifest: i64,
    urgency: u8,
    queue: &[(TrustDomain, Time)],
) -> Result<()> {
    const ORIGINATOR: &str = "SELECT originator FROM manifest WHERE number = ?1";
    let originator: Option<i64> = query_optional(conn, ORIGINATOR, params![manifest], |r| r.get(0))?;
    for (partner, due_at) in queue {
        let peer = peers::numbered(conn, changes, partner)?;
        changes.write(PUT, values![peer, manifest, urgency, due_at, originator], Rows::AtMostOne);
    }
    Ok(())
}

/// Takes items out of a partner's queue. Items that are added later come after them.
pub(in crate::store) fn settle(conn: &dyn Queries, changes: &mut Changes, peer: i64, items: &[i64]) -> Result<()> {
    const FIND: &str = "SELECT urgency, turn FROM queue WHERE number = ?1 AND peer = ?2";
    const TAKE: &str = "DELETE FROM queue WHERE number = ?1 AND peer = ?2";
    const TURN: &str = concat!(
        "INSERT INTO queue_turn (peer, urgency, turn) VALUES (?1, ?2, ?3) ON CONFLICT (peer, urgency) DO UPDATE SET turn = ",
        dialect::larger!("queue_turn.turn", "excluded.turn")
    );
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for item in items {
        if let Some((urgency, turn)) =
            query_optional(conn, FIND, params![item, peer], |r| Ok((r.get(0)?, r.get::<i64>(1)?)))?
        {
            let last = last.entry(urgency).or_default();
            *last = turn.max(*last);
            changes.write(TAKE, values![item, peer], Rows::One);
        }
    }
    for (urgency, turn) in last {
        changes.write(TURN, values![peer, urgency, turn], Rows::One);
    }
    Ok(())
}

pub(super) async fn enqueue(
    store: &SqlStore<impl Driver>,
    manifest_id: &StatementId,
    urgency: u8,
    queue: Vec<(TrustDomain, Time)>,
) -> Result<()> {
    let manifest_id = *manifest_id;
    store
        .transact([Lock::assessment_of(&manifest_id).shared()], move |conn, _, changes| {
            // An assessment that was superseded or recalled in the meantime is not queued.
            let Some(manifest) = manifests::offered(conn, &manifest_id)? else { return Ok(()) };
            put(conn, changes, manifest, urgency, &queue)
        })
        .await
}

/// How many items are queued for a partner.
pub(super) async fn queued(store: &SqlStore<impl Driver>, partner: &TrustDomain) -> Result<u64> {
    const SQL: &str = "SELECT count(*) FROM queue WHERE peer = (SELECT number FROM peer WHERE domain = ?1)";
    let partner = partner.clone();
    store
        .read(
            move |conn| Ok(query_optional(conn, SQL, params![partner.as_str()], |r| count(r, 0))?.unwrap_or_default()),
        )
        .await
}

/// The figures of all feeds.
pub(super) async fn feed_figures(store: &SqlStore<impl Driver>) -> Result<Vec<FeedFigures>> {
    const SQL: &str = "SELECT d.domain, coalesce(i.sequence, 0), coalesce(o.sequence, 0), coalesce(o.acknowledged, 0), \
        coalesce(q.items, 0) FROM peer d LEFT JOIN feed_in i ON i.peer = d.number \
        LEFT JOIN feed_out o ON o.peer = d.number \
        LEFT JOIN (SELECT peer, count(*) AS items FROM queue GROUP BY peer) q ON q.peer = d.number \
        WHERE coalesce(i.peer, o.peer, q.peer) IS NOT NULL ORDER BY d.domain";
    let read = |r: &SqlRow<'_>| {
        Ok(FeedFigures {
            partner: text(r, 0)?,
            inbound: count(r, 1)?,
            outbound: count(r, 2)?,
            acknowledged: count(r, 3)?,
            queued: count(r, 4)?,
        })
    };
    store.read(move |conn| query_all(conn, SQL, params![], read)).await
}

// The index has the queue in its order. Items that are not due yet are skipped within it.
macro_rules! due {
    ($($more:expr),*) => {
        concat!(
            "SELECT q.number, m.id, q.due_at", $($more,)*
            " FROM queue q", dialect::in_order_of!("queue_order"), " CROSS JOIN manifest m \
             WHERE m.number = q.manifest AND q.peer = ?1 AND q.due_at <= ?2 ORDER BY q.urgency DESC, q.turn, q.number LIMIT ?3"
        )
    };
}

pub(super) async fn due(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    now: Time,
    limit: u32,
) -> Result<Vec<QueueItem>> {
    let partner = partner.clone();
    store
        .read(move |conn| match peers::find(conn, &partner)? {
            Some(peer) => query_all(conn, due!(), params![peer, now.unix_nanos(), limit], item),
            None => Ok(vec![]),
        })
        .await
}

pub(in crate::store) const DUE: &str = due!(", ", version_bytes!());

fn item(row: &SqlRow<'_>) -> Result<QueueItem> {
    Ok(QueueItem { id: row.get(0)?, manifest_id: id(row, 1)?, due_at: time(row, 2)? })
}

/// The due items in the order of the queue, as many as fit.
pub(in crate::store) fn due_to(
    conn: &dyn Queries,
    peer: i64,
    now: Time,
    room: u64,
) -> Result<(Vec<QueueItem>, IsMore)> {
    query_within(conn, DUE, params![peer, now.unix_nanos(), i64::MAX], room, |r| Ok((item(r)?, count(r, 3)?)))
}

/// When the next item becomes due that is not due yet.
pub(super) fn next_due(conn: &dyn Queries, peer: i64, now: Time) -> Result<Option<Time>> {
    const SQL: &str = "SELECT due_at FROM queue WHERE peer = ?1 AND due_at > ?2 ORDER BY due_at LIMIT 1";
    query_optional(conn, SQL, params![peer, now.unix_nanos()], |r| time(r, 0))
}
