//! Who has approved a thing that has no record of its own.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    column::{change, rows},
    ledger,
};
use crate::{
    domain::{approval::ApprovalRecord, event::Event, ids::Sha256},
    store::{
        Result, StoreError,
        approvals::ApprovalStore,
        vault::{Leaf, Row},
    },
};

fn torn() -> StoreError {
    StoreError::Corrupt("an approval can't be read".to_owned())
}

#[async_trait]
impl ApprovalStore for SqliteStore {
    async fn approvals(&self) -> Result<Vec<ApprovalRecord>> {
        const SQL: &str = "SELECT subject, sealed FROM approval ORDER BY subject";
        self.read_sealed(|conn, vault| {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?));
            let open = |(subject, sealed): (Vec<u8>, Vec<u8>)| {
                let subject = Sha256::try_from(subject.as_slice()).map_err(|_| torn())?;
                serde_json::from_slice(&vault.open(Row::Approval(&subject), &sealed)?).map_err(|_| torn())
            };
            rows(conn, SQL, [], read)?.into_iter().map(open).collect()
        })
        .await
    }

    async fn save_approval(&self, approval: ApprovalRecord, events: Vec<Event>) -> Result<()> {
        const SQL: &str = "INSERT INTO approval (subject, sealed) VALUES (?1, ?2) \
            ON CONFLICT (subject) DO UPDATE SET sealed = excluded.sealed";
        let plain = serde_json::to_vec(&approval).map_err(|e| StoreError::Failed(e.to_string()))?;
        let sealed = self.vault().seal(Row::Approval(&approval.subject), &plain)?;
        let leaves = Leaf::all(&events)?;
        self.write(move |conn, vault| {
            change(conn, SQL, params![approval.subject.as_bytes(), sealed])?;
            ledger::append(conn, vault, &leaves)
        })
        .await
    }

    async fn forget_approval(&self, subject: &Sha256, events: Vec<Event>) -> Result<()> {
        const SQL: &str = "DELETE FROM approval WHERE subject = ?1";
        let (subject, leaves) = (*subject, Leaf::all(&events)?);
        self.write(move |conn, vault| {
            change(conn, SQL, params![subject.as_bytes()])?;
            ledger::append(conn, vault, &leaves)
        })
        .await
    }
}
