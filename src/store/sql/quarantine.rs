//! Quarantine: why entries are in it, and how they leave it. Portions are encrypted together with their quarantine flag, so
//! that an entry that leaves quarantine is encrypted anew.

use std::sync::Arc;

use super::{
    arrival::NEXT_ARRIVAL,
    arrival::{ArrivalRow, VersionRow},
    assessments::PAGE_BYTES,
    attached, attachments, catalogue, dialect,
    driver::Driver,
    extracts::{SUMMARY, TITLE},
    lock::Lock,
    manifests::{self, StoredVersion, Version},
    outbox::{self, SealedStatement},
    peers,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    recalls, roots,
    store::SqlStore,
    value::{SqlRow, count, id, number, text, time},
};
use crate::{
    domain::{
        fault::Reason,
        ids::{AssessmentId, Sha256, StatementId, TrustDomain},
        time::Time,
    },
    store::{
        Result, StoreError,
        damage::Damage,
        receipts::{QuarantineRecord, QuarantinedEntry, Readmission},
        vault::{ContentKey, LedgerLeaf, SealedRow, Vault, unpack},
    },
    wire,
};

pub(super) async fn of(store: &SqlStore<impl Driver>, manifest: &StatementId) -> Result<Vec<QuarantineRecord>> {
    const SQL: &str = "SELECT d.domain, r.sequence, r.release_id, r.reason, r.at FROM received r \
        JOIN peer d ON d.number = r.peer WHERE r.manifest = (SELECT number FROM manifest WHERE id = ?1) \
        AND r.quarantined = TRUE ORDER BY r.number";
    let manifest = *manifest;
    store
        .read(move |conn| {
            query_all(conn, SQL, params![manifest.as_bytes()], |r| {
                Ok(QuarantineRecord {
                    partner: text(r, 0)?,
                    sequence: count(r, 1)?,
                    release_id: id(r, 2)?,
                    reason: r.get(3)?,
                    at: time(r, 4)?,
                })
            })
        })
        .await
}

/// An arrival, with what is needed to decrypt its portions and to show it.
struct QuarantinedArrival {
    /// The number of its row.
    number: i64,
    peer: i64,
    partner: TrustDomain,
    sequence: u64,
    release_id: StatementId,
    release: Vec<u8>,
    /// The number of its manifest's row.
    manifest: i64,
    manifest_id: StatementId,
    envelope: Vec<u8>,
    version: u32,
    since: Time,
    assessment: (i64, AssessmentId),
    originator: (i64, TrustDomain),
    /// The assessment's key; `None` after a purge.
    wrapped: Option<Vec<u8>>,
    /// In the form of `pack`.
    provenance: Vec<u8>,
    at: Time,
}

macro_rules! arrivals {
    ($rest:literal) => {
        concat!(
            "SELECT r.number, r.peer, f.domain, r.sequence, r.release_id, r.envelope, m.number, m.id, \
             coalesce(r.claimed, m.envelope), \
             m.version, m.since, a.number, a.id, o.number, o.domain, a.wrapped, r.provenance, r.at \
             FROM received r JOIN peer f ON f.number = r.peer JOIN manifest m ON m.number = r.manifest \
             JOIN assessment a ON a.number = m.assessment JOIN peer o ON o.number = m.originator \
             WHERE ",
            $rest
        )
    };
}

fn arrival(r: &SqlRow<'_>) -> Result<QuarantinedArrival> {
    Ok(QuarantinedArrival {
        number: r.get(0)?,
        peer: r.get(1)?,
        partner: text(r, 2)?,
        sequence: count(r, 3)?,
        release_id: id(r, 4)?,
        release: r.get(5)?,
        manifest: r.get(6)?,
        manifest_id: id(r, 7)?,
        envelope: r.get(8)?,
        version: r.get(9)?,
        since: time(r, 10)?,
        assessment: (r.get(11)?, id(r, 12)?),
        originator: (r.get(13)?, text(r, 14)?),
        wrapped: r.get(15)?,
        provenance: r.get(16)?,
        at: time(r, 17)?,
    })
}

