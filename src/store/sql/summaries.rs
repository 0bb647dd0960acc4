//! Summaries: what searches, routing and scoring need to know of each arrival. They are encrypted separately under the assessment's key, so
//! that a search decrypts nothing else and a purge destroys them, too.

use super::{
    driver::Driver,
    query::{Connection, NEXT, Queries, execute, params, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{count, text},
};
use crate::{
    domain::{
        ids::{StatementId, TrustDomain},
        summary::Summary,
    },
    store::{
        Result, StoreError,
        damage::Damage,
        summary,
        vault::{ContentKey, SealedRow, unpack},
    },
};

/// The summary of an arrival from before summaries were stored.
pub(super) struct Made {
    set: i64,
    quarantined: bool,
    sealed: Vec<u8>,
}

/// What was read for a search, and what it has made.
#[derive(Default)]
pub(super) struct Reading {
    /// How many bytes were read.
    pub(super) bytes: usize,
    /// The summaries that were made.
    pub(super) made: Vec<Made>,
}

/// Stores the encrypted summary of a portion set. For the writer.
pub(super) fn keep(conn: &dyn Connection, set: i64, sealed: &[u8]) -> Result<()> {
    const SQL: &str = "INSERT INTO summary (portion_set, sealed) VALUES (?1, ?2)";
    execute(conn, SQL, params![set, sealed]).map(drop)
}

/// Encrypts a summary anew, as quarantined or not, if there is one. For the writer.
pub(super) fn seal_anew(
    conn: &dyn Connection,
    key: &ContentKey,
    set: i64,
    from: SealedRow<'_>,
    to: SealedRow<'_>,
) -> Result<()> {
    const FIND: &str = "SELECT sealed FROM summary WHERE portion_set = ?1";
    const SQL: &str = "UPDATE summary SET sealed = ?2 WHERE portion_set = ?1";
    let Some(sealed) = query_optional(conn, FIND, params![set], |r| r.get::<Vec<u8>>(0))? else { return Ok(()) };
    execute(conn, SQL, params![set, key.seal(to, &key.open(from, &sealed)?)?]).map(drop)
}

/// The summary of a version over all its arrivals; with `all`, also over those in quarantine. `None` if there is no arrival; the key is not
/// needed then, and may have been destroyed.
pub(super) fn of(
    conn: &dyn Queries,
    key: impl FnOnce() -> Result<ContentKey>,
    (manifest, manifest_id): (i64, &StatementId),
    all: bool,
    reading: &mut Reading,
) -> Result<Option<Summary>> {
    const SETS: &str = "SELECT s.number, s.sequence, s.quarantined, d.domain, t.sealed FROM portion_set s \
        JOIN peer d ON d.number = s.peer LEFT JOIN summary t ON t.portion_set = s.number \
        WHERE s.manifest = ?1 AND (s.quarantined = FALSE OR ?2) ORDER BY s.number";
    let (mut whole, mut key, mut opened): (Option<Summary>, _, _) = (None, Some(key), None);
    conn.query(SETS, params![manifest, all], &mut |set| {
        let key = match key.take() {
            Some(key) => opened.insert(key()?),
            None => opened.as_mut().ok_or(StoreError::Busy)?,
        };
        let (number, sequence, quarantined): (i64, u64, bool) = (set.get(0)?, count(set, 1)?, set.get(2)?);
        let from: TrustDomain = text(set, 3)?;
        let row = SealedRow::Summary { manifest: manifest_id, from: &from, sequence, quarantined };
        let found = match set.get::<Option<Vec<u8>>>(4)? {
            Some(sealed) => {
                reading.bytes += sealed.len();
                summary::unpack(&key.open(row, &sealed)?)?
            }
            None => {
                let portions = SealedRow::PortionSet { manifest: manifest_id, from: &from, sequence, quarantined };
                let found = of_portions(conn, key, number, portions, reading)?;
                let sealed = key.seal(row, &summary::pack(&found)?)?;
                reading.made.push(Made { set: number, quarantined, sealed });
                found
            }
        };
        match &mut whole {
            None => whole = Some(found),
            Some(whole) => {
                let more = found.portions.into_iter().filter(|portion| !whole.portions.contains(portion));
                let more: Vec<_> = more.collect();
                whole.portions.extend(more);
            }
        }
        NEXT
    })?;
    Ok(whole)
}

/// Makes the summary of a portion set from its portions.
fn of_portions(
    conn: &dyn Queries,
    key: &ContentKey,
    set: i64,
    row: SealedRow<'_>,
    reading: &mut Reading,
) -> Result<Summary> {
    const SQL: &str = "SELECT s.sealed, m.envelope FROM portion_set s JOIN manifest m ON m.number = s.manifest \
        WHERE s.number = ?1";
    let missing = || StoreError::Damaged(Damage::Row);
    let found = query_optional(conn, SQL, params![set], |r| Ok((r.get::<Vec<u8>>(0)?, r.get::<Vec<u8>>(1)?)))?;
    let (sealed, manifest) = found.ok_or_else(missing)?;
    reading.bytes += sealed.len() + manifest.len();
    summary::among(&manifest, &unpack(&key.open(row, &sealed)?)?).ok_or_else(missing)
}

/// Stores the summaries that were made, for the next search. A failure does no harm.
pub(super) async fn keep_made(store: &SqlStore<impl Driver>, made: Vec<Made>) {
    // Not if the set was deleted or encrypted anew in the meantime.
    const SQL: &str = "INSERT INTO summary (portion_set, sealed) \
        SELECT number, ?3 FROM portion_set WHERE number = ?1 AND quarantined = ?2 ON CONFLICT DO NOTHING";
    if made.is_empty() || store.driver().failure().is_some() {
        return;
    }
    let kept = store.transact([], move |_, _, changes| {
        for Made { set, quarantined, sealed } in made {
            changes.write(SQL, values![set, quarantined, sealed], Rows::AtMostOne);
        }
        Ok(())
    });
    if let Err(error) = kept.await {
        tracing::debug!(%error, "the summaries of older assessments could not be kept");
    }
}
