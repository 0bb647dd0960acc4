//! Revocation lists, and every revocation that was seen.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    catalogue,
    damages::sorted,
    driver::Driver,
    lock::Lock,
    peers::numbered,
    query::{Queries, params, query_all},
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{SqlRow, id, text},
};
use crate::{
    domain::{
        event::Event,
        ids::{Sha256, TrustDomain},
    },
    store::{
        Result, StoreError,
        catalogue::CatalogueMove,
        damage::Damage,
        lists::{ListRecord, ListStore, RevocationsRecord},
        vault::{LedgerLeaf, SealedRow, Vault, pack, unpack},
    },
};

/// How many batches of one key are merged into one.
const MOST_BATCHES: usize = 32;

fn torn() -> StoreError {
    StoreError::Damaged(Damage::Row)
}

fn named(row: &SqlRow<'_>) -> Result<Damage> {
    Ok(Damage::Revocations(text(row, 0)?))
}

async fn all(store: &SqlStore<impl Driver>) -> Result<Vec<ListRecord>> {
    const SQL: &str = "SELECT d.domain, l.issuing_key, l.scope, l.sealed FROM revocation_list l \
        JOIN peer d ON d.number = l.peer ORDER BY d.domain, l.issuing_key, l.scope";
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(
            move |conn, vault| Ok(sorted(conn, SQL, params![], named, |row| list(vault, row))?.noted(&damages)),
        )
        .await
}

fn list(vault: &Vault, row: &SqlRow<'_>) -> Result<ListRecord> {
    let (of, issuing_key, scope): (TrustDomain, Sha256, Sha256) = (text(row, 0)?, id(row, 1)?, id(row, 2)?);
    let plain = vault.open(SealedRow::RevocationList(&issuing_key, &scope, &of), &row.get::<Vec<u8>>(3)?)?;
    let mut parts = unpack(&plain)?.into_iter();
    let der = parts.next().ok_or_else(torn)?;
    Ok(ListRecord { of, issuing_key, scope, der, issuers: parts.collect() })
}

async fn seen(store: &SqlStore<impl Driver>) -> Result<Vec<RevocationsRecord>> {
    const SQL: &str = "SELECT d.domain, r.issuing_key, r.sealed FROM revocation r \
        JOIN peer d ON d.number = r.peer ORDER BY r.number";
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(move |conn, vault| {
            Ok(sorted(conn, SQL, params![], named, |row| revocations(vault, row))?.noted(&damages))
        })
        .await
}

fn revocations(vault: &Vault, row: &SqlRow<'_>) -> Result<RevocationsRecord> {
    let (of, issuing_key): (TrustDomain, Sha256) = (text(row, 0)?, id(row, 1)?);
    let entries = unpack(&vault.open(SealedRow::Revocations(&issuing_key, &of), &row.get::<Vec<u8>>(2)?)?)?;
    Ok(RevocationsRecord { of, issuing_key, entries })
}

