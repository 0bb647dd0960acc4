//! Statements that are attached to a version: endorsements and exceptions, encrypted under the assessment's key.

use super::{
    arrival::{ArrivalRow, ContentRow, VersionRow},
    driver::Driver,
    lock::Lock,
    peers,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    queue,
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{count, id, number, text, time},
};
use crate::{
    domain::{
        endorsement::{MAX_ENDORSEMENT_BYTES, MAX_ENDORSEMENTS},
        event::Event,
        ids::{AssessmentId, StatementId, TrustDomain},
        time::Time,
    },
    store::{
        AttachedStatement, LoggedStatement, Result, ReturnedEndorsements, StoreError,
        damage::Damage,
        requests::NewAttachedStatement,
        vault::{ContentKey, LedgerLeaf, SealedRow, Vault, pack, unpack},
    },
};

/// Stores the encrypted statements of one arrival.
pub(super) fn keep(changes: &mut Changes, row: ContentRow, sealed: Vec<u8>, at: Time) {
    const SQL: &str =
        "INSERT INTO beside (manifest, peer, sequence, quarantined, sealed, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let ContentRow { manifest, peer, sequence, is_quarantined } = row;
    changes.write(SQL, values![manifest, peer, sequence, is_quarantined, sealed, at], Rows::One);
}

/// Attaches the endorsements that a partner has returned to a version that was published here, each once. For the writer. Of one partner
/// and version it keeps as many as a version shows, in number and in bytes; more would only make the version slow to read. What is in
/// quarantine does not count: nobody sees it there, so the same endorsement may come again.
pub(super) fn keep_returned(
    (conn, vault, changes): (&dyn Connection, &Vault, &mut Changes),
    arrival: ArrivalRow<'_>,
    back: &ReturnedEndorsements,
    at: Time,
) -> Result<()> {
    const MARK: &str = "UPDATE received SET endorses = ?3 WHERE peer = ?1 AND sequence = ?2";
    const HELD: &str = "SELECT count(*), coalesce(sum(length(sealed)), 0) FROM beside \
        WHERE manifest = ?1 AND peer = ?2 AND quarantined = FALSE";
    let ReturnedEndorsements { manifest_id, endorsements, .. } = back;
    let Found { manifest, key } = find(conn, vault, manifest_id)?;
    execute(conn, MARK, params![arrival.peer, number(arrival.sequence)?, manifest])?;
    // A row has at least one statement and is larger than its statements, so it is seen without a decryption if no place is left.
    let sizes = query_optional(conn, HELD, params![manifest, arrival.peer], |r| Ok((count(r, 0)?, count(r, 1)?)))?;
    let (rows, sealed_bytes) = sizes.unwrap_or_default();
    if rows >= MAX_ENDORSEMENTS as u64 || sealed_bytes >= MAX_ENDORSEMENT_BYTES as u64 {
        return Ok(());
    }
    let version = VersionRow { number: manifest, manifest_id };
    let new = those_with_room(&opened(conn, &key, version, false)?, arrival.from, endorsements);
    if new.is_empty() {
        return Ok(());
    }
    let place = sealed_row(version, arrival, false);
    let row = ContentRow { manifest, peer: arrival.peer, sequence: number(arrival.sequence)?, is_quarantined: false };
    keep(changes, row, key.seal(place, &packed(&new))?, at);
    Ok(())
}

/// The returned endorsements that a version does not have yet, as far as their sender has room.
fn those_with_room(
    held: &[OpenedStatement],
    from: &TrustDomain,
    returned: &[AttachedStatement],
) -> Vec<AttachedStatement> {
    let of_sender: Vec<usize> = held.iter().filter(|h| h.from == *from).map(|h| h.statement.envelope.len()).collect();
    let (mut places, mut bytes) = (of_sender.len(), of_sender.iter().sum::<usize>());
    let mut new: Vec<AttachedStatement> = vec![];
    for endorsement in returned {
        let is_new = held.iter().map(|h| &h.statement).chain(&new).all(|s| s.envelope != endorsement.envelope);
        let size = endorsement.envelope.len();
        if is_new && places < MAX_ENDORSEMENTS && bytes + size <= MAX_ENDORSEMENT_BYTES {
            places += 1;
            bytes += size;
            new.push(endorsement.clone());
        }
    }
    new
}

