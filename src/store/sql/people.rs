//! The register of the own organisation's people.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    catalogue,
    damages::{Sorted, sorted},
    driver::Driver,
    lock::Lock,
    query::{params, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{SqlRow, id, time},
};
use crate::{
    domain::{
        event::Event,
        ids::{Sha256, SpiffeId},
        person::Person,
    },
    seal::hash::sha256,
    store::{
        Result, StoreError,
        catalogue::CatalogueMove,
        damage::Damage,
        people::PeopleStore,
        vault::{LedgerLeaf, SealedRow},
    },
};

fn named(row: &SqlRow<'_>) -> Result<Damage> {
    Ok(Damage::Person(id(row, 0)?))
}

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn save(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    people: Vec<Person>,
    events: Vec<Event>,
) -> Result<CatalogueMove> {
    const SQL: &str = "INSERT INTO person (id, sealed) VALUES (?1, ?2) \
            ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed";
    let seal = |person: &Person| -> Result<(Sha256, Vec<u8>)> {
        let id = Sha256(sha256(&[person.id.to_string().as_bytes()]));
        let plain = serde_json::to_vec(person).map_err(|e| StoreError::Failed(e.to_string()))?;
        Ok((id, store.vault().seal(SealedRow::Person(&id), &plain)?))
    };
    let sealed: Vec<_> = people.iter().map(seal).collect::<Result<_>>()?;
    let leaves = LedgerLeaf::all(&events)?;
    store
        .transact([Lock::catalogue()], move |conn, _, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            for (id, sealed) in sealed {
                changes.write(SQL, values![id.as_bytes(), sealed], Rows::One);
            }
            changes.record(leaves);
            Ok(moved)
        })
        .await
}

#[async_trait]
impl<D: Driver> PeopleStore for SqlStore<D> {
    async fn people(&self) -> Result<Vec<Person>> {
        const SQL: &str = "SELECT id, sealed FROM person ORDER BY id";
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            let open = |row: &SqlRow<'_>| {
                let (id, sealed): (Sha256, Vec<u8>) = (id(row, 0)?, row.get(1)?);
                serde_json::from_slice(&vault.open(SealedRow::Person(&id), &sealed)?)
                    .map_err(|_| StoreError::Damaged(Damage::Person(id)))
            };
            let Sorted { whole, torn } = sorted(conn, SQL, params![], named, open)?;
            damages.replace(|damage| matches!(damage, Damage::Person(_)), torn);
            Ok(whole)
        })
        .await
    }

    async fn save_people(&self, people: Vec<Person>, events: Vec<Event>) -> Result<()> {
        save(self, None, people, events).await.map(drop)
    }

    async fn record_sign_in(&self, who: &SpiffeId, silence_seconds: i64, event: Event) -> Result<bool> {
        const LAST: &str = "SELECT at FROM sign_in WHERE person = ?1";
        // The condition repeats what the look has seen, so that of two transactions at the same time one is refused.
        const SQL: &str = "INSERT INTO sign_in (person, at) VALUES (?1, ?2) ON CONFLICT (person) DO UPDATE SET at = excluded.at \
            WHERE sign_in.at < ?3 OR sign_in.at > ?2";
        let (person, at) = (sha256(&[who.to_string().as_bytes()]), event.at);
        let latest = at.plus_seconds(silence_seconds.saturating_neg());
        let leaves = LedgerLeaf::all(&[event])?;
        self.transact([], move |conn, _, changes| {
            let last = query_optional(conn, LAST, params![person], |r| time(r, 0))?;
            // If the time is in the future, the clock was ahead when it was stored.
            if last.is_some_and(|last| last >= latest && last <= at) {
                return Ok(false);
            }
            changes.write(SQL, values![person, at, latest], Rows::One);
            changes.record(leaves);
            Ok(true)
        })
        .await
    }
}
