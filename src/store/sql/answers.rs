//! Outgoing receipts, holders' reports, and duties to acknowledge.

use async_trait::async_trait;

use super::{
    dialect,
    driver::Driver,
    lock::Lock,
    manifests, outbox, peers,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    recalls, receipts,
    store::SqlStore,
    transaction::{Changes, Rows, values},
    value::{SqlRow, count, id, number, text, time},
};
use crate::{
    domain::{
        event::Event,
        ids::{AssessmentId, Role, StatementId, TrustDomain},
        receipt::ReceiptKind,
        time::Time,
    },
    store::{
        Result, StoreError,
        receipts::{
            Acknowledgement, DutyRecord, HolderReport, OverdueRecord, QuarantineCount, ReadingRecord, ReceiptStore,
            ReceiptTarget, ReportedReadings, UnansweredEntries,
        },
        vault::{LedgerLeaf, unpack},
    },
};

/// The most holders of a version that are stored without being verified.
const MOST_UNVERIFIED: u64 = 256;
/// How many bytes of releases are read at once; at least one reading is read.
const MOST_BYTES: usize = 4 << 20;

macro_rules! arrivals {
    ($rest:literal) => {
        concat!(
            "SELECT f.domain, r.sequence, r.release_id, r.envelope, r.provenance, o.domain, m.id, r.quarantined, m.state \
             FROM received r JOIN peer f ON f.number = r.peer JOIN manifest m ON m.number = r.manifest \
             JOIN peer o ON o.number = m.originator WHERE ",
            $rest
        )
    };
}

/// An arrival, whose provenance is still packed.
struct PackedArrival {
    target: ReceiptTarget,
    provenance: Vec<u8>,
    is_recalled: bool,
}

impl PackedArrival {
    fn unpacked(self) -> Result<ReceiptTarget> {
        Ok(ReceiptTarget { provenance: unpack(&self.provenance)?, ..self.target })
    }
}

fn arrived(r: &SqlRow<'_>) -> Result<PackedArrival> {
    let state: crate::store::AssessmentState = text(r, 8)?;
    let target = ReceiptTarget {
        sender: text(r, 0)?,
        sequence: count(r, 1)?,
        release_id: id(r, 2)?,
        release: r.get(3)?,
        provenance: vec![],
        originator: text(r, 5)?,
        manifest_id: id(r, 6)?,
        quarantined: r.get(7)?,
    };
    Ok(PackedArrival { target, provenance: r.get(4)?, is_recalled: state.is_recalled() })
}

/// Adds a duty to acknowledge a version. If there is one already, its deadline stays.
pub(super) fn owe(changes: &mut Changes, peer: i64, outgoing: bool, manifest: i64, due: Time) {
    const SQL: &str =
        "INSERT INTO duty (peer, outgoing, manifest, due_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    changes.write(SQL, values![peer, outgoing, manifest, due], Rows::AtMostOne);
}

/// Marks the duty about a version as met, and those about earlier versions.
fn met(conn: &dyn Connection, peer: Option<i64>, outgoing: bool, manifest: i64) -> Result<()> {
    const SQL: &str = "DELETE FROM duty WHERE (?1 IS NULL OR peer = ?1) AND outgoing = ?2 AND manifest IN \
        (SELECT e.number FROM manifest e JOIN manifest m ON m.assessment = e.assessment AND e.version <= m.version \
        WHERE m.number = ?3)";
    execute(conn, SQL, params![peer, outgoing, manifest]).map(|_| ())
}

#[async_trait]
impl<D: Driver> ReceiptStore for SqlStore<D> {
    async fn to_answer(&self) -> Result<Vec<TrustDomain>> {
        const SQL: &str = "SELECT d.domain FROM feed_in f JOIN peer d ON d.number = f.peer \
            WHERE f.receipted < f.sequence ORDER BY d.domain";
        self.read(|conn| query_all(conn, SQL, params![], |r| text(r, 0))).await
    }

