//! Requests for more of an assessment, in both directions.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    attached, catalogue,
    damages::sorted,
    driver::Driver,
    keys,
    lock::Lock,
    outbox::{self, SealedStatement},
    peers,
    query::{Queries, params, query_optional},
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{SqlRow, count, id, number, text, time},
};
use crate::{
    domain::{
        event::Event,
        ids::{StatementId, TrustDomain},
        request::RequestState,
        time::Time,
    },
    store::{
        Result, StoreError,
        damage::Damage,
        requests::{NewAttachedStatement, RequestRecord, RequestStep, RequestStore},
        vault::{LedgerLeaf, SealedRow, Vault, pack, unpack},
    },
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT q.id, d.domain, q.outgoing, q.manifest, q.state, q.at, q.turn, q.sealed \
             FROM request q JOIN peer d ON d.number = q.peer ",
            $rest
        )
    };
}

/// A row before it is decrypted.
struct Sealed {
    record: RequestRecord,
    sealed: Vec<u8>,
}

fn read(r: &SqlRow<'_>) -> Result<Sealed> {
    let record = RequestRecord {
        id: id(r, 0)?,
        partner: text(r, 1)?,
        outgoing: r.get(2)?,
        manifest_id: id(r, 3)?,
        state: text(r, 4)?,
        at: time(r, 5)?,
        turn: count(r, 6)?,
        envelope: vec![],
        answer: None,
        by: None,
        reason: None,
    };
    Ok(Sealed { record, sealed: r.get(7)? })
}

fn named(r: &SqlRow<'_>) -> Result<Damage> {
    Ok(Damage::Request(id(r, 0)?))
}

fn open(vault: &Vault, row: Sealed) -> Result<RequestRecord> {
    let Sealed { record, sealed } = row;
    let torn = || StoreError::Damaged(Damage::Request(record.id));
    let parts = unpack(&vault.open(SealedRow::Request(&record.id), &sealed)?).map_err(|_| torn())?;
    let [envelope, answer, by, reason] = <[Vec<u8>; 4]>::try_from(parts).map_err(|_| torn())?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| torn());
    let (by, reason) = (text(by)?, text(reason)?);
    Ok(RequestRecord {
        envelope,
        answer: (!answer.is_empty()).then_some(answer),
        by: if by.is_empty() { None } else { Some(by.parse().map_err(|_| torn())?) },
        reason: (!reason.is_empty()).then_some(reason),
        ..record
    })
}

/// A request without its texts: the statements that it had, and what is stored in its place.
pub(super) fn blank(vault: &Vault, id: &StatementId, sealed: &[u8]) -> Result<(Vec<Vec<u8>>, Vec<u8>)> {
    // An unreadable request has no known statements. Its text is deleted like the others.
    let parts = vault.open(SealedRow::Request(id), sealed).and_then(|packed| unpack(&packed)).ok();
    let parts = parts.and_then(|parts| <[Vec<u8>; 4]>::try_from(parts).ok());
    let [envelope, answer, by, reason] = parts.unwrap_or_default();
    let kept: [&[u8]; 4] = [&[], &[], &by, &reason];
    let blank = vault.seal(SealedRow::Request(id), &pack(&kept))?;
    Ok(([envelope, answer].into_iter().filter(|s| !s.is_empty()).collect(), blank))
}

fn seal(vault: &Vault, record: &RequestRecord) -> Result<Vec<u8>> {
    let by = record.by.as_ref().map(ToString::to_string).unwrap_or_default();
    let parts: [&[u8]; 4] = [
        &record.envelope,
        record.answer.as_deref().unwrap_or_default(),
        by.as_bytes(),
        record.reason.as_deref().unwrap_or_default().as_bytes(),
    ];
    vault.seal(SealedRow::Request(&record.id), &pack(&parts))
}

/// A step, with everything that is prepared before the writer runs it.
struct Ready {
    step: RequestStep,
    sealed: Vec<u8>,
    post: Option<SealedStatement>,
    leaves: Vec<LedgerLeaf>,
}

impl Ready {
    fn new(vault: &Vault, step: RequestStep) -> Result<Self> {
        let sealed = seal(vault, &step.record)?;
        let post = step.post.as_ref().map(|s| SealedStatement::new(vault, &step.record.partner, s)).transpose()?;
        let leaves = LedgerLeaf::all(&step.events)?;
        Ok(Self { step, sealed, post, leaves })
    }

    /// The request's ciphertext, without texts if the version was purged in the meantime.
    fn kept(&self, conn: &dyn Queries, vault: &Vault) -> Result<Vec<u8>> {
        let record = &self.step.record;
        if !keys::is_purged(conn, &record.manifest_id)? {
            return Ok(self.sealed.clone());
        }
        Ok(blank(vault, &record.id, &self.sealed)?.1)
    }

    /// The turn of the step. A new one is given out with these changes.
    fn turn(&self, conn: &dyn Queries, changes: &mut Changes) -> Result<u64> {
        const NEWEST: &str = "SELECT newest FROM turn WHERE of = 'request'";
        // The condition repeats what the look has seen, so that of two transactions at the same time one is refused.
        const NEXT: &str = "UPDATE turn SET newest = ?2 WHERE of = 'request' AND newest = ?1";
        if !self.step.is_theirs {
            return Ok(self.step.record.turn);
        }
        let newest = query_optional(conn, NEWEST, params![], |r| count(r, 0))?.unwrap_or_default();
        let next = newest.saturating_add(1);
        changes.write(NEXT, values![number(newest)?, number(next)?], Rows::One);
        Ok(next)
    }

