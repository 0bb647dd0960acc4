//! Outgoing feeds: numbered releases, the voids that replace them, and what the partner has.

use super::{
    answers, catalogue,
    driver::Driver,
    lock::Lock,
    manifests::{self, version_bytes},
    peers,
    query::{IsMore, Queries, execute, params, query_all, query_optional, query_within},
    queue,
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{NO_BYTES, SqlRow, count, id, id_optional, ids, number, text},
};
use crate::{
    domain::{
        event::Event,
        ids::{Digest, Sha256, StatementId, TrustDomain},
        time::Time,
    },
    store::{
        GivenRelease, OutboundPosition, ReleaseBatch, ReleaseRecord, Result, StoreError, damage::Damage,
        vault::LedgerLeaf,
    },
};

pub(super) async fn outbound(store: &SqlStore<impl Driver>, partner: &TrustDomain) -> Result<OutboundPosition> {
    let partner = partner.clone();
    store
        .read(move |conn| {
            let peer = peers::find(conn, &partner)?;
            let position = peer.map_or_else(|| Ok(OutboundPosition::default()), |peer| position(conn, peer));
            position.map_err(|e| e.of(Damage::Feed(partner)))
        })
        .await
}

/// The position of the feed.
pub(super) fn position(conn: &dyn Queries, peer: i64) -> Result<OutboundPosition> {
    const SQL: &str = "SELECT sequence, release, acknowledged, acknowledged_at FROM feed_out WHERE peer = ?1";
    let found = query_optional(conn, SQL, params![peer], |r| {
        Ok(OutboundPosition {
            sequence: count(r, 0)?,
            release: id_optional(r, 1)?,
            acknowledged: count(r, 2)?,
            acknowledged_at: r.get::<Option<i64>>(3)?.map(Time::from_unix_nanos),
        })
    })?;
    Ok(found.unwrap_or_default())
}

pub(super) async fn commit(store: &SqlStore<impl Driver>, partner: &TrustDomain, batch: ReleaseBatch) -> Result<()> {
    let leaves = LedgerLeaf::all(&batch.events)?;
    let partner = partner.clone();
    let assessments = batch.releases.iter().map(|release| Lock::assessment_of(&release.manifest_id).shared());
    let locks: Vec<_> = assessments.chain([Lock::peer_out(&partner)]).chain(catalogue::lock(batch.catalogue)).collect();
    store
        .transact(locks, move |conn, _, changes| {
            number_batch(conn, changes, &partner, batch)?;
            changes.record(leaves);
            Ok(())
        })
        .await
}

fn number_batch(conn: &dyn Queries, changes: &mut Changes, partner: &TrustDomain, batch: ReleaseBatch) -> Result<()> {
    // The condition repeats what the look has seen, so that of two transactions at the same time one is refused.
    const POSITION: &str = "INSERT INTO feed_out (peer, sequence, release, acknowledged) VALUES (?1, ?2, ?3, 0) \
        ON CONFLICT (peer) DO UPDATE SET sequence = excluded.sequence, release = excluded.release \
        WHERE feed_out.sequence = ?4";
    const SIGNER: &str = "INSERT INTO signer_given (signer, peer) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let peer = peers::numbered(conn, changes, partner)?;
    if position(conn, peer)?.sequence != batch.after {
        return Err(StoreError::Conflict);
    }
    catalogue::require(conn, batch.catalogue)?;
    let (mut last, newest) = (batch.after, batch.releases.last().map(|release| release.id));
    for release in batch.releases {
        if Some(release.sequence) != last.checked_add(1) {
            return Err(StoreError::Conflict);
        }
        last = release.sequence;
        insert(conn, changes, peer, release)?;
    }
    for signer in &batch.signers {
        let signer = peers::numbered(conn, changes, signer)?;
        changes.write(SIGNER, values![signer, peer], Rows::AtMostOne);
    }
    if let Some(id) = newest {
        changes.write(POSITION, values![peer, number(last)?, id.as_bytes(), number(batch.after)?], Rows::One);
    }
    for (manifest_id, due) in &batch.duties {
        let manifest = manifests::find(conn, manifest_id)?.ok_or(StoreError::Conflict)?;
        answers::owe(changes, peer, true, manifest, *due);
    }
    queue::settle(conn, changes, peer, &batch.settled)
}

