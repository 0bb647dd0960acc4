//! The content keys of assessments. They are made, and content is sealed under them, before the writer's turn; whoever
//! comes second with a fresh key for the same assessment seals again with the first one's.

use rusqlite::{Connection, params};

use super::{
    column::{change, row},
    partners,
};
use crate::{
    domain::ids::{AssessmentId, TrustDomain},
    store::{
        Result, StoreError,
        vault::{ContentKey, Row, Vault},
    },
};

/// An assessment's row and its wrapped key, which is gone after a purge.
type Found = (i64, Option<Vec<u8>>);

fn find(conn: &Connection, assessment: &AssessmentId, originator: i64) -> Result<Option<Found>> {
    const SQL: &str = "SELECT number, wrapped FROM assessment WHERE id = ?1 AND originator = ?2";
    row(conn, SQL, params![assessment.as_bytes(), originator], |r| Ok((r.get(0)?, r.get(1)?)))
}

/// An assessment's row.
pub(super) fn number_of(conn: &Connection, assessment: &AssessmentId, originator: i64) -> Result<Option<i64>> {
    Ok(find(conn, assessment, originator)?.map(|(number, _)| number))
}

/// A fresh key that is nowhere yet.
pub(super) fn make(vault: &Vault, assessment: &AssessmentId, originator: &TrustDomain) -> Result<ContentKey> {
    vault.generate_key(Row::AssessmentKey(assessment, originator))
}

/// The key that is here, or a fresh one that is nowhere yet.
pub(super) fn find_or_make(
    conn: &Connection,
    vault: &Vault,
    assessment: &AssessmentId,
    originator: &TrustDomain,
) -> Result<ContentKey> {
    let row = Row::AssessmentKey(assessment, originator);
    let found = match partners::find(conn, originator)? {
        Some(peer) => find(conn, assessment, peer)?,
        None => None,
    };
    match found.and_then(|(_, wrapped)| wrapped) {
        // What one that does not open has sealed is lost; what comes from now on is not.
        Some(wrapped) => vault.unwrap_key(row, wrapped).or_else(|_| vault.generate_key(row)),
        None => vault.generate_key(row),
    }
}

/// The row of an assessment, where content sealed under this key may be kept; a first key is kept now, and so is one in the place of one
/// that does not open. For the writer.
pub(super) fn settle(
    (conn, vault): (&Connection, &Vault),
    assessment: &AssessmentId,
    (originator, name): (i64, &TrustDomain),
    key: &[u8],
) -> Result<Option<i64>> {
    const NEW: &str = "INSERT INTO assessment (id, originator, wrapped) VALUES (?1, ?2, ?3)";
    match find(conn, assessment, originator)? {
        None => {
            change(conn, NEW, params![assessment.as_bytes(), originator, key])?;
            Ok(Some(conn.last_insert_rowid()))
        }
        Some((number, Some(kept))) if kept == key => Ok(Some(number)),
        Some((_, Some(kept))) if vault.open(Row::AssessmentKey(assessment, name), &kept).is_ok() => Ok(None),
        Some((number, _)) => {
            change(conn, "UPDATE assessment SET wrapped = ?2 WHERE number = ?1", params![number, key])?;
            Ok(Some(number))
        }
    }
}

/// How often sealing is tried again before the caller is told that the store is busy. Each turn lost means that a
/// first key was kept or destroyed in between, so a second turn is rare already.
pub(super) const TURNS: usize = 8;

/// Where every turn was lost.
pub(super) fn lost() -> StoreError {
    StoreError::Busy
}