    fn locks(&self) -> Vec<Lock> {
        let record = &self.step.record;
        let attached = self.step.attached.as_ref().map(|attached| Lock::assessment_of(&attached.manifest_id));
        let post = self.post.as_ref().map(|_| Lock::peer_out(&record.partner));
        let catalogue = catalogue::lock(self.step.catalogue);
        [Lock::request(&record.id)].into_iter().chain(attached).chain(post).chain(catalogue).collect()
    }

    /// Adds everything except the request's own row.
    fn finish(self, conn: &dyn Queries, vault: &Vault, changes: &mut Changes) -> Result<bool> {
        if let Some(attached) = &self.step.attached {
            attached::insert(conn, vault, changes, attached)?;
        }
        if let Some(post) = self.post {
            outbox::put(conn, changes, &self.step.record.partner, post, None)?;
        }
        changes.record(self.leaves);
        Ok(true)
    }
}

/// The state of a request, if it is stored.
fn state(conn: &dyn Queries, id: &StatementId) -> Result<Option<RequestState>> {
    query_optional(conn, "SELECT state FROM request WHERE id = ?1", params![id.as_bytes()], |r| text(r, 0))
}

fn begin(conn: &dyn Queries, vault: &Vault, changes: &mut Changes, ready: Ready) -> Result<bool> {
    const SQL: &str = "INSERT INTO request (id, peer, outgoing, manifest, state, at, turn, sealed) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let record = &ready.step.record;
    if state(conn, &record.id)?.is_some() {
        return Ok(false);
    }
    catalogue::require(conn, ready.step.catalogue)?;
    let peer = peers::numbered(conn, changes, &record.partner)?;
    let turn = ready.turn(conn, changes)?;
    let values = values![
        record.id.as_bytes(),
        peer,
        record.outgoing,
        record.manifest_id.as_bytes(),
        record.state.as_str(),
        record.at,
        number(turn)?,
        ready.kept(conn, vault)?,
    ];
    changes.write(SQL, values, Rows::One);
    ready.finish(conn, vault, changes)
}

fn settle(conn: &dyn Queries, vault: &Vault, changes: &mut Changes, ready: Ready) -> Result<bool> {
    const SQL: &str = "UPDATE request SET state = ?2, turn = ?3, sealed = ?4 WHERE id = ?1 AND state = ?5";
    let record = &ready.step.record;
    if state(conn, &record.id)? != Some(RequestState::Sent) {
        return Ok(false);
    }
    catalogue::require(conn, ready.step.catalogue)?;
    let (turn, sealed) = (number(ready.turn(conn, changes)?)?, ready.kept(conn, vault)?);
    let open = RequestState::Sent.as_str();
    changes.write(SQL, values![record.id.as_bytes(), record.state.as_str(), turn, sealed, open], Rows::One);
    ready.finish(conn, vault, changes)
}

#[async_trait]
impl<D: Driver> RequestStore for SqlStore<D> {
    async fn attach_statement(&self, attached: NewAttachedStatement, events: Vec<Event>) -> Result<bool> {
        attached::put(self, attached, &events).await
    }

    async fn begin_request(&self, step: RequestStep) -> Result<bool> {
        let ready = Ready::new(self.vault(), step)?;
        self.transact(ready.locks(), move |conn, vault, changes| begin(conn, vault, changes, ready)).await
    }

    async fn settle_request(&self, step: RequestStep) -> Result<bool> {
        let ready = Ready::new(self.vault(), step)?;
        self.transact(ready.locks(), move |conn, vault, changes| settle(conn, vault, changes, ready)).await
    }

    async fn request(&self, id: &StatementId) -> Result<Option<RequestRecord>> {
        const SQL: &str = select!("WHERE q.id = ?1");
        let id = *id;
        self.read_sealed(move |conn, vault| {
            query_optional(conn, SQL, params![id.as_bytes()], read)?.map(|found| open(vault, found)).transpose()
        })
        .await
    }

    async fn requests(
        &self,
        open_only: bool,
        after: Option<(Time, StatementId)>,
        limit: u32,
    ) -> Result<Vec<RequestRecord>> {
        const SQL: &str = select!(
            "WHERE (q.state = 'sent' OR NOT ?1) AND (?3 IS NULL OR q.at < ?3 OR (q.at = ?3 AND q.id > ?4)) \
             ORDER BY q.at DESC, q.id LIMIT ?2"
        );
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            let (at, id) = after.as_ref().map(|(at, id)| (*at, id.as_bytes())).unzip();
            Ok(sorted(conn, SQL, params![open_only, limit, at, id], named, |r| open(vault, read(r)?))?.noted(&damages))
        })
        .await
    }

    async fn requests_after(&self, turn: u64, limit: u32) -> Result<Vec<RequestRecord>> {
        const SQL: &str = select!("WHERE q.turn > ?1 AND q.turn > 0 ORDER BY q.turn LIMIT ?2");
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            Ok(sorted(conn, SQL, params![number(turn)?, limit], named, |r| open(vault, read(r)?))?.noted(&damages))
        })
        .await
    }

    async fn open_requests(&self, partner: &TrustDomain) -> Result<u64> {
        const SQL: &str = "SELECT count(*) FROM request WHERE state = 'sent' AND outgoing = FALSE \
            AND peer = (SELECT number FROM peer WHERE domain = ?1)";
        let partner = partner.clone();
        self.read(move |conn| {
            Ok(query_optional(conn, SQL, params![partner.as_str()], |r| count(r, 0))?.unwrap_or_default())
        })
        .await
    }
}