fn insert(conn: &dyn Queries, changes: &mut Changes, peer: i64, release: ReleaseRecord) -> Result<()> {
    const SQL: &str = "INSERT INTO release (peer, sequence, id, manifest, envelope, is_void, digests, attachments) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    const ATTACHMENT: &str = "INSERT INTO release_attachment (sha256, peer, sequence) VALUES (?1, ?2, ?3) \
        ON CONFLICT DO NOTHING";
    let ReleaseRecord { sequence, id, manifest_id, envelope, is_void, digests, attachments } = release;
    let manifest = manifests::releasable(conn, &manifest_id)?.ok_or(StoreError::Conflict)?;
    let digests: Vec<u8> = digests.iter().flat_map(|d| d.0).collect();
    let listed: Vec<u8> = attachments.iter().flat_map(|a| a.0).collect();
    let sequence = number(sequence)?;
    let values = values![peer, sequence, id.as_bytes(), manifest, envelope, is_void, digests, listed];
    changes.write(SQL, values, Rows::One);
    for sha256 in attachments {
        changes.write(ATTACHMENT, values![sha256.as_bytes(), peer, sequence], Rows::AtMostOne);
    }
    Ok(())
}

macro_rules! numbered {
    ($($more:expr),*) => {
        concat!(
            "SELECT r.sequence, r.id, m.id, r.envelope, r.is_void, r.digests, r.attachments", $($more,)*
            " FROM release r JOIN manifest m ON m.number = r.manifest \
             WHERE r.peer = ?1 AND r.sequence > ?2 ORDER BY r.sequence LIMIT ?3"
        )
    };
}

pub(super) async fn after(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    sequence: u64,
    limit: u32,
) -> Result<Vec<ReleaseRecord>> {
    let partner = partner.clone();
    store
        .read(move |conn| match peers::find(conn, &partner)? {
            Some(peer) => query_all(conn, numbered!(), params![peer, number(sequence)?, limit], read),
            None => Ok(vec![]),
        })
        .await
}

/// The releases after a number, as many as fit.
pub(super) fn numbered_after(
    conn: &dyn Queries,
    peer: i64,
    sequence: u64,
    room: u64,
) -> Result<(Vec<ReleaseRecord>, IsMore)> {
    const SQL: &str = numbered!(", length(r.envelope) + ", version_bytes!());
    let values = params![peer, number(sequence)?, i64::MAX];
    query_within(conn, SQL, values, room, |r| Ok((read(r)?, count(r, 7)?)))
}

fn read(row: &SqlRow<'_>) -> Result<ReleaseRecord> {
    Ok(ReleaseRecord {
        sequence: count(row, 0)?,
        id: id(row, 1)?,
        manifest_id: id(row, 2)?,
        envelope: row.get(3)?,
        is_void: row.get(4)?,
        digests: ids(row, 5)?,
        attachments: ids(row, 6)?,
    })
}

pub(super) async fn disclosed(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    manifest_id: &StatementId,
) -> Result<Vec<Digest>> {
    let (partner, manifest_id) = (partner.clone(), *manifest_id);
    store
        .read(move |conn| match peers::find(conn, &partner)? {
            Some(peer) => disclosed_to(conn, peer, &manifest_id),
            None => Ok(vec![]),
        })
        .await
}

pub(super) async fn given(
    store: &SqlStore<impl Driver>,
    manifest_id: &StatementId,
    partner: Option<&TrustDomain>,
) -> Result<Vec<GivenRelease>> {
    const SQL: &str = "SELECT d.domain, r.envelope, w.reason, r.again FROM release r JOIN peer d ON d.number = r.peer \
        LEFT JOIN answer w ON w.peer = r.peer AND w.sequence = r.sequence AND w.kind = 'quarantined' \
        WHERE r.manifest = (SELECT number FROM manifest WHERE id = ?1) AND (?2 IS NULL OR d.domain = ?2) AND r.is_void = FALSE \
        ORDER BY d.domain, r.sequence";
    let (manifest_id, partner) = (*manifest_id, partner.cloned());
    let read = |r: &SqlRow<'_>| {
        Ok(GivenRelease { partner: text(r, 0)?, release: r.get(1)?, refused: r.get(2)?, again: r.get(3)? })
    };
    let values = move |conn: &dyn Queries| {
        query_all(conn, SQL, params![manifest_id.as_bytes(), partner.as_ref().map(TrustDomain::as_str)], read)
    };
    store.read(values).await
}

/// The digests of a version that were disclosed to a partner.
pub(super) fn disclosed_to(conn: &dyn Queries, peer: i64, manifest_id: &StatementId) -> Result<Vec<Digest>> {
    const SQL: &str = "SELECT digests FROM release \
        WHERE manifest = (SELECT number FROM manifest WHERE id = ?1) AND peer = ?2 AND again = FALSE";
    let mut digests = query_all(conn, SQL, params![manifest_id.as_bytes(), peer], |r| ids::<Digest>(r, 0))?.concat();
    digests.sort_unstable();
    digests.dedup();
    Ok(digests)
}

