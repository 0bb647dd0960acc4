//! What a purge deletes in addition to the content: attachments, and texts that people wrote about the assessment.

use super::{
    peers,
    query::{Connection, execute, params, query_all},
    requests,
    value::{NO_BYTES, id, text},
};
use crate::{
    domain::ids::{StatementId, TrustDomain},
    store::{
        Result,
        vault::{SealedRow, Vault},
    },
};

/// Deletes the attachments that an assessment names, from a table with `sha256` and `peer`, if they came from a sender of the
/// assessment. Those that the same sender has sent with another visible assessment stay. Other senders' copies are not
/// affected.
macro_rules! attachments {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " AS c WHERE c.sha256 IN (SELECT a.sha256 FROM attachment_of a JOIN manifest m ON m.number = a.manifest \
             WHERE m.assessment = ?1) AND EXISTS (SELECT 1 FROM manifest m WHERE m.assessment = ?1 AND ",
            purge::given!(),
            ") AND NOT EXISTS (SELECT 1 FROM attachment_of a JOIN manifest m ON m.number = a.manifest \
             WHERE a.sha256 = c.sha256 AND m.assessment <> ?1 AND m.state IN ('current', 'superseded') AND ",
            purge::given!(),
            ")"
        )
    };
}

/// Whether the source of `c` sent the version `m`; source 0 means that it was published here.
macro_rules! given {
    () => {
        "CASE c.peer WHEN 0 THEN EXISTS (SELECT 1 FROM portion_set p WHERE p.manifest = m.number AND p.sequence = 0) \
         ELSE EXISTS (SELECT 1 FROM received r WHERE r.manifest = m.number AND r.peer = c.peer AND r.quarantined = FALSE) END"
    };
}

pub(super) use {attachments, given};

/// Deletes what people wrote about an assessment: requests, answers, holders' notes. The ledger still shows that there were
/// some.
pub(super) fn texts(conn: &dyn Connection, vault: &Vault, assessment: i64) -> Result<()> {
    const ASKED: &str = "SELECT q.id, d.domain, q.sealed FROM request q JOIN peer d ON d.number = q.peer \
        WHERE q.manifest IN (SELECT id FROM manifest WHERE assessment = ?1)";
    const BLANK: &str = "UPDATE request SET sealed = ?2 WHERE id = ?1";
    const NOTES: &str = "UPDATE receipt SET envelope = ?2, sealed = NULL WHERE number IN (SELECT h.receipt FROM report h \
        JOIN manifest m ON m.number = h.manifest WHERE m.assessment = ?1 AND h.kind IN ('read', 'acting', 'declined'))";
    let asked = query_all(conn, ASKED, params![assessment], |r| {
        Ok((id::<StatementId>(r, 0)?, text::<TrustDomain>(r, 1)?, r.get::<Vec<u8>>(2)?))
    })?;
    for (request, partner, sealed) in asked {
        let (statements, blank) = requests::blank(vault, &request, &sealed)?;
        unpost(conn, vault, &partner, &statements)?;
        execute(conn, BLANK, params![request.as_bytes(), blank])?;
    }
    execute(conn, NOTES, params![assessment, NO_BYTES]).map(drop)
}

/// Deletes statements from a partner's outbox.
fn unpost(conn: &dyn Connection, vault: &Vault, partner: &TrustDomain, statements: &[Vec<u8>]) -> Result<()> {
    const WAITING: &str = "SELECT number, sealed FROM outbox WHERE peer = ?1";
    const CLEAR: &str = "DELETE FROM outbox WHERE number = ?1";
    let peer = peers::number_of(conn, partner)?;
    for (item, sealed) in query_all(conn, WAITING, params![peer], |r| Ok((r.get::<i64>(0)?, r.get::<Vec<u8>>(1)?)))? {
        // An unreadable statement is never sent.
        if vault.open(SealedRow::Outbox(partner), &sealed).is_ok_and(|waiting| statements.contains(&waiting)) {
            execute(conn, CLEAR, params![item])?;
        }
    }
    Ok(())
}
