//! The ledger's records: checkpoints, partners' heads, cosignatures and keys, and alarms.

use super::{
    super::{
        damages::DamageRegistry,
        peers,
        query::{Connection, END, NEXT, Queries, execute, params, query_all, query_optional},
        value::{count, number},
    },
    state::{StoredLedgerState, record_digest},
};
use crate::{
    domain::ids::TrustDomain,
    store::{
        Result, StoreError,
        damage::Damage,
        ledger::{LedgerRecord, LedgerRecordKind, MAX_HEADS, MAX_KEYS},
        vault::{SealedRow, Vault},
    },
};

/// The newest records of a kind, at most `limit`. A damaged head, cosignature or alarm is skipped, and an older one counts. A
/// damaged key is an error: otherwise any other key could replace it.
///
/// # Errors
/// [`StoreError::Corrupt`] for the own ledger, [`StoreError::Damaged`] for a partner's key.
pub(super) fn newest(
    conn: &dyn Queries,
    vault: &Vault,
    damages: &DamageRegistry,
    kind: LedgerRecordKind,
    of: Option<&TrustDomain>,
    limit: u32,
) -> Result<Vec<LedgerRecord>> {
    if kind == LedgerRecordKind::Key || of.is_none() && kind != LedgerRecordKind::Alarm {
        return all(conn, vault, kind, of, limit);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let Some(peer) = peer(conn, of)? else { return Ok(vec![]) };
    let mut readable = vec![];
    // Row by row, because usually the first one is enough.
    conn.query(NEWEST, params![kind.as_str(), peer, i64::MAX], &mut |row| {
        if readable.len() >= limit {
            return END;
        }
        let record = open(vault, kind, of, (count(row, 0)?, row.get(1)?)).map_err(|e| as_a_thing(e, of));
        damages.of(&record);
        match record {
            Ok(record) => readable.push(record),
            Err(StoreError::Damaged(_)) => {}
            Err(other) => return Err(other),
        }
        NEXT
    })?;
    Ok(readable)
}

/// A damaged alarm of this node is a damaged thing, and not a damaged ledger.
fn as_a_thing(error: StoreError, of: Option<&TrustDomain>) -> StoreError {
    match (error, of) {
        (StoreError::Corrupt(_), None) => StoreError::Damaged(Damage::Row),
        (other, _) => other,
    }
}

/// This node's own number in the table of peers.
const OWN: i64 = 0;

fn name(of: Option<&TrustDomain>) -> &str {
    of.map_or("", TrustDomain::as_str)
}

pub(super) fn all(
    conn: &dyn Queries,
    vault: &Vault,
    kind: LedgerRecordKind,
    of: Option<&TrustDomain>,
    limit: u32,
) -> Result<Vec<LedgerRecord>> {
    sealed(conn, kind, of, limit)?.into_iter().map(|found| open(vault, kind, of, found)).collect()
}

/// A record's number and its ciphertext.
type Sealed = (u64, Vec<u8>);

/// The records of a kind, the newest first.
const NEWEST: &str =
    "SELECT number, sealed FROM ledger_kept WHERE kind = ?1 AND peer = ?2 ORDER BY number DESC LIMIT ?3";

/// The number of an organisation in the table of peers, if it has one.
fn peer(conn: &dyn Queries, of: Option<&TrustDomain>) -> Result<Option<i64>> {
    of.map_or(Ok(Some(OWN)), |domain| peers::find(conn, domain))
}

fn sealed(conn: &dyn Queries, kind: LedgerRecordKind, of: Option<&TrustDomain>, limit: u32) -> Result<Vec<Sealed>> {
    let Some(peer) = peer(conn, of)? else { return Ok(vec![]) };
    query_all(conn, NEWEST, params![kind.as_str(), peer, limit], |r| Ok((count(r, 0)?, r.get(1)?)))
}

/// The number after the last one of a kind. A damaged record has its number, too. For the writer.
pub(super) fn next_number(conn: &dyn Queries, kind: LedgerRecordKind, of: Option<&TrustDomain>) -> Result<u64> {
    const LAST: &str = "SELECT coalesce(max(number), 0) FROM ledger_kept WHERE kind = ?1 AND peer = ?2";
    let Some(peer) = peer(conn, of)? else { return Ok(1) };
    let last = query_optional(conn, LAST, params![kind.as_str(), peer], |r| count(r, 0))?;
    Ok(last.unwrap_or_default().saturating_add(1))
}

fn open(
    vault: &Vault,
    kind: LedgerRecordKind,
    of: Option<&TrustDomain>,
    (number, sealed): Sealed,
) -> Result<LedgerRecord> {
    let value = vault.open(SealedRow::LedgerKept(kind.as_str(), number, name(of)), &sealed)?;
    Ok(LedgerRecord { kind, of: of.cloned(), number, value })
}

/// Stores a record. `false` if the same record is stored already. For the writer, which writes the state afterwards.
pub(super) fn keep(
    conn: &dyn Connection,
    vault: &Vault,
    state: &mut StoredLedgerState,
    record: &LedgerRecord,
) -> Result<bool> {
    const FIND: &str = "SELECT sealed FROM ledger_kept WHERE kind = ?1 AND peer = ?2 AND number = ?3";
    const PUT: &str = "INSERT INTO ledger_kept (kind, peer, number, sealed) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (kind, peer, number) DO UPDATE SET sealed = excluded.sealed";
    let (kind, of, at) = (record.kind.as_str(), name(record.of.as_ref()), record.number);
    let peer = record.of.as_ref().map_or(Ok(OWN), |domain| peers::number_of(conn, domain))?;
    let key = SealedRow::LedgerKept(kind, at, of);
    let before = query_optional(conn, FIND, params![kind, peer, number(at)?], |r| r.get::<Vec<u8>>(0))?;
    if let Some(before) = &before {
        // A damaged record is replaced. Its damage was reported when it was found.
        if vault.open(key, before).is_ok_and(|before| before == record.value) {
            return Ok(false);
        }
        state.remove_record(&record_digest(kind, at, of, before));
    }
    let sealed = vault.seal(key, &record.value)?;
    execute(conn, PUT, params![kind, peer, number(at)?, sealed])?;
    state.add_record(&record_digest(kind, at, of, &sealed));
    match record.kind {
        LedgerRecordKind::Checkpoint | LedgerRecordKind::Head | LedgerRecordKind::Cosigned => {
            prune(conn, state, kind, peer, of, MAX_HEADS)?
        }
        LedgerRecordKind::Key => prune(conn, state, kind, peer, of, MAX_KEYS)?,
        LedgerRecordKind::Alarm => (),
    }
    Ok(before.is_none())
}

/// Deletes all but the newest `most` records.
fn prune(
    conn: &dyn Connection,
    state: &mut StoredLedgerState,
    kind: &str,
    peer: i64,
    of: &str,
    most: u32,
) -> Result<()> {
    const OLD: &str =
        "SELECT number, sealed FROM ledger_kept WHERE kind = ?1 AND peer = ?2 ORDER BY number DESC LIMIT ?4 OFFSET ?3";
    const DROP: &str = "DELETE FROM ledger_kept WHERE kind = ?1 AND peer = ?2 AND number = ?3";
    let old = query_all(conn, OLD, params![kind, peer, most, i64::MAX], |r| Ok((count(r, 0)?, r.get::<Vec<u8>>(1)?)))?;
    for (at, sealed) in old {
        execute(conn, DROP, params![kind, peer, number(at)?])?;
        state.remove_record(&record_digest(kind, at, of, &sealed));
    }
    Ok(())
}
