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
        damage::Damage,
        vault::{LedgerLeaf, Row},
    },
    wire,
};

pub(super) async fn all(store: &SqlStore<impl Driver>) -> Result<Vec<AgreementRecord>> {
    const SQL: &str = "SELECT a.id, d.domain, a.standing, a.changed_at, a.sealed FROM agreement a \
        JOIN peer d ON d.number = a.peer ORDER BY a.changed_at DESC, a.number DESC";
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(move |conn, vault| {
            let open = |r: &SqlRow<'_>| {
                let (id, standing, sealed): (StatementId, Vec<u8>, Vec<u8>) = (id(r, 0)?, r.get(2)?, r.get(4)?);
                let envelope = vault.open(Row::Agreement(&id), &sealed)?;
                let standing = vault.open(Row::Standing(&id), &standing)?;
                let standing = serde_json::from_slice(&standing).map_err(|_| StoreError::Damaged(Damage::Row))?;
                let (partner, changed_at) = (text(r, 1)?, time(r, 3)?);
                Ok(AgreementRecord { id, partner, agreement: read(&envelope)?, envelope, standing, changed_at })
            };
            // If the id is damaged, too, the damage is still attributed to the partner.
            let named = |r: &SqlRow<'_>| {
                Ok(Damage::Agreement(text(r, 1)?, id(r, 0).unwrap_or_else(|_| StatementId(Default::default()))))
            };
            let Sorted { whole, torn } = sorted(conn, SQL, params![], named, open)?;
            damages.replace(|damage| matches!(damage, Damage::Agreement(..)), torn);
            Ok(whole)
        })
        .await
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
        .map(|(partner, envelope)| Ok::<_, StoreError>((SealedStatement::new(vault, &partner, &envelope)?, partner)))
        .transpose()?;
    let leaves = LedgerLeaf::all(&events)?;
    let changed_at = sealed.first().map(|(_, _, r)| r.changed_at);
    store
        .transact([Lock::catalogue()], move |conn, _, changes| {
            catalogue::move_on(conn, changes, read)?;
            for (sealed, standing, r) in sealed {
                let peer = peers::numbered(conn, changes, &r.partner)?;
                changes.write(SQL, values![r.id.as_bytes(), peer, standing, r.changed_at, sealed], Rows::One);
                timers::set_no_later(changes, Timer::new(TimerKind::Agreements, [], r.agreement.until.end()));
            }
            if let Some((statement, partner)) = send {
                outbox::put(conn, changes, &partner, statement, changed_at)?;
            }
            changes.record(leaves);
            Ok(())
        })
        .await
}
