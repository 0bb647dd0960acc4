//! The timer table.

use async_trait::async_trait;

use super::{
    dialect,
    driver::Driver,
    query::{END, NEXT, Queries, exists, params, query_all, query_optional},
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{SqlRow, count, time},
};
use crate::{
    domain::{
        time::Time,
        timer::{Timer, TimerKind},
    },
    store::{Result, timers::TimerStore},
};

/// Sets a timer, whatever its time was before.
fn set(changes: &mut Changes, timer: Timer) {
    const SQL: &str = "INSERT INTO timer (kind, subject, due) VALUES (?1, ?2, ?3) \
        ON CONFLICT (kind, subject) DO UPDATE SET due = excluded.due";
    put(changes, SQL, timer);
}

/// Makes a timer due at its time at the latest. An earlier time stays. A method that changes something
/// with a time sets its timer with the change.
pub(super) fn set_no_later(changes: &mut Changes, timer: Timer) {
    const SQL: &str = concat!(
        "INSERT INTO timer (kind, subject, due) VALUES (?1, ?2, ?3) ON CONFLICT (kind, subject) DO UPDATE SET due = ",
        dialect::smaller!("timer.due", "excluded.due")
    );
    put(changes, SQL, timer);
}

fn put(changes: &mut Changes, sql: &'static str, timer: Timer) {
    changes.write(sql, values![timer.kind.as_str(), timer.subject, timer.due], Rows::One);
}

/// The due timers of known kinds, at most `limit`. Timers of a newer program's kinds do not count towards the limit.
fn due(conn: &dyn Queries, now: Time, limit: u32) -> Result<Vec<Timer>> {
    const SQL: &str = "SELECT kind, subject, due FROM timer WHERE due <= ?1 ORDER BY due, kind, subject";
    let mut timers = vec![];
    conn.query(SQL, params![now], &mut |row| {
        if timers.len() >= limit as usize {
            return END;
        }
        if let Ok(kind) = row.get::<String>(0)?.parse() {
            timers.push(Timer { kind, subject: row.get(1)?, due: time(row, 2)? });
        }
        NEXT
    })?;
    Ok(timers)
}

#[async_trait]
impl<D: Driver> TimerStore for SqlStore<D> {
    async fn set_timers(&self, timers: Vec<Timer>) -> Result<()> {
        self.transact([], move |_, _, changes| {
            timers.into_iter().for_each(|timer| set(changes, timer));
            Ok(())
        })
        .await
    }

    async fn due_timers(&self, now: Time, limit: u32) -> Result<Vec<Timer>> {
        self.read(move |conn| due(conn, now, limit)).await
    }

    async fn timers(&self, kind: TimerKind) -> Result<Vec<Timer>> {
        const SQL: &str = "SELECT subject, due FROM timer WHERE kind = ?1 ORDER BY subject";
        let read = move |r: &SqlRow<'_>| Ok(Timer { kind, subject: r.get(0)?, due: time(r, 1)? });
        self.read(move |conn| query_all(conn, SQL, params![kind.as_str()], read)).await
    }

    async fn next_due(&self) -> Result<Option<Time>> {
        const SQL: &str = "SELECT due FROM timer ORDER BY due LIMIT 1";
        self.read(|conn| query_optional(conn, SQL, params![], |r| time(r, 0))).await
    }

    async fn clear_timer(&self, kind: TimerKind, subject: &[u8]) -> Result<()> {
        const SQL: &str = "DELETE FROM timer WHERE kind = ?1 AND subject = ?2";
        let values = values![kind.as_str(), subject];
        self.transact([], move |_, _, changes| {
            changes.write(SQL, values, Rows::AtMostOne);
            Ok(())
        })
        .await
    }

    async fn timer_fired(&self, timer: &Timer, next: Option<Time>) -> Result<()> {
        const AGAIN: &str = "UPDATE timer SET due = ?4 WHERE kind = ?1 AND subject = ?2 AND due = ?3";
        const DONE: &str = "DELETE FROM timer WHERE kind = ?1 AND subject = ?2 AND due = ?3";
        let Timer { kind, subject, due } = timer.clone();
        let (sql, values) = match next {
            Some(next) => (AGAIN, values![kind.as_str(), subject, due, next]),
            None => (DONE, values![kind.as_str(), subject, due]),
        };
        self.transact([], move |_, _, changes| {
            // If it was set to another time, that time stays.
            changes.write(sql, values, Rows::AtMostOne);
            Ok(())
        })
        .await
    }

    async fn pull_in_timers(&self, kind: TimerKind, latest: Time) -> Result<u64> {
        const ANY: &str = "SELECT 1 FROM timer WHERE kind = ?1 AND due > ?2 LIMIT 1";
        const SQL: &str = "UPDATE timer SET due = ?2 WHERE kind = ?1 AND due > ?2";
        const COUNT: &str = "SELECT count(*) FROM timer WHERE kind = ?1 AND due > ?2";
        // There is hardly ever one. Then the writer is not needed.
        if !self.read(move |conn| exists(conn, ANY, params![kind.as_str(), latest])).await? {
            return Ok(0);
        }
        self.transact([], move |conn, _, changes| {
            let later = query_optional(conn, COUNT, params![kind.as_str(), latest], |r| count(r, 0))?;
            changes.write(SQL, values![kind.as_str(), latest], Rows::Any);
            Ok(later.unwrap_or_default())
        })
        .await
    }
}