    async fn unanswered(&self, partner: &TrustDomain, limit: u32) -> Result<UnansweredEntries> {
        const AFTER: &str = "SELECT receipted FROM feed_in WHERE peer = ?1";
        const UNTIL: &str = "SELECT coalesce(max(sequence), ?2) FROM (SELECT sequence FROM received \
            WHERE peer = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3)";
        const SQL: &str = arrivals!(
            "r.peer = ?1 AND r.sequence > ?2 AND r.sequence <= ?3 AND r.quarantined = FALSE ORDER BY r.sequence"
        );
        let partner = partner.clone();
        self.read(move |conn| {
            let Some(peer) = peers::find(conn, &partner)? else { return Ok(UnansweredEntries::default()) };
            let after = query_optional(conn, AFTER, params![peer], |r| count(r, 0))?.unwrap_or_default();
            let until =
                query_optional(conn, UNTIL, params![peer, number(after)?, limit], |r| count(r, 0))?.unwrap_or(after);
            let found = query_all(conn, SQL, params![peer, number(after)?, number(until)?], arrived)?;
            let found = found.into_iter().filter(|arrival| !arrival.is_recalled);
            Ok(UnansweredEntries { after, until, arrived: found.map(PackedArrival::unpacked).collect::<Result<_>>()? })
        })
        .await
    }

    async fn answered(
        &self,
        partner: &TrustDomain,
        after: u64,
        until: u64,
        post: Vec<(TrustDomain, Vec<u8>)>,
    ) -> Result<()> {
        const SQL: &str = "UPDATE feed_in SET receipted = ?3 \
            WHERE peer = (SELECT number FROM peer WHERE domain = ?1) AND receipted = ?2";
        let partner = partner.clone();
        const AFTER: &str = "SELECT receipted FROM feed_in WHERE peer = (SELECT number FROM peer WHERE domain = ?1)";
        self.transact([Lock::peer_in(&partner)], move |conn, vault, changes| {
            if query_optional(conn, AFTER, params![partner.as_str()], |r| count(r, 0))? != Some(after) {
                return Err(StoreError::Conflict);
            }
            changes.write(SQL, values![partner.as_str(), number(after)?, number(until)?], Rows::One);
            outbox::put_all(conn, vault, changes, &post)
        })
        .await
    }

    async fn arrivals_of(
        &self,
        originator: &TrustDomain,
        id: &AssessmentId,
        manifest_id: Option<&StatementId>,
    ) -> Result<Vec<ReceiptTarget>> {
        const SQL: &str = arrivals!(
            "m.assessment = (SELECT number FROM assessment WHERE id = ?1 AND originator = \
             (SELECT number FROM peer WHERE domain = ?2)) AND (?3 IS NULL OR m.id = ?3) ORDER BY r.number"
        );
        let (originator, id, manifest) = (originator.clone(), *id, manifest_id.copied());
        self.read(move |conn| {
            let values = params![id.as_bytes(), originator.as_str(), manifest.as_ref().map(|m| m.as_bytes())];
            query_all(conn, SQL, values, arrived)?.into_iter().map(PackedArrival::unpacked).collect()
        })
        .await
    }

    async fn note_reading(&self, manifest_id: &StatementId, role: Role, due: Time, events: Vec<Event>) -> Result<()> {
        const SQL: &str = "INSERT INTO read_by (manifest, role, due) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let (manifest, leaves) = (*manifest_id, LedgerLeaf::all(&events)?);
        self.transact([Lock::assessment_of(&manifest).shared()], move |conn, _, changes| {
            let manifest = manifests::find(conn, &manifest)?.ok_or(StoreError::Conflict)?;
            changes.write(SQL, values![manifest, role.as_str(), due], Rows::AtMostOne);
            changes.record(leaves);
            Ok(())
        })
        .await
    }

