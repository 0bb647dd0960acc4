//! The version of the catalogue: it moves on with each change of what decisions depend on.

use super::{
    query::{Queries, params, query_optional},
    transaction::{Changes, Rows, values},
    value::count,
};
use crate::store::{Result, StoreError};

/// The version.
pub(super) fn version(conn: &dyn Queries) -> Result<u64> {
    const SQL: &str = "SELECT newest FROM turn WHERE of = 'catalogue'";
    Ok(query_optional(conn, SQL, params![], |r| count(r, 0))?.unwrap_or_default())
}

/// Moves the version on. `read` is the version that the change was decided on, if the caller names it.
///
/// # Errors
/// [`StoreError::Conflict`] if the catalogue has another version.
pub(super) fn move_on(conn: &dyn Queries, changes: &mut Changes, read: Option<u64>) -> Result<()> {
    const SQL: &str = "UPDATE turn SET newest = newest + 1 WHERE of = 'catalogue'";
    if let Some(read) = read
        && version(conn)? != read
    {
        return Err(StoreError::Conflict);
    }
    changes.write(SQL, values![], Rows::One);
    Ok(())
}
