//! The queues: what is offered to which partner, and from when on. The most urgent item goes first. Within one urgency the
//! originators take turns: each item has a turn number, one after its originator's last one in the queue, and not before those
//! that went last. So an originator's next item waits for at most one item of each other originator, however many items they
//! have.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};

use super::{
    SqliteStore,
    dialect::{self, IsMore, count, execute, id, query_all, query_optional, query_within, text, time},
    manifests::{self, version_bytes},
    partners,
};
use crate::{
    domain::{
        ids::{StatementId, TrustDomain},
        time::Time,
    },
    store::{FeedFigures, QueueItem, Result},
};

const PUT: &str = concat!(
    "INSERT INTO queue (peer, manifest, urgency, due_at, originator, turn) VALUES (?1, ?2, ?3, ?4, ?5, 1 + ",
    dialect::larger!(
        "coalesce((SELECT turn FROM queue_turn WHERE peer = ?1 AND urgency = ?3), 0)",
        "coalesce((SELECT max(turn) FROM queue WHERE peer = ?1 AND urgency = ?3 AND originator = ?5), 0)"
    ),
    ") ON CONFLICT (peer, due_at, manifest) DO NOTHING"
);

/// Puts a version into queues. If it is there for the same time already, nothing changes. For the writer.
pub(super) fn put(conn: &Connection, manifest: i64, urgency: u8, queue: &[(TrustDomain, Time)]) -> Result<()> {
    const ORIGINATOR: &str = "SELECT originator FROM manifest WHERE number = ?1";
    let originator: Option<i64> = query_optional(conn, ORIGINATOR, [manifest], |r| r.get(0))?;
    let mut insert = conn.prepare_cached(PUT)?;
    for (partner, due_at) in queue {
        let peer = partners::number_of(conn, partner)?;
        insert.execute(params![peer, manifest, urgency, due_at.unix_nanos(), originator])?;
    }
    Ok(())
}

/// Takes items out of a partner's queue. Items that are added later come after them. For the writer.
pub(super) fn settle(conn: &Connection, peer: i64, items: &[i64]) -> Result<()> {
    const TAKE: &str = "DELETE FROM queue WHERE number = ?1 AND peer = ?2 RETURNING urgency, turn";
    const TURN: &str = concat!(
        "INSERT INTO queue_turn (peer, urgency, turn) VALUES (?1, ?2, ?3) ON CONFLICT (peer, urgency) DO UPDATE SET turn = ",
        dialect::larger!("queue_turn.turn", "excluded.turn")
    );
    let mut last: BTreeMap<i64, i64> = BTreeMap::new();
    for item in items {
        if let Some((urgency, turn)) =
            query_optional(conn, TAKE, params![item, peer], |r| Ok((r.get(0)?, r.get::<_, i64>(1)?)))?
        {
            let last = last.entry(urgency).or_default();
            *last = turn.max(*last);
        }
    }
    last.iter().try_for_each(|(urgency, turn)| execute(conn, TURN, params![peer, urgency, turn]).map(drop))
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
            // An assessment that was superseded or recalled in the meantime is not queued.
            let Some(manifest) = manifests::offered(conn, &manifest_id)? else { return Ok(()) };
            put(conn, manifest, urgency, &queue)
        })
        .await
}

/// How many items are queued for a partner.
pub(super) async fn queued(store: &SqliteStore, partner: &TrustDomain) -> Result<u64> {
    const SQL: &str = "SELECT count(*) FROM queue WHERE peer = (SELECT number FROM peer WHERE domain = ?1)";
    let partner = partner.clone();
    store
        .read(move |conn| Ok(query_optional(conn, SQL, [partner.as_str()], |r| count(r, 0))?.unwrap_or_default()))
        .await
}

/// The figures of all feeds.
pub(super) async fn feed_figures(store: &SqliteStore) -> Result<Vec<FeedFigures>> {
    const SQL: &str = "SELECT d.domain, coalesce(i.sequence, 0), coalesce(o.sequence, 0), coalesce(o.acknowledged, 0), \
        coalesce(q.items, 0) FROM peer d LEFT JOIN feed_in i ON i.peer = d.number \
        LEFT JOIN feed_out o ON o.peer = d.number \
        LEFT JOIN (SELECT peer, count(*) AS items FROM queue GROUP BY peer) q ON q.peer = d.number \
        WHERE coalesce(i.peer, o.peer, q.peer) IS NOT NULL ORDER BY d.domain";
    let read = |r: &Row<'_>| {
        Ok(FeedFigures {
            partner: text(r, 0)?,
            inbound: count(r, 1)?,
            outbound: count(r, 2)?,
            acknowledged: count(r, 3)?,
            queued: count(r, 4)?,
        })
    };
    store.read(move |conn| query_all(conn, SQL, [], read)).await
}

// The index has the queue in its order. Items that are not due yet are skipped within it.
macro_rules! due {
    ($($more:expr),*) => {
        concat!(
            "SELECT q.number, m.id, q.due_at", $($more,)*
            " FROM queue q INDEXED BY queue_order CROSS JOIN manifest m ON m.number = q.manifest \
             WHERE q.peer = ?1 AND q.due_at <= ?2 ORDER BY q.urgency DESC, q.turn, q.number LIMIT ?3"
        )
    };
}

