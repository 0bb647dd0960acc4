//! The cost of the queue's statements, in steps of SQLite's machine.

use rusqlite::{Connection, StatementStatus, params};

use super::super::{connection::SqliteConnection, open::MIGRATIONS};
use crate::{
    domain::{ids::TrustDomain, time::Time},
    store::{
        QueueItem,
        sql::{
            queue::{self, DUE, PUT},
            transaction::Changes,
        },
    },
};

fn now() -> Time {
    Time::from_unix_nanos(1_000)
}

fn put(conn: &Connection, manifest: i64, queue: &[(TrustDomain, Time)]) {
    let (conn, mut changes) = (SqliteConnection::reader(conn), Changes::default());
    queue::put(&conn, &mut changes, manifest, 5, queue).unwrap();
    changes.apply(&conn).unwrap();
}

fn settle(conn: &Connection, items: &[i64]) {
    let (conn, mut changes) = (SqliteConnection::reader(conn), Changes::default());
    queue::settle(&conn, &mut changes, 3, items).unwrap();
    changes.apply(&conn).unwrap();
}

fn due_to(conn: &Connection, room: u64) -> (Vec<QueueItem>, bool) {
    queue::due_to(&SqliteConnection::reader(conn), 3, now(), room).unwrap()
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
        put(&conn, number, &fr.clone().map(|fr| (fr, Time::from_unix_nanos(if number == 1 { 2_000 } else { 0 }))));
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
        let putting = steps(&conn, PUT, || put(&conn, count + 1, &fr(0)));
        let looking = steps(&conn, DUE, || {
            let (due, is_more) = due_to(&conn, 0);
            assert!(due.len() == 1 && is_more);
        });
        let (due, _) = due_to(&conn, 8_000);
        let numbers: Vec<i64> = due.iter().map(|item| item.id).collect();
        // The first item of `ng` is not due, so its second one has the second turn; `gb` has the first turn.
        assert_eq!(numbers, [count + 1, 2, 3]);
        settle(&conn, &numbers[..2]);
        put(&conn, count + 2, &fr(0));
        let (due, _) = due_to(&conn, 8_000);
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
    put(&conn, 101, &[("fr.example".parse().unwrap(), Time::from_unix_nanos(0))]);
    let place = || {
        let (due, _) = due_to(&conn, u64::MAX);
        due.iter().position(|item| item.id == 101)
    };
    assert_eq!(place(), Some(0));
    conn.execute("UPDATE queue SET turn = 0", []).unwrap();
    assert_eq!(place(), Some(99));
}
