//! The register of the own organisation's people.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Row as SqlRow, params};

use super::{
    SqliteStore,
    damages::{Sorted, sorted},
    dialect::{execute, id},
    ledger,
};
use crate::{
    domain::{event::Event, ids::Sha256, person::Person},
    seal::hash::sha256,
    store::{
        Result, StoreError,
        damage::Damage,
        persons::PersonStore,
        vault::{LedgerLeaf, Row},
    },
};

fn named(row: &SqlRow<'_>) -> rusqlite::Result<Damage> {
    Ok(Damage::Person(id(row, 0)?))
}

#[async_trait]
impl PersonStore for SqliteStore {
    async fn people(&self) -> Result<Vec<Person>> {
        const SQL: &str = "SELECT id, sealed FROM person ORDER BY id";
        let damages = Arc::clone(&self.damages);
        self.read_sealed(move |conn, vault| {
            let open = |row: &SqlRow<'_>| {
                let (id, sealed): (Sha256, Vec<u8>) = (id(row, 0)?, row.get(1)?);
                serde_json::from_slice(&vault.open(Row::Person(&id), &sealed)?)
                    .map_err(|_| StoreError::Damaged(Damage::Person(id)))
            };
            let Sorted { whole, torn } = sorted(conn, SQL, [], named, open)?;
            damages.replace(|damage| matches!(damage, Damage::Person(_)), torn);
            Ok(whole)
        })
        .await
    }

    async fn save_people(&self, people: Vec<Person>, events: Vec<Event>) -> Result<()> {
        const SQL: &str = "INSERT INTO person (id, sealed) VALUES (?1, ?2) \
            ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed";
        let seal = |person: &Person| -> Result<(Sha256, Vec<u8>)> {
            let id = Sha256(sha256(&[person.id.to_string().as_bytes()]));
            let plain = serde_json::to_vec(person).map_err(|e| StoreError::Failed(e.to_string()))?;
            Ok((id, self.vault().seal(Row::Person(&id), &plain)?))
        };
        let sealed: Vec<_> = people.iter().map(seal).collect::<Result<_>>()?;
        let leaves = LedgerLeaf::all(&events)?;
        self.write(move |conn, vault| {
            for (id, sealed) in &sealed {
                execute(conn, SQL, params![id.as_bytes(), sealed])?;
            }
            ledger::append(conn, vault, &leaves)
        })
        .await
    }
}