impl QuarantinedArrival {
    fn row(&self, quarantined: bool) -> SealedRow<'_> {
        SealedRow::PortionSet { manifest: &self.manifest_id, from: &self.partner, sequence: self.sequence, quarantined }
    }

    fn title(&self, quarantined: bool) -> SealedRow<'_> {
        SealedRow::Title { manifest: &self.manifest_id, from: &self.partner, sequence: self.sequence, quarantined }
    }

    fn summary(&self, quarantined: bool) -> SealedRow<'_> {
        SealedRow::Summary { manifest: &self.manifest_id, from: &self.partner, sequence: self.sequence, quarantined }
    }

    fn version_row(&self) -> VersionRow<'_> {
        VersionRow { number: self.manifest, manifest_id: &self.manifest_id }
    }

    fn arrival_row(&self) -> ArrivalRow<'_> {
        ArrivalRow { peer: self.peer, from: &self.partner, sequence: self.sequence }
    }

    fn key(&self, vault: &Vault, wrapped: Vec<u8>) -> Result<ContentKey> {
        vault.unwrap_key(SealedRow::AssessmentKey(&self.assessment.1, &self.originator.1), wrapped)
    }

    /// The number and the bytes of the row with the encrypted portions.
    fn sealed(&self, conn: &dyn Queries, quarantined: bool) -> Result<(i64, Vec<u8>)> {
        const SQL: &str = "SELECT number, sealed FROM portion_set \
            WHERE manifest = ?1 AND peer = ?2 AND sequence = ?3 AND quarantined = ?4";
        let values = params![self.manifest, self.peer, number(self.sequence)?, quarantined];
        let found = query_optional(conn, SQL, values, |r| Ok((r.get(0)?, r.get(1)?)))?;
        found.ok_or(StoreError::Damaged(Damage::Version(self.manifest_id)))
    }

    /// Encrypts the content of the arrival anew, as quarantined or not.
    fn seal_anew(&self, conn: &dyn Connection, key: &ContentKey, quarantined: bool) -> Result<()> {
        const PORTIONS: &str = "UPDATE portion_set SET quarantined = ?2, sealed = ?3 WHERE number = ?1";
        let (place, sealed) = self.sealed(conn, !quarantined)?;
        let portions = key.seal(self.row(quarantined), &key.open(self.row(!quarantined), &sealed)?)?;
        execute(conn, PORTIONS, params![place, quarantined, portions])?;
        TITLE.seal_anew(conn, key, place, self.title(!quarantined), self.title(quarantined))?;
        SUMMARY.seal_anew(conn, key, place, self.summary(!quarantined), self.summary(quarantined))?;
        attached::seal_anew(conn, key, self.version_row(), self.arrival_row(), quarantined)
    }

    fn held(self, conn: &dyn Queries, vault: &Vault) -> Result<Option<QuarantinedEntry>> {
        let Some(wrapped) = self.wrapped.clone() else { return Ok(None) };
        let key = self.key(vault, wrapped)?;
        let packed = key.open(self.row(true), &self.sealed(conn, true)?.1)?;
        let attached = attached::of_arrival(conn, &key, self.version_row(), self.arrival_row(), true)?;
        Ok(Some(QuarantinedEntry {
            portions: unpack(&packed)?,
            attached: attached.map(|(_, all)| all.into_iter().map(|s| s.envelope).collect()).unwrap_or_default(),
            sequence: self.sequence,
            release_id: self.release_id,
            arrived_at: self.at,
            release: self.release,
            provenance: unpack(&self.provenance)?,
            manifest_id: self.manifest_id,
            manifest: self.envelope,
        }))
    }
}