/// A version, with the key of its assessment.
struct Found {
    manifest: i64,
    key: ContentKey,
}

/// The version with that manifest. A conflict where it is not here, or its assessment was purged.
fn find(conn: &dyn Queries, vault: &Vault, manifest_id: &StatementId) -> Result<Found> {
    const FIND: &str = "SELECT m.number, a.id, a.wrapped, o.domain FROM manifest m \
        JOIN assessment a ON a.number = m.assessment JOIN peer o ON o.number = m.originator WHERE m.id = ?1";
    let found = query_optional(conn, FIND, params![manifest_id.as_bytes()], |r| {
        let id: AssessmentId = id(r, 1)?;
        Ok((r.get::<i64>(0)?, id, r.get::<Option<Vec<u8>>>(2)?, text::<TrustDomain>(r, 3)?))
    })?;
    let Some((manifest, assessment, Some(wrapped), originator)) = found else { return Err(StoreError::Conflict) };
    let key = vault.unwrap_key(SealedRow::AssessmentKey(&assessment, &originator), wrapped)?;
    Ok(Found { manifest, key })
}

/// The statements of one row as bytes. Each one is a byte that says whether it was verified, and its envelope.
pub(super) fn packed(statements: &[AttachedStatement]) -> Vec<u8> {
    let encode = |s: &AttachedStatement| [&[u8::from(s.verified)], s.envelope.as_slice()].concat();
    pack(&statements.iter().map(encode).collect::<Vec<_>>())
}

fn open(packed: &[u8]) -> Result<Vec<AttachedStatement>> {
    let decode = |bytes: Vec<u8>| {
        let (verified, envelope) = bytes.split_first().ok_or(StoreError::Damaged(Damage::Row))?;
        Ok(AttachedStatement { envelope: envelope.to_vec(), verified: *verified == 1 })
    };
    unpack(packed)?.into_iter().map(decode).collect()
}

/// All statements that are attached to a version, each once, in the order of their arrival. With `all`, also those in
/// quarantine.
pub(super) fn of(
    conn: &dyn Queries,
    key: &ContentKey,
    version: VersionRow<'_>,
    all: bool,
) -> Result<Vec<LoggedStatement>> {
    let mut statements: Vec<LoggedStatement> = Vec::new();
    for OpenedStatement { at, statement, .. } in opened(conn, key, version, all)? {
        let AttachedStatement { envelope, verified } = statement;
        match statements.iter_mut().find(|s| s.envelope == envelope) {
            Some(same) => same.verified |= verified,
            None => statements.push(LoggedStatement { envelope, at, verified }),
        }
    }
    Ok(statements)
}

/// A statement of one arrival.
struct OpenedStatement {
    /// Who brought it.
    from: TrustDomain,
    at: Time,
    statement: AttachedStatement,
}

/// The statements of all arrivals of a version, in the order of their arrival. With `all`, also those in quarantine.
fn opened(conn: &dyn Queries, key: &ContentKey, version: VersionRow<'_>, all: bool) -> Result<Vec<OpenedStatement>> {
    const SQL: &str = "SELECT b.sequence, b.quarantined, b.sealed, d.domain, b.at FROM beside b \
        JOIN peer d ON d.number = b.peer WHERE b.manifest = ?1 AND (b.quarantined = FALSE OR ?2) ORDER BY b.number";
    let sets = query_all(conn, SQL, params![version.number, all], |r| {
        Ok((count(r, 0)?, r.get::<bool>(1)?, r.get::<Vec<u8>>(2)?, text::<TrustDomain>(r, 3)?, time(r, 4)?))
    })?;
    let mut statements = Vec::new();
    for (sequence, quarantined, sealed, from, at) in sets {
        let row = SealedRow::AttachedStatements { manifest: version.manifest_id, from: &from, sequence, quarantined };
        let of_row = open(&key.open(row, &sealed)?)?;
        statements.extend(of_row.into_iter().map(|statement| OpenedStatement { from: from.clone(), at, statement }));
    }
    Ok(statements)
}

