//! Statements, as the files of this folder run them. A driver implements [`Queries`] and [`Connection`].

use std::ops::ControlFlow;

use super::value::{SqlRow, ToValue};
use crate::store::Result;

/// The parameters of a statement: `?1` is the first.
pub type Params<'a> = &'a [&'a dyn ToValue];

/// Makes the parameters of a statement from expressions.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::store::sql::value::ToValue),*] as &[&dyn $crate::store::sql::value::ToValue]
    };
}
pub(in crate::store) use params;

/// What a query does with a row: it goes on to the next row, or it ends.
pub type Next = ControlFlow<()>;
/// Goes on to the next row.
pub(super) const NEXT: Result<Next> = Ok(ControlFlow::Continue(()));
/// Ends the query.
pub(super) const END: Result<Next> = Ok(ControlFlow::Break(()));

/// Runs queries, all of them on one snapshot. A statement stays prepared.
pub trait Queries {
    /// Runs a query, and calls `each` for each row until it ends the query or fails.
    ///
    /// # Errors
    /// The database's error, or the first one of `each`.
    fn query(&self, sql: &str, params: Params<'_>, each: &mut dyn FnMut(&SqlRow<'_>) -> Result<Next>) -> Result<()>;
}

/// Runs statements within a transaction that writes. Its queries see what it has written.
pub trait Connection: Queries {
    /// Runs a statement, and returns how many rows it changed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`](crate::store::StoreError::Conflict) if a constraint is violated; the database's other errors.
    fn execute(&self, sql: &str, params: Params<'_>) -> Result<usize>;

    /// Inserts a row, and returns the number that the database gave it.
    ///
    /// # Errors
    /// As [`Self::execute`].
    fn insert(&self, sql: &str, params: Params<'_>) -> Result<i64>;

    /// Notes that the transaction destroys content. After the commit the driver overwrites older copies of the same pages.
    fn destroys_content(&self);
}

/// Reads all rows of a query.
pub(super) fn query_all<T>(
    conn: &dyn Queries,
    sql: &str,
    params: Params<'_>,
    mut read: impl FnMut(&SqlRow<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut all = vec![];
    conn.query(sql, params, &mut |row| {
        all.push(read(row)?);
        NEXT
    })?;
    Ok(all)
}

/// Reads the first row of a query, if there is one.
pub(super) fn query_optional<T>(
    conn: &dyn Queries,
    sql: &str,
    params: Params<'_>,
    mut read: impl FnMut(&SqlRow<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut first = None;
    conn.query(sql, params, &mut |row| {
        first = Some(read(row)?);
        END
    })?;
    Ok(first)
}

/// Whether a query has a row.
pub(super) fn exists(conn: &dyn Queries, sql: &str, params: Params<'_>) -> Result<bool> {
    Ok(query_optional(conn, sql, params, |_| Ok(()))?.is_some())
}

/// Runs a statement, and returns how many rows it changed.
pub(super) fn execute(conn: &dyn Connection, sql: &str, params: Params<'_>) -> Result<usize> {
    conn.execute(sql, params)
}

/// Whether there are more rows than were read.
pub(super) type IsMore = bool;

/// Reads the first row of a query, and as many more as fit into `room` bytes together with it.
pub(super) fn query_within<T>(
    conn: &dyn Queries,
    sql: &str,
    params: Params<'_>,
    room: u64,
    mut read: impl FnMut(&SqlRow<'_>) -> Result<(T, u64)>,
) -> Result<(Vec<T>, IsMore)> {
    let (mut all, mut left, mut is_more) = (vec![], room, false);
    conn.query(sql, params, &mut |row| {
        let (item, bytes) = read(row)?;
        let rest = left.checked_sub(bytes);
        is_more = rest.is_none() && !all.is_empty();
        if is_more {
            return END;
        }
        all.push(item);
        left = rest.unwrap_or_default();
        NEXT
    })?;
    Ok((all, is_more))
}