pub(super) async fn quarantined_for(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    agreement: &StatementId,
    after: u64,
    limit: u32,
) -> Result<Vec<QuarantinedEntry>> {
    const SQL: &str = arrivals!(
        "r.quarantined = TRUE AND r.peer = (SELECT number FROM peer WHERE domain = ?1) AND r.held_for = ?2 \
         AND r.sequence > ?3 ORDER BY r.sequence LIMIT ?4"
    );
    let (partner, agreement) = (partner.clone(), *agreement);
    let damages = Arc::clone(store.damages());
    store
        .read_sealed(move |conn, vault| {
            let values = params![partner.as_str(), agreement.as_bytes(), number(after)?, limit];
            let (mut held, mut bytes) = (vec![], 0);
            for found in query_all(conn, SQL, values, arrival)? {
                if bytes >= PAGE_BYTES {
                    break;
                }
                let outcome = found.held(conn, vault);
                damages.of(&outcome);
                match outcome {
                    Ok(Some(entry)) => {
                        bytes += entry.portions.iter().map(Vec::len).sum::<usize>();
                        held.push(entry);
                    }
                    Ok(None) | Err(StoreError::Damaged(_)) => {}
                    Err(other) => return Err(other),
                }
            }
            Ok(held)
        })
        .await
}

pub(super) async fn readmit(store: &SqlStore<impl Driver>, entry: Readmission) -> Result<bool> {
    let leaves = LedgerLeaf::all(&entry.events)?;
    // Which assessment it is of never changes.
    let Some(assessment) = store
        .read({
            let (partner, sequence) = (entry.partner.clone(), entry.sequence);
            move |conn| assessment_of(conn, &partner, sequence)
        })
        .await?
    else {
        return Ok(false);
    };
    let (peer, post) = (Lock::peer_in(&entry.partner), Lock::peer_out(&entry.partner));
    let locks = [assessment, peer, post].into_iter().chain(catalogue::lock(entry.catalogue)).collect::<Vec<_>>();
    let seal = |statement: &Vec<u8>| SealedStatement::new(store.vault(), &entry.partner, statement);
    let post = entry.post.iter().map(seal).collect::<Result<Vec<_>>>()?;
    store
        .interleave(locks, move |conn, vault, changes| {
            catalogue::require(conn, entry.catalogue)?;
            if !show(conn, vault, &entry)? {
                return Ok(false);
            }
            for statement in post {
                outbox::put(conn, changes, &entry.partner, statement, None)?;
            }
            changes.record(leaves);
            Ok(true)
        })
        .await
}

/// The lock of the assessment that an arrival is of; `None` if it has brought no content.
fn assessment_of(conn: &dyn Queries, partner: &TrustDomain, sequence: u64) -> Result<Option<Lock>> {
    const SQL: &str = "SELECT m.id FROM received r JOIN manifest m ON m.number = r.manifest \
        WHERE r.peer = (SELECT number FROM peer WHERE domain = ?1) AND r.sequence = ?2";
    let manifest = query_optional(conn, SQL, params![partner.as_str(), number(sequence)?], |r| id(r, 0))?;
    Ok(manifest.map(|manifest| Lock::assessment_of(&manifest)))
}

/// `false` if the entry stays in quarantine; nothing changes then.
fn show(conn: &dyn Connection, vault: &Vault, entry: &Readmission) -> Result<bool> {
    const FIND: &str =
        arrivals!("r.quarantined = TRUE AND r.peer = (SELECT number FROM peer WHERE domain = ?1) AND r.sequence = ?2");
    // It gets a new arrival number, so that a follower that saw it in quarantine sees it again.
    const RECEIVED: &str = "UPDATE received SET quarantined = FALSE, reason = NULL, held_for = NULL, \
        number = (SELECT newest FROM turn WHERE of = 'arrival') WHERE number = ?1";
    let values = params![entry.partner.as_str(), number(entry.sequence)?];
    let Some(found) = query_optional(conn, FIND, values, arrival)? else { return Ok(false) };
    let Some(wrapped) = found.wrapped.clone() else { return Ok(false) };
    if !recalls::may_be_shown(conn, &found.assessment.1, found.originator.0, found.peer)? {
        return Ok(false);
    }
    let version = Version {
        manifest_id: &found.manifest_id,
        manifest: &found.envelope,
        assessment: found.assessment.0,
        originator: found.originator.0,
        version: found.version,
        since: found.since,
        verified: &entry.verified,
    };
    let kept = manifests::keep(conn, &version, false)?;
    if kept.is_quarantined {
        return Ok(false);
    }
    found.seal_anew(conn, &found.key(vault, wrapped)?, false)?;
    hide(conn, vault, &kept)?;
    execute(conn, NEXT_ARRIVAL, params![])?;
    execute(conn, RECEIVED, params![found.number])?;
    attachments::named(conn, peers::number_of(conn, &entry.partner)?, &entry.attachments)?;
    attachments::name(conn, found.manifest, entry.attachments.iter().map(|(sha256, _)| sha256))?;
    Ok(true)
}

