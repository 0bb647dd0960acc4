//! The states that each arrival is about. They are encrypted under the assessment's key, so that a purge destroys them, too.

use std::collections::BTreeSet;

use super::{
    dialect,
    driver::Driver,
    peers,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    store::SqlStore,
    value::{count, id, text},
};
use crate::{
    domain::{
        ids::{AssessmentId, StatementId, TrustDomain},
        place::Country,
    },
    store::{
        Result, subject_states,
        vault::{ContentKey, SealedRow},
    },
};

/// Stores the encrypted states of a portion set. For the writer.
pub(super) fn keep(conn: &dyn Connection, set: i64, sealed: &[u8]) -> Result<()> {
    const SQL: &str = "INSERT INTO about (portion_set, sealed) VALUES (?1, ?2)";
    execute(conn, SQL, params![set, sealed]).map(drop)
}

/// The states that all versions of an assessment are about, in quarantine or not, because a holder of the versions knows them.
/// A version that counts on the statement of a hub alone is left out: it may be forged, and must not withhold a warning from
/// anybody.
pub(super) fn of(conn: &dyn Queries, key: &ContentKey, assessment: i64) -> Result<BTreeSet<Country>> {
    const SQL: &str = concat!(
        "SELECT m.id, s.sequence, d.domain, t.sealed FROM manifest m \
         JOIN portion_set s ON s.manifest = m.number JOIN peer d ON d.number = s.peer \
         JOIN about t ON t.portion_set = s.number WHERE m.assessment = ?1 AND (",
        dialect::is_json!("m.verified"),
        " AND ",
        dialect::json_field!("m.verified", "on_word_of"),
        " IS NOT NULL) IS NOT TRUE"
    );
    let kept = query_all(conn, SQL, params![assessment], |r| {
        Ok((id::<StatementId>(r, 0)?, count(r, 1)?, text::<TrustDomain>(r, 2)?, r.get::<Vec<u8>>(3)?))
    })?;
    let mut states = BTreeSet::new();
    for (manifest, sequence, from, sealed) in kept {
        let opened = key.open(SealedRow::SubjectStates { manifest: &manifest, from: &from, sequence }, &sealed);
        match opened.ok().and_then(|plain| subject_states::unpack(&plain)) {
            Some(subject_states) => states.extend(subject_states),
            // If it is unreadable, it may be about any state.
            None => states.extend(Country::all()),
        }
    }
    Ok(states)
}

/// The same by the assessment's id and originator; empty if it is not stored or was purged.
pub(super) async fn of_assessment(
    store: &SqlStore<impl Driver>,
    originator: &TrustDomain,
    id: &AssessmentId,
) -> Result<BTreeSet<Country>> {
    const SQL: &str = "SELECT number, wrapped FROM assessment WHERE id = ?1 AND originator = ?2";
    let (originator, id) = (originator.clone(), *id);
    store
        .read_sealed(move |conn, vault| {
            let Some(by) = peers::find(conn, &originator)? else { return Ok(BTreeSet::new()) };
            let found = query_optional(conn, SQL, params![id.as_bytes(), by], |r| Ok((r.get(0)?, r.get(1)?)))?;
            let Some((number, Some(wrapped))) = found else { return Ok(BTreeSet::new()) };
            of(conn, &vault.unwrap_key(SealedRow::AssessmentKey(&id, &originator), wrapped)?, number)
        })
        .await
}
