//! Recalls. The tombstone, the effect on the content and the notices to partners are one transaction.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    catalogue,
    damages::{DamageRegistry, sorted_within},
    drafts,
    driver::Driver,
    holders,
    lock::Lock,
    outbox::{self, SealedStatement},
    peers, purge,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{NO_BYTES, SqlRow, count, id, number, text, text_optional, time},
};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::{AssessmentId, DraftId, Sha256, StatementId, TrustDomain},
        recall::{RecallKind, RecallState},
        time::Time,
    },
    store::{
        Result, StoreError,
        damage::Damage,
        recalls::{
            ContentEffect, HoldersRecord, RecallName, RecallOutcome, RecallRecord, RecallStep, RecallStore,
            UnverifiedRecall,
        },
        vault::{LedgerLeaf, SealedRow, Vault},
    },
};

/// How many bytes of recalls are read at once; at least one recall is read.
const PAGE_BYTES: u64 = 1 << 20;

/// Whether an assessment was recalled. Every transaction that stores something of an assessment asks this.
pub(super) fn is_recalled(conn: &dyn Queries, assessment: &AssessmentId, originator: i64) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM recall WHERE assessment = ?1 AND originator = ?2";
    Ok(query_optional(conn, SQL, params![assessment.as_bytes(), originator], |_| Ok(()))?.is_some())
}

/// Whether a quarantined entry may be shown: the assessment was not recalled, and the entry's sender has not sent an unverified
/// recall of it. Another partner's unverified recall does not count.
pub(super) fn may_be_shown(conn: &dyn Queries, assessment: &AssessmentId, originator: i64, peer: i64) -> Result<bool> {
    Ok(!is_claimed(conn, assessment, originator, peer)? && !is_recalled(conn, assessment, originator)?)
}

/// Whether a partner has sent a recall that can't be verified yet.
pub(super) fn is_claimed(conn: &dyn Queries, assessment: &AssessmentId, originator: i64, peer: i64) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM recall_unproven WHERE assessment = ?1 AND originator = ?2 AND peer = ?3";
    Ok(query_optional(conn, SQL, params![assessment.as_bytes(), originator, peer], |_| Ok(()))?.is_some())
}

/// The recall that a statement is or was about.
pub(super) fn named(conn: &dyn Queries, statement: &StatementId) -> Result<Option<i64>> {
    query_optional(conn, "SELECT recall FROM recall_statement WHERE id = ?1", params![statement.as_bytes()], |r| {
        r.get(0)
    })
}

/// A row before its encrypted parts are decrypted.
struct StoredRecall {
    record: (AssessmentId, TrustDomain, StatementId, RecallKind, Option<TrustDomain>, Time, u64),
    sealed: Vec<u8>,
    standing: Vec<u8>,
}

macro_rules! recalls {
    ($rest:literal) => {
        concat!(
            "SELECT r.assessment, o.domain, r.id, r.kind, f.domain, r.at, r.turn, r.sealed, r.standing FROM recall r \
             JOIN peer o ON o.number = r.originator LEFT JOIN peer f ON f.number = r.peer ",
            $rest
        )
    };
}

fn kept(r: &SqlRow<'_>) -> Result<StoredRecall> {
    let record = (id(r, 0)?, text(r, 1)?, id(r, 2)?, text(r, 3)?, text_optional(r, 4)?, time(r, 5)?, count(r, 6)?);
    Ok(StoredRecall { record, sealed: r.get(7)?, standing: r.get(8)? })
}

impl StoredRecall {
    fn open(self, vault: &Vault) -> Result<RecallRecord> {
        let (assessment, originator, id, kind, from, at, turn) = self.record;
        let envelope = vault.open(SealedRow::Recall(&assessment, &originator), &self.sealed)?;
        let standing = vault.open(SealedRow::RecallStanding(&assessment, &originator), &self.standing)?;
        let standing = serde_json::from_slice(&standing)
            .map_err(|_| StoreError::Damaged(Damage::Recall(assessment, originator.clone())))?;
        Ok(RecallRecord { assessment, originator, id, kind, envelope, standing, from, at, turn })
    }
}

