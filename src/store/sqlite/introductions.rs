//! The introductions that this organisation makes.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::params;

use super::{
    SqliteStore,
    damages::sorted,
    dialect::{execute, id, text, time},
    ledger,
    outbox::{self, SealedStatement},
    partners,
};
use crate::{
    domain::{event::Event, ids::TrustDomain},
    store::{
        Result, StoreError,
        damage::Damage,
        introductions::{IntroductionRecord, IntroductionStore},
        vault::LedgerLeaf,
    },
};

#[async_trait]
impl IntroductionStore for SqliteStore {
    async fn introductions(&self) -> Result<Vec<IntroductionRecord>> {
        const SQL: &str = "SELECT i.id, d.domain, i.recipients, i.envelope, i.is_signed, i.at FROM introduction i \
            JOIN peer d ON d.number = i.peer ORDER BY i.at DESC, i.id";
        let read = |r: &rusqlite::Row<'_>| {
            let record = IntroductionRecord {
                id: id(r, 0)?,
                of: text(r, 1)?,
                to: vec![],
                envelope: r.get(3)?,
                is_signed: r.get(4)?,
                at: time(r, 5)?,
            };
            let to = serde_json::from_str(&r.get::<_, String>(2)?).map_err(|_| StoreError::Damaged(Damage::Row))?;
            Ok(IntroductionRecord { to, ..record })
        };
        let damages = Arc::clone(&self.damages);
        self.read(move |conn| Ok(sorted(conn, SQL, [], |_| Ok(Damage::Row), read)?.noted(&damages))).await
    }

    async fn save_introductions(&self, records: Vec<IntroductionRecord>, events: Vec<Event>) -> Result<()> {
        const SQL: &str = "INSERT INTO introduction (id, peer, recipients, envelope, is_signed, at) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET recipients = excluded.recipients, \
            envelope = excluded.envelope, is_signed = excluded.is_signed, at = excluded.at";
        let leaves = LedgerLeaf::all(&events)?;
        let mut send: Vec<(TrustDomain, SealedStatement)> = vec![];
        for record in records.iter().filter(|r| r.is_signed) {
            for to in &record.to {
                send.push((to.clone(), SealedStatement::new(self.vault(), to, &record.envelope)?));
            }
        }
        self.write(move |conn, vault| {
            for record in &records {
                let to = serde_json::to_string(&record.to).map_err(|e| StoreError::Failed(e.to_string()))?;
                let peer = partners::number_of(conn, &record.of)?;
                let IntroductionRecord { id, envelope, is_signed, at, .. } = record;
                execute(conn, SQL, params![id.as_bytes(), peer, to, envelope, is_signed, at.unix_nanos()])?;
            }
            for (partner, statement) in &send {
                outbox::put(conn, partner, statement, None)?;
            }
            ledger::append(conn, vault, &leaves)
        })
        .await
    }
}