    async fn readings_to_report(&self, ended: Time, latest: Time, limit: u32) -> Result<Vec<ReadingRecord>> {
        const SQL: &str = "SELECT b.manifest, m.id, b.role FROM read_by b JOIN manifest m ON m.number = b.manifest \
            WHERE b.due IS NOT NULL AND (b.due <= ?1 OR b.due > ?2) ORDER BY b.role, b.manifest LIMIT ?3";
        const ARRIVED: &str = arrivals!("r.manifest = ?1 AND r.quarantined = FALSE ORDER BY r.number");
        self.read(move |conn| {
            let of = params![ended.unix_nanos(), latest.unix_nanos(), limit];
            let due = query_all(conn, SQL, of, |r| Ok((r.get::<i64>(0)?, id(r, 1)?, text(r, 2)?)))?;
            let (mut readings, mut bytes) = (vec![], 0);
            for (manifest, manifest_id, role) in due {
                let came = query_all(conn, ARRIVED, params![manifest], arrived)?
                    .into_iter()
                    .filter(|arrival| !arrival.is_recalled);
                let came: Vec<_> = came.collect();
                bytes += came.iter().map(|one| one.target.release.len() + one.provenance.len()).sum::<usize>();
                if bytes > MOST_BYTES && !readings.is_empty() {
                    break;
                }
                let arrived = came.into_iter().map(PackedArrival::unpacked).collect::<Result<_>>()?;
                readings.push(ReadingRecord { manifest_id, role, arrived });
            }
            Ok(readings)
        })
        .await
    }

    async fn mark_readings_reported(&self, told: ReportedReadings) -> Result<()> {
        const SQL: &str = "UPDATE read_by SET due = NULL WHERE manifest = ?1 AND role = ?2 AND due IS NOT NULL";
        let leaves = LedgerLeaf::all(&told.events)?;
        let locks: Vec<_> = told.readings.iter().map(|(id, _)| Lock::assessment_of(id).shared()).collect();
        self.interleave(locks, move |conn, vault, changes| {
            for (manifest, role) in &told.readings {
                let manifest = manifests::find(conn, manifest)?.ok_or(StoreError::Conflict)?;
                if execute(conn, SQL, params![manifest, role.as_str()])? != 1 {
                    return Err(StoreError::Conflict);
                }
                met(conn, None, false, manifest)?;
            }
            outbox::put_all(conn, vault, changes, &told.post)?;
            changes.record(leaves);
            Ok(())
        })
        .await
    }

    async fn acknowledge(&self, acknowledgement: Acknowledgement) -> Result<bool> {
        // Any other acknowledgement leaves a reading that is still to be reported.
        const SAID: &str = "INSERT INTO read_by (manifest, role) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        const READ: &str = "INSERT INTO read_by (manifest, role) VALUES (?1, ?2) ON CONFLICT (manifest, role) \
            DO UPDATE SET due = NULL WHERE read_by.due IS NOT NULL";
        let leaves = LedgerLeaf::all(&acknowledgement.events)?;
        let locks = [Lock::assessment_of(&acknowledgement.manifest_id).shared()];
        self.interleave(locks, move |conn, vault, changes| {
            let Acknowledgement { manifest_id, kind, role, post, .. } = &acknowledgement;
            let manifest = manifests::find(conn, manifest_id)?.ok_or(StoreError::Conflict)?;
            let is_reading = *kind == ReceiptKind::Read;
            let is_first = execute(conn, if is_reading { READ } else { SAID }, params![manifest, role.as_str()])? > 0;
            let is_news = is_first || !is_reading;
            if is_news {
                outbox::put_all(conn, vault, changes, post)?;
                met(conn, None, false, manifest)?;
            }
            changes.record(leaves);
            Ok(is_news)
        })
        .await
    }

    async fn save_report(&self, report: HolderReport) -> Result<bool> {
        let leaves = LedgerLeaf::all(&report.events)?;
        let locks: Vec<_> = report.versions.iter().map(|(id, _)| Lock::assessment_of(id).shared()).collect();
        self.interleave(locks, move |conn, vault, changes| {
            if !report.verified && is_crowded(conn, &report)? {
                return Ok(false);
            }
            let Some(receipt) = receipts::insert(conn, vault, &report.id, &report.envelope, &report.holder)? else {
                return Ok(false);
            };
            keep(conn, &report, receipt)?;
            outbox::put_all(conn, vault, changes, &report.post)?;
            changes.record(leaves);
            Ok(true)
        })
        .await
    }

