//! The outboxes in which statements wait for partners.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    damages::sorted,
    driver::Driver,
    lock::Lock,
    peers,
    query::{Connection, Queries, execute, params, query_optional},
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{SqlRow, time_optional},
};
use crate::{
    domain::{
        ids::{StatementId, TrustDomain},
        time::Time,
    },
    seal::hash::sha256,
    store::{
        Result,
        damage::Damage,
        outbox::{OutboxItem, OutboxOutcome, OutboxStore},
        vault::{SealedRow, Vault},
    },
};

/// The longest time, in seconds, for which a statement is put off.
const FURTHEST_SECONDS: i64 = 2 * 86_400;

/// A statement that is ready to be put into an outbox.
#[derive(Clone)]
pub(super) struct SealedStatement {
    sealed: Vec<u8>,
    /// The SHA-256 of the encoded envelope. The encryption is randomised, so the ciphertext can't tell whether the statement is
    /// there already.
    digest: [u8; 32],
}

impl SealedStatement {
    /// Encrypts an encoded envelope for a partner's outbox.
    pub(super) fn new(vault: &Vault, partner: &TrustDomain, envelope: &[u8]) -> Result<Self> {
        Ok(Self { sealed: vault.seal(SealedRow::Outbox(partner), envelope)?, digest: sha256(&[envelope]) })
    }
}

/// Puts a statement into a partner's outbox. `at` is when it was first logged here, if that is not now. If the same statement
/// waits there already, this one takes its place and keeps the time of the first. It is offered at once.
pub(super) fn put(
    conn: &dyn Queries,
    changes: &mut Changes,
    partner: &TrustDomain,
    statement: SealedStatement,
    at: Option<Time>,
) -> Result<()> {
    const WAITS: &str = "SELECT at FROM outbox WHERE peer = ?1 AND digest = ?2";
    const REMOVE: &str = "DELETE FROM outbox WHERE peer = ?1 AND digest = ?2";
    const PUT: &str = "INSERT INTO outbox (peer, sealed, at, digest) VALUES (?1, ?2, ?3, ?4)";
    let peer = peers::numbered(conn, changes, partner)?;
    let SealedStatement { sealed, digest } = statement;
    // It gets a new number, behind everything that waits. So an answer to the offer before removes nothing, and what was posted
    // last comes last.
    let waits: Option<Option<i64>> = query_optional(conn, WAITS, params![peer, digest], |r| r.get(0))?;
    let at = waits.unwrap_or(at.map(Time::unix_nanos));
    changes.write(REMOVE, values![peer, digest], Rows::AtMostOne);
    changes.write(PUT, values![peer, sealed, at, digest], Rows::One);
    Ok(())
}

/// Puts statements into partners' outboxes.
pub(super) fn put_all(
    conn: &dyn Queries,
    vault: &Vault,
    changes: &mut Changes,
    post: &[(TrustDomain, Vec<u8>)],
) -> Result<()> {
    for (partner, envelope) in post {
        put(conn, changes, partner, SealedStatement::new(vault, partner, envelope)?, None)?;
    }
    Ok(())
}

/// Puts a recall into a partner's outbox, before everything that [`put`] puts there: its number is far below the other numbers,
/// which are in the same order. No number is used twice, so that no answer removes a later statement. The partner's receipt
/// names the recall by `statement`. A recall is added even if the same one waits there already.
pub(super) fn put_first(
    conn: &dyn Connection,
    partner: &TrustDomain,
    recall: &SealedStatement,
    at: Time,
    statement: &StatementId,
) -> Result<()> {
    const PUT: &str = "INSERT INTO outbox (peer, sealed, at) VALUES (?1, ?2, ?3)";
    const MOVE: &str = "UPDATE outbox SET number = number - 4611686018427387904, statement = ?2 WHERE number = ?1";
    let peer = peers::number_of(conn, partner)?;
    let number = conn.insert(PUT, params![peer, recall.sealed, at.unix_nanos()])?;
    execute(conn, MOVE, params![number, statement.as_bytes()]).map(|_| ())
}

/// Removes the statements of a recall from a holder's outbox, once the holder's own receipt has answered it. For the writer.
pub(super) fn recall_answered(conn: &dyn Connection, holder: i64, recall: i64) -> Result<()> {
    const SQL: &str = "DELETE FROM outbox WHERE peer = ?1 AND number < 0 AND statement IN \
        (SELECT id FROM recall_statement WHERE recall = ?2)";
    execute(conn, SQL, params![holder, recall]).map(|_| ())
}