fn sealed_row<'a>(version: VersionRow<'a>, arrival: ArrivalRow<'a>, quarantined: bool) -> SealedRow<'a> {
    let (manifest, ArrivalRow { from, sequence, .. }) = (version.manifest_id, arrival);
    SealedRow::AttachedStatements { manifest, from, sequence, quarantined }
}

/// The statements of one arrival, with the number of their row.
pub(super) fn of_arrival(
    conn: &dyn Queries,
    key: &ContentKey,
    version: VersionRow<'_>,
    arrival: ArrivalRow<'_>,
    quarantined: bool,
) -> Result<Option<(i64, Vec<AttachedStatement>)>> {
    const SQL: &str = "SELECT number, sealed FROM beside \
        WHERE manifest = ?1 AND peer = ?2 AND sequence = ?3 AND quarantined = ?4";
    let values = params![version.number, arrival.peer, number(arrival.sequence)?, quarantined];
    let found = query_optional(conn, SQL, values, |r| Ok((r.get(0)?, r.get::<Vec<u8>>(1)?)))?;
    let row = sealed_row(version, arrival, quarantined);
    found.map(|(place, sealed)| Ok((place, open(&key.open(row, &sealed)?)?))).transpose()
}

/// Encrypts the statements of an arrival anew, as quarantined or not. For the writer.
pub(super) fn seal_anew(
    conn: &dyn Connection,
    key: &ContentKey,
    version: VersionRow<'_>,
    arrival: ArrivalRow<'_>,
    quarantined: bool,
) -> Result<()> {
    const SQL: &str = "UPDATE beside SET quarantined = ?2, sealed = ?3 WHERE number = ?1";
    let found = of_arrival(conn, key, version, arrival, !quarantined)?;
    let Some((place, statements)) = found else { return Ok(()) };
    let row = sealed_row(version, arrival, quarantined);
    execute(conn, SQL, params![place, quarantined, key.seal(row, &packed(&statements))?]).map(|_| ())
}

pub(super) async fn put(
    store: &SqlStore<impl Driver>,
    attached: NewAttachedStatement,
    events: &[Event],
) -> Result<bool> {
    let leaves = LedgerLeaf::all(events)?;
    store
        .transact([Lock::assessment_of(&attached.manifest_id)], move |conn, vault, changes| {
            if !insert(conn, vault, changes, &attached)? {
                return Ok(false);
            }
            changes.record(leaves);
            Ok(true)
        })
        .await
}

/// Attaches a statement made here and queues its version. `false` if it is attached already. For the writer: the statement is a
/// few kilobytes, and only the writer knows its number.
pub(super) fn insert(
    conn: &dyn Queries,
    vault: &Vault,
    changes: &mut Changes,
    attached: &NewAttachedStatement,
) -> Result<bool> {
    const NEXT: &str = "SELECT coalesce(max(sequence), 0) + 1 FROM beside WHERE manifest = ?1 AND peer = ?2";
    let NewAttachedStatement { manifest_id, from, envelope, at, urgency, queue } = attached;
    let Found { manifest, key } = find(conn, vault, manifest_id)?;
    if of(conn, &key, VersionRow { number: manifest, manifest_id }, true)?.iter().any(|s| s.envelope == *envelope) {
        return Ok(false);
    }
    let peer = peers::numbered(conn, changes, from)?;
    let sequence = query_optional(conn, NEXT, params![manifest, peer], |r| count(r, 0))?.unwrap_or(1);
    let place = SealedRow::AttachedStatements { manifest: manifest_id, from, sequence, quarantined: false };
    let statement = AttachedStatement { envelope: envelope.clone(), verified: true };
    let sealed = key.seal(place, &packed(std::slice::from_ref(&statement)))?;
    let row = ContentRow { manifest, peer, sequence: number(sequence)?, is_quarantined: false };
    keep(changes, row, sealed, *at);
    queue::put(conn, changes, manifest, *urgency, queue)?;
    Ok(true)
}
