//! Entries that can't be verified yet.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    damages::sorted,
    driver::Driver,
    peers,
    query::{params, query_all},
    receive,
    store::SqlStore,
    value::{SqlRow, ToValue as _, count, id, number, text, time},
};
use crate::{
    domain::{event::Event, ids::TrustDomain, time::Time},
    store::{
        ReceivedEntry, Result,
        damage::Damage,
        unverified::{UnverifiedEntry, UnverifiedFilter, UnverifiedStore, UnverifiedUsage},
        vault::{SealedRow, Vault, unpack},
    },
};

/// The unverified entries that meet a condition on `?1`.
macro_rules! waiting {
    ($($condition:tt)*) => {
        concat!(
            "SELECT f.domain, h.sequence, r.release_id, r.at, h.sealed, r.envelope, r.provenance, w.domain FROM held h \
             JOIN peer f ON f.number = h.peer JOIN peer w ON w.number = h.waits_for \
             JOIN received r ON r.peer = h.peer AND r.sequence = h.sequence WHERE ",
            $($condition)*,
            " AND (h.peer, h.sequence) > (?2, ?3) ORDER BY h.peer, h.sequence LIMIT ?4"
        )
    };
}

fn arrival(vault: &Vault, r: &SqlRow<'_>) -> Result<UnverifiedEntry> {
    let (partner, sequence): (TrustDomain, u64) = (text(r, 0)?, count(r, 1)?);
    let sealed: Option<Vec<u8>> = r.get(4)?;
    let entry = sealed.map(|sealed| vault.open(SealedRow::UnverifiedEntry(&partner, sequence), &sealed)).transpose()?;
    let provenance = unpack(&r.get::<Vec<u8>>(6)?)?;
    let (release_id, arrived_at, release, waits_for) = (id(r, 2)?, time(r, 3)?, r.get(5)?, text(r, 7)?);
    Ok(UnverifiedEntry { waits_for, partner, sequence, release_id, arrived_at, release, provenance, entry })
}

#[async_trait]
impl<D: Driver> UnverifiedStore for SqlStore<D> {
    async fn unverified_usage(&self, partner: Option<&TrustDomain>) -> Result<Vec<UnverifiedUsage>> {
        const SQL: &str = "SELECT f.domain, w.domain, count(h.sealed), coalesce(sum(h.bytes), 0), \
            count(*) - count(h.sealed), min(r.at) FROM held h JOIN peer f ON f.number = h.peer \
            JOIN peer w ON w.number = h.waits_for JOIN received r ON r.peer = h.peer AND r.sequence = h.sequence \
            WHERE ?1 IS NULL OR f.domain = ?1 GROUP BY h.peer, h.waits_for ORDER BY f.domain, w.domain";
        let partner = partner.cloned();
        self.read(move |conn| {
            query_all(conn, SQL, params![partner.as_ref().map(TrustDomain::as_str)], |r| {
                Ok(UnverifiedUsage {
                    partner: text(r, 0)?,
                    waits_for: text(r, 1)?,
                    entries: count(r, 2)?,
                    bytes: count(r, 3)?,
                    over_budget: count(r, 4)?,
                    since: time(r, 5)?,
                })
            })
        })
        .await
    }

    async fn unverified_entries(
        &self,
        which: UnverifiedFilter<'_>,
        after: Option<(TrustDomain, u64)>,
        limit: u32,
    ) -> Result<Vec<UnverifiedEntry>> {
        const FOR: &str = waiting!("h.waits_for = (SELECT number FROM peer WHERE domain = ?1)");
        const OF: &str = waiting!("h.assessment = ?1");
        let (sql, named) = match which {
            UnverifiedFilter::For(organisation) => (FOR, organisation.as_str().into_value()),
            UnverifiedFilter::Of(assessment) => (OF, assessment.as_bytes().into_value()),
        };
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            let (peer, sequence) = match &after {
                Some((partner, sequence)) => (peers::find(conn, partner)?.unwrap_or_default(), number(*sequence)?),
                None => (0, 0),
            };
            let values = params![named, peer, sequence, limit];
            let name = |r: &SqlRow<'_>| Ok(Damage::UnverifiedEntry(text(r, 0)?, count(r, 1)?));
            Ok(sorted(conn, sql, values, name, |r| arrival(vault, r))?.noted(&damages))
        })
        .await
    }

    async fn settle_unverified(
        &self,
        partner: &TrustDomain,
        entry: ReceivedEntry,
        arrived_at: Time,
        catalogue: Option<u64>,
        events: Vec<Event>,
        post: Vec<Vec<u8>>,
    ) -> Result<bool> {
        receive::settle(self, partner, entry, arrived_at, catalogue, &events, &post).await
    }
}
