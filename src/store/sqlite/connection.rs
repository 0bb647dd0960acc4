//! SQLite's side of a connection: statements are prepared once, and values are converted.

use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{
    CachedStatement, Row, ToSql,
    types::{ToSqlOutput, ValueRef},
};

use crate::store::{
    Result, StoreError,
    damage::Damage,
    sql::{
        query::{Connection, Next, Params, Queries},
        value::{Columns, SqlRow, SqlValue},
    },
};

/// A connection within a transaction.
pub(super) struct SqliteConnection<'a> {
    conn: &'a rusqlite::Connection,
    /// Tells the writer to empty the log, because the log holds older pages.
    scrub: Option<&'a AtomicBool>,
}

/// A parameter in the form that SQLite binds, without a copy.
struct Parameter<'a>(SqlValue<'a>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            SqlValue::Null => ValueRef::Null,
            SqlValue::Number(number) => ValueRef::Integer(number),
            SqlValue::Flag(flag) => ValueRef::Integer(flag.into()),
            SqlValue::Text(text) => ValueRef::Text(text.as_bytes()),
            SqlValue::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl Columns for Row<'_> {
    fn column(&self, index: usize) -> Result<SqlValue<'_>> {
        let torn = || StoreError::Damaged(Damage::Row);
        Ok(match self.get_ref(index)? {
            ValueRef::Null => SqlValue::Null,
            ValueRef::Integer(number) => SqlValue::Number(number),
            ValueRef::Text(text) => SqlValue::Text(std::str::from_utf8(text).map_err(|_| torn())?),
            ValueRef::Blob(bytes) => SqlValue::Bytes(bytes),
            ValueRef::Real(_) => return Err(torn()),
        })
    }
}

impl<'a> SqliteConnection<'a> {
    /// A connection that only reads.
    pub(super) fn reader(conn: &'a rusqlite::Connection) -> Self {
        Self { conn, scrub: None }
    }

    /// The writer's connection, and the flag that has it empty the log.
    pub(super) fn writer(conn: &'a rusqlite::Connection, scrub: &'a AtomicBool) -> Self {
        Self { conn, scrub: Some(scrub) }
    }

    fn prepared(&self, sql: &str, params: Params<'_>) -> Result<CachedStatement<'_>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        // A parameter that is not bound counts as null. A statement must not change other rows because of that.
        if statement.parameter_count() != params.len() {
            return Err(rusqlite::Error::InvalidParameterCount(params.len(), statement.parameter_count()).into());
        }
        for (place, param) in params.iter().enumerate() {
            statement.raw_bind_parameter(place.saturating_add(1), Parameter(param.value()))?;
        }
        Ok(statement)
    }
}

impl Queries for SqliteConnection<'_> {
    fn query(&self, sql: &str, params: Params<'_>, each: &mut dyn FnMut(&SqlRow<'_>) -> Result<Next>) -> Result<()> {
        let mut statement = self.prepared(sql, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if each(&SqlRow(row))?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Connection for SqliteConnection<'_> {
    fn execute(&self, sql: &str, params: Params<'_>) -> Result<usize> {
        Ok(self.prepared(sql, params)?.raw_execute()?)
    }

    fn insert(&self, sql: &str, params: Params<'_>) -> Result<i64> {
        self.execute(sql, params)?;
        Ok(self.conn.last_insert_rowid())
    }

    fn destroys_content(&self) {
        if let Some(scrub) = self.scrub {
            scrub.store(true, Ordering::Release);
        }
    }
}
