//! Forwarding: the position among the arrivals, and the queues that are filled with it.

use async_trait::async_trait;

use super::{
    catalogue,
    driver::Driver,
    lock::Lock,
    manifests,
    query::{Queries, params, query_all, query_optional},
    queue,
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{SqlRow, count, id, number},
};
use crate::store::{
    Result, StoreError,
    forward::{ForwardStore, ForwardableEntry, Forwarding},
    vault::LedgerLeaf,
};

#[async_trait]
impl<D: Driver> ForwardStore for SqlStore<D> {
    async fn forwarded(&self) -> Result<u64> {
        self.read(position).await
    }

    async fn arrived_after(&self, arrival: u64, limit: u32) -> Result<Vec<ForwardableEntry>> {
        const SQL: &str = "SELECT r.number, m.id, r.envelope FROM received r JOIN manifest m ON m.number = r.manifest \
            WHERE r.number > ?1 AND r.quarantined = FALSE ORDER BY r.number LIMIT ?2";
        let read =
            |r: &SqlRow<'_>| Ok(ForwardableEntry { arrival: count(r, 0)?, manifest_id: id(r, 1)?, release: r.get(2)? });
        self.read(move |conn| query_all(conn, SQL, params![number(arrival)?, limit], read)).await
    }

    async fn forward(&self, forwarding: Forwarding) -> Result<()> {
        let leaves = LedgerLeaf::all(&forwarding.events)?;
        // The queues need no locks: of two items that get the same turn at once, the one with the lower number goes first.
        let assessments = forwarding.queue.iter().map(|(id, ..)| Lock::assessment_of(id).shared());
        let locks: Vec<_> = assessments.chain(catalogue::lock(forwarding.catalogue)).collect();
        self.transact(locks, move |conn, _, changes| {
            look(conn, changes, &forwarding)?;
            changes.record(leaves);
            Ok(())
        })
        .await
    }
}

/// The arrival number up to which all entries were examined.
fn position(conn: &dyn Queries) -> Result<u64> {
    const SQL: &str = "SELECT upto FROM forwarded";
    Ok(query_optional(conn, SQL, params![], |r| count(r, 0))?.unwrap_or_default())
}

fn look(conn: &dyn Queries, changes: &mut Changes, forwarding: &Forwarding) -> Result<()> {
    // The condition repeats what the look has seen, so that of two transactions at the same time one is refused.
    const POSITION: &str = "INSERT INTO forwarded (one, upto) VALUES (1, ?1) \
        ON CONFLICT (one) DO UPDATE SET upto = excluded.upto WHERE forwarded.upto = ?2";
    if position(conn)? != forwarding.from {
        return Err(StoreError::Conflict);
    }
    catalogue::require(conn, forwarding.catalogue)?;
    for (manifest, urgency, partners) in &forwarding.queue {
        if let Some(manifest) = manifests::find(conn, manifest)? {
            queue::put(conn, changes, manifest, *urgency, partners)?;
        }
    }
    changes.write(POSITION, values![number(forwarding.upto)?, number(forwarding.from)?], Rows::One);
    Ok(())
}