#[async_trait]
impl<D: Driver> RecallStore for SqlStore<D> {
    async fn recall(&self, step: RecallStep) -> Result<RecallOutcome> {
        let leaves = LedgerLeaf::all(&step.events)?;
        let assessment = Lock::assessment(&step.record.originator, &step.record.assessment);
        let post = step.post.iter().map(|(partner, _)| Lock::peer_out(partner));
        // Which partners are told is known only after a look. Each of them gets a row of its own, which replaces no other one.
        let rest = draft_of(&step).as_ref().map(Lock::draft).into_iter().chain(catalogue::lock(step.catalogue));
        let locks: Vec<_> = [assessment].into_iter().chain(post).chain(rest).collect();
        let damages = Arc::clone(self.damages());
        self.interleave(locks, move |conn, vault, changes| {
            catalogue::require(conn, step.catalogue)?;
            changes.record(leaves);
            commit(conn, vault, changes, &damages, &step)
        })
        .await
    }

    async fn recall_of(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<Option<RecallRecord>> {
        const SQL: &str = recalls!("WHERE r.assessment = ?1 AND o.domain = ?2");
        let (originator, id) = (originator.clone(), *id);
        self.read_sealed(move |conn, vault| {
            let found = query_optional(conn, SQL, params![id.as_bytes(), originator.as_str()], kept)?;
            found.map(|k| k.open(vault)).transpose()
        })
        .await
    }

    async fn recall_named(&self, statement: &StatementId) -> Result<Option<RecallRecord>> {
        const SQL: &str = recalls!("WHERE r.number = ?1");
        let statement = *statement;
        self.read_sealed(move |conn, vault| {
            let Some(place) = named(conn, &statement)? else { return Ok(None) };
            query_optional(conn, SQL, params![place], kept)?.map(|k| k.open(vault)).transpose()
        })
        .await
    }

    async fn recalls_after(&self, turn: u64, state: Option<RecallState>, limit: u32) -> Result<Vec<RecallRecord>> {
        // There is no limit in the query, because unreadable rows are skipped and must not make a page empty before the last
        // one.
        const SQL: &str = recalls!("WHERE r.turn > ?1 AND (?2 IS NULL OR r.state = ?2) ORDER BY r.turn");
        let damages = Arc::clone(self.damages());
        self.read_sealed(move |conn, vault| {
            let values = params![number(turn)?, state.map(RecallState::as_str)];
            let named = |r: &SqlRow<'_>| Ok(Damage::Recall(id(r, 0)?, text(r, 1)?));
            let sized = |r: &SqlRow<'_>| {
                let one = kept(r)?;
                let bytes = one.sealed.len() as u64;
                Ok((one.open(vault)?, bytes))
            };
            Ok(sorted_within(conn, SQL, values, limit, PAGE_BYTES, named, sized)?.noted(&damages))
        })
        .await
    }

    async fn keep_unverified_recall(&self, recall: UnverifiedRecall, limit: u32, all_names: u32) -> Result<bool> {
        const COUNT: &str = "SELECT count(*) FILTER (WHERE originator = ?2), count(*), \
            count(*) FILTER (WHERE originator = ?2 AND assessment = ?3) FROM recall_unproven WHERE peer = ?1";
        const KEEP: &str = "INSERT INTO recall_unproven (assessment, originator, peer, sealed, at) \
            VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET sealed = excluded.sealed, at = excluded.at";
        let lock = Lock::assessment(&recall.name.originator, &recall.name.assessment);
        self.interleave([lock, Lock::peer_in(&recall.name.from)], move |conn, vault, _| {
            let UnverifiedRecall { name: RecallName { assessment, originator, from }, envelope, at } = &recall;
            let peer = peers::number_of(conn, from)?;
            // An organisation that is unknown gets no row if the recall is not stored.
            let known = peers::find(conn, originator)?;
            let counts = query_optional(conn, COUNT, params![peer, known, assessment.as_bytes()], |r| {
                Ok((count(r, 0)?, count(r, 1)?, count(r, 2)?))
            })?;
            let (of_name, of_all, same) = counts.unwrap_or_default();
            if same == 0 && (of_name >= u64::from(limit) || of_all >= u64::from(all_names)) {
                return Ok(false);
            }
            let sealed = vault.seal(SealedRow::Recall(assessment, originator), envelope)?;
            let originator = peers::number_of(conn, originator)?;
            execute(conn, KEEP, params![assessment.as_bytes(), originator, peer, sealed, at.unix_nanos()])?;
            Ok(true)
        })
        .await
    }

