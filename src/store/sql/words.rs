//! The index of words. A row belongs to a portion set and is deleted with it, so a purge destroys it, too.

use super::{
    arrival::VersionRow,
    driver::Driver,
    extracts::Reading,
    query::{Connection, END, NEXT, Queries, execute, exists, params, query_all, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{NO_BYTES, count, id, text},
};
use crate::{
    domain::ids::{AssessmentId, StatementId, TrustDomain},
    store::{
        Result, StoreError,
        damage::Damage,
        vault::{ContentKey, SealedRow, Vault, unpack},
        words::{WordMatch, tokens},
    },
};

/// How many bits of a row's number are the place of the arrival among those of its version.
const ARRIVAL_BITS: u32 = 20;
/// How many rows a walk reads at most, and how many bytes of tokens. Tests reach the end of a page with few rows.
const WALKED: u32 = if cfg!(test) { 8 } else { 1 << 17 };
const WALKED_BYTES: usize = 256 << 20;
/// How many arrivals are added to the index in one transaction, and how many bytes of portions are read for them.
const ADDED: u32 = 256;
const ADDED_BYTES: usize = 8 << 20;

/// The first number of a version's rows.
fn first_of(manifest: i64) -> i64 {
    manifest.saturating_mul(1 << ARRIVAL_BITS)
}

/// Marks the index as incomplete, until it was completed. A count of its rows would take longer than a search.
const MARK: &str = "INSERT INTO meta (name, value) VALUES ('unindexed', ?1) ON CONFLICT DO NOTHING";

/// Stores the tokens of a portion set, or marks the index as incomplete. For the writer.
pub(super) fn keep(conn: &dyn Connection, set: i64, manifest: i64, tokens: Option<&[u8]>) -> Result<()> {
    match tokens {
        Some(tokens) => insert(conn, set, manifest, tokens),
        None => execute(conn, MARK, params![NO_BYTES]).map(drop),
    }
}

fn insert(conn: &dyn Connection, set: i64, manifest: i64, tokens: &[u8]) -> Result<()> {
    const NEXT_OF: &str = "SELECT max(number) FROM words WHERE number >= ?1 AND number < ?2";
    const SQL: &str = "INSERT INTO words (number, portion_set, tokens) VALUES (?1, ?2, ?3)";
    let (first, end) = (first_of(manifest), first_of(manifest.saturating_add(1)));
    let last = query_optional(conn, NEXT_OF, params![first, end], |r| r.get::<Option<i64>>(0))?.flatten();
    let number = last.map_or(first, |last| last.saturating_add(1));
    // A version with a million arrivals is found by those that are in the index.
    if number >= end {
        return Ok(());
    }
    execute(conn, SQL, params![number, set, tokens]).map(drop)
}

/// Whether every portion set that can be read is in the index.
pub(super) fn is_whole(conn: &dyn Queries) -> Result<bool> {
    Ok(!exists(conn, "SELECT 1 FROM meta WHERE name = 'unindexed'", params![])?)
}

/// How a walk ended: before which version it goes on. `None`: it has seen everything.
pub(super) type GoesOn = Option<StatementId>;

/// Walks over the index in the order of the list, from before the version with the number `before` on, or from the newest one on. `each` gets
/// the number of each version that has all wanted words in some of its arrivals, and says whether to go on. What is in quarantine is walked over
/// only with `all`, because where a page ends would otherwise name it or tell how much of it there is.
pub(super) fn walk(
    conn: &dyn Queries,
    vault: &Vault,
    (wanted, all): (&[String], bool),
    before: Option<i64>,
    mut each: impl FnMut(i64) -> Result<bool>,
) -> Result<GoesOn> {
    const SQL: &str = "SELECT w.number, w.tokens FROM words w JOIN portion_set s ON s.number = w.portion_set \
        JOIN manifest m ON m.number = s.manifest WHERE w.number < ?1 \
        AND (?2 OR (s.quarantined = FALSE AND m.state <> 'quarantined')) ORDER BY w.number DESC";
    let before = before.map_or(i64::MAX, first_of);
    let (mut read, mut bytes, mut stopped) = (0, 0, false);
    let mut version: Option<(i64, WordMatch<'_>)> = None;
    conn.query(SQL, params![before, all], &mut |row| {
        let (number, tokens): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let manifest = number >> ARRIVAL_BITS;
        match &mut version {
            Some((of, found)) if *of == manifest => found.add_tokens(vault, &tokens),
            last => {
                let wants_more = match last {
                    Some((of, found)) if found.is_whole() => each(*of)?,
                    _ => true,
                };
                stopped = !wants_more || read >= WALKED || bytes >= WALKED_BYTES;
                if stopped {
                    return END;
                }
                let mut found = WordMatch::new(wanted);
                found.add_tokens(vault, &tokens);
                *last = Some((manifest, found));
            }
        }
        read += 1;
        bytes += tokens.len();
        NEXT
    })?;
    let Some((last, found)) = version else { return Ok(None) };
    if stopped {
        return query_optional(conn, "SELECT id FROM manifest WHERE number = ?1", params![last], |r| id(r, 0));
    }
    if found.is_whole() {
        each(last)?;
    }
    Ok(None)
}

/// Whether a version has all these words in the arrivals that the reader may read; with `all`, also in those in quarantine. Arrivals that are
/// not in the index are decrypted.
pub(super) fn has(
    conn: &dyn Queries,
    vault: &Vault,
    key: impl FnOnce() -> Result<ContentKey>,
    (version, wanted, all): (VersionRow<'_>, &[String], bool),
    reading: &mut Reading,
) -> Result<bool> {
    const SETS: &str = "SELECT s.sequence, s.quarantined, d.domain, w.tokens, \
        CASE WHEN w.tokens IS NULL THEN s.sealed END FROM portion_set s JOIN peer d ON d.number = s.peer \
        LEFT JOIN words w ON w.portion_set = s.number \
        WHERE s.manifest = ?1 AND (s.quarantined = FALSE OR ?2) ORDER BY s.number";
    let (mut found, mut key, mut opened) = (WordMatch::new(wanted), Some(key), None);
    conn.query(SETS, params![version.number, all], &mut |set| {
        if let Some(tokens) = set.get::<Option<Vec<u8>>>(3)? {
            found.add_tokens(vault, &tokens);
            return if found.is_whole() { END } else { NEXT };
        }
        let key = match key.take() {
            Some(key) => opened.insert(key()?),
            None => opened.as_mut().ok_or(StoreError::Busy)?,
        };
        let (sequence, quarantined, from): (u64, bool, TrustDomain) = (count(set, 0)?, set.get(1)?, text(set, 2)?);
        let sealed: Vec<u8> = set.get::<Option<Vec<u8>>>(4)?.ok_or(StoreError::Damaged(Damage::Row))?;
        reading.bytes += sealed.len();
        let row = SealedRow::PortionSet { manifest: version.manifest_id, from: &from, sequence, quarantined };
        found.add_portions(&unpack(&key.open(row, &sealed)?)?);
        if found.is_whole() { END } else { NEXT }
    })?;
    Ok(found.is_whole())
}

/// A portion set that is not in the index, with its tokens.
struct Missing {
    set: i64,
    manifest: i64,
    tokens: Vec<u8>,
}

/// Completes the index, or deletes it.
pub(super) async fn prepare(store: &SqlStore<impl Driver>, is_kept: bool) -> Result<()> {
    store.set_keeps_words(is_kept);
    if !is_kept {
        return delete_all(store).await;
    }
    if store.read(is_whole).await? {
        return Ok(());
    }
    let mut after = 0;
    loop {
        let newest = store.read(newest_set).await?;
        let (missing, last) = store.read_sealed(move |conn, vault| missing(conn, vault, after)).await?;
        let Some(last) = last else {
            if store.interleave([], move |conn, _, _| unmark(conn, newest)).await? {
                return Ok(());
            }
            continue;
        };
        after = last;
        if !missing.is_empty() {
            store.interleave([], move |conn, _, _| missing.iter().try_for_each(|missing| add(conn, missing))).await?;
        }
    }
}

fn newest_set(conn: &dyn Queries) -> Result<i64> {
    const SQL: &str = "SELECT number FROM portion_set ORDER BY number DESC LIMIT 1";
    Ok(query_optional(conn, SQL, params![], |r| r.get(0))?.unwrap_or_default())
}

/// Marks the index as complete, unless a portion set without tokens came after the last one that was looked at. For the writer.
fn unmark(conn: &dyn Connection, after: i64) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM portion_set s WHERE s.number > ?1 \
        AND NOT EXISTS (SELECT 1 FROM words w WHERE w.portion_set = s.number)";
    if exists(conn, SQL, params![after])? {
        return Ok(false);
    }
    execute(conn, "DELETE FROM meta WHERE name = 'unindexed'", params![]).map(|_| true)
}

/// Deletes the index in steps, so that no transaction is large.
async fn delete_all(store: &SqlStore<impl Driver>) -> Result<()> {
    const FIRST: &str = "SELECT number FROM words ORDER BY number LIMIT 1";
    const SQL: &str = "DELETE FROM words WHERE number IN (SELECT number FROM words ORDER BY number LIMIT 1024)";
    while store.read(|conn| query_optional(conn, FIRST, params![], |r| r.get::<i64>(0))).await?.is_some() {
        store
            .transact([], |_, _, changes| {
                changes.write(MARK, values![NO_BYTES], Rows::AtMostOne);
                changes.write(SQL, values![], Rows::Any);
                Ok(())
            })
            .await?;
    }
    Ok(())
}

/// The portion sets after a number that are not in the index, and the last number that was looked at. Damaged ones are left out: nobody
/// finds them anyway.
fn missing(conn: &dyn Queries, vault: &Vault, after: i64) -> Result<(Vec<Missing>, Option<i64>)> {
    const SQL: &str = "SELECT s.number, s.manifest, s.sequence, s.quarantined, d.domain, m.id, a.id, o.domain, a.wrapped, s.sealed \
        FROM portion_set s JOIN peer d ON d.number = s.peer JOIN manifest m ON m.number = s.manifest \
        JOIN assessment a ON a.number = m.assessment JOIN peer o ON o.number = a.originator \
        WHERE s.number > ?1 AND NOT EXISTS (SELECT 1 FROM words w WHERE w.portion_set = s.number) \
        ORDER BY s.number LIMIT ?2";
    let (mut found, mut last, mut bytes) = (vec![], None, 0);
    conn.query(SQL, params![after, ADDED], &mut |r| {
        if bytes >= ADDED_BYTES {
            return END;
        }
        let (set, manifest): (i64, i64) = (r.get(0)?, r.get(1)?);
        last = Some(set);
        let (sequence, quarantined, from): (u64, bool, TrustDomain) = (count(r, 2)?, r.get(3)?, text(r, 4)?);
        let (manifest_id, assessment, originator): (StatementId, AssessmentId, TrustDomain) =
            (id(r, 5)?, id(r, 6)?, text(r, 7)?);
        let Some(wrapped) = r.get::<Option<Vec<u8>>>(8)? else { return NEXT };
        let sealed: Vec<u8> = r.get(9)?;
        bytes += sealed.len();
        let row = SealedRow::PortionSet { manifest: &manifest_id, from: &from, sequence, quarantined };
        let key = vault.unwrap_key(SealedRow::AssessmentKey(&assessment, &originator), wrapped);
        match key.and_then(|key| unpack(&key.open(row, &sealed)?)) {
            Ok(portions) => found.push(Missing { set, manifest, tokens: tokens(vault, &portions)? }),
            Err(StoreError::Damaged(_)) => {}
            Err(other) => return Err(other),
        }
        NEXT
    })?;
    Ok((found, last))
}

/// Adds the tokens of a portion set, unless it was deleted or added in the meantime. For the writer.
fn add(conn: &dyn Connection, missing: &Missing) -> Result<()> {
    const SQL: &str = "SELECT number FROM portion_set s WHERE s.number = ?1 AND s.manifest = ?2 \
        AND NOT EXISTS (SELECT 1 FROM words w WHERE w.portion_set = s.number)";
    let Missing { set, manifest, tokens } = missing;
    let is_there = query_all(conn, SQL, params![set, manifest], |_| Ok(()))?;
    if is_there.is_empty() { Ok(()) } else { insert(conn, *set, *manifest, tokens) }
}
