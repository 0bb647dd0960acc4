//! Attachments: bytes that arrive piece by piece. Each piece is encrypted separately.

use std::sync::Arc;

use super::{
    driver::Driver,
    keys,
    lock::Lock,
    peers,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{count, number, text_optional},
};
use crate::{
    domain::ids::{Sha256, TrustDomain},
    store::{
        AttachmentStatus, CopyName, Result, StoreError,
        vault::{ContentKey, SealedRow, Vault},
    },
};

/// A copy of an attachment.
struct StoredCopy {
    row: i64,
    status: AttachmentStatus,
    wrapped: Vec<u8>,
}

/// The source number of what was uploaded here. No partner has it.
const HERE: i64 = 0;

/// The number of a copy's source; `None` if the source is unknown.
fn source(conn: &dyn Queries, name: &CopyName) -> Result<Option<i64>> {
    match &name.from {
        None => Ok(Some(HERE)),
        Some(partner) => peers::find(conn, partner),
    }
}

fn find(conn: &dyn Queries, name: &CopyName) -> Result<Option<StoredCopy>> {
    const SQL: &str =
        "SELECT number, size, stored, complete, wrapped FROM attachment_copy WHERE sha256 = ?1 AND peer = ?2";
    let Some(peer) = source(conn, name)? else { return Ok(None) };
    query_optional(conn, SQL, params![name.sha256.as_bytes(), peer], |r| {
        let status = AttachmentStatus { size: count(r, 1)?, stored: count(r, 2)?, complete: r.get(3)? };
        Ok(StoredCopy { row: r.get(0)?, status, wrapped: r.get(4)? })
    })
}

pub(super) async fn status(store: &SqlStore<impl Driver>, name: &CopyName) -> Result<AttachmentStatus> {
    let name = name.clone();
    store.read(move |conn| Ok(find(conn, &name)?.map(|kept| kept.status).unwrap_or_default())).await
}

/// Records the attachments that a partner's entry names.
pub(super) fn named(conn: &dyn Connection, peer: i64, attachments: &[(Sha256, u64)]) -> Result<()> {
    const SQL: &str = "INSERT INTO attachment_named (peer, sha256, size) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    for (sha256, size) in attachments {
        execute(conn, SQL, params![peer, sha256.as_bytes(), number(*size)?])?;
    }
    Ok(())
}

/// Records the attachments that a version names. For the writer.
pub(super) fn name<'a>(conn: &dyn Connection, manifest: i64, named: impl Iterator<Item = &'a Sha256>) -> Result<()> {
    const SQL: &str = "INSERT INTO attachment_of (sha256, manifest) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    for sha256 in named {
        execute(conn, SQL, params![sha256.as_bytes(), manifest])?;
    }
    Ok(())
}

/// The copy of which most is stored.
pub(super) async fn best(store: &SqlStore<impl Driver>, sha256: &Sha256) -> Result<Option<CopyName>> {
    const SQL: &str = "SELECT d.domain FROM attachment_copy c LEFT JOIN peer d ON d.number = c.peer \
        WHERE c.sha256 = ?1 ORDER BY c.complete DESC, c.stored DESC, c.peer LIMIT 1";
    let sha256 = *sha256;
    store
        .read(move |conn| {
            let from = query_optional(conn, SQL, params![sha256.as_bytes()], |r| text_optional(r, 0))?;
            Ok(from.map(|from| CopyName { sha256, from }))
        })
        .await
}

/// The attachments that a partner's entries name and that are not whole from it.
pub(super) async fn wanted(store: &SqlStore<impl Driver>, partner: &TrustDomain) -> Result<Vec<(Sha256, u64)>> {
    const SQL: &str = "SELECT n.sha256, n.size FROM attachment_named n LEFT JOIN attachment_copy a \
        ON a.sha256 = n.sha256 AND a.peer = n.peer \
        WHERE n.peer = (SELECT number FROM peer WHERE domain = ?1) AND coalesce(a.complete, FALSE) = FALSE LIMIT 256";
    let partner = partner.clone();
    store
        .read(move |conn| query_all(conn, SQL, params![partner.as_str()], |r| Ok((Sha256(r.get(0)?), count(r, 1)?))))
        .await
}

/// A piece and its position.
struct Piece {
    name: CopyName,
    size: u64,
    start: u64,
    bytes: Vec<u8>,
}

pub(super) async fn append(
    store: &SqlStore<impl Driver>,
    name: &CopyName,
    size: u64,
    start: u64,
    bytes: Vec<u8>,
) -> Result<()> {
    let lock = Lock::attachment(&name.sha256, name.from.as_ref());
    let piece = Arc::new(Piece { name: name.clone(), size, start, bytes });
    for _ in 0..keys::TURNS {
        let wanted = Arc::clone(&piece);
        let (sealed, key) = store.read_sealed(move |conn, vault| seal(conn, vault, &wanted)).await?;
        let piece = Arc::clone(&piece);
        if store.interleave([lock], move |conn, _, _| commit(conn, &piece, &sealed, &key)).await? {
            return Ok(());
        }
    }
    Err(keys::lost())
}

