//! The versions of the house rules.

use std::sync::Arc;

use super::{
    catalogue,
    damages::sorted,
    driver::Driver,
    lock::Lock,
    query::{Queries, params, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{SqlRow, time},
};
use crate::{
    domain::{
        event::Event,
        ids::Sha256,
        rules::{RuleFile, RulesVersion},
        time::Time,
    },
    store::{
        Result, StoreError,
        catalogue::CatalogueMove,
        damage::Damage,
        vault::{LedgerLeaf, SealedRow, Vault, pack, unpack},
    },
};

/// The plaintext: the digest, then each file's name and text.
fn packed(rules: &RulesVersion) -> Vec<u8> {
    let files = rules.files.iter().flat_map(|f| [f.name.as_bytes(), f.text.as_bytes()]);
    pack(&std::iter::once(rules.digest.as_bytes()).chain(files).collect::<Vec<_>>())
}

fn unpacked(version: u32, at: Time, plain: &[u8]) -> Result<RulesVersion> {
    let torn = || StoreError::Damaged(Damage::Rules(version));
    let mut items = unpack(plain).map_err(|e| e.of(Damage::Rules(version)))?.into_iter();
    let digest = items.next().and_then(|d| Sha256::try_from(d.as_slice()).ok()).ok_or_else(torn)?;
    let mut files = vec![];
    while let Some(name) = items.next() {
        let text = items.next().ok_or_else(torn)?;
        let [name, text] = [name, text].map(String::from_utf8);
        files.push(RuleFile { name: name.map_err(|_| torn())?, text: text.map_err(|_| torn())? });
    }
    Ok(RulesVersion { version, at, digest, files })
}

type Sealed = (u32, Time, Vec<u8>);

fn sealed(row: &SqlRow<'_>) -> Result<Sealed> {
    Ok((row.get(0)?, time(row, 1)?, row.get(2)?))
}

fn open(vault: &Vault, (version, at, sealed): Sealed) -> Result<RulesVersion> {
    unpacked(version, at, &vault.open(SealedRow::HouseRules(version), &sealed)?)
}

fn find(conn: &dyn Queries, vault: &Vault, version: Option<u32>) -> Result<Option<RulesVersion>> {
    const SQL: &str = "SELECT version, at, sealed FROM house_rules WHERE ?1 IS NULL OR version = ?1 \
        ORDER BY version DESC LIMIT 1";
    query_optional(conn, SQL, params![version], sealed)?.map(|found| open(vault, found)).transpose()
}

pub(super) async fn one(store: &SqlStore<impl Driver>, version: Option<u32>) -> Result<Option<RulesVersion>> {
    store.read_sealed(move |conn, vault| find(conn, vault, version)).await
}

pub(super) async fn all(store: &SqlStore<impl Driver>, limit: u32) -> Result<Vec<RulesVersion>> {
    const SQL: &str = "SELECT version, at, sealed FROM house_rules ORDER BY version DESC LIMIT ?1";
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(move |conn, vault| {
            let named = |row: &SqlRow<'_>| Ok(Damage::Rules(row.get(0)?));
            Ok(sorted(conn, SQL, params![limit], named, |row| open(vault, sealed(row)?))?.noted(&damages))
        })
        .await
}

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn save(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    rules: RulesVersion,
    event: Event,
) -> Result<CatalogueMove> {
    const LAST: &str = "SELECT coalesce(max(version), 0) FROM house_rules";
    const SQL: &str = "INSERT INTO house_rules (version, at, sealed) VALUES (?1, ?2, ?3)";
    let sealed = store.vault().seal(SealedRow::HouseRules(rules.version), &packed(&rules))?;
    let leaves = LedgerLeaf::all(&[event])?;
    store
        .transact([Lock::catalogue()], move |conn, _, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            let last: u32 = query_optional(conn, LAST, params![], |r| r.get(0))?.unwrap_or_default();
            if last.checked_add(1) != Some(rules.version) {
                return Err(StoreError::Conflict);
            }
            changes.write(SQL, values![rules.version, rules.at, sealed], Rows::One);
            changes.record(leaves);
            Ok(moved)
        })
        .await
}
