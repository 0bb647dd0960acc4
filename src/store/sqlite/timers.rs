//! The timer table.

use async_trait::async_trait;
use rusqlite::{Connection, params};

use super::{
    SqliteStore,
    dialect::{execute, query_all, query_optional, time},
};
use crate::{
    domain::{
        time::Time,
        timer::{Timer, TimerKind},
    },
    store::{Result, timers::TimerStore},
};

/// Sets a timer, whatever its time was before. For the writer: a method that changes something sets its timer with the change.
pub(super) fn set(conn: &Connection, timer: &Timer) -> Result<()> {
    const SQL: &str = "INSERT INTO timer (kind, subject, due) VALUES (?1, ?2, ?3) \
        ON CONFLICT (kind, subject) DO UPDATE SET due = excluded.due";
    put(conn, SQL, timer)
}

/// Makes a timer due at its time at the latest. An earlier time stays. For the writer.
pub(super) fn set_no_later(conn: &Connection, timer: &Timer) -> Result<()> {
    const SQL: &str = "INSERT INTO timer (kind, subject, due) VALUES (?1, ?2, ?3) \
        ON CONFLICT (kind, subject) DO UPDATE SET due = min(due, excluded.due)";
    put(conn, SQL, timer)
}

/// Removes a timer. For the writer.
pub(super) fn clear(conn: &Connection, kind: TimerKind, subject: &[u8]) -> Result<()> {
    execute(conn, "DELETE FROM timer WHERE kind = ?1 AND subject = ?2", params![kind.as_str(), subject]).map(|_| ())
}

fn put(conn: &Connection, sql: &str, timer: &Timer) -> Result<()> {
    execute(conn, sql, params![timer.kind.as_str(), timer.subject, timer.due.unix_nanos()]).map(|_| ())
}

/// The due timers of known kinds, at most `limit`. Timers of a newer program's kinds do not count towards the limit.
fn due(conn: &Connection, now: Time, limit: u32) -> Result<Vec<Timer>> {
    const SQL: &str = "SELECT kind, subject, due FROM timer WHERE due <= ?1 ORDER BY due, kind, subject";
    let mut statement = conn.prepare_cached(SQL)?;
    let mut found = statement.query([now.unix_nanos()])?;
    let mut timers = vec![];
    while timers.len() < limit as usize
        && let Some(row) = found.next()?
    {
        let kind: String = row.get(0)?;
        if let Ok(kind) = kind.parse() {
            timers.push(Timer { kind, subject: row.get(1)?, due: time(row, 2)? });
        }
    }
    Ok(timers)
}

#[async_trait]
impl TimerStore for SqliteStore {
    async fn set_timers(&self, timers: Vec<Timer>) -> Result<()> {
        self.write(move |conn, _| timers.iter().try_for_each(|timer| set(conn, timer))).await
    }

    async fn due_timers(&self, now: Time, limit: u32) -> Result<Vec<Timer>> {
        self.read(move |conn| due(conn, now, limit)).await
    }

    async fn timers(&self, kind: TimerKind) -> Result<Vec<Timer>> {
        const SQL: &str = "SELECT subject, due FROM timer WHERE kind = ?1 ORDER BY subject";
        let read = move |r: &rusqlite::Row<'_>| Ok(Timer { kind, subject: r.get(0)?, due: time(r, 1)? });
        self.read(move |conn| query_all(conn, SQL, [kind.as_str()], read)).await
    }

    async fn next_due(&self) -> Result<Option<Time>> {
        const SQL: &str = "SELECT due FROM timer ORDER BY due LIMIT 1";
        self.read(|conn| query_optional(conn, SQL, [], |r| time(r, 0))).await
    }

    async fn clear_timer(&self, kind: TimerKind, subject: &[u8]) -> Result<()> {
        let subject = subject.to_vec();
        self.write(move |conn, _| clear(conn, kind, &subject)).await
    }

    async fn timer_fired(&self, timer: &Timer, next: Option<Time>) -> Result<()> {
        const AGAIN: &str = "UPDATE timer SET due = ?4 WHERE kind = ?1 AND subject = ?2 AND due = ?3";
        const DONE: &str = "DELETE FROM timer WHERE kind = ?1 AND subject = ?2 AND due = ?3";
        let timer = timer.clone();
        let work = move |conn: &Connection| {
            let (kind, fired) = (timer.kind.as_str(), timer.due.unix_nanos());
            match next {
                Some(next) => execute(conn, AGAIN, params![kind, timer.subject, fired, next.unix_nanos()]),
                None => execute(conn, DONE, params![kind, timer.subject, fired]),
            }
        };
        self.write(move |conn, _| work(conn).map(|_| ())).await
    }

    async fn pull_in_timers(&self, kind: TimerKind, latest: Time) -> Result<u64> {
        const ANY: &str = "SELECT 1 FROM timer WHERE kind = ?1 AND due > ?2 LIMIT 1";
        const SQL: &str = "UPDATE timer SET due = ?2 WHERE kind = ?1 AND due > ?2";
        let values = (kind.as_str(), latest.unix_nanos());
        // There is hardly ever one. Then the writer is not needed.
        if self.read(move |conn| query_optional(conn, ANY, values, |_| Ok(()))).await?.is_none() {
            return Ok(0);
        }
        self.write(move |conn, _| Ok(execute(conn, SQL, values)? as u64)).await
    }
}
