//! The register of the own organisation's people.

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    column::{change, rows},
    ledger,
};
use crate::{
    domain::{event::Event, ids::Sha256, person::Person},
    seal::hash::sha256,
    store::{
        Result, StoreError,
        persons::PersonStore,
        vault::{Leaf, Row},
    },
};

fn torn() -> StoreError {
    StoreError::Corrupt("the register of people can't be read".to_owned())
}

#[async_trait]
impl PersonStore for SqliteStore {
    async fn people(&self) -> Result<Vec<Person>> {
        const SQL: &str = "SELECT id, sealed FROM person ORDER BY id";
        self.read_sealed(|conn, vault| {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?));
            let open = |(id, sealed): (Vec<u8>, Vec<u8>)| {
                let id = Sha256::try_from(id.as_slice()).map_err(|_| torn())?;
                serde_json::from_slice(&vault.open(Row::Person(&id), &sealed)?).map_err(|_| torn())
            };
            rows(conn, SQL, [], read)?.into_iter().map(open).collect()
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
        let leaves = Leaf::all(&events)?;
        self.write(move |conn, vault| {
            for (id, sealed) in &sealed {
                change(conn, SQL, params![id.as_bytes(), sealed])?;
            }
            ledger::append(conn, vault, &leaves)
        })
        .await
    }
}
