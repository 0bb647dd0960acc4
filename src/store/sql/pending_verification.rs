//! The rows of entries that can't be verified yet.

use super::{
    arrival::ArrivalRow,
    peers,
    query::{Connection, execute, params},
    value::number,
};
use crate::store::{
    Result,
    unverified::PendingVerification,
    vault::{SealedRow, Vault},
};

/// Stores an entry, encrypted, with what it waits for. For the writer.
pub(super) fn keep(
    conn: &dyn Connection,
    vault: &Vault,
    arrival: ArrivalRow<'_>,
    pending: &PendingVerification,
) -> Result<()> {
    const SQL: &str =
        "INSERT INTO held (peer, sequence, waits_for, bytes, sealed, assessment) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let ArrivalRow { peer, from, sequence } = arrival;
    let sealed = pending
        .entry
        .as_ref()
        .map(|entry| vault.seal(SealedRow::UnverifiedEntry(from, sequence), entry))
        .transpose()?;
    let bytes = pending.entry.as_ref().map_or(0, Vec::len) as u64;
    let waits_for = peers::number_of(conn, &pending.waits_for)?;
    let of = pending.of.as_ref().map(|id| id.as_bytes());
    execute(conn, SQL, params![peer, number(sequence)?, waits_for, number(bytes)?, sealed, of]).map(|_| ())
}

/// Deletes an unverified entry, so that it can be stored anew. `false` if it is not unverified any more. For the writer.
pub(super) fn take_out(conn: &dyn Connection, peer: i64, sequence: u64) -> Result<bool> {
    const HELD: &str = "DELETE FROM held WHERE peer = ?1 AND sequence = ?2";
    const RECEIVED: &str = "DELETE FROM received WHERE peer = ?1 AND sequence = ?2 AND manifest IS NULL";
    let place = params![peer, number(sequence)?];
    Ok(execute(conn, HELD, place)? > 0 && execute(conn, RECEIVED, place)? > 0)
}