pub(super) async fn void(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    voids: Vec<(u64, Vec<u8>)>,
    events: Vec<Event>,
) -> Result<()> {
    let leaves = LedgerLeaf::all(&events)?;
    let partner = partner.clone();
    store
        .transact([Lock::peer_out(&partner)], move |conn, _, changes| {
            let peer = peers::find(conn, &partner)?.ok_or(StoreError::Conflict)?;
            for (sequence, envelope) in voids {
                replace(conn, changes, peer, sequence, envelope)?;
            }
            changes.record(leaves);
            Ok(())
        })
        .await
}

/// Replaces a release by a void. That ends the partner's right to what it disclosed, including attachments.
fn replace(conn: &dyn Queries, changes: &mut Changes, peer: i64, sequence: u64, envelope: Vec<u8>) -> Result<()> {
    const FIND: &str = "SELECT attachments FROM release WHERE peer = ?1 AND sequence = ?2";
    const SQL: &str = "UPDATE release SET envelope = ?3, is_void = TRUE, digests = ?4, attachments = ?4 \
        WHERE peer = ?1 AND sequence = ?2";
    const FORGET: &str = "DELETE FROM release_attachment WHERE sha256 = ?1 AND peer = ?2 AND sequence = ?3";
    const DUTY: &str = "DELETE FROM duty WHERE peer = ?1 AND outgoing = TRUE \
        AND manifest = (SELECT manifest FROM release WHERE peer = ?1 AND sequence = ?2)";
    let sequence = number(sequence)?;
    let attachments =
        query_optional(conn, FIND, params![peer, sequence], |r| ids::<Sha256>(r, 0))?.ok_or(StoreError::Conflict)?;
    changes.write(SQL, values![peer, sequence, envelope, NO_BYTES], Rows::One);
    changes.write(DUTY, values![peer, sequence], Rows::AtMostOne);
    for sha256 in attachments {
        changes.write(FORGET, values![sha256.as_bytes(), peer, sequence], Rows::AtMostOne);
    }
    Ok(())
}

pub(super) async fn acknowledged(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    sequence: u64,
    at: Time,
) -> Result<bool> {
    const SQL: &str =
        "UPDATE feed_out SET acknowledged = ?2, acknowledged_at = ?3 WHERE peer = ?1 AND acknowledged < ?2";
    let partner = partner.clone();
    store
        .transact([Lock::peer_out(&partner)], move |conn, _, changes| {
            let Some(peer) = peers::find(conn, &partner)? else { return Ok(sequence == 0) };
            let is_numbered = sequence <= position(conn, peer)?.sequence;
            if is_numbered {
                changes.write(SQL, values![peer, number(sequence)?, at], Rows::AtMostOne);
            }
            Ok(is_numbered)
        })
        .await
}

pub(super) async fn attachment_releases(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    sha256: &Sha256,
) -> Result<Vec<ReleaseRecord>> {
    const SQL: &str = "SELECT r.sequence, r.id, m.id, r.envelope, r.is_void, r.digests, r.attachments \
        FROM release_attachment a JOIN release r ON r.peer = a.peer AND r.sequence = a.sequence \
        JOIN manifest m ON m.number = r.manifest \
        WHERE a.sha256 = ?1 AND a.peer = (SELECT number FROM peer WHERE domain = ?2) ORDER BY r.sequence DESC LIMIT 16";
    let (partner, sha256) = (partner.clone(), *sha256);
    store.read(move |conn| query_all(conn, SQL, params![sha256.as_bytes(), partner.as_str()], read)).await
}

pub(super) async fn again(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    manifest_id: &StatementId,
    only_over_budget: bool,
    urgency: u8,
    event: Event,
) -> Result<bool> {
    const MARK: &str = "UPDATE release SET again = TRUE WHERE peer = ?1 AND manifest = ?2 AND is_void = FALSE AND again = FALSE \
        AND (NOT ?3 OR sequence IN (SELECT sequence FROM answer WHERE peer = ?1 AND kind = 'quarantined' \
        AND reason = 'LIMIT_EXCEEDED'))";
    let at = event.at;
    let leaves = LedgerLeaf::all(&[event])?;
    let (partner, manifest_id) = (partner.clone(), *manifest_id);
    store
        .interleave([Lock::assessment_of(&manifest_id).shared(), Lock::peer_out(&partner)], move |conn, _, changes| {
            let Some(manifest) = manifests::offered(conn, &manifest_id)? else { return Ok(false) };
            let Some(peer) = peers::find(conn, &partner)? else { return Ok(false) };
            if execute(conn, MARK, params![peer, manifest, only_over_budget])? == 0 {
                return Ok(false);
            }
            queue::put(conn, changes, manifest, urgency, &[(partner.clone(), at)])?;
            changes.record(leaves);
            Ok(true)
        })
        .await
}
