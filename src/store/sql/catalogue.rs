//! The version of the catalogue: it moves on with each change of what decisions depend on.

use super::{
    lock::Lock,
    query::{Queries, params, query_optional},
    transaction::{Changes, Rows, values},
    value::count,
};
use crate::store::{Result, StoreError, catalogue::CatalogueMove};

/// The version.
pub(super) fn version(conn: &dyn Queries) -> Result<u64> {
    const SQL: &str = "SELECT newest FROM turn WHERE of = 'catalogue'";
    Ok(query_optional(conn, SQL, params![], |r| count(r, 0))?.unwrap_or_default())
}

/// Refuses what was decided on another version. `None` was decided on none.
///
/// # Errors
/// [`StoreError::CatalogueMoved`].
pub(super) fn require(conn: &dyn Queries, decided_on: Option<u64>) -> Result<()> {
    match decided_on {
        Some(decided_on) if version(conn)? != decided_on => Err(StoreError::CatalogueMoved),
        _ => Ok(()),
    }
}

/// The lock of a transaction that [requires](require) a version: the catalogue stays as it is until the commit.
pub(super) fn lock(decided_on: Option<u64>) -> Option<Lock> {
    decided_on.map(|_| Lock::catalogue().shared())
}

/// Moves the version on. `read` is the version that the change was decided on, if the caller names it.
///
/// # Errors
/// [`StoreError::CatalogueMoved`] if the catalogue has another version.
pub(super) fn move_on(conn: &dyn Queries, changes: &mut Changes, read: Option<u64>) -> Result<CatalogueMove> {
    const SQL: &str = "UPDATE turn SET newest = newest + 1 WHERE of = 'catalogue'";
    require(conn, read)?;
    let before = version(conn)?;
    changes.write(SQL, values![], Rows::One);
    Ok(CatalogueMove { before, after: before.saturating_add(1), hidden: vec![] })
}

/// The result of a change that finds everything as it should be.
///
/// # Errors
/// [`StoreError::CatalogueMoved`] if the catalogue has another version.
pub(super) fn stay(conn: &dyn Queries, read: Option<u64>) -> Result<CatalogueMove> {
    require(conn, read)?;
    let version = version(conn)?;
    Ok(CatalogueMove { before: version, after: version, hidden: vec![] })
}
