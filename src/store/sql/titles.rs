//! Titles: the portions of each arrival that name an assessment in lists. They are encrypted separately under the assessment's
//! key, so that a list decrypts nothing else and a purge destroys them, too.

use super::{
    driver::Driver,
    query::{Connection, END, NEXT, Queries, execute, params, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{count, text},
};
use crate::{
    domain::ids::{StatementId, TrustDomain},
    store::{
        Result, StoreError,
        damage::Damage,
        title,
        vault::{ContentKey, SealedRow, pack, unpack},
    },
};

/// With more bytes than this a version is named well enough.
const ENOUGH: usize = 64 << 10;

/// The title of an arrival from before titles were stored.
pub(super) struct Made {
    set: i64,
    quarantined: bool,
    sealed: Vec<u8>,
    /// How many bytes were read for it.
    pub(super) bytes: usize,
}

/// Stores the encrypted title of a portion set. For the writer.
pub(super) fn keep(conn: &dyn Connection, set: i64, sealed: &[u8]) -> Result<()> {
    const SQL: &str = "INSERT INTO title (portion_set, sealed) VALUES (?1, ?2)";
    execute(conn, SQL, params![set, sealed]).map(drop)
}

/// Encrypts a title anew, as quarantined or not, if there is one. For the writer.
pub(super) fn seal_anew(
    conn: &dyn Connection,
    key: &ContentKey,
    set: i64,
    from: SealedRow<'_>,
    to: SealedRow<'_>,
) -> Result<()> {
    const FIND: &str = "SELECT sealed FROM title WHERE portion_set = ?1";
    const SQL: &str = "UPDATE title SET sealed = ?2 WHERE portion_set = ?1";
    let Some(sealed) = query_optional(conn, FIND, params![set], |r| r.get::<Vec<u8>>(0))? else { return Ok(()) };
    execute(conn, SQL, params![set, key.seal(to, &key.open(from, &sealed)?)?]).map(drop)
}

/// The portions that name a version, each once; with `all`, also those in quarantine. Titles that are made for arrivals without
/// one are added to `made`.
pub(super) fn of(
    conn: &dyn Queries,
    key: impl FnOnce() -> Result<ContentKey>,
    (manifest, manifest_id): (i64, &StatementId),
    all: bool,
    made: &mut Vec<Made>,
) -> Result<Vec<Vec<u8>>> {
    const SETS: &str = "SELECT s.number, s.sequence, s.quarantined, d.domain, t.sealed FROM portion_set s \
        JOIN peer d ON d.number = s.peer LEFT JOIN title t ON t.portion_set = s.number \
        WHERE s.manifest = ?1 AND (s.quarantined = FALSE OR ?2) ORDER BY s.number";
    let (mut portions, mut bytes): (Vec<Vec<u8>>, usize) = (vec![], 0);
    let (mut key, mut opened) = (Some(key), None);
    conn.query(SETS, params![manifest, all], &mut |set| {
        if bytes >= ENOUGH {
            return END;
        }
        let key = match key.take() {
            Some(key) => opened.insert(key()?),
            None => opened.as_mut().ok_or(StoreError::Busy)?,
        };
        let (number, sequence, quarantined): (i64, u64, bool) = (set.get(0)?, count(set, 1)?, set.get(2)?);
        let from: TrustDomain = text(set, 3)?;
        let place = SealedRow::Title { manifest: manifest_id, from: &from, sequence, quarantined };
        let title = match set.get::<Option<Vec<u8>>>(4)? {
            Some(sealed) => unpack(&key.open(place, &sealed)?)?,
            None => {
                let whole = SealedRow::PortionSet { manifest: manifest_id, from: &from, sequence, quarantined };
                let (title, bytes) = of_whole(conn, key, number, whole)?;
                made.push(Made { set: number, quarantined, sealed: key.seal(place, &pack(&title))?, bytes });
                title
            }
        };
        for portion in title {
            if !portions.contains(&portion) {
                bytes += portion.len();
                portions.push(portion);
            }
        }
        NEXT
    })?;
    Ok(portions)
}

fn of_whole(conn: &dyn Queries, key: &ContentKey, set: i64, place: SealedRow<'_>) -> Result<(Vec<Vec<u8>>, usize)> {
    const SQL: &str = "SELECT sealed FROM portion_set WHERE number = ?1";
    let missing = || StoreError::Damaged(Damage::Row);
    let sealed = query_optional(conn, SQL, params![set], |r| r.get::<Vec<u8>>(0))?.ok_or_else(missing)?;
    Ok((title::among(&unpack(&key.open(place, &sealed)?)?), sealed.len()))
}

/// Stores the titles that were made, for the next list. A failure does no harm.
pub(super) async fn keep_made(store: &SqlStore<impl Driver>, made: Vec<Made>) {
    // Not if the set was deleted or encrypted anew in the meantime.
    const SQL: &str = "INSERT INTO title (portion_set, sealed) \
        SELECT number, ?3 FROM portion_set WHERE number = ?1 AND quarantined = ?2 ON CONFLICT DO NOTHING";
    if made.is_empty() || store.driver().failure().is_some() {
        return;
    }
    let kept = store.transact([], move |_, _, changes| {
        for Made { set, quarantined, sealed, .. } in made {
            changes.write(SQL, values![set, quarantined, sealed], Rows::AtMostOne);
        }
        Ok(())
    });
    if let Err(error) = kept.await {
        tracing::debug!(%error, "the titles of older assessments could not be kept");
    }
}
