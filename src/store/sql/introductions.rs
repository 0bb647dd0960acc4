//! The introductions that this organisation makes.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    catalogue,
    damages::sorted,
    driver::Driver,
    lock::Lock,
    outbox::{self, SealedStatement},
    peers,
    query::params,
    store::SqlStore,
    transaction::{Rows, values},
    value::{SqlRow, id, text, time},
};
use crate::{
    domain::{event::Event, ids::TrustDomain},
    store::{
        Result, StoreError,
        catalogue::CatalogueMove,
        damage::Damage,
        introductions::{IntroductionRecord, IntroductionStore},
        vault::LedgerLeaf,
    },
};

/// `read` is the version of the catalogue that the change was decided on.
pub(super) async fn save(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    records: Vec<IntroductionRecord>,
    events: Vec<Event>,
) -> Result<CatalogueMove> {
    const SQL: &str = "INSERT INTO introduction (id, peer, recipients, envelope, is_signed, at) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET recipients = excluded.recipients, \
            envelope = excluded.envelope, is_signed = excluded.is_signed, at = excluded.at";
    let leaves = LedgerLeaf::all(&events)?;
    let mut send: Vec<(TrustDomain, SealedStatement)> = vec![];
    for record in records.iter().filter(|r| r.is_signed) {
        for to in &record.to {
            send.push((to.clone(), SealedStatement::new(store.vault(), to, &record.envelope)?));
        }
    }
    let told = send.iter().map(|(to, _)| Lock::peer_out(to));
    let locks: Vec<_> = told.chain([Lock::catalogue()]).collect();
    store
        .transact(locks, move |conn, _, changes| {
            let moved = catalogue::move_on(conn, changes, read)?;
            for record in records {
                let to = serde_json::to_string(&record.to).map_err(|e| StoreError::Failed(e.to_string()))?;
                let peer = peers::numbered(conn, changes, &record.of)?;
                let IntroductionRecord { id, envelope, is_signed, at, .. } = record;
                changes.write(SQL, values![id.as_bytes(), peer, to, envelope, is_signed, at], Rows::One);
            }
            for (partner, statement) in send {
                outbox::put(conn, changes, &partner, statement, None)?;
            }
            changes.record(leaves);
            Ok(moved)
        })
        .await
}

#[async_trait]
impl<D: Driver> IntroductionStore for SqlStore<D> {
    async fn introductions(&self) -> Result<Vec<IntroductionRecord>> {
        const SQL: &str = "SELECT i.id, d.domain, i.recipients, i.envelope, i.is_signed, i.at FROM introduction i \
            JOIN peer d ON d.number = i.peer ORDER BY i.at DESC, i.id";
        let read = |r: &SqlRow<'_>| {
            let record = IntroductionRecord {
                id: id(r, 0)?,
                of: text(r, 1)?,
                to: vec![],
                envelope: r.get(3)?,
                is_signed: r.get(4)?,
                at: time(r, 5)?,
            };
            let to = serde_json::from_str(&r.get::<String>(2)?).map_err(|_| StoreError::Damaged(Damage::Row))?;
            Ok(IntroductionRecord { to, ..record })
        };
        let damages = Arc::clone(self.damages());
        self.read(move |conn| Ok(sorted(conn, SQL, params![], |_| Ok(Damage::Row), read)?.noted(&damages))).await
    }

    async fn save_introductions(&self, records: Vec<IntroductionRecord>, events: Vec<Event>) -> Result<()> {
        save(self, None, records, events).await.map(drop)
    }
}
