//! Agreements.

use std::sync::Arc;

use super::{
    catalogue,
    damages::{Sorted, sorted},
    driver::Driver,
    lock::Lock,
    outbox::{self, SealedStatement},
    peers,
    query::params,
    store::SqlStore,
    timers,
    transaction::{Rows, values},
    value::{SqlRow, id, text, time},
};
use crate::{
    domain::{
        agreement::Agreement,
        event::Event,
        ids::{StatementId, TrustDomain},
        timer::{Timer, TimerKind},
    },
    store::{
        AgreementRecord, Result, StoreError,
        catalogue::CatalogueMove,
        damage::Damage,
        vault::{LedgerLeaf, SealedRow, Vault},
    },
    wire,
};

/// Selects agreements. The rest of the statement says which, and in what order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, d.domain, a.standing, a.changed_at, a.sealed FROM agreement a JOIN peer d ON d.number = a.peer ",
            $rest
        )
    };
}

pub(super) async fn all(store: &SqlStore<impl Driver>) -> Result<Vec<AgreementRecord>> {
    const SQL: &str = select!("ORDER BY a.changed_at DESC, a.number DESC");
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(move |conn, vault| {
            let Sorted { whole, torn } = sorted(conn, SQL, params![], damage, |r| whole(vault, r))?;
            damages.replace(|damage| matches!(damage, Damage::Agreement(..)), torn);
            Ok(whole)
        })
        .await
}

/// The agreements with these partners that can be read, latest change first for each.
pub(super) async fn with(store: &SqlStore<impl Driver>, partners: Vec<TrustDomain>) -> Result<Vec<AgreementRecord>> {
    const SQL: &str = select!("WHERE d.domain = ?1 ORDER BY a.changed_at DESC, a.number DESC");
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(move |conn, vault| {
            let mut found = vec![];
            for partner in &partners {
                let Sorted { whole, torn } = sorted(conn, SQL, params![partner.as_str()], damage, |r| whole(vault, r))?;
                damages.replace(|damage| matches!(damage, Damage::Agreement(of, _) if of == partner), torn);
                found.extend(whole);
            }
            Ok(found)
        })
        .await
}

/// What is damaged if the row can't be read. If its id is damaged, too, the damage is still attributed to the partner.
fn damage(row: &SqlRow<'_>) -> Result<Damage> {
    Ok(Damage::Agreement(text(row, 1)?, id(row, 0).unwrap_or_else(|_| StatementId(Default::default()))))
}

fn whole(vault: &Vault, row: &SqlRow<'_>) -> Result<AgreementRecord> {
    let (id, standing, sealed): (StatementId, Vec<u8>, Vec<u8>) = (id(row, 0)?, row.get(2)?, row.get(4)?);
    let envelope = vault.open(SealedRow::Agreement(&id), &sealed)?;
    let standing = vault.open(SealedRow::Standing(&id), &standing)?;
    let standing = serde_json::from_slice(&standing).map_err(|_| StoreError::Damaged(Damage::Row))?;
    let (partner, changed_at) = (text(row, 1)?, time(row, 3)?);
    Ok(AgreementRecord { id, partner, agreement: read(&envelope)?, envelope, standing, changed_at })
}

fn read(envelope: &[u8]) -> Result<Agreement> {
    wire::envelope::decode_draft(envelope)
        .and_then(|envelope| wire::agreement::decode(&envelope.payload))
        .map_err(|_| StoreError::Damaged(Damage::Row))
}

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn save(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    records: Vec<AgreementRecord>,
    send: Option<(TrustDomain, Vec<u8>)>,
    events: Vec<Event>,
) -> Result<CatalogueMove> {
    const SQL: &str = "INSERT INTO agreement (id, peer, standing, changed_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5) \
        ON CONFLICT (id) DO UPDATE SET peer = excluded.peer, standing = excluded.standing, \
        changed_at = excluded.changed_at, sealed = excluded.sealed";
    let vault = store.vault();
    let seal = |r: AgreementRecord| {
        let standing = serde_json::to_vec(&r.standing).map_err(|e| StoreError::Failed(e.to_string()))?;
        let standing = vault.seal(SealedRow::Standing(&r.id), &standing)?;
        Ok((vault.seal(SealedRow::Agreement(&r.id), &r.envelope)?, standing, r))
    };
    let sealed = records.into_iter().map(seal).collect::<Result<Vec<_>>>()?;
    let send = send
        .map(|(partner, envelope)| Ok::<_, StoreError>((SealedStatement::new(vault, &partner, &envelope)?, partner)))
        .transpose()?;
    let leaves = LedgerLeaf::all(&events)?;
    let changed_at = sealed.first().map(|(_, _, r)| r.changed_at);
    let told = send.iter().map(|(_, partner)| Lock::peer_out(partner));
    let locks: Vec<_> = told.chain([Lock::catalogue()]).collect();
    store
        .transact(locks, move |conn, _, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            for (sealed, standing, r) in sealed {
                let peer = peers::numbered(conn, changes, &r.partner)?;
                changes.write(SQL, values![r.id.as_bytes(), peer, standing, r.changed_at, sealed], Rows::One);
                timers::set_no_later(changes, Timer::new(TimerKind::Agreements, [], r.agreement.until.end()));
            }
            if let Some((statement, partner)) = send {
                outbox::put(conn, changes, &partner, statement, changed_at)?;
            }
            changes.record(leaves);
            Ok(moved)
        })
        .await
}
