//! Partners' answers to releases.

use super::{
    driver::Driver,
    lock::Lock,
    outbox, peers,
    query::{Connection, execute, params, query_all, query_optional},
    store::SqlStore,
    transaction::Changes,
    value::{NO_BYTES, count, id, number, time},
};
use crate::{
    domain::{
        ids::{StatementId, TrustDomain},
        receipt::ReceiptKind,
    },
    store::{
        Result,
        receipts::{AnswerRecord, ReceiptRecord, ReleaseRef},
        vault::{LedgerLeaf, SealedRow, Vault},
    },
};

pub(super) async fn released(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    ids: &[StatementId],
) -> Result<Vec<ReleaseRef>> {
    const SQL: &str = "SELECT r.sequence, r.id, m.id FROM release r JOIN manifest m ON m.number = r.manifest \
        WHERE r.peer = ?1 AND r.id = ?2";
    let (partner, ids) = (partner.clone(), ids.to_vec());
    store
        .read(move |conn| {
            let Some(peer) = peers::find(conn, &partner)? else { return Ok(vec![]) };
            let find = |release: &StatementId| {
                query_optional(conn, SQL, params![peer, release.as_bytes()], |r| {
                    Ok(ReleaseRef { sequence: count(r, 0)?, id: id(r, 1)?, manifest_id: id(r, 2)? })
                })
            };
            ids.iter().filter_map(|id| find(id).transpose()).collect()
        })
        .await
}

pub(super) async fn save(store: &SqlStore<impl Driver>, partner: &TrustDomain, receipt: ReceiptRecord) -> Result<u64> {
    let leaf = LedgerLeaf::of(&receipt.event)?;
    let partner = partner.clone();
    store
        .interleave([Lock::peer_out(&partner)], move |conn, vault, changes| {
            commit(conn, vault, changes, &partner, &receipt, leaf)
        })
        .await
}

/// Stores an encrypted receipt and returns its row, or `None` if it is stored already. For the writer.
pub(super) fn insert(
    conn: &dyn Connection,
    vault: &Vault,
    id: &StatementId,
    envelope: &[u8],
    signer: &TrustDomain,
) -> Result<Option<i64>> {
    const FIND: &str = "SELECT 1 FROM receipt WHERE id = ?1";
    const RECEIPT: &str = "INSERT INTO receipt (id, peer, envelope, sealed) VALUES (?1, ?2, ?4, ?3)";
    if query_optional(conn, FIND, params![id.as_bytes()], |_| Ok(()))?.is_some() {
        return Ok(None);
    }
    let peer = peers::number_of(conn, signer)?;
    Ok(Some(
        conn.insert(RECEIPT, params![id.as_bytes(), peer, vault.seal(SealedRow::Receipt(id), envelope)?, NO_BYTES])?,
    ))
}

fn commit(
    conn: &dyn Connection,
    vault: &Vault,
    changes: &mut Changes,
    partner: &TrustDomain,
    receipt: &ReceiptRecord,
    leaf: LedgerLeaf,
) -> Result<u64> {
    const FORGET: &str = "DELETE FROM receipt WHERE number = ?1";
    // A release that could not be verified on arrival is answered again after its verification.
    const ANSWER: &str = "INSERT INTO answer (peer, sequence, kind, reason, at, receipt) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (peer, sequence) DO UPDATE SET kind = excluded.kind, \
        reason = excluded.reason, at = excluded.at, receipt = excluded.receipt \
        WHERE answer.kind = 'quarantined' AND (excluded.kind = 'stored' OR ( \
        answer.reason IN ('CHAIN_INVALID', 'ORIGIN_UNKNOWN', 'STATEMENT_FROM_FUTURE', 'LIMIT_EXCEEDED') \
        AND excluded.reason NOT IN ('CHAIN_INVALID', 'ORIGIN_UNKNOWN', 'STATEMENT_FROM_FUTURE', 'LIMIT_EXCEEDED')))";
    let Some(place) = insert(conn, vault, &receipt.id, &receipt.envelope, partner)? else { return Ok(0) };
    let peer = peers::number_of(conn, partner)?;
    let mut new = 0;
    for sequence in &receipt.answers {
        let (kind, at) = (receipt.kind.as_str(), receipt.at.unix_nanos());
        if execute(conn, ANSWER, params![peer, number(*sequence)?, kind, receipt.reason, at, place])? > 0 {
            new += 1;
        }
    }
    if new == 0 {
        execute(conn, FORGET, params![place])?;
        return Ok(0);
    }
    changes.record([leaf]);
    outbox::put_all(conn, vault, changes, &receipt.post)?;
    Ok(new)
}

pub(super) async fn quarantined_there(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    limit: u32,
) -> Result<(u64, Vec<AnswerRecord>)> {
    // Entries that came too late or were recalled are in order. No agreement needs to be compared for them.
    const COUNT: &str = "SELECT count(*) FROM answer WHERE peer = ?1 AND kind = ?2 \
        AND coalesce(reason, '') NOT IN ('RECALLED', 'SUPERSEDED')";
    const SQL: &str = "SELECT w.sequence, a.id, m.version, m.id, w.reason, w.at FROM answer w \
        JOIN release r ON r.peer = w.peer AND r.sequence = w.sequence JOIN manifest m ON m.number = r.manifest \
        JOIN assessment a ON a.number = m.assessment WHERE w.peer = ?1 AND w.kind = ?2 \
        AND coalesce(w.reason, '') NOT IN ('RECALLED', 'SUPERSEDED') ORDER BY w.sequence DESC LIMIT ?3";
    let partner = partner.clone();
    let kind = ReceiptKind::Quarantined.as_str();
    store
        .read(move |conn| {
            let Some(peer) = peers::find(conn, &partner)? else { return Ok((0, vec![])) };
            let total = query_optional(conn, COUNT, params![peer, kind], |r| count(r, 0))?.unwrap_or_default();
            let answers = query_all(conn, SQL, params![peer, kind, limit], |r| {
                Ok(AnswerRecord {
                    sequence: count(r, 0)?,
                    assessment: (id(r, 1)?, r.get(2)?),
                    manifest_id: id(r, 3)?,
                    reason: r.get(4)?,
                    at: time(r, 5)?,
                })
            })?;
            Ok((total, answers))
        })
        .await
}
