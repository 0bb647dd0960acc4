//! What a purge deletes in addition to the content: attachments, and texts that people wrote about the assessment.

use rusqlite::{Connection, params};

use super::{
    dialect::{self, execute, id, query_all, query_optional, text},
    partners, requests,
};
use crate::{
    domain::ids::{StatementId, TrustDomain},
    store::{
        Result,
        vault::{Row, Vault},
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
         ELSE EXISTS (SELECT 1 FROM received r WHERE r.manifest = m.number AND r.peer = c.peer AND r.quarantined = 0) END"
    };
}

pub(super) use {attachments, given};

/// Whether the version's assessment was purged. Nothing that people write about it is stored any more.
pub(super) fn is_purged(conn: &Connection, manifest: &StatementId) -> Result<bool> {
    const SQL: &str =
        "SELECT 1 FROM manifest m JOIN assessment a ON a.number = m.assessment WHERE m.id = ?1 AND a.wrapped IS NULL";
    Ok(query_optional(conn, SQL, [manifest.as_bytes()], |_| Ok(()))?.is_some())
}

/// Deletes what people wrote about an assessment: requests, answers, holders' notes. The ledger still shows that there were
/// some.
pub(super) fn texts(conn: &Connection, vault: &Vault, assessment: i64) -> Result<()> {
    const ASKED: &str = "SELECT q.id, d.domain, q.sealed FROM request q JOIN peer d ON d.number = q.peer \
        WHERE q.manifest IN (SELECT id FROM manifest WHERE assessment = ?1)";
    const BLANK: &str = "UPDATE request SET sealed = ?2 WHERE id = ?1";
    const NOTES: &str = concat!(
        "UPDATE receipt SET envelope = ",
        dialect::no_bytes!(),
        ", sealed = NULL WHERE number IN (SELECT h.receipt FROM report h \
        JOIN manifest m ON m.number = h.manifest WHERE m.assessment = ?1 AND h.kind IN ('read', 'acting', 'declined'))"
    );
    let asked = query_all(conn, ASKED, [assessment], |r| {
        Ok((id::<StatementId>(r, 0)?, text::<TrustDomain>(r, 1)?, r.get::<_, Vec<u8>>(2)?))
    })?;
    for (request, partner, sealed) in asked {
        let (statements, blank) = requests::blank(vault, &request, &sealed)?;
        unpost(conn, vault, &partner, &statements)?;
        execute(conn, BLANK, params![request.as_bytes(), blank])?;
    }
    execute(conn, NOTES, [assessment]).map(|_| ())
}

/// Deletes statements from a partner's outbox.
fn unpost(conn: &Connection, vault: &Vault, partner: &TrustDomain, statements: &[Vec<u8>]) -> Result<()> {
    const WAITING: &str = "SELECT number, sealed FROM outbox WHERE peer = ?1";
    const CLEAR: &str = "DELETE FROM outbox WHERE number = ?1";
    let peer = partners::number_of(conn, partner)?;
    for (item, sealed) in query_all(conn, WAITING, [peer], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, Vec<u8>>(1)?)))? {
        // An unreadable statement is never sent.
        if vault.open(Row::Outbox(partner), &sealed).is_ok_and(|waiting| statements.contains(&waiting)) {
            execute(conn, CLEAR, [item])?;
        }
    }
    Ok(())
}