    async fn overdue(
        &self,
        partner: &TrustDomain,
        outgoing: bool,
        now: Time,
        limit: u32,
    ) -> Result<(u64, Vec<OverdueRecord>)> {
        const COUNT: &str = "SELECT count(*) FROM duty d JOIN manifest m ON m.number = d.manifest \
            WHERE d.peer = ?1 AND d.outgoing = ?2 AND d.due_at < ?3 AND m.state <> 'quarantined'";
        const SQL: &str = "SELECT a.id, m.version, d.due_at FROM duty d JOIN manifest m ON m.number = d.manifest \
            JOIN assessment a ON a.number = m.assessment WHERE d.peer = ?1 AND d.outgoing = ?2 AND d.due_at < ?3 \
            AND m.state <> 'quarantined' ORDER BY d.due_at LIMIT ?4";
        let partner = partner.clone();
        self.read(move |conn| {
            let Some(peer) = peers::find(conn, &partner)? else { return Ok((0, vec![])) };
            let now = now.unix_nanos();
            let total = query_optional(conn, COUNT, params![peer, outgoing, now], |r| count(r, 0))?.unwrap_or_default();
            let oldest = query_all(conn, SQL, params![peer, outgoing, now, limit], |r| {
                Ok(OverdueRecord { assessment: (id(r, 0)?, r.get(1)?), due_at: time(r, 2)? })
            })?;
            Ok((total, oldest))
        })
        .await
    }

    async fn acknowledge_by(&self, manifest_id: &StatementId) -> Result<Option<Time>> {
        // The arrivals of a version are few, and each leads to its duty by the duty's own key. Of a partner whose arrivals are all in
        // quarantine, users learn nothing.
        const SQL: &str = "SELECT d.due_at FROM manifest m JOIN received r ON r.manifest = m.number \
            JOIN duty d ON d.peer = r.peer AND d.outgoing = FALSE AND d.manifest = r.manifest \
            WHERE m.id = ?1 AND r.quarantined = FALSE ORDER BY d.due_at LIMIT 1";
        let wanted = *manifest_id;
        self.read(move |conn| query_optional(conn, SQL, params![wanted.as_bytes()], |r| time(r, 0))).await
    }

    async fn own_duties(&self, each: u32, limit: u32) -> Result<Vec<DutyRecord>> {
        const SQL: &str = "SELECT * FROM (SELECT p.domain AS owed_to, m.id AS manifest, a.id AS assessment, m.version, d.due_at, \
            o.domain AS originator, row_number() OVER (PARTITION BY a.originator ORDER BY d.due_at, m.number, d.peer) AS turn, \
            count(*) OVER (PARTITION BY a.originator) AS among FROM duty d JOIN peer p ON p.number = d.peer \
            JOIN manifest m ON m.number = d.manifest JOIN assessment a ON a.number = m.assessment \
            JOIN peer o ON o.number = a.originator WHERE d.outgoing = FALSE AND m.state <> 'quarantined' \
            AND EXISTS (SELECT 1 FROM received r WHERE r.manifest = d.manifest AND r.peer = d.peer AND r.quarantined = FALSE)) AS ranked \
            WHERE turn <= ?1 ORDER BY turn, due_at, originator LIMIT ?2";
        self.read(move |conn| {
            query_all(conn, SQL, params![each, limit], |r| {
                Ok(DutyRecord {
                    partner: text(r, 0)?,
                    manifest_id: id(r, 1)?,
                    assessment: (id(r, 2)?, r.get(3)?),
                    due_at: time(r, 4)?,
                    originator: text(r, 5)?,
                    of_originator: count(r, 7)?,
                })
            })
        })
        .await
    }

    async fn quarantine_counts(&self) -> Result<Vec<QuarantineCount>> {
        const SQL: &str = "SELECT p.domain, count(*), min(r.at) FROM received r JOIN peer p ON p.number = r.peer \
            WHERE r.quarantined = TRUE AND r.manifest IS NOT NULL GROUP BY p.domain ORDER BY p.domain";
        let one =
            |r: &SqlRow<'_>| Ok(QuarantineCount { partner: text(r, 0)?, entries: count(r, 1)?, since: time(r, 2)? });
        self.read(move |conn| query_all(conn, SQL, params![], one)).await
    }