fn seal(conn: &dyn Queries, vault: &Vault, piece: &Piece) -> Result<(Vec<u8>, Vec<u8>)> {
    let sha256 = &piece.name.sha256;
    let name = SealedRow::AttachmentKey(sha256);
    let key: ContentKey = match find(conn, &piece.name)? {
        Some(kept) => vault.unwrap_key(name, kept.wrapped)?,
        None => vault.generate_key(name)?,
    };
    Ok((key.seal(SealedRow::Chunk(sha256, piece.start), &piece.bytes)?, key.wrapped))
}

/// `false` if the key has changed in the meantime.
fn commit(conn: &dyn Connection, piece: &Piece, sealed: &[u8], key: &[u8]) -> Result<bool> {
    const NEW: &str =
        "INSERT INTO attachment_copy (sha256, peer, size, stored, complete, wrapped) VALUES (?1, ?2, ?3, 0, FALSE, ?4)";
    const PART: &str = "INSERT INTO attachment_part (copy, start, length, sealed) VALUES (?1, ?2, ?3, ?4)";
    let length = u64::try_from(piece.bytes.len()).unwrap_or(u64::MAX);
    let end = piece.start.saturating_add(length);
    if end > piece.size {
        return Err(StoreError::Conflict);
    }
    let kept = match find(conn, &piece.name)? {
        Some(kept) => kept,
        None => {
            let peer = match &piece.name.from {
                None => HERE,
                Some(partner) => peers::number_of(conn, partner)?,
            };
            let row = conn.insert(NEW, params![piece.name.sha256.as_bytes(), peer, number(piece.size)?, key])?;
            let status = AttachmentStatus { size: piece.size, ..AttachmentStatus::default() };
            StoredCopy { row, status, wrapped: key.to_vec() }
        }
    };
    if kept.status != (AttachmentStatus { size: piece.size, stored: piece.start, complete: false }) {
        return Err(StoreError::Conflict);
    }
    if kept.wrapped != key {
        return Ok(false);
    }
    if length > 0 {
        execute(conn, PART, params![kept.row, number(piece.start)?, number(length)?, sealed])?;
        execute(conn, "UPDATE attachment_copy SET stored = ?2 WHERE number = ?1", params![kept.row, number(end)?])?;
    }
    Ok(true)
}

pub(super) async fn finish(store: &SqlStore<impl Driver>, name: &CopyName, is_good: bool) -> Result<()> {
    const WHOLE: &str = "UPDATE attachment_copy SET complete = TRUE WHERE number = ?1";
    const CLEAR: &str = "DELETE FROM attachment_copy WHERE number = ?1";
    let name = name.clone();
    store
        .transact([Lock::attachment(&name.sha256, name.from.as_ref())], move |conn, _, changes| {
            match find(conn, &name)? {
                Some(kept) if is_good && kept.status.stored == kept.status.size => {
                    changes.write(WHOLE, values![kept.row], Rows::One);
                }
                _ if is_good => return Err(StoreError::Conflict),
                Some(kept) => changes.write(CLEAR, values![kept.row], Rows::One),
                None => {}
            }
            Ok(())
        })
        .await
}

pub(super) async fn read(store: &SqlStore<impl Driver>, name: &CopyName, offset: u64, length: u32) -> Result<Vec<u8>> {
    let name = name.clone();
    store.read_sealed(move |conn, vault| read_range(conn, vault, &name, offset, length)).await
}

fn read_range(conn: &dyn Queries, vault: &Vault, name: &CopyName, offset: u64, length: u32) -> Result<Vec<u8>> {
    // Begins with the piece that contains `offset`.
    const SQL: &str = "SELECT start, sealed FROM attachment_part WHERE copy = ?1 AND start < ?3 AND start >= \
        coalesce((SELECT max(start) FROM attachment_part WHERE copy = ?1 AND start <= ?2), 0) ORDER BY start";
    let sha256 = &name.sha256;
    let Some(kept) = find(conn, name)? else { return Ok(vec![]) };
    let key = vault.unwrap_key(SealedRow::AttachmentKey(sha256), kept.wrapped)?;
    let end = offset.saturating_add(u64::from(length)).min(kept.status.stored);
    let pieces = query_all(conn, SQL, params![kept.row, number(offset)?, number(end)?], |r| {
        Ok((count(r, 0)?, r.get::<Vec<u8>>(1)?))
    })?;
    let mut out = Vec::new();
    for (start, sealed) in pieces {
        let piece = key.open(SealedRow::Chunk(sha256, start), &sealed)?;
        let within = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(piece.len());
        out.extend_from_slice(piece.get(within(offset)..within(end)).unwrap_or_default());
    }
    Ok(out)
}