/// Deletes unreadable lists and revocations of an organisation. The administrators' decision and the lists that come with it
/// replace them.
pub(super) async fn forget_torn(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    of: TrustDomain,
) -> Result<CatalogueMove> {
    const LISTS: &str = "SELECT d.domain, l.issuing_key, l.scope, l.sealed FROM revocation_list l \
        JOIN peer d ON d.number = l.peer WHERE d.domain = ?1";
    const CLEAR: &str = "DELETE FROM revocation_list WHERE peer = (SELECT number FROM peer WHERE domain = ?1) \
        AND issuing_key = ?2 AND scope = ?3";
    const SEEN: &str = "SELECT d.domain, r.issuing_key, r.sealed, r.number FROM revocation r \
        JOIN peer d ON d.number = r.peer WHERE d.domain = ?1";
    let (name, damages) = (of.clone(), Arc::clone(store.damages()));
    let done = store
        .transact([Lock::catalogue()], move |conn, vault, changes| {
            let torn_lists = query_all(conn, LISTS, params![of.as_str()], |row| {
                let name = || Ok((row.get::<Vec<u8>>(1)?, row.get::<Vec<u8>>(2)?));
                list(vault, row).is_err().then(name).transpose()
            })?;
            let torn_seen = query_all(conn, SEEN, params![of.as_str()], |row| {
                revocations(vault, row).is_err().then(|| row.get::<i64>(3)).transpose()
            })?;
            let torn_lists: Vec<_> = torn_lists.into_iter().flatten().collect();
            let torn_seen: Vec<i64> = torn_seen.into_iter().flatten().collect();
            if torn_lists.is_empty() && torn_seen.is_empty() {
                return catalogue::stay(conn, read);
            }
            let moved = catalogue::move_on(conn, changes, read)?;
            for (issuing_key, scope) in torn_lists {
                changes.write(CLEAR, values![of.as_str(), issuing_key, scope], Rows::One);
            }
            for row in torn_seen {
                changes.write("DELETE FROM revocation WHERE number = ?1", values![row], Rows::One);
            }
            Ok(moved)
        })
        .await?;
    damages.forget(&Damage::Revocations(name));
    Ok(done)
}

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn save(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    list: ListRecord,
    seen: Vec<Vec<u8>>,
    events: Vec<Event>,
) -> Result<CatalogueMove> {
    const SQL: &str = "INSERT INTO revocation_list (peer, issuing_key, scope, sealed) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (peer, issuing_key, scope) DO UPDATE SET sealed = excluded.sealed";
    let parts: Vec<&[u8]> = std::iter::once(&list.der).chain(&list.issuers).map(Vec::as_slice).collect();
    let sealed =
        store.vault().seal(SealedRow::RevocationList(&list.issuing_key, &list.scope, &list.of), &pack(&parts))?;
    let leaves = LedgerLeaf::all(&events)?;
    store
        .transact([Lock::catalogue()], move |conn, vault, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            let peer = numbered(conn, changes, &list.of)?;
            let values = values![peer, list.issuing_key.as_bytes(), list.scope.as_bytes(), sealed];
            changes.write(SQL, values, Rows::One);
            if !seen.is_empty() {
                add(conn, vault, changes, peer, &list.of, &list.issuing_key, &seen)?;
            }
            changes.record(leaves);
            Ok(moved)
        })
        .await
}

/// Adds revocations without the list that they are on.
pub(super) async fn save_revocations(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    of: TrustDomain,
    issuing_key: Sha256,
    seen: Vec<Vec<u8>>,
) -> Result<CatalogueMove> {
    store
        .transact([Lock::catalogue()], move |conn, vault, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            let peer = numbered(conn, changes, &of)?;
            add(conn, vault, changes, peer, &of, &issuing_key, &seen)?;
            Ok(moved)
        })
        .await
}

/// Adds a batch. If the key has many batches already, all of them are merged into one.
fn add(
    conn: &dyn Queries,
    vault: &Vault,
    changes: &mut Changes,
    peer: i64,
    of: &TrustDomain,
    issuing_key: &Sha256,
    seen: &[Vec<u8>],
) -> Result<()> {
    const HELD: &str = "SELECT sealed FROM revocation WHERE peer = ?1 AND issuing_key = ?2 ORDER BY number";
    const CLEAR: &str = "DELETE FROM revocation WHERE peer = ?1 AND issuing_key = ?2";
    const SQL: &str = "INSERT INTO revocation (peer, issuing_key, sealed) VALUES (?1, ?2, ?3)";
    let name = SealedRow::Revocations(issuing_key, of);
    let mut plain = Vec::new();
    let held: Vec<Vec<u8>> = query_all(conn, HELD, params![peer, issuing_key.as_bytes()], |r| r.get(0))?;
    if held.len() >= MOST_BATCHES {
        for sealed in held {
            plain.extend(vault.open(name, &sealed)?);
        }
        changes.write(CLEAR, values![peer, issuing_key.as_bytes()], Rows::Any);
    }
    // Packed lists that are concatenated are the packed list of all items.
    plain.extend(pack(seen));
    changes.write(SQL, values![peer, issuing_key.as_bytes(), vault.seal(name, &plain)?], Rows::One);
    Ok(())
}

#[async_trait]
impl<D: Driver> ListStore for SqlStore<D> {
    async fn revocation_lists(&self) -> Result<Vec<ListRecord>> {
        all(self).await
    }
    async fn revocations(&self) -> Result<Vec<RevocationsRecord>> {
        seen(self).await
    }
    async fn forget_torn_lists(&self, of: &TrustDomain) -> Result<()> {
        forget_torn(self, None, of.clone()).await.map(drop)
    }
    async fn save_list(&self, list: ListRecord, added: Vec<Vec<u8>>, events: Vec<Event>) -> Result<()> {
        save(self, None, list, added, events).await.map(drop)
    }
    async fn save_revocations(&self, of: &TrustDomain, issuing_key: &Sha256, seen: Vec<Vec<u8>>) -> Result<()> {
        save_revocations(self, None, of.clone(), *issuing_key, seen).await.map(drop)
    }
}