    async fn heard_of(&self, partner: &TrustDomain, at: Time) -> Result<()> {
        const SQL: &str = concat!(
            "INSERT INTO contact (peer, at) VALUES (?1, ?2) ON CONFLICT (peer) DO UPDATE SET at = ",
            dialect::larger!("contact.at", "excluded.at")
        );
        let partner = partner.clone();
        self.transact([], move |conn, _, changes| {
            let peer = peers::numbered(conn, changes, &partner)?;
            changes.write(SQL, values![peer, at], Rows::One);
            Ok(())
        })
        .await
    }
}

/// Whether a version has the most unverified holders that are allowed, and this is another one. Anybody can make up such names.
fn is_crowded(conn: &dyn Queries, report: &HolderReport) -> Result<bool> {
    const COUNT: &str = "SELECT count(DISTINCT holder), count(*) FILTER (WHERE holder = ?2) FROM report WHERE manifest = ?1 AND verified = FALSE";
    let holder = peers::find(conn, &report.holder)?;
    for (manifest, _) in &report.versions {
        let Some(manifest) = manifests::find(conn, manifest)? else { continue };
        let read = |r: &SqlRow<'_>| Ok((count(r, 0)?, r.get::<Option<i64>>(1)?.unwrap_or_default()));
        let (all, same) = query_optional(conn, COUNT, params![manifest, holder], read)?.unwrap_or_default();
        if all >= MOST_UNVERIFIED && same == 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Stores what a holder reports about versions and about a recall.
fn keep(conn: &dyn Connection, report: &HolderReport, receipt: i64) -> Result<()> {
    // An unverified report never replaces a verified one.
    const SAY: &str = concat!(
        "INSERT INTO report (manifest, holder, through, kind, role, reason, portions, at, verified, receipt) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (manifest, holder, through, kind, role) \
         DO UPDATE SET reason = excluded.reason, portions = ",
        dialect::larger!("report.portions", "excluded.portions"),
        ", at = excluded.at, verified = excluded.verified, receipt = excluded.receipt \
         WHERE excluded.verified > report.verified \
         OR (excluded.verified = report.verified AND report.kind NOT IN ('stored', 'read'))"
    );
    // A purged version stays purged, whatever arrives later.
    const ANSWER: &str = "INSERT INTO recall_answer (recall, holder, through, kind, reason, at, verified, receipt) \
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (recall, holder) DO UPDATE SET through = excluded.through, \
        kind = excluded.kind, reason = excluded.reason, at = excluded.at, verified = excluded.verified, \
        receipt = excluded.receipt WHERE excluded.verified > recall_answer.verified OR (excluded.verified = \
        recall_answer.verified AND recall_answer.kind <> 'purged' AND excluded.at >= recall_answer.at)";
    let holder = peers::number_of(conn, &report.holder)?;
    let names: Vec<&str> = report.through.iter().map(TrustDomain::as_str).collect();
    let (through, kind, at) = (names.join(" "), report.kind.as_str(), report.at.unix_nanos());
    let role = report.role.map(Role::as_str).unwrap_or_default();
    if let Some(recall) = &report.recall {
        let recall = recalls::named(conn, recall)?.ok_or(StoreError::Conflict)?;
        let values = params![recall, holder, through, kind, report.reason, at, report.verified, receipt];
        execute(conn, ANSWER, values)?;
        if report.through.is_empty() && report.verified {
            outbox::recall_answered(conn, holder, recall)?;
        }
        return Ok(());
    }
    for (manifest, portions) in &report.versions {
        let manifest = manifests::find(conn, manifest)?.ok_or(StoreError::Conflict)?;
        let portions = number(*portions)?;
        execute(
            conn,
            SAY,
            params![manifest, holder, through, kind, role, report.reason, portions, at, report.verified, receipt],
        )?;
        if report.kind.acknowledges() && report.through.is_empty() {
            met(conn, Some(holder), true, manifest)?;
        }
    }
    Ok(())
}
