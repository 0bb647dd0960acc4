//! Agreements, and the outboxes in which statements wait for partners.

use rusqlite::{Connection, params};

use super::{
    SqliteStore,
    column::{change, id, row, rows, time, word},
    ledger, partners, timers,
};
use crate::{
    domain::{
        agreement::Agreement,
        event::Event,
        ids::{StatementId, TrustDomain},
        timer::{Timer, TimerKind},
    },
    store::{
        AgreementRecord, OutboxItem, Result, StoreError,
        vault::{Leaf, Row},
    },
    wire,
};

pub(super) async fn all(store: &SqliteStore) -> Result<Vec<AgreementRecord>> {
    const SQL: &str = "SELECT a.id, d.domain, a.standing, a.changed_at, a.sealed FROM agreement a \
        JOIN peer d ON d.number = a.peer ORDER BY a.changed_at DESC, a.number DESC";
    store
        .read_sealed(|conn, vault| {
            rows(conn, SQL, [], |r| {
                let (standing, sealed): (Vec<u8>, Vec<u8>) = (r.get(2)?, r.get(4)?);
                Ok((id::<StatementId>(r, 0)?, word(r, 1)?, standing, time(r, 3)?, sealed))
            })?
            .into_iter()
            .map(|(id, partner, standing, changed_at, sealed)| {
                let envelope = vault.open(Row::Agreement(&id), &sealed)?;
                let standing = serde_json::from_slice(&vault.open(Row::Standing(&id), &standing)?)
                    .map_err(|_| StoreError::Corrupt("where an agreement stands can't be read".to_owned()))?;
                Ok(AgreementRecord { id, partner, agreement: read(&envelope)?, envelope, standing, changed_at })
            })
            .collect()
        })
        .await
}

fn read(envelope: &[u8]) -> Result<Agreement> {
    wire::envelope::decode_draft(envelope)
        .and_then(|envelope| wire::agreement::decode(&envelope.payload))
        .map_err(|_| StoreError::Corrupt("an agreement can't be read".to_owned()))
}

pub(super) async fn save(
    store: &SqliteStore,
    records: Vec<AgreementRecord>,
    send: Option<(TrustDomain, Vec<u8>)>,
    events: Vec<Event>,
) -> Result<()> {
    const SQL: &str = "INSERT INTO agreement (id, peer, standing, changed_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (id) DO UPDATE SET peer = excluded.peer, standing = excluded.standing, \
        changed_at = excluded.changed_at, sealed = excluded.sealed";
    let vault = store.vault();
    let seal = |r: AgreementRecord| {
        let standing = serde_json::to_vec(&r.standing).map_err(|e| StoreError::Failed(e.to_string()))?;
        let standing = vault.seal(Row::Standing(&r.id), &standing)?;
        Ok((vault.seal(Row::Agreement(&r.id), &r.envelope)?, standing, r))
    };
    let sealed = records.into_iter().map(seal).collect::<Result<Vec<_>>>()?;
    let send = send
        .map(|(partner, envelope)| Ok::<_, StoreError>((vault.seal(Row::Outbox(&partner), &envelope)?, partner)))
        .transpose()?;
    let leaves = Leaf::all(&events)?;
    store
        .write(move |conn, vault| {
            for (sealed, standing, r) in &sealed {
                let peer = partners::number_of(conn, &r.partner)?;
                let values = params![r.id.as_bytes(), peer, standing, r.changed_at.unix_nanos(), sealed];
                change(conn, SQL, values)?;
                timers::set_no_later(conn, &Timer::new(TimerKind::Agreements, [], r.agreement.until.end()))?;
            }
            if let Some((sealed, partner)) = &send {
                put(conn, partner, sealed)?;
            }
            ledger::append(conn, vault, &leaves)
        })
        .await
}

/// Puts a sealed statement into a partner's outbox. For the writer.
pub(super) fn put(conn: &Connection, partner: &TrustDomain, sealed: &[u8]) -> Result<()> {
    let peer = partners::number_of(conn, partner)?;
    change(conn, "INSERT INTO outbox (peer, sealed) VALUES (?1, ?2)", params![peer, sealed]).map(|_| ())
}

/// As [`put`], before everything that is not put so: numbers far below the others, in the same order. No number is given out
/// twice, so that nobody clears what came later.
pub(super) fn put_first(conn: &Connection, partner: &TrustDomain, sealed: &[u8]) -> Result<()> {
    const MOVE: &str = "UPDATE outbox SET number = number - 4611686018427387904 WHERE number = ?1";
    put(conn, partner, sealed)?;
    change(conn, MOVE, [conn.last_insert_rowid()]).map(|_| ())
}

/// Whether something waits that goes before everything else.
pub(super) fn has_urgent(conn: &Connection, peer: i64) -> Result<bool> {
    Ok(row(conn, "SELECT 1 FROM outbox WHERE peer = ?1 AND number < 0 LIMIT 1", [peer], |_| Ok(()))?.is_some())
}

pub(super) async fn post(store: &SqliteStore, partner: &TrustDomain, envelope: &[u8]) -> Result<()> {
    let sealed = store.vault().seal(Row::Outbox(partner), envelope)?;
    let partner = partner.clone();
    store.write(move |conn, _| put(conn, &partner, &sealed)).await
}

pub(super) async fn outbox(
    store: &SqliteStore,
    partner: &TrustDomain,
    after: i64,
    limit: u32,
) -> Result<Vec<OutboxItem>> {
    const SQL: &str = "SELECT number, sealed FROM outbox WHERE peer = (SELECT number FROM peer WHERE domain = ?1) \
        AND number > ?2 ORDER BY number LIMIT ?3";
    let partner = partner.clone();
    // Recalls have numbers below 0.
    let after = if after == 0 { i64::MIN } else { after };
    store
        .read_sealed(move |conn, vault| {
            rows(conn, SQL, params![partner.as_str(), after, limit], |r| Ok((r.get(0)?, r.get::<_, Vec<u8>>(1)?)))?
                .into_iter()
                .map(|(id, sealed)| Ok(OutboxItem { id, envelope: vault.open(Row::Outbox(&partner), &sealed)? }))
                .collect()
        })
        .await
}

pub(super) async fn posted(store: &SqliteStore, partner: &TrustDomain, items: Vec<i64>) -> Result<()> {
    const SQL: &str = "DELETE FROM outbox WHERE number = ?1 AND peer = ?2";
    let partner = partner.clone();
    store
        .write(move |conn, _| {
            let Some(peer) = partners::find(conn, &partner)? else { return Ok(()) };
            items.iter().try_for_each(|item| change(conn, SQL, params![item, peer]).map(|_| ()))
        })
        .await
}