pub(super) async fn due(store: &SqliteStore, partner: &TrustDomain, now: Time, limit: u32) -> Result<Vec<QueueItem>> {
    let partner = partner.clone();
    store
        .read(move |conn| match partners::find(conn, &partner)? {
            Some(peer) => query_all(conn, due!(), params![peer, now.unix_nanos(), limit], item),
            None => Ok(vec![]),
        })
        .await
}

const DUE: &str = due!(", ", version_bytes!());

fn item(row: &Row<'_>) -> rusqlite::Result<QueueItem> {
    Ok(QueueItem { id: row.get(0)?, manifest_id: id(row, 1)?, due_at: time(row, 2)? })
}

/// The due items in the order of the queue, as many as fit.
pub(super) fn due_to(conn: &Connection, peer: i64, now: Time, room: u64) -> Result<(Vec<QueueItem>, IsMore)> {
    query_within(conn, DUE, params![peer, now.unix_nanos(), i64::MAX], room, |r| Ok((item(r)?, count(r, 3)?)))
}

/// When the next item becomes due that is not due yet.
pub(super) fn next_due(conn: &Connection, peer: i64, now: Time) -> Result<Option<Time>> {
    const SQL: &str = "SELECT due_at FROM queue WHERE peer = ?1 AND due_at > ?2 ORDER BY due_at LIMIT 1";
    query_optional(conn, SQL, params![peer, now.unix_nanos()], |r| time(r, 0))
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::{super::open::MIGRATIONS, *};

    fn now() -> Time {
        Time::from_unix_nanos(1_000)
    }

    /// Adds equally urgent items of originator 1 for partner 3; the first of them is not due yet.
    fn backlog(count: i64) -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().for_each(|step| conn.execute_batch(step).unwrap());
        conn.execute_batch(
            "INSERT INTO peer (number, domain) VALUES (1, 'ng.example'), (2, 'gb.example'), (3, 'fr.example');
             INSERT INTO assessment (number, id, originator) VALUES (1, x'01', 1), (2, x'02', 2)",
        )
        .unwrap();
        let manifests = "INSERT INTO manifest (number, id, assessment, version, originator, state, since, envelope) \
            WITH RECURSIVE n (value) AS (SELECT ?1 UNION ALL SELECT value + 1 FROM n WHERE value < ?3) \
            SELECT value, randomblob(32), ?2, value, ?2, 'current', 0, x'00' FROM n";
        for (first, originator, last) in [(1, 1, count), (count + 1, 2, count + 2)] {
            conn.execute(manifests, params![first, originator, last]).unwrap();
        }
        let fr = ["fr.example".parse().unwrap()];
        for number in 1..=count {
            put(
                &conn,
                number,
                5,
                &fr.clone().map(|fr| (fr, Time::from_unix_nanos(if number == 1 { 2_000 } else { 0 }))),
            )
            .unwrap();
        }
        conn
    }

    /// The cost of running a statement once, in steps of SQLite's machine.
    fn steps(conn: &Connection, sql: &str, run: impl FnOnce()) -> i32 {
        let count = || conn.prepare_cached(sql).unwrap().get_status(StatementStatus::VmStep);
        let before = count();
        run();
        count() - before
    }

    #[test]
    fn the_next_item_costs_the_same_in_a_backlog_of_any_length_and_another_originator_waits_for_one() {
        let taken = [100, 100_000].map(|count| {
            let conn = backlog(count);
            let fr = |due| [("fr.example".parse().unwrap(), Time::from_unix_nanos(due))];
            let putting = steps(&conn, PUT, || put(&conn, count + 1, 5, &fr(0)).unwrap());
            let looking = steps(&conn, DUE, || {
                let (due, is_more) = due_to(&conn, 3, now(), 0).unwrap();
                assert!(due.len() == 1 && is_more);
            });
            let (due, _) = due_to(&conn, 3, now(), 8_000).unwrap();
            let numbers: Vec<i64> = due.iter().map(|item| item.id).collect();
            // The first item of `ng` is not due, so its second one has the second turn; `gb` has the first turn.
            assert_eq!(numbers, [count + 1, 2, 3]);
            settle(&conn, 3, &numbers[..2]).unwrap();
            put(&conn, count + 2, 5, &fr(0)).unwrap();
            let (due, _) = due_to(&conn, 3, now(), 8_000).unwrap();
            assert_eq!(due.iter().map(|item| item.id).collect::<Vec<_>>(), [3, count + 2, 4]);
            (putting, looking)
        });
        let [few, many] = taken;
        assert!(few.0 > 0 && few.1 > 0, "{few:?}");
        assert_eq!(few, many);
    }

    /// The negative control: without turns the originator with more items in the queue goes first.
    #[test]
    fn without_turns_another_originator_waits_for_all() {
        let conn = backlog(100);
        put(&conn, 101, 5, &[("fr.example".parse().unwrap(), Time::from_unix_nanos(0))]).unwrap();
        let place = || {
            let (due, _) = due_to(&conn, 3, now(), u64::MAX).unwrap();
            due.iter().position(|item| item.id == 101)
        };
        assert_eq!(place(), Some(0));
        conn.execute("UPDATE queue SET turn = 0", []).unwrap();
        assert_eq!(place(), Some(99));
    }
}
