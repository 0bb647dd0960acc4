//! What each person keeps for themselves. Persons and names are keyed hashes.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    damages::sorted,
    driver::Driver,
    query::{Connection, Queries, execute, exists, params, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{SqlRow, count},
};
use crate::{
    domain::{
        ids::{SpiffeId, StatementId},
        time::Time,
    },
    store::{
        Result, StoreError,
        damage::Damage,
        personal::{PersonalStore, SavedSearch},
        vault::{SealedRow, Vault},
    },
};

/// The stored form of a saved search.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    name: String,
    #[serde(with = "hex::serde")]
    search: Vec<u8>,
    saved_at: Time,
}

fn person_of(vault: &Vault, who: &SpiffeId) -> [u8; 32] {
    vault.pseudonym(&[&who.to_string()])
}

fn name_of(vault: &Vault, who: &SpiffeId, name: &str) -> [u8; 32] {
    vault.pseudonym(&[&who.to_string(), name])
}

const MARK: &str = "INSERT INTO read_mark (person, manifest) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

/// Marks the version with this number as read by a person. For the writer.
pub(super) fn mark(conn: &dyn Connection, vault: &Vault, who: &SpiffeId, manifest: i64) -> Result<()> {
    execute(conn, MARK, params![person_of(vault, who), manifest]).map(drop)
}

/// Whether the version with this number is marked as read by a person.
pub(super) fn has_read(conn: &dyn Queries, vault: &Vault, who: &SpiffeId, manifest: i64) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM read_mark WHERE person = ?1 AND manifest = ?2";
    exists(conn, SQL, params![person_of(vault, who), manifest])
}

/// A row of 32 bytes.
fn key(row: &SqlRow<'_>, column: usize) -> Result<[u8; 32]> {
    row.get::<Vec<u8>>(column)?.try_into().map_err(|_| StoreError::Damaged(Damage::Row))
}

#[async_trait]
impl<D: Driver> PersonalStore for SqlStore<D> {
    async fn mark_read(&self, who: &SpiffeId, manifest_ids: &[StatementId], is_read: bool) -> Result<()> {
        const NEW: &str = "SELECT number FROM manifest m WHERE m.id = ?2 \
            AND NOT EXISTS (SELECT 1 FROM read_mark r WHERE r.person = ?1 AND r.manifest = m.number)";
        const MARKED: &str = "SELECT number FROM manifest m WHERE m.id = ?2 \
            AND EXISTS (SELECT 1 FROM read_mark r WHERE r.person = ?1 AND r.manifest = m.number)";
        const UNMARK: &str = "DELETE FROM read_mark WHERE person = ?1 AND manifest = ?2";
        let (who, ids) = (who.clone(), manifest_ids.to_vec());
        self.transact([], move |conn, vault, changes| {
            let person = person_of(vault, &who);
            let (find, change) = if is_read { (NEW, MARK) } else { (MARKED, UNMARK) };
            for id in ids {
                let found = query_optional(conn, find, params![person, id.as_bytes()], |r| r.get::<i64>(0))?;
                if let Some(manifest) = found {
                    changes.write(change, values![person, manifest], Rows::AtMostOne);
                }
            }
            Ok(())
        })
        .await
    }

    async fn read_by(&self, who: &SpiffeId, manifest_ids: &[StatementId]) -> Result<Vec<StatementId>> {
        const SQL: &str =
            "SELECT 1 FROM manifest m JOIN read_mark r ON r.manifest = m.number AND r.person = ?1 WHERE m.id = ?2";
        let (who, mut ids) = (who.clone(), manifest_ids.to_vec());
        self.read_sealed(move |conn, vault| {
            let (person, mut outcome) = (person_of(vault, &who), Ok(()));
            ids.retain(|id| match exists(conn, SQL, params![person, id.as_bytes()]) {
                Ok(is_read) => is_read,
                Err(error) => {
                    outcome = Err(error);
                    false
                }
            });
            outcome.map(|()| ids)
        })
        .await
    }

    async fn saved_searches(&self, who: &SpiffeId) -> Result<Vec<SavedSearch>> {
        const SQL: &str = "SELECT name, sealed FROM saved_search WHERE person = ?1";
        let (who, damages) = (who.clone(), Arc::clone(self.damages()));
        self.read_sealed(move |conn, vault| {
            let person = person_of(vault, &who);
            let open = |row: &SqlRow<'_>| {
                let name = key(row, 0)?;
                let plain = vault.open(SealedRow::SavedSearch(&person, &name), &row.get::<Vec<u8>>(1)?)?;
                let stored = serde_json::from_slice(&plain).map_err(|_| StoreError::Damaged(Damage::Row))?;
                let Stored { name, search, saved_at } = stored;
                Ok(SavedSearch { name, search, saved_at })
            };
            let mut all = sorted(conn, SQL, params![person], |_| Ok(Damage::Row), open)?.noted(&damages);
            all.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(all)
        })
        .await
    }

    async fn save_search(&self, who: &SpiffeId, search: SavedSearch, most: u32) -> Result<bool> {
        const OTHERS: &str = "SELECT count(*) FROM saved_search WHERE person = ?1 AND name <> ?2";
        const SQL: &str = "INSERT INTO saved_search (person, name, sealed) VALUES (?1, ?2, ?3) \
            ON CONFLICT (person, name) DO UPDATE SET sealed = excluded.sealed";
        let who = who.clone();
        self.transact([], move |conn, vault, changes| {
            let (person, name) = (person_of(vault, &who), name_of(vault, &who, &search.name));
            let others = query_optional(conn, OTHERS, params![person, name], |r| count(r, 0))?.unwrap_or_default();
            if others >= u64::from(most) {
                return Ok(false);
            }
            let SavedSearch { name: called, search, saved_at } = search;
            let plain = serde_json::to_vec(&Stored { name: called, search, saved_at })
                .map_err(|e| StoreError::Failed(e.to_string()))?;
            let sealed = vault.seal(SealedRow::SavedSearch(&person, &name), &plain)?;
            changes.write(SQL, values![person, name, sealed], Rows::One);
            Ok(true)
        })
        .await
    }

    async fn delete_search(&self, who: &SpiffeId, name: &str) -> Result<bool> {
        const FIND: &str = "SELECT 1 FROM saved_search WHERE person = ?1 AND name = ?2";
        const SQL: &str = "DELETE FROM saved_search WHERE person = ?1 AND name = ?2";
        let (who, name) = (who.clone(), name.to_owned());
        self.transact([], move |conn, vault, changes| {
            let (person, name) = (person_of(vault, &who), name_of(vault, &who, &name));
            let is_there = exists(conn, FIND, params![person, name])?;
            if is_there {
                changes.write(SQL, values![person, name], Rows::AtMostOne);
            }
            Ok(is_there)
        })
        .await
    }
}
