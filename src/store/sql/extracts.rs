//! Extracts of the portions of each arrival: titles name an assessment in lists, and summaries contain what searches, routing and scoring need
//! to know. They are encrypted separately under the assessment's key, so that a list or a search decrypts nothing else and a purge destroys
//! them, too.

use super::{
    arrival::VersionRow,
    driver::Driver,
    query::{Connection, END, NEXT, Next, Queries, execute, params, query_optional},
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
        summary, title,
        vault::{ContentKey, SealedRow, pack, unpack},
    },
};

/// With more bytes than this a version is named well enough.
const ENOUGH: usize = 64 << 10;

/// Makes an extract of the envelope of a manifest and the encoded portions.
type MakeExtract = fn(&[u8], &[Vec<u8>]) -> Result<Option<Vec<u8>>>;

/// A kind of extract: the statements over its table, its ciphertexts, and how one is made.
pub(super) struct Extract {
    insert: &'static str,
    find: &'static str,
    update: &'static str,
    of_version: &'static str,
    insert_made: &'static str,
    row: for<'a> fn(&'a StatementId, &'a TrustDomain, u64, bool) -> SealedRow<'a>,
    /// Makes one of the envelope of the manifest and the encoded portions. `None` if the manifest is unreadable.
    make: MakeExtract,
}

macro_rules! extract {
    ($table:literal, $row:ident, $make:expr) => {
        Extract {
            insert: concat!("INSERT INTO ", $table, " (portion_set, sealed) VALUES (?1, ?2)"),
            find: concat!("SELECT sealed FROM ", $table, " WHERE portion_set = ?1"),
            update: concat!("UPDATE ", $table, " SET sealed = ?2 WHERE portion_set = ?1"),
            of_version: concat!(
                "SELECT s.number, s.sequence, s.quarantined, d.domain, t.sealed FROM portion_set s \
                 JOIN peer d ON d.number = s.peer LEFT JOIN ",
                $table,
                " t ON t.portion_set = s.number \
                 WHERE s.manifest = ?1 AND (s.quarantined = FALSE OR ?2) ORDER BY s.number"
            ),
            // Not if the set was deleted or encrypted anew in the meantime.
            insert_made: concat!(
                "INSERT INTO ",
                $table,
                " (portion_set, sealed) \
                 SELECT number, ?3 FROM portion_set WHERE number = ?1 AND quarantined = ?2 ON CONFLICT DO NOTHING"
            ),
            row: |manifest, from, sequence, quarantined| SealedRow::$row { manifest, from, sequence, quarantined },
            make: $make,
        }
    };
}

/// The portions that name an assessment.
pub(super) static TITLE: Extract = extract!("title", Title, |_, portions| Ok(Some(pack(&title::among(portions)))));

/// What searches, routing and scoring need to know.
pub(super) static SUMMARY: Extract = extract!("summary", Summary, |manifest, portions| {
    summary::among(manifest, portions).map(|found| summary::pack(&found)).transpose()
});

/// The extract of an arrival from before extracts of this kind were stored.
pub(super) struct Made {
    set: i64,
    quarantined: bool,
    sealed: Vec<u8>,
    /// How many bytes were read for it.
    pub(super) bytes: usize,
}

/// What was read for a search, and what it has made.
#[derive(Default)]
pub(super) struct Reading {
    /// How many bytes were read.
    pub(super) bytes: usize,
    /// The summaries that were made.
    pub(super) made: Vec<Made>,
}

impl Extract {
    /// Stores the encrypted extract of a portion set. For the writer.
    pub(super) fn keep(&self, conn: &dyn Connection, set: i64, sealed: &[u8]) -> Result<()> {
        execute(conn, self.insert, params![set, sealed]).map(drop)
    }

    /// Encrypts an extract anew, as quarantined or not, if there is one. For the writer.
    pub(super) fn seal_anew(
        &self,
        conn: &dyn Connection,
        key: &ContentKey,
        set: i64,
        from: SealedRow<'_>,
        to: SealedRow<'_>,
    ) -> Result<()> {
        let Some(sealed) = query_optional(conn, self.find, params![set], |r| r.get::<Vec<u8>>(0))? else {
            return Ok(());
        };
        execute(conn, self.update, params![set, key.seal(to, &key.open(from, &sealed)?)?]).map(drop)
    }