/// Puts the arrivals of a manifest that was replaced into quarantine. For the writer.
pub(super) fn hide(conn: &dyn Connection, vault: &Vault, kept: &StoredVersion) -> Result<()> {
    const FIND: &str = arrivals!("r.quarantined = FALSE AND r.manifest = ?1 ORDER BY r.number");
    const RECEIVED: &str = "UPDATE received SET quarantined = TRUE, reason = ?2, claimed = ?3 WHERE number = ?1";
    let Some((manifest, reason)) = kept.gave_way else { return Ok(()) };
    for found in query_all(conn, FIND, params![manifest], arrival)? {
        // Without the key nothing of it can be read, so nothing is encrypted anew. The same holds for a damaged row, which must
        // not block anything else.
        if let Some(wrapped) = found.wrapped.clone() {
            match found.key(vault, wrapped).and_then(|key| found.seal_anew(conn, &key, true)) {
                Ok(()) | Err(StoreError::Damaged(_)) => {}
                Err(other) => return Err(other),
            }
        }
        execute(conn, RECEIVED, params![found.number, reason.to_string(), found.envelope])?;
    }
    Ok(())
}

/// Has quarantined entries examined again when the agreement changes under which they were released. For the writer.
fn hold_for_agreement(conn: &dyn Connection, manifest: i64) -> Result<()> {
    const FIND: &str =
        "SELECT number, envelope FROM received WHERE manifest = ?1 AND quarantined = TRUE AND held_for IS NULL";
    const HOLD: &str = "UPDATE received SET held_for = ?2 WHERE number = ?1";
    for (place, release) in query_all(conn, FIND, params![manifest], |r| Ok((r.get::<i64>(0)?, r.get::<Vec<u8>>(1)?)))?
    {
        let release = wire::envelope::decode(&release).and_then(|envelope| wire::release::decode(&envelope.payload));
        // An unreadable one stays in quarantine.
        let Ok(release) = release else { continue };
        execute(conn, HOLD, params![place, release.agreement.id.as_bytes()])?;
    }
    Ok(())
}

/// Puts everything into quarantine that was verified under a bundle that is not the organisation's own, until it is verified
/// under another bundle. Returns the manifests. For the writer.
pub(super) fn disown(
    conn: &dyn Connection,
    vault: &Vault,
    of: &TrustDomain,
    bundle: &Sha256,
) -> Result<Vec<StatementId>> {
    const FIND: &str = concat!(
        "SELECT m.number, m.id FROM manifest m JOIN peer d ON d.number = m.originator \
         WHERE d.domain = ?1 AND m.state <> 'quarantined' AND ",
        dialect::contains!("m.verified", "?2")
    );
    let found = query_all(conn, FIND, params![of.as_str(), bundle.to_string()], |r| {
        Ok((r.get::<i64>(0)?, id::<StatementId>(r, 1)?))
    })?;
    for (manifest, _) in &found {
        manifests::hide(conn, *manifest)?;
        let kept = StoredVersion {
            number: *manifest,
            is_quarantined: false,
            gave_way: Some((*manifest, Reason::OriginUnknown)),
        };
        hide(conn, vault, &kept)?;
        hold_for_agreement(conn, *manifest)?;
    }
    roots::disown(conn, of, bundle)?;
    recalls::unprove(conn, of)?;
    roots::clear_compromised(conn, of)?;
    Ok(found.into_iter().map(|(_, id)| id).collect())
}
