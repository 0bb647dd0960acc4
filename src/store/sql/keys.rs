//! The content keys of assessments. A key is made and content is encrypted under it before the writer runs. If somebody else
//! stores a key for the same assessment first, the content is encrypted again under that key.

use super::{
    peers,
    query::{Connection, Queries, execute, params, query_optional},
};
use crate::{
    domain::ids::{AssessmentId, StatementId, TrustDomain},
    store::{
        Result, StoreError,
        vault::{ContentKey, SealedRow, Vault},
    },
};

/// The number of an assessment's row and its wrapped key; the key is `None` after a purge.
type Found = (i64, Option<Vec<u8>>);

fn find(conn: &dyn Queries, assessment: &AssessmentId, originator: i64) -> Result<Option<Found>> {
    const SQL: &str = "SELECT number, wrapped FROM assessment WHERE id = ?1 AND originator = ?2";
    query_optional(conn, SQL, params![assessment.as_bytes(), originator], |r| Ok((r.get(0)?, r.get(1)?)))
}

/// The number of an assessment's row.
pub(super) fn number_of(conn: &dyn Queries, assessment: &AssessmentId, originator: i64) -> Result<Option<i64>> {
    Ok(find(conn, assessment, originator)?.map(|(number, _)| number))
}

/// Whether the version's assessment was purged. Nothing that people write about it is stored any more.
pub(super) fn is_purged(conn: &dyn Queries, manifest: &StatementId) -> Result<bool> {
    const SQL: &str =
        "SELECT 1 FROM manifest m JOIN assessment a ON a.number = m.assessment WHERE m.id = ?1 AND a.wrapped IS NULL";
    Ok(query_optional(conn, SQL, params![manifest.as_bytes()], |_| Ok(()))?.is_some())
}

/// A new key that is not stored yet.
pub(super) fn make(vault: &Vault, assessment: &AssessmentId, originator: &TrustDomain) -> Result<ContentKey> {
    vault.generate_key(SealedRow::AssessmentKey(assessment, originator))
}

/// The stored key, or a new one that is not stored yet.
pub(super) fn find_or_make(
    conn: &dyn Queries,
    vault: &Vault,
    assessment: &AssessmentId,
    originator: &TrustDomain,
) -> Result<ContentKey> {
    let row = SealedRow::AssessmentKey(assessment, originator);
    let found = match peers::find(conn, originator)? {
        Some(peer) => find(conn, assessment, peer)?,
        None => None,
    };
    match found.and_then(|(_, wrapped)| wrapped) {
        // What a damaged key has encrypted is lost. Later content gets a new key.
        Some(wrapped) => vault.unwrap_key(row, wrapped).or_else(|_| vault.generate_key(row)),
        None => vault.generate_key(row),
    }
}

/// The row of an assessment, if content that is encrypted under this key may be stored. The first key is stored now, and so is
/// one that replaces a damaged key. For the writer.
pub(super) fn settle(
    conn: &dyn Connection,
    vault: &Vault,
    assessment: &AssessmentId,
    originator: i64,
    name: &TrustDomain,
    key: &[u8],
) -> Result<Option<i64>> {
    const NEW: &str = "INSERT INTO assessment (id, originator, wrapped) VALUES (?1, ?2, ?3)";
    match find(conn, assessment, originator)? {
        None => Ok(Some(conn.insert(NEW, params![assessment.as_bytes(), originator, key])?)),
        Some((number, Some(kept))) if kept == key => Ok(Some(number)),
        Some((_, Some(kept))) if vault.open(SealedRow::AssessmentKey(assessment, name), &kept).is_ok() => Ok(None),
        Some((number, _)) => {
            execute(conn, "UPDATE assessment SET wrapped = ?2 WHERE number = ?1", params![number, key])?;
            Ok(Some(number))
        }
    }
}

/// How often content is encrypted again before the caller gets an error. It is repeated only if a first key was stored or
/// destroyed in between, so a second turn is rare.
pub(super) const TURNS: usize = 8;

/// The error after the last turn.
pub(super) fn lost() -> StoreError {
    StoreError::Busy
}
