//! Everything in which the statements of SQLite and PostgreSQL differ. The statements in the other files use only what both
//! share: `coalesce`, `ON CONFLICT`, `RETURNING`, `FILTER`, and parameters that are numbered (`?1`; a PostgreSQL driver writes `$1`).
//! Where they can't, they use a fragment from here. Opening, locks and checkpoints of the file are in `open.rs`, `writer.rs` and
//! `readers.rs`; errors are in `error.rs`.
//!
//! Columns have four types: a number is a signed integer of 64 bits, a flag is 0 or 1, a time is nanoseconds since 1970, and ids
//! and ciphertexts are bytes. Names are text.

use std::str::FromStr;

use rusqlite::{Connection, Error, Params, Row, types::Type};

use crate::{
    domain::time::Time,
    store::{Result, StoreError},
};

/// A field of a JSON text, as text. PostgreSQL: `(text::json ->> 'field')`.
macro_rules! json_field {
    ($text:literal, $field:literal) => {
        concat!("json_extract(", $text, ", '$.", $field, "')")
    };
}

/// Whether a text is JSON. PostgreSQL: `(text IS JSON)`.
macro_rules! is_json {
    ($text:literal) => {
        concat!("json_valid(", $text, ")")
    };
}

/// The larger of two numbers. PostgreSQL: `greatest`.
macro_rules! larger {
    ($one:literal, $other:literal) => {
        concat!("max(", $one, ", ", $other, ")")
    };
}

/// No bytes. PostgreSQL: `''::bytea`.
macro_rules! no_bytes {
    () => {
        "x''"
    };
}

/// Bytes as text. PostgreSQL: `convert_from(bytes, 'UTF8')`.
macro_rules! text_of_bytes {
    ($bytes:literal) => {
        concat!("CAST(", $bytes, " AS TEXT)")
    };
}

/// Skips the first rows. PostgreSQL: `OFFSET` alone.
macro_rules! skip {
    ($count:literal) => {
        concat!("LIMIT -1 OFFSET ", $count)
    };
}

pub(super) use {is_json, json_field, larger, no_bytes, skip, text_of_bytes};

/// Begins a transaction that writes, and takes the write lock. PostgreSQL: `BEGIN`, and then the locks of the changes.
pub(super) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";
/// Commits a transaction.
pub(super) const COMMIT: &str = "COMMIT";
/// Rolls a transaction back.
pub(super) const ROLLBACK: &str = "ROLLBACK";
/// Begins a savepoint, so that one change of a transaction can fail alone.
pub(super) const SAVEPOINT: &str = "SAVEPOINT change";
/// Ends a savepoint, and keeps its changes.
pub(super) const RELEASE: &str = "RELEASE change";
/// Undoes the changes since a savepoint.
pub(super) const ROLLBACK_TO_SAVEPOINT: &str = "ROLLBACK TO change";

fn wrong(column: usize, what: String) -> Error {
    Error::FromSqlConversionFailure(column, Type::Null, what.into())
}

/// Reads an id.
pub(super) fn id<T: for<'a> TryFrom<&'a [u8], Error = String>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    T::try_from(row.get_ref(column)?.as_blob().map_err(|e| wrong(column, e.to_string()))?).map_err(|e| wrong(column, e))
}

/// Reads an id that may be null.
pub(super) fn id_optional<T: for<'a> TryFrom<&'a [u8], Error = String>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null { Ok(None) } else { id(row, column).map(Some) }
}

/// Reads concatenated ids.
pub(super) fn ids<T: for<'a> TryFrom<&'a [u8], Error = String>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Vec<T>> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|e| wrong(column, e.to_string()))?;
    bytes.chunks(32).map(|id| T::try_from(id).map_err(|e| wrong(column, e))).collect()
}

/// Reads a name, or a word of a closed set.
pub(super) fn text<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|e| wrong(column, e.to_string()))?;
    text.parse().map_err(|_| wrong(column, "an unknown word".to_owned()))
}

/// Reads a name, or a word of a closed set, that may be null.
pub(super) fn text_optional<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null { Ok(None) } else { text(row, column).map(Some) }
}

/// Reads a time.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Time> {
    row.get(column).map(Time::from_unix_nanos)
}

/// Reads a time that may be null.
pub(super) fn time_optional(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Time>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Time::from_unix_nanos))
}

/// Reads a count.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

/// Makes a column's value of a count.
///
/// # Errors
/// [`StoreError::TooLarge`]: a truncated number would name another row, or bind a ciphertext to it.
pub(super) fn number(count: u64) -> Result<i64> {
    i64::try_from(count).map_err(|_| StoreError::TooLarge)
}

/// Reads all rows of a query.
pub(super) fn query_all<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    Ok(conn.prepare_cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<_>>()?)
}

/// Reads the first row of a query, if there is one.
pub(super) fn query_optional<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    Ok(rows.next()?.map(read).transpose()?)
}

/// Runs a statement, and returns how many rows it changed.
pub(super) fn execute(conn: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}

/// Inserts a row, and returns the number that the database gave it. PostgreSQL: `RETURNING number`.
pub(super) fn insert(conn: &Connection, sql: &str, params: impl Params) -> Result<i64> {
    execute(conn, sql, params)?;
    Ok(conn.last_insert_rowid())
}

/// Whether there are more rows than were read.
pub(super) type IsMore = bool;

/// Reads the first row of a query, and as many more as fit into `room` bytes together with it.
pub(super) fn query_within<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    room: u64,
    mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<(T, u64)>,
) -> Result<(Vec<T>, IsMore)> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut found = statement.query(params)?;
    let (mut all, mut left) = (vec![], room);
    while let Some(row) = found.next()? {
        let (item, bytes) = read(row)?;
        let rest = left.checked_sub(bytes);
        if rest.is_none() && !all.is_empty() {
            return Ok((all, true));
        }
        all.push(item);
        left = rest.unwrap_or_default();
    }
    Ok((all, false))
}
