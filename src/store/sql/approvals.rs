//! Approvals of subjects that have no record of their own.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    catalogue,
    damages::{Sorted, sorted},
    driver::Driver,
    lock::Lock,
    query::params,
    store::SqlStore,
    transaction::{Rows, values},
    value::{SqlRow, id},
};
use crate::{
    domain::{approval::ApprovalRecord, event::Event, ids::Sha256},
    store::{
        Result, StoreError,
        approvals::ApprovalStore,
        catalogue::CatalogueMove,
        damage::Damage,
        vault::{LedgerLeaf, SealedRow},
    },
};

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn save(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    approval: ApprovalRecord,
    events: Vec<Event>,
) -> Result<CatalogueMove> {
    const SQL: &str = "INSERT INTO approval (subject, sealed) VALUES (?1, ?2) \
            ON CONFLICT (subject) DO UPDATE SET sealed = excluded.sealed";
    let plain = serde_json::to_vec(&approval).map_err(|e| StoreError::Failed(e.to_string()))?;
    let sealed = store.vault().seal(SealedRow::Approval(&approval.subject), &plain)?;
    let leaves = LedgerLeaf::all(&events)?;
    store
        .transact([Lock::catalogue()], move |conn, _, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            changes.write(SQL, values![approval.subject.as_bytes(), sealed], Rows::One);
            changes.record(leaves);
            Ok(moved)
        })
        .await
}

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn forget(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    subject: Sha256,
    events: Vec<Event>,
) -> Result<CatalogueMove> {
    const SQL: &str = "DELETE FROM approval WHERE subject = ?1";
    let leaves = LedgerLeaf::all(&events)?;
    store
        .transact([Lock::catalogue()], move |conn, _, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            changes.write(SQL, values![subject.as_bytes()], Rows::AtMostOne);
            changes.record(leaves);
            Ok(moved)
        })
        .await
}

#[async_trait]
impl<D: Driver> ApprovalStore for SqlStore<D> {
    async fn approvals(&self) -> Result<Vec<ApprovalRecord>> {
        const SQL: &str = "SELECT subject, sealed FROM approval ORDER BY subject";
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            let open = |row: &SqlRow<'_>| {
                let (subject, sealed): (Sha256, Vec<u8>) = (id(row, 0)?, row.get(1)?);
                serde_json::from_slice(&vault.open(SealedRow::Approval(&subject), &sealed)?)
                    .map_err(|_| StoreError::Damaged(Damage::Approval(subject)))
            };
            let Sorted { whole, torn } = sorted(conn, SQL, params![], |r| Ok(Damage::Approval(id(r, 0)?)), open)?;
            damages.replace(|damage| matches!(damage, Damage::Approval(_)), torn);
            Ok(whole)
        })
        .await
    }

    async fn save_approval(&self, approval: ApprovalRecord, events: Vec<Event>) -> Result<()> {
        save(self, None, approval, events).await.map(drop)
    }

    async fn forget_approval(&self, subject: &Sha256, events: Vec<Event>) -> Result<()> {
        forget(self, None, *subject, events).await.map(drop)
    }
}
