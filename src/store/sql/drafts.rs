//! Drafts that the node keeps for its people.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    damages::{DamageRegistry, sorted},
    driver::Driver,
    lock::Lock,
    query::{Connection, execute, exists, params, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{NO_BYTES, SqlRow, count, id, number},
};
use crate::{
    domain::{event::Event, ids::DraftId, stored_draft::StoredDraft},
    store::{
        Result, StoreError,
        damage::Damage,
        drafts::{DraftChange, DraftStore},
        vault::{LedgerLeaf, SealedRow, Vault},
    },
};

fn named(row: &SqlRow<'_>) -> Result<Damage> {
    Ok(Damage::Draft(id(row, 0)?))
}

/// The draft in a row of its id, its number of changes and its ciphertext.
fn open(vault: &Vault, row: &SqlRow<'_>) -> Result<StoredDraft> {
    let (id, changes, sealed): (DraftId, u64, Vec<u8>) = (id(row, 0)?, count(row, 1)?, row.get(2)?);
    let plain = vault.open(SealedRow::Draft(&id), &sealed)?;
    let draft: Option<StoredDraft> = serde_json::from_slice(&plain).ok();
    // A row whose number was set back would let somebody change what they have not read.
    draft.filter(|draft| draft.id == id && draft.changes == changes).ok_or(StoreError::Damaged(Damage::Draft(id)))
}

/// Deletes a draft with all its texts. Returns `false` if there is none.
pub(super) fn delete(conn: &dyn Connection, damages: &DamageRegistry, id: &DraftId) -> Result<bool> {
    const TEXTS: &str = "DELETE FROM draft_text WHERE draft = ?1";
    const DRAFT: &str = "DELETE FROM draft WHERE id = ?1";
    // The log still has older pages: the mark makes the writer empty it, at the next start if not now.
    const SCRUB: &str = "INSERT INTO meta (name, value) VALUES ('scrub', ?1) ON CONFLICT DO NOTHING";
    execute(conn, TEXTS, params![id.as_bytes()])?;
    if execute(conn, DRAFT, params![id.as_bytes()])? == 0 {
        return Ok(false);
    }
    execute(conn, SCRUB, params![NO_BYTES])?;
    conn.destroys_content();
    damages.forget(&Damage::Draft(*id));
    Ok(true)
}

#[async_trait]
impl<D: Driver> DraftStore for SqlStore<D> {
    async fn drafts(&self) -> Result<Vec<StoredDraft>> {
        const SQL: &str = "SELECT id, changes, sealed FROM draft ORDER BY id";
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            Ok(sorted(conn, SQL, params![], named, |row| open(vault, row))?.noted(&damages))
        })
        .await
    }

    async fn draft(&self, id: &DraftId) -> Result<Option<StoredDraft>> {
        const SQL: &str = "SELECT id, changes, sealed FROM draft WHERE id = ?1";
        let id = *id;
        self.read_sealed(move |conn, vault| query_optional(conn, SQL, params![id.as_bytes()], |row| open(vault, row)))
            .await
    }

    async fn draft_text(&self, id: &DraftId, revision: u32) -> Result<Option<Vec<u8>>> {
        const SQL: &str = "SELECT sealed FROM draft_text WHERE draft = ?1 AND revision = ?2";
        let id = *id;
        self.read_sealed(move |conn, vault| {
            let sealed: Option<Vec<u8>> =
                query_optional(conn, SQL, params![id.as_bytes(), revision], |row| row.get(0))?;
            sealed.map(|sealed| vault.open(SealedRow::DraftText(&id, revision), &sealed)).transpose()
        })
        .await
    }

    async fn save_draft(&self, change: DraftChange) -> Result<()> {
        const IS_HERE: &str = "SELECT 1 FROM draft WHERE id = ?1 AND (changes = ?2 OR ?3)";
        const BEGIN: &str = "INSERT INTO draft (id, changes, sealed) VALUES (?1, ?2, ?3)";
        const CHANGE: &str = "UPDATE draft SET changes = ?2, sealed = ?3 WHERE id = ?1 AND changes = ?4";
        const TEXT: &str = "INSERT INTO draft_text (draft, revision, sealed) VALUES (?1, ?2, ?3)";
        const DROP: &str = "DELETE FROM draft_text WHERE draft = ?1 AND revision = ?2";
        let DraftChange { draft, text, dropped, events } = change;
        let (id, changes, read) = (draft.id, number(draft.changes)?, number(draft.changes.saturating_sub(1))?);
        let plain = serde_json::to_vec(&draft).map_err(|e| StoreError::Failed(e.to_string()))?;
        let sealed = self.vault().seal(SealedRow::Draft(&id), &plain)?;
        let seal = |(revision, text): (u32, Vec<u8>)| {
            Ok::<_, StoreError>((revision, self.vault().seal(SealedRow::DraftText(&id, revision), &text)?))
        };
        let text = text.map(seal).transpose()?;
        let leaves = LedgerLeaf::all(&events)?;
        self.transact([Lock::draft(&id)], move |conn, _, changes_made| {
            let is_new = read == 0;
            if exists(conn, IS_HERE, params![id.as_bytes(), read, is_new])? == is_new {
                return Err(StoreError::Conflict);
            }
            match is_new {
                true => changes_made.write(BEGIN, values![id.as_bytes(), changes, sealed], Rows::One),
                false => changes_made.write(CHANGE, values![id.as_bytes(), changes, sealed, read], Rows::One),
            }
            if let Some((revision, sealed)) = text {
                changes_made.write(TEXT, values![id.as_bytes(), revision, sealed], Rows::One);
            }
            for revision in dropped {
                changes_made.write(DROP, values![id.as_bytes(), revision], Rows::AtMostOne);
            }
            changes_made.record(leaves);
            Ok(())
        })
        .await
    }

    async fn delete_draft(&self, id: &DraftId, events: Vec<Event>) -> Result<bool> {
        let (id, leaves) = (*id, LedgerLeaf::all(&events)?);
        let damages = Arc::clone(self.damages());
        self.interleave([Lock::draft(&id)], move |conn, _, changes| {
            let is_deleted = delete(conn, &damages, &id)?;
            if is_deleted {
                changes.record(leaves);
            }
            Ok(is_deleted)
        })
        .await
    }
}
