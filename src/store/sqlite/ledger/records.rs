//! Records beside the entries: checkpoints, partners' heads, cosignatures and keys, alarms.

use rusqlite::{Connection, params};

use super::{
    super::{
        column::{change, count, number, row, rows},
        damages::{DamageRegistry, readable},
        partners,
    },
    state::{State, record_digest},
};
use crate::{
    domain::ids::TrustDomain,
    store::{
        Result, StoreError,
        damage::Damage,
        ledger::{LedgerRecord, LedgerRecordKind, MAX_HEADS, MAX_KEYS},
        vault::{Row, Vault},
    },
};

/// The newest of a kind. What is remembered of a partner's heads may be torn: then older ones stand in; a torn key does not give way to
/// whatever key comes next.
///
/// # Errors
/// [`StoreError::Corrupt`] of the own ledger, [`StoreError::Damaged`] of a partner's key.
pub(super) fn newest(
    conn: &Connection,
    vault: &Vault,
    damages: &DamageRegistry,
    (kind, of): (LedgerRecordKind, Option<&TrustDomain>),
    limit: u32,
) -> Result<Vec<LedgerRecord>> {
    if kind == LedgerRecordKind::Key || of.is_none() && kind != LedgerRecordKind::Alarm {
        return all(conn, vault, kind, of, limit);
    }
    let many = if limit == 1 { MAX_HEADS } else { limit };
    let all = sealed(conn, kind, of, many)?.into_iter().map(|found| open(vault, kind, of, found));
    let mut whole = readable(all.map(|record| record.map_err(|e| as_a_thing(e, of))), damages)?;
    whole.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(whole)
}

/// An own alarm that is torn is no more than that.
fn as_a_thing(error: StoreError, of: Option<&TrustDomain>) -> StoreError {
    match (error, of) {
        (StoreError::Corrupt(_), None) => StoreError::Damaged(Damage::Row),
        (other, _) => other,
    }
}

/// The number of this node itself among peers.
const OWN: i64 = 0;

fn name(of: Option<&TrustDomain>) -> &str {
    of.map_or("", TrustDomain::as_str)
}

pub(super) fn all(
    conn: &Connection,
    vault: &Vault,
    kind: LedgerRecordKind,
    of: Option<&TrustDomain>,
    limit: u32,
) -> Result<Vec<LedgerRecord>> {
    sealed(conn, kind, of, limit)?.into_iter().map(|found| open(vault, kind, of, found)).collect()
}

/// A number, and what is sealed under it.
type Sealed = (u64, Vec<u8>);

fn sealed(conn: &Connection, kind: LedgerRecordKind, of: Option<&TrustDomain>, limit: u32) -> Result<Vec<Sealed>> {
    const SQL: &str =
        "SELECT number, sealed FROM ledger_kept WHERE kind = ?1 AND peer = ?2 ORDER BY number DESC LIMIT ?3";
    let peer = match of {
        None => OWN,
        Some(domain) => match partners::find(conn, domain)? {
            Some(peer) => peer,
            None => return Ok(vec![]),
        },
    };
    rows(conn, SQL, params![kind.as_str(), peer, limit], |r| Ok((count(r, 0)?, r.get(1)?)))
}

fn open(
    vault: &Vault,
    kind: LedgerRecordKind,
    of: Option<&TrustDomain>,
    (number, sealed): Sealed,
) -> Result<LedgerRecord> {
    let value = vault.open(Row::LedgerKept(kind.as_str(), number, name(of)), &sealed)?;
    Ok(LedgerRecord { kind, of: of.cloned(), number, value })
}

/// Keeps a record; `false` where it is there already. For the writer, which writes the state afterwards.
pub(super) fn keep(conn: &Connection, vault: &Vault, state: &mut State, record: &LedgerRecord) -> Result<bool> {
    const FIND: &str = "SELECT sealed FROM ledger_kept WHERE kind = ?1 AND peer = ?2 AND number = ?3";
    const PUT: &str = "INSERT INTO ledger_kept (kind, peer, number, sealed) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (kind, peer, number) DO UPDATE SET sealed = excluded.sealed";
    let (kind, of, at) = (record.kind.as_str(), name(record.of.as_ref()), record.number);
    let peer = record.of.as_ref().map_or(Ok(OWN), |domain| partners::number_of(conn, domain))?;
    let key = Row::LedgerKept(kind, at, of);
    let before = row(conn, FIND, params![kind, peer, number(at)?], |r| r.get::<_, Vec<u8>>(0))?;
    if let Some(before) = &before {
        // One that is torn gives way: it was found, and is told of.
        if vault.open(key, before).is_ok_and(|before| before == record.value) {
            return Ok(false);
        }
        state.remove_record(&record_digest(kind, at, of, before));
    }
    let sealed = vault.seal(key, &record.value)?;
    change(conn, PUT, params![kind, peer, number(at)?, sealed])?;
    state.add_record(&record_digest(kind, at, of, &sealed));
    match record.kind {
        LedgerRecordKind::Checkpoint | LedgerRecordKind::Head | LedgerRecordKind::Cosigned => {
            prune(conn, state, (kind, peer, of), MAX_HEADS)?
        }
        LedgerRecordKind::Key => prune(conn, state, (kind, peer, of), MAX_KEYS)?,
        LedgerRecordKind::Alarm => (),
    }
    Ok(before.is_none())
}

/// Only so many of the newest stay.
fn prune(conn: &Connection, state: &mut State, (kind, peer, of): (&str, i64, &str), most: u32) -> Result<()> {
    const OLD: &str = "SELECT number, sealed FROM ledger_kept WHERE kind = ?1 AND peer = ?2 ORDER BY number DESC \
        LIMIT -1 OFFSET ?3";
    const DROP: &str = "DELETE FROM ledger_kept WHERE kind = ?1 AND peer = ?2 AND number = ?3";
    let old = rows(conn, OLD, params![kind, peer, most], |r| Ok((count(r, 0)?, r.get::<_, Vec<u8>>(1)?)))?;
    for (at, sealed) in old {
        change(conn, DROP, params![kind, peer, number(at)?])?;
        state.remove_record(&record_digest(kind, at, of, &sealed));
    }
    Ok(())
}