    async fn unverified_recall_names(&self) -> Result<Vec<RecallName>> {
        const SQL: &str = "SELECT u.assessment, o.domain, f.domain FROM recall_unproven u \
            JOIN peer o ON o.number = u.originator JOIN peer f ON f.number = u.peer ORDER BY u.assessment, f.domain";
        let read =
            |r: &SqlRow<'_>| Ok(RecallName { assessment: id(r, 0)?, originator: text(r, 1)?, from: text(r, 2)? });
        self.read(move |conn| query_all(conn, SQL, params![], read)).await
    }

    async fn unverified_recall(&self, name: &RecallName) -> Result<Option<UnverifiedRecall>> {
        const SQL: &str = "SELECT sealed, at FROM recall_unproven WHERE assessment = ?1 \
            AND originator = (SELECT number FROM peer WHERE domain = ?2) \
            AND peer = (SELECT number FROM peer WHERE domain = ?3)";
        let name = name.clone();
        self.read_sealed(move |conn, vault| {
            let values = params![name.assessment.as_bytes(), name.originator.as_str(), name.from.as_str()];
            let found = query_optional(conn, SQL, values, |r| Ok((r.get::<Vec<u8>>(0)?, time(r, 1)?)))?;
            let Some((sealed, at)) = found else { return Ok(None) };
            let envelope = vault.open(SealedRow::Recall(&name.assessment, &name.originator), &sealed)?;
            Ok(Some(UnverifiedRecall { name, envelope, at }))
        })
        .await
    }

    async fn forget_unverified_recall(&self, recall: &RecallName) -> Result<()> {
        const SQL: &str = "DELETE FROM recall_unproven WHERE assessment = ?1 AND originator = \
            (SELECT number FROM peer WHERE domain = ?2) AND peer = (SELECT number FROM peer WHERE domain = ?3)";
        let (assessment, originator, from) = (recall.assessment, recall.originator.clone(), recall.from.clone());
        self.transact([Lock::assessment(&originator, &assessment), Lock::peer_in(&from)], move |_, _, changes| {
            let values = values![assessment.as_bytes(), originator.as_str(), from.as_str()];
            changes.write(SQL, values, Rows::AtMostOne);
            Ok(())
        })
        .await
    }