/// Reads an item with its statement still encrypted.
fn sealed(r: &SqlRow<'_>) -> Result<OutboxItem> {
    Ok(OutboxItem { id: r.get(0)?, envelope: r.get(1)?, at: time_optional(r, 2)?, reason: r.get(3)? })
}

fn open(vault: &Vault, partner: &TrustDomain, item: OutboxItem) -> Result<OutboxItem> {
    Ok(OutboxItem { envelope: vault.open(SealedRow::Outbox(partner), &item.envelope)?, ..item })
}

async fn read(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    after: i64,
    now: Option<Time>,
    limit: u32,
) -> Result<Vec<OutboxItem>> {
    const SQL: &str = "SELECT number, sealed, at, reason FROM outbox \
        WHERE peer = (SELECT number FROM peer WHERE domain = ?1) AND number > ?2 \
        AND (?3 IS NULL OR again_at <= ?3 OR again_at > ?4) ORDER BY number LIMIT ?5";
    let (partner, damages) = (partner.clone(), Arc::clone(store.damages()));
    // Recalls have numbers below 0.
    let after = if after == 0 { i64::MIN } else { after };
    store
        .read_sealed(move |conn, vault| {
            // If a statement is put off for longer than that, the clock was ahead when it was put off. It is due, too.
            let furthest = now.map(|now| now.plus_seconds(FURTHEST_SECONDS).unix_nanos());
            let values = params![partner.as_str(), after, now.map(Time::unix_nanos), furthest, limit];
            let named = |_: &SqlRow<'_>| Ok(Damage::Outbox(partner.clone()));
            Ok(sorted(conn, SQL, values, named, |r| open(vault, &partner, sealed(r)?))?.noted(&damages))
        })
        .await
}

#[async_trait]
impl<D: Driver> OutboxStore for SqlStore<D> {
    async fn post(&self, partner: &TrustDomain, envelope: Vec<u8>, at: Time) -> Result<()> {
        let statement = SealedStatement::new(self.vault(), partner, &envelope)?;
        let partner = partner.clone();
        self.transact([Lock::peer_out(&partner)], move |conn, _, changes| {
            put(conn, changes, &partner, statement, Some(at))
        })
        .await
    }

    async fn outbox(&self, partner: &TrustDomain, after: i64, limit: u32) -> Result<Vec<OutboxItem>> {
        read(self, partner, after, None, limit).await
    }

    async fn outbox_due(&self, partner: &TrustDomain, after: i64, now: Time, limit: u32) -> Result<Vec<OutboxItem>> {
        read(self, partner, after, Some(now), limit).await
    }

    async fn record_outbox_outcomes(&self, partner: &TrustDomain, answers: Vec<(i64, OutboxOutcome)>) -> Result<()> {
        const DONE: &str = "DELETE FROM outbox WHERE number = ?1 AND peer = ?2";
        const LATER: &str =
            "UPDATE outbox SET outcome = NULL, reason = NULL, again_at = ?3 WHERE number = ?1 AND peer = ?2";
        const KEPT: &str = "UPDATE outbox SET outcome = ?3, reason = ?4, again_at = ?5, seen = ?6 \
            WHERE number = ?1 AND peer = ?2";
        let partner = partner.clone();
        self.transact([Lock::peer_out(&partner)], move |conn, _, changes| {
            let Some(peer) = peers::find(conn, &partner)? else { return Ok(()) };
            for (item, answered) in answers {
                let (sql, values) = match answered {
                    OutboxOutcome::Done => (DONE, values![item, peer]),
                    OutboxOutcome::Later(at) => (LATER, values![item, peer, at]),
                    OutboxOutcome::Kept { reason, again_at, seen } => {
                        let outcome = if reason.is_some() { "not-yet" } else { "taken" };
                        (KEPT, values![item, peer, outcome, reason, again_at, seen])
                    }
                };
                // A statement that was posted again in the meantime has another number.
                changes.write(sql, values, Rows::AtMostOne);
            }
            Ok(())
        })
        .await
    }

    async fn offer_again(&self, partner: &TrustDomain, edition: Vec<u8>) -> Result<bool> {
        const SQL: &str = "UPDATE outbox SET again_at = 0 WHERE peer = ?1 AND outcome = 'not-yet' AND again_at > 0 \
            AND (seen IS NULL OR seen <> ?2)";
        let partner = partner.clone();
        self.interleave([Lock::peer_out(&partner)], move |conn, _, _| match peers::find(conn, &partner)? {
            Some(peer) => Ok(execute(conn, SQL, params![peer, edition])? > 0),
            None => Ok(false),
        })
        .await
    }
}
