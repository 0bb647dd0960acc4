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
        vault::{HeldKey, Row, Vault},
    },
};

fn wrapped(conn: &Connection, assessment: &AssessmentId, originator: i64) -> Result<Option<Vec<u8>>> {
    const SQL: &str = "SELECT wrapped FROM assessment_key WHERE assessment = ?1 AND originator = ?2";
    row(conn, SQL, params![assessment.as_bytes(), originator], |r| r.get(0))
}

/// The key that is here.
pub(super) fn find(
    conn: &Connection,
    vault: &Vault,
    assessment: &AssessmentId,
    originator: &TrustDomain,
) -> Result<Option<HeldKey>> {
    let Some(peer) = partners::find(conn, originator)? else { return Ok(None) };
    let key = |wrapped| vault.held_key(Row::AssessmentKey(assessment, originator), wrapped);
    wrapped(conn, assessment, peer)?.map(key).transpose()
}

/// The key that is here, or a fresh one that is nowhere yet.
pub(super) fn find_or_make(
    conn: &Connection,
    vault: &Vault,
    assessment: &AssessmentId,
    originator: &TrustDomain,
) -> Result<HeldKey> {
    match find(conn, vault, assessment, originator)? {
        Some(key) => Ok(key),
        None => vault.fresh_key(Row::AssessmentKey(assessment, originator)),
    }
}

/// Whether content sealed under this key may be kept; a first key is kept now. For the writer.
pub(super) fn settle(conn: &Connection, assessment: &AssessmentId, originator: i64, key: &[u8]) -> Result<bool> {
    const SQL: &str = "INSERT INTO assessment_key (assessment, originator, wrapped) VALUES (?1, ?2, ?3)";
    match wrapped(conn, assessment, originator)? {
        Some(kept) => Ok(kept == key),
        None => change(conn, SQL, params![assessment.as_bytes(), originator, key]).map(|_| true),
    }
}

/// How often sealing is tried again before the caller is told that the store is busy. Each turn lost means that a
/// first key was kept or destroyed in between, so a second turn is rare already.
pub(super) const TURNS: usize = 8;

/// Where every turn was lost.
pub(super) fn lost() -> StoreError {
    StoreError::Busy
}
