//! The holders of an assessment: releases to them, and their reports.

use std::sync::Arc;

use super::{
    damages::{DamageRegistry, readable},
    driver::Driver,
    peers,
    query::{Queries, params, query_all, query_optional},
    store::SqlStore,
    value::{SqlRow, count, id, number, text, text_optional, texts, time},
};
use crate::{
    domain::ids::{AssessmentId, StatementId, TrustDomain},
    store::{
        Result, StoreError,
        recalls::{HoldersRecord, RecallAnswerRecord, ReleaseToHolder, ReportRecord},
        vault::{SealedRow, Vault},
    },
};

/// The number of an assessment's row.
fn find(conn: &dyn Queries, originator: &TrustDomain, id: &AssessmentId) -> Result<Option<i64>> {
    const SQL: &str = "SELECT number FROM assessment WHERE id = ?1 AND originator = ?2";
    let Some(peer) = peers::find(conn, originator)? else { return Ok(None) };
    query_optional(conn, SQL, params![id.as_bytes(), peer], |r| r.get(0))
}

pub(super) async fn of(
    store: &SqlStore<impl Driver>,
    originator: &TrustDomain,
    id: &AssessmentId,
) -> Result<HoldersRecord> {
    const CONTACTS: &str = "SELECT d.domain, c.at FROM contact c JOIN peer d ON d.number = c.peer ORDER BY d.domain";
    let (originator, id) = (originator.clone(), *id);
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(move |conn, vault| {
            let Some(assessment) = find(conn, &originator, &id)? else { return Ok(HoldersRecord::default()) };
            Ok(HoldersRecord {
                given: given(conn, assessment)?,
                reports: reports(conn, vault, &damages, assessment)?,
                answers: answers(conn, vault, &damages, &originator, &id)?,
                contacts: query_all(conn, CONTACTS, params![], |r| Ok((text(r, 0)?, time(r, 1)?)))?,
            })
        })
        .await
}

fn given(conn: &dyn Queries, assessment: i64) -> Result<Vec<ReleaseToHolder>> {
    const SQL: &str = "SELECT d.domain, m.version, length(r.digests) / 32, r.sequence, r.is_void, \
        r.sequence <= coalesce(f.acknowledged, 0), w.kind, w.reason, w.at FROM release r \
        JOIN manifest m ON m.number = r.manifest JOIN peer d ON d.number = r.peer \
        LEFT JOIN feed_out f ON f.peer = r.peer LEFT JOIN answer w ON w.peer = r.peer AND w.sequence = r.sequence \
        WHERE m.assessment = ?1 ORDER BY d.domain, r.sequence";
    query_all(conn, SQL, params![assessment], |r| {
        let kind = text_optional(r, 6)?;
        Ok(ReleaseToHolder {
            holder: text(r, 0)?,
            version: r.get(1)?,
            portions: count(r, 2)?,
            sequence: count(r, 3)?,
            is_void: r.get(4)?,
            acknowledged: r.get(5)?,
            answer: kind.map(|kind| Ok::<_, StoreError>((kind, r.get(7)?, time(r, 8)?))).transpose()?,
        })
    })
}

/// A receipt's envelope. It is encrypted, except in rows from before receipts were encrypted.
type StoredReceipt = (StatementId, Vec<u8>, Option<Vec<u8>>);

fn kept(row: &SqlRow<'_>, column: usize) -> Result<StoredReceipt> {
    Ok((id(row, column)?, row.get(column + 1)?, row.get(column + 2)?))
}

fn open(vault: &Vault, (id, plain, sealed): StoredReceipt) -> Result<Vec<u8>> {
    sealed.map_or(Ok(plain), |sealed| vault.open(SealedRow::Receipt(&id), &sealed))
}

fn reports(conn: &dyn Queries, vault: &Vault, damages: &DamageRegistry, assessment: i64) -> Result<Vec<ReportRecord>> {
    const SQL: &str = "SELECT d.domain, h.through, m.version, h.portions, h.kind, h.role, h.reason, h.at, h.verified, \
        c.id, c.envelope, c.sealed FROM report h JOIN manifest m ON m.number = h.manifest \
        JOIN peer d ON d.number = h.holder JOIN receipt c ON c.number = h.receipt WHERE m.assessment = ?1 \
        ORDER BY d.domain, h.through, m.version, h.at";
    let found = query_all(conn, SQL, params![assessment], |r| {
        let role: String = r.get(5)?;
        let report = ReportRecord {
            holder: text(r, 0)?,
            through: texts(r, 1)?,
            version: r.get(2)?,
            portions: count(r, 3)?,
            kind: text(r, 4)?,
            role: role.parse().ok(),
            reason: r.get(6)?,
            at: time(r, 7)?,
            verified: r.get(8)?,
            receipt: vec![],
        };
        Ok((report, kept(r, 9)?))
    })?;
    let open = |(report, kept)| Ok(ReportRecord { receipt: open(vault, kept)?, ..report });
    readable(found.into_iter().map(open), damages)
}

fn answers(
    conn: &dyn Queries,
    vault: &Vault,
    damages: &DamageRegistry,
    originator: &TrustDomain,
    id: &AssessmentId,
) -> Result<Vec<RecallAnswerRecord>> {
    const SQL: &str = "SELECT d.domain, w.through, w.kind, w.reason, w.at, w.verified, c.id, c.envelope, c.sealed \
        FROM recall_answer w JOIN recall r ON r.number = w.recall JOIN peer o ON o.number = r.originator \
        JOIN peer d ON d.number = w.holder JOIN receipt c ON c.number = w.receipt \
        WHERE r.assessment = ?1 AND o.domain = ?2 ORDER BY d.domain";
    let found = query_all(conn, SQL, params![id.as_bytes(), originator.as_str()], |r| {
        let answer = RecallAnswerRecord {
            holder: text(r, 0)?,
            through: texts(r, 1)?,
            kind: text(r, 2)?,
            reason: r.get(3)?,
            at: time(r, 4)?,
            verified: r.get(5)?,
            receipt: vec![],
        };
        Ok((answer, kept(r, 6)?))
    })?;
    let open = |(answer, kept)| Ok(RecallAnswerRecord { receipt: open(vault, kept)?, ..answer });
    readable(found.into_iter().map(open), damages)
}

pub(super) async fn before(
    store: &SqlStore<impl Driver>,
    originator: &TrustDomain,
    id: &AssessmentId,
    version: u32,
) -> Result<Vec<(TrustDomain, u32)>> {
    const SQL: &str = "SELECT d.domain, max(m.version) FROM release r JOIN manifest m ON m.number = r.manifest \
        JOIN peer d ON d.number = r.peer WHERE m.assessment = ?1 AND m.version < ?2 AND r.is_void = FALSE \
        GROUP BY d.domain ORDER BY d.domain";
    let (originator, id) = (originator.clone(), *id);
    store
        .read(move |conn| {
            let Some(assessment) = find(conn, &originator, &id)? else { return Ok(vec![]) };
            query_all(conn, SQL, params![assessment, number(version.into())?], |r| Ok((text(r, 0)?, r.get(1)?)))
        })
        .await
}
