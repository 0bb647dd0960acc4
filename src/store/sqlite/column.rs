//! Domain values in columns, and back.

use std::str::FromStr;

use rusqlite::{Connection, Error, Params, Row, types::Type};

use crate::{
    domain::time::Time,
    store::{Result, StoreError},
};

fn wrong(column: usize, what: String) -> Error {
    Error::FromSqlConversionFailure(column, Type::Null, what.into())
}

/// An id of bytes.
pub(super) fn id<T: for<'a> TryFrom<&'a [u8], Error = String>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    T::try_from(row.get_ref(column)?.as_blob().map_err(|e| wrong(column, e.to_string()))?).map_err(|e| wrong(column, e))
}

/// An id of bytes, or nothing.
pub(super) fn id_optional<T: for<'a> TryFrom<&'a [u8], Error = String>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null { Ok(None) } else { id(row, column).map(Some) }
}

/// Ids of bytes, one after the other.
pub(super) fn ids<T: for<'a> TryFrom<&'a [u8], Error = String>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Vec<T>> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|e| wrong(column, e.to_string()))?;
    bytes.chunks(32).map(|id| T::try_from(id).map_err(|e| wrong(column, e))).collect()
}

/// A word of a closed set, or a name.
pub(super) fn word<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(|e| wrong(column, e.to_string()))?;
    text.parse().map_err(|_| wrong(column, "an unknown word".to_owned()))
}

/// A word of a closed set, or a name, or nothing.
pub(super) fn word_optional<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    if row.get_ref(column)? == rusqlite::types::ValueRef::Null { Ok(None) } else { word(row, column).map(Some) }
}

/// A time, kept as nanoseconds since 1970.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Time> {
    row.get(column).map(Time::from_unix_nanos)
}

/// A time, or nothing.
pub(super) fn time_optional(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Time>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Time::from_unix_nanos))
}

/// A count, kept as SQLite's signed 64 bits.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

/// A count for a column.
///
/// # Errors
/// [`StoreError::TooLarge`]: another number in its place would be another row, or bind a ciphertext to one.
pub(super) fn number(count: u64) -> Result<i64> {
    i64::try_from(count).map_err(|_| StoreError::TooLarge)
}

/// All rows of a query.
pub(super) fn rows<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    Ok(conn.prepare_cached(sql)?.query_map(params, read)?.collect::<rusqlite::Result<_>>()?)
}

/// The row of a query, if there is one.
pub(super) fn row<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    Ok(rows.next()?.map(read).transpose()?)
}

/// Runs a statement; how many rows it changed.
pub(super) fn change(conn: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}

/// Whether there is more than what was read.
pub(super) type IsMore = bool;

/// The first row of a query and as many more as take no more than `room` bytes with it. What is not read is not touched.
pub(super) fn rows_within<T>(
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