    /// Stores the extracts that were made, for the next reader. A failure does no harm.
    pub(super) async fn keep_made(&'static self, store: &SqlStore<impl Driver>, made: Vec<Made>) {
        if made.is_empty() || store.driver().failure().is_some() {
            return;
        }
        let kept = store.transact([], move |_, _, changes| {
            for Made { set, quarantined, sealed, .. } in made {
                changes.write(self.insert_made, values![set, quarantined, sealed], Rows::AtMostOne);
            }
            Ok(())
        });
        if let Err(error) = kept.await {
            tracing::debug!(%error, "what was extracted from older assessments could not be kept");
        }
    }

    /// Gives the extract of each arrival of a version to `take`, until it has enough; with `all`, also of those in quarantine. Extracts that are
    /// made for arrivals without one are added to `made`. Returns how many bytes were read. If there is no arrival, the key is not needed,
    /// and may have been destroyed.
    fn each(
        &self,
        conn: &dyn Queries,
        key: impl FnOnce() -> Result<ContentKey>,
        version: VersionRow<'_>,
        all: bool,
        made: &mut Vec<Made>,
        mut take: impl FnMut(&[u8]) -> Result<Next>,
    ) -> Result<usize> {
        let (mut read, mut key, mut opened) = (0, Some(key), None);
        conn.query(self.of_version, params![version.number, all], &mut |set| {
            let key = match key.take() {
                Some(key) => opened.insert(key()?),
                None => opened.as_mut().ok_or(StoreError::Busy)?,
            };
            let (number, sequence, quarantined): (i64, u64, bool) = (set.get(0)?, count(set, 1)?, set.get(2)?);
            let from: TrustDomain = text(set, 3)?;
            let row = (self.row)(version.manifest_id, &from, sequence, quarantined);
            if let Some(sealed) = set.get::<Option<Vec<u8>>>(4)? {
                read += sealed.len();
                return take(&key.open(row, &sealed)?);
            }
            let manifest = version.manifest_id;
            let portions = SealedRow::PortionSet { manifest, from: &from, sequence, quarantined };
            let (plain, bytes) = self.of_portions(conn, key, number, portions)?;
            read += bytes;
            made.push(Made { set: number, quarantined, sealed: key.seal(row, &plain)?, bytes });
            take(&plain)
        })?;
        Ok(read)
    }

    /// Makes the extract of a portion set. Returns it with the number of bytes that were read.
    fn of_portions(
        &self,
        conn: &dyn Queries,
        key: &ContentKey,
        set: i64,
        row: SealedRow<'_>,
    ) -> Result<(Vec<u8>, usize)> {
        const SQL: &str = "SELECT s.sealed, m.envelope FROM portion_set s JOIN manifest m ON m.number = s.manifest \
            WHERE s.number = ?1";
        let missing = || StoreError::Damaged(Damage::Row);
        let found = query_optional(conn, SQL, params![set], |r| Ok((r.get::<Vec<u8>>(0)?, r.get::<Vec<u8>>(1)?)))?;
        let (sealed, manifest) = found.ok_or_else(missing)?;
        let made = (self.make)(&manifest, &unpack(&key.open(row, &sealed)?)?)?;
        Ok((made.ok_or_else(missing)?, sealed.len() + manifest.len()))
    }
}

/// The portions that name a version, each once; with `all`, also those in quarantine. Titles that are made for arrivals without
/// one are added to `made`.
pub(super) fn title_of(
    conn: &dyn Queries,
    key: impl FnOnce() -> Result<ContentKey>,
    version: VersionRow<'_>,
    all: bool,
    made: &mut Vec<Made>,
) -> Result<Vec<Vec<u8>>> {
    let (mut portions, mut bytes): (Vec<Vec<u8>>, usize) = (vec![], 0);
    TITLE.each(conn, key, version, all, made, |title| {
        for portion in unpack(title)? {
            if !portions.contains(&portion) {
                bytes += portion.len();
                portions.push(portion);
            }
        }
        if bytes >= ENOUGH { END } else { NEXT }
    })?;
    Ok(portions)
}

/// The summary of a version over all its arrivals; with `all`, also over those in quarantine. `None` if there is no arrival.
pub(super) fn summary_of(
    conn: &dyn Queries,
    key: impl FnOnce() -> Result<ContentKey>,
    version: VersionRow<'_>,
    all: bool,
    reading: &mut Reading,
) -> Result<Option<Summary>> {
    let mut whole: Option<Summary> = None;
    reading.bytes += SUMMARY.each(conn, key, version, all, &mut reading.made, |found| {
        let found = summary::unpack(found)?;
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