    async fn holders(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<HoldersRecord> {
        holders::of(self, originator, id).await
    }

    async fn holders_before(
        &self,
        originator: &TrustDomain,
        id: &AssessmentId,
        version: u32,
    ) -> Result<Vec<(TrustDomain, u32)>> {
        holders::before(self, originator, id, version).await
    }

    async fn is_attachment_recalled(&self, sha256: &Sha256) -> Result<bool> {
        const SQL: &str = "SELECT count(*) FILTER (WHERE m.state IN ('withdrawn', 'purged')) > 0 \
            AND count(*) FILTER (WHERE m.state IN ('current', 'superseded')) = 0 FROM attachment_of a \
            JOIN manifest m ON m.number = a.manifest WHERE a.sha256 = ?1";
        let sha256 = *sha256;
        self.read(move |conn| {
            Ok(query_optional(conn, SQL, params![sha256.as_bytes()], |r| r.get(0))?.unwrap_or_default())
        })
        .await
    }
}

/// Makes recalls unverified again that were verified under roots that are not the organisation's own. For the writer.
pub(super) fn unprove(conn: &dyn Connection, originator: &TrustDomain) -> Result<()> {
    const STEPS: [&str; 4] = [
        "INSERT INTO recall_unproven (assessment, originator, peer, sealed, at) \
         SELECT assessment, originator, peer, sealed, at FROM recall WHERE originator = ?1 AND peer IS NOT NULL ON CONFLICT DO NOTHING",
        "DELETE FROM recall_answer WHERE recall IN (SELECT number FROM recall WHERE originator = ?1)",
        "DELETE FROM recall_statement WHERE recall IN (SELECT number FROM recall WHERE originator = ?1)",
        "DELETE FROM recall WHERE originator = ?1",
    ];
    let originator = peers::number_of(conn, originator)?;
    STEPS.iter().try_for_each(|sql| execute(conn, sql, params![originator]).map(drop))
}

/// The draft of what is destroyed: an assessment that was published from a kept draft has the draft's id. A recall that a partner sent is about
/// another organisation's assessment. It never reaches a draft, even one with that assessment's id.
fn draft_of(step: &RecallStep) -> Option<DraftId> {
    let is_own = step.record.from.is_none();
    (is_own && step.effect == ContentEffect::Destroy).then_some(DraftId(step.record.assessment.0))
}

/// Deletes the draft of what is destroyed. The ledger names whoever destroys the assessment.
fn delete_draft(
    conn: &dyn Connection,
    changes: &mut Changes,
    damages: &DamageRegistry,
    step: &RecallStep,
) -> Result<()> {
    let Some(draft) = draft_of(step) else { return Ok(()) };
    if drafts::delete(conn, damages, &draft)? {
        let deed = Deed::DraftDeleted { draft };
        let event = match step.events.first() {
            Some(recalled) => Event { deed, ..recalled.clone() },
            None => Event::of_node(step.record.at, deed),
        };
        changes.record([LedgerLeaf::of(&event)?]);
    }
    Ok(())
}

fn commit(
    conn: &dyn Connection,
    vault: &Vault,
    changes: &mut Changes,
    damages: &DamageRegistry,
    step: &RecallStep,
) -> Result<RecallOutcome> {
    const HERE: &str = "SELECT number FROM assessment WHERE id = ?1 AND originator = ?2";
    const VERSIONS: &str = "SELECT id FROM manifest WHERE assessment = ?1 ORDER BY number";
    let RecallRecord { assessment, originator, .. } = &step.record;
    let peer = peers::number_of(conn, originator)?;
    save(conn, vault, step, peer)?;
    let here: Option<i64> = query_optional(conn, HERE, params![assessment.as_bytes(), peer], |r| r.get(0))?;
    let mut done = RecallOutcome::default();
    if let Some(here) = here {
        done.manifests = query_all(conn, VERSIONS, params![here], |r| id(r, 0))?;
        // This comes first, while the recipients are still known and nothing is deleted yet.
        match step.effect {
            ContentEffect::None => {}
            ContentEffect::Hide => hide(conn, here)?,
            ContentEffect::Destroy => {
                destroy(conn, here)?;
                purge::texts(conn, vault, here)?;
                delete_draft(conn, changes, damages, step)?;
            }
        }
        if step.is_told {
            done.told = tell(conn, vault, step, here)?;
        }
    }
    for (partner, envelope) in &step.post {
        let statement = SealedStatement::new(vault, partner, envelope)?;
        outbox::put(conn, changes, partner, statement, Some(step.record.at))?;
    }
    Ok(done)
}

/// Stores the recall's row after the step.
fn save(conn: &dyn Connection, vault: &Vault, step: &RecallStep, originator: i64) -> Result<()> {
    const FIND: &str = "SELECT state FROM recall WHERE assessment = ?1 AND originator = ?2";
    const NEXT: &str = "UPDATE turn SET newest = newest + 1 WHERE of = 'recall'";
    const SAVE: &str = "INSERT INTO recall (assessment, originator, id, kind, state, peer, at, turn, sealed, standing) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT newest FROM turn WHERE of = 'recall'), ?8, ?9) \
        ON CONFLICT (assessment, originator) DO UPDATE SET id = excluded.id, kind = excluded.kind, \
        state = excluded.state, peer = excluded.peer, at = excluded.at, turn = excluded.turn, sealed = excluded.sealed, \
        standing = excluded.standing";
    const PLACE: &str = "SELECT number FROM recall WHERE assessment = ?1 AND originator = ?2";
    const NAME: &str = "INSERT INTO recall_statement (id, recall) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    let RecallRecord { assessment, originator: name, id, kind, envelope, standing, from, at, turn: _ } = &step.record;
    let before = query_optional(conn, FIND, params![assessment.as_bytes(), originator], |r| text::<RecallState>(r, 0))?;
    if before != step.before {
        return Err(StoreError::Conflict);
    }
    let peer = from.as_ref().map(|f| peers::number_of(conn, f)).transpose()?;
    let written = serde_json::to_vec(standing).map_err(|e| StoreError::Failed(e.to_string()))?;
    let values = params![
        assessment.as_bytes(),
        originator,
        id.as_bytes(),
        kind.as_str(),
        standing.state.as_str(),
        peer,
        at.unix_nanos(),
        vault.seal(SealedRow::Recall(assessment, name), envelope)?,
        vault.seal(SealedRow::RecallStanding(assessment, name), &written)?,
    ];
    execute(conn, NEXT, params![])?;
    execute(conn, SAVE, values)?;
    let place = query_optional(conn, PLACE, params![assessment.as_bytes(), originator], |r| r.get(0))?;
    let place: i64 = place.ok_or(StoreError::Conflict)?;
    execute(conn, NAME, params![id.as_bytes(), place]).map(|_| ())
}

/// Hides the assessment from users and takes it out of all queues.
fn hide(conn: &dyn Connection, assessment: i64) -> Result<()> {
    const STATES: &str = "UPDATE manifest SET state = 'withdrawn' WHERE assessment = ?1 AND state <> 'quarantined'";
    execute(conn, STATES, params![assessment])?;
    forget(conn, assessment)
}

/// Deletes what is pending for the assessment: queue items, duties, entries that wait for an agreement, and attachments that
/// are still to come.
fn forget(conn: &dyn Connection, assessment: i64) -> Result<()> {
    const STEPS: [&str; 4] = [
        "DELETE FROM queue WHERE manifest IN (SELECT number FROM manifest WHERE assessment = ?1)",
        "DELETE FROM duty WHERE manifest IN (SELECT number FROM manifest WHERE assessment = ?1)",
        "UPDATE received SET held_for = NULL WHERE manifest IN (SELECT number FROM manifest WHERE assessment = ?1) \
         AND held_for IS NOT NULL",
        purge::attachments!("attachment_named"),
    ];
    STEPS.iter().try_for_each(|sql| execute(conn, sql, params![assessment]).map(|_| ()))
}

/// Destroys the key and what was encrypted with it, so that neither is of use to somebody who gets the other. The log still has
/// older pages: the mark makes the writer empty it, at the next start if not now.
fn destroy(conn: &dyn Connection, assessment: i64) -> Result<()> {
    const STEPS: [&str; 5] = [
        // This comes before the portions are deleted, because they tell what was published here.
        purge::attachments!("attachment_copy"),
        "UPDATE manifest SET state = 'purged' WHERE assessment = ?1 AND state <> 'quarantined'",
        "UPDATE assessment SET wrapped = NULL WHERE number = ?1",
        "DELETE FROM portion_set WHERE manifest IN (SELECT number FROM manifest WHERE assessment = ?1)",
        "DELETE FROM beside WHERE manifest IN (SELECT number FROM manifest WHERE assessment = ?1)",
    ];
    const SCRUB: &str = "INSERT INTO meta (name, value) VALUES ('scrub', ?1) ON CONFLICT DO NOTHING";
    STEPS.iter().try_for_each(|sql| execute(conn, sql, params![assessment]).map(drop))?;
    execute(conn, SCRUB, params![NO_BYTES])?;
    conn.destroys_content();
    forget(conn, assessment)
}

/// Puts the recall into the outboxes of all partners that may hold the assessment, before everything else.
fn tell(conn: &dyn Connection, vault: &Vault, step: &RecallStep, here: i64) -> Result<Vec<TrustDomain>> {
    const SQL: &str = "SELECT d.domain FROM peer d WHERE d.number IN (SELECT r.peer FROM release r \
        JOIN manifest m ON m.number = r.manifest WHERE m.assessment = ?1) OR d.number IN (SELECT h.holder FROM report h \
        JOIN manifest m ON m.number = h.manifest JOIN partner p ON p.peer = h.holder \
        WHERE m.assessment = ?1 AND h.verified = TRUE AND p.state = 'active') ORDER BY d.domain";
    let mut told = query_all(conn, SQL, params![here], |r| text::<TrustDomain>(r, 0))?;
    told.retain(|partner| !step.except.contains(partner));
    for partner in &told {
        let recall = SealedStatement::new(vault, partner, &step.record.envelope)?;
        outbox::put_first(conn, partner, &recall, step.record.at, &step.record.id)?;
    }
    Ok(told)
}
