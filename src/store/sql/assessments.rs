//! Reads assessments: a row, its deliveries, and the decrypted portions of all arrivals.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    arrival::VersionRow,
    attached,
    damages::{DamageRegistry, readable},
    driver::Driver,
    extracts::{Made, TITLE, title_of},
    keys, manifests, peers,
    query::{END, NEXT, Queries, params, query_all, query_optional},
    recalls,
    store::SqlStore,
    subject_states,
    value::{SqlRow, ToValue, count, id, text, time},
};
use crate::{
    domain::{
        ids::{AssessmentId, StatementId, TrustDomain},
        order,
        place::Country,
    },
    store::{
        AssessmentPage, AssessmentRecord, AssessmentState, Delivery, ListFilter, LoggedStatement, Result, StoreError,
        VersionStatus,
        damage::Damage,
        vault::{ContentKey, SealedRow, Vault, unpack},
    },
};

/// How many assessments a list has if no number is given.
pub(super) const PAGE: u32 = 50;
/// How many bytes are read for a page or an assessment.
pub(super) const PAGE_BYTES: usize = 1 << 20;

/// Selects the versions `m` of a list: with ?1, also those in quarantine; with ?2, only the latest of each assessment.
macro_rules! listed {
    () => {
        "(m.state <> 'quarantined' OR ?1) AND (m.state <> 'superseded' OR NOT ?2) \
         AND (m.state NOT IN ('withdrawn', 'purged') OR NOT ?2 OR m.version = (SELECT max(l.version) FROM manifest l \
         WHERE l.assessment = m.assessment AND l.state <> 'quarantined'))"
    };
}
pub(super) use listed;

macro_rules! heads {
    ($rest:expr) => {
        concat!(
            "SELECT m.number, a.id, m.version, m.id, m.envelope, o.domain, m.since, m.state, a.wrapped, m.verified, a.number \
             FROM manifest m JOIN assessment a ON a.number = m.assessment JOIN peer o ON o.number = m.originator ",
            $rest
        )
    };
}

/// A version's row, without its arrivals.
struct Head {
    number: i64,
    /// The number of the assessment's row.
    assessment: i64,
    record: AssessmentRecord,
    /// The assessment's key; `None` after a purge.
    wrapped: Option<Vec<u8>>,
}

impl Head {
    fn row(&self) -> VersionRow<'_> {
        VersionRow { number: self.number, manifest_id: &self.record.manifest_id }
    }

    fn key(&self, vault: &Vault) -> Result<ContentKey> {
        key_of(vault, &self.record.assessment, &self.record.originator, self.wrapped.clone())
    }
}

fn head(row: &SqlRow<'_>) -> Result<Head> {
    let record = AssessmentRecord {
        assessment: id(row, 1)?,
        version: row.get(2)?,
        manifest_id: id(row, 3)?,
        manifest: row.get(4)?,
        originator: text(row, 5)?,
        since: time(row, 6)?,
        state: text(row, 7)?,
        releases: vec![],
        portions: vec![],
        attached: vec![],
        subject_states: BTreeSet::new(),
        verified: row.get::<Option<String>>(9)?.and_then(|text| serde_json::from_str(&text).ok()),
    };
    Ok(Head { number: row.get(0)?, assessment: row.get(10)?, record, wrapped: row.get(8)? })
}

/// The version that a row is of.
fn name(row: &SqlRow<'_>) -> Result<(AssessmentId, u32)> {
    Ok((id(row, 1)?, row.get(2)?))
}

/// With `all`, also what is in quarantine.
fn complete(conn: &dyn Queries, vault: &Vault, head: Head, all: bool) -> Result<AssessmentRecord> {
    let manifest = head.record.manifest_id;
    whole(conn, vault, head, all).map_err(|e| e.of(Damage::Version(manifest)))
}

fn whole(conn: &dyn Queries, vault: &Vault, head: Head, all: bool) -> Result<AssessmentRecord> {
    const RELEASES: &str = "SELECT envelope, provenance, at FROM received WHERE manifest = ?1 AND (quarantined = FALSE OR ?2) ORDER BY number";
    let releases =
        query_all(conn, RELEASES, params![head.number, all], |r| Ok((r.get(0)?, r.get::<Vec<u8>>(1)?, time(r, 2)?)))?;
    let came_by = |(release, packed, received_at): (_, Vec<u8>, _)| {
        Ok(Delivery { release, provenance: unpack(&packed)?, received_at })
    };
    let releases = releases.into_iter().map(came_by).collect::<Result<_>>()?;
    let (portions, attached, subject_states) = contents(conn, vault, &head, all)?;
    Ok(AssessmentRecord { releases, portions, attached, subject_states, ..head.record })
}

/// Adds only the portions that name it.
fn titled(conn: &dyn Queries, vault: &Vault, head: Head, all: bool, made: &mut Vec<Made>) -> Result<AssessmentRecord> {
    let portions = title(conn, vault, &head, all, made)?;
    Ok(AssessmentRecord { portions, ..head.record })
}

/// The version of a row, with only the portions that name it.
pub(super) fn titled_of(
    conn: &dyn Queries,
    vault: &Vault,
    number: i64,
    all: bool,
    made: &mut Vec<Made>,
) -> Result<AssessmentRecord> {
    const SQL: &str = heads!("WHERE m.number = ?1");
    let found = query_optional(conn, SQL, params![number], head)?.ok_or(StoreError::Damaged(Damage::Row))?;
    titled(conn, vault, found, all, made)
}

fn title(conn: &dyn Queries, vault: &Vault, head: &Head, all: bool, made: &mut Vec<Made>) -> Result<Vec<Vec<u8>>> {
    if is_closed(head.record.state, all) {
        return Ok(vec![]);
    }
    title_of(conn, || head.key(vault), head.row(), all, made)
}

/// Whether the content of a version is not to be read.
pub(super) fn is_closed(state: AssessmentState, all: bool) -> bool {
    match state {
        AssessmentState::Purged => true,
        // A withdrawn assessment stays readable for oversight.
        AssessmentState::Withdrawn => !all,
        _ => false,
    }
}

/// The key of an originator's assessment.
pub(super) fn key_of(
    vault: &Vault,
    assessment: &AssessmentId,
    originator: &TrustDomain,
    wrapped: Option<Vec<u8>>,
) -> Result<ContentKey> {
    let missing = || StoreError::Damaged(Damage::Assessment(*assessment, originator.clone()));
    vault.unwrap_key(SealedRow::AssessmentKey(assessment, originator), wrapped.ok_or_else(missing)?)
}

/// The encoded portions of all arrivals, each once, in the author's order; the attached statements; the states that all
/// versions are about.
type Contents = (Vec<Vec<u8>>, Vec<LoggedStatement>, BTreeSet<Country>);

fn contents(conn: &dyn Queries, vault: &Vault, head: &Head, all: bool) -> Result<Contents> {
    const SETS: &str = "SELECT s.sequence, s.quarantined, s.sealed, d.domain FROM portion_set s \
        JOIN peer d ON d.number = s.peer WHERE s.manifest = ?1 AND (s.quarantined = FALSE OR ?2) ORDER BY s.number";
    if is_closed(head.record.state, all) {
        return Ok((vec![], vec![], BTreeSet::new()));
    }
    let sets = query_all(conn, SETS, params![head.number, all], |r| {
        Ok((count(r, 0)?, r.get::<bool>(1)?, r.get::<Vec<u8>>(2)?, text::<TrustDomain>(r, 3)?))
    })?;
    if sets.is_empty() {
        return Ok((vec![], vec![], BTreeSet::new()));
    }
    let (manifest_id, key) = (&head.record.manifest_id, head.key(vault)?);
    let mut arrivals: Vec<Vec<Vec<u8>>> = Vec::with_capacity(sets.len());
    for (sequence, quarantined, sealed, from) in sets {
        let row = SealedRow::PortionSet { manifest: manifest_id, from: &from, sequence, quarantined };
        arrivals.push(unpack(&key.open(row, &sealed)?)?);
    }
    let portions = match arrivals.len() {
        1 => arrivals.pop().unwrap_or_default(),
        _ => order::merged(arrivals),
    };
    let attached = attached::of(conn, &key, head.row(), all)?;
    Ok((portions, attached, subject_states::of(conn, &key, head.assessment)?))
}

fn one(conn: &dyn Queries, vault: &Vault, id: &StatementId, quarantined: bool) -> Result<Option<AssessmentRecord>> {
    const SQL: &str = heads!("WHERE m.id = ?1 AND (m.state <> 'quarantined' OR ?2)");
    let found = query_optional(conn, SQL, params![id.as_bytes(), quarantined], head);
    let found = found.map_err(|e| e.of(Damage::Version(*id)))?;
    found.map(|head| complete(conn, vault, head, quarantined)).transpose()
}

pub(super) async fn by_manifest(
    store: &SqlStore<impl Driver>,
    manifest_id: &StatementId,
    quarantined: bool,
) -> Result<Option<AssessmentRecord>> {
    let id = *manifest_id;
    store.read_sealed(move |conn, vault| one(conn, vault, &id, quarantined)).await
}

pub(super) async fn by_manifests(
    store: &SqlStore<impl Driver>,
    manifest_ids: &[StatementId],
    quarantined: bool,
) -> Result<Vec<AssessmentRecord>> {
    let (ids, damages) = (manifest_ids.to_vec(), Arc::clone(store.damages()));
    store
        .read_sealed(move |conn, vault| {
            readable(ids.iter().filter_map(|id| one(conn, vault, id, quarantined).transpose()), &damages)
        })
        .await
}

pub(super) async fn version_statuses(
    store: &SqlStore<impl Driver>,
    from: &TrustDomain,
    versions: Vec<(TrustDomain, AssessmentId, u32)>,
) -> Result<Vec<VersionStatus>> {
    let from = from.clone();
    store
        .read(move |conn| {
            let from = peers::find(conn, &from)?;
            versions
                .iter()
                .map(|(by, assessment, version)| version_here(conn, from, by, assessment, *version))
                .collect()
        })
        .await
}

fn version_here(
    conn: &dyn Queries,
    from: Option<i64>,
    by: &TrustDomain,
    assessment: &AssessmentId,
    version: u32,
) -> Result<VersionStatus> {
    let Some(originator) = peers::find(conn, by)? else { return Ok(VersionStatus::default()) };
    let is_recalled = recalls::is_recalled(conn, assessment, originator)?;
    let is_recall_claimed = match from {
        Some(from) => recalls::is_claimed(conn, assessment, originator, from)?,
        None => false,
    };
    let nothing = VersionStatus { is_recalled, is_recall_claimed, ..VersionStatus::default() };
    let Some(number) = keys::number_of(conn, assessment, originator)? else { return Ok(nothing) };
    let manifest = manifests::shown(conn, number, version)?;
    let (latest, hub_attested) = (manifests::latest_own(conn, number)?, manifests::hub_attested(conn, number)?);
    Ok(VersionStatus { manifest, latest, hub_attested, ..nothing })
}

pub(super) async fn version(
    store: &SqlStore<impl Driver>,
    originator: &TrustDomain,
    assessment: &AssessmentId,
    version: u32,
) -> Result<Option<StatementId>> {
    const SQL: &str = "SELECT m.id FROM manifest m JOIN assessment a ON a.number = m.assessment \
        WHERE a.id = ?1 AND a.originator = (SELECT number FROM peer WHERE domain = ?2) AND m.version = ?3 \
        AND m.state <> 'quarantined'";
    let (originator, assessment) = (originator.clone(), *assessment);
    store
        .read(move |conn| {
            query_optional(conn, SQL, params![assessment.as_bytes(), originator.as_str(), version], |r| id(r, 0))
        })
        .await
}

pub(super) async fn find(
    store: &SqlStore<impl Driver>,
    id: &AssessmentId,
    version: Option<u32>,
    quarantined: bool,
) -> Result<Option<AssessmentRecord>> {
    // The originator that came first counts. An entry in quarantine counts only if no other one is shown.
    const SQL: &str = heads!(
        "WHERE (?2 IS NULL OR m.version = ?2) AND (m.state <> 'quarantined' OR ?3) AND m.assessment = \
         (SELECT f.assessment FROM manifest f JOIN assessment b ON b.number = f.assessment WHERE b.id = ?1 \
         AND (f.state <> 'quarantined' OR ?3) ORDER BY f.state = 'quarantined', f.number LIMIT 1) \
         ORDER BY m.version DESC, m.state = 'quarantined', m.number LIMIT 1"
    );
    let id = *id;
    store
        .read_sealed(move |conn, vault| {
            let found = query_optional(conn, SQL, params![id.as_bytes(), version, quarantined], head)?;
            found.map(|head| complete(conn, vault, head, quarantined)).transpose()
        })
        .await
}

pub(super) async fn between(
    store: &SqlStore<impl Driver>,
    first: &AssessmentId,
    last: &AssessmentId,
    quarantined: bool,
    limit: u32,
) -> Result<Vec<AssessmentId>> {
    const SQL: &str = "SELECT DISTINCT a.id FROM assessment a JOIN manifest m ON m.assessment = a.number \
        WHERE a.id BETWEEN ?1 AND ?2 AND (m.state <> 'quarantined' OR ?3) ORDER BY a.id LIMIT ?4";
    let (first, last) = (*first, *last);
    store
        .read(move |conn| {
            query_all(conn, SQL, params![first.as_bytes(), last.as_bytes(), quarantined, limit], |r| id(r, 0))
        })
        .await
}

pub(super) async fn titles(
    store: &SqlStore<impl Driver>,
    manifest_ids: &[StatementId],
) -> Result<Vec<AssessmentRecord>> {
    const SQL: &str = heads!("WHERE m.id = ?1 AND m.state <> 'quarantined'");
    let (ids, damages) = (manifest_ids.to_vec(), Arc::clone(store.damages()));
    let (records, made) = store
        .read_sealed(move |conn, vault| {
            let mut made = vec![];
            let mut one = |id: &StatementId| {
                let Some(head) = query_optional(conn, SQL, params![id.as_bytes()], head)? else { return Ok(None) };
                let portions = title(conn, vault, &head, false, &mut made);
                // Its version is still known, so that it can be recalled.
                damages.of(&portions);
                let portions = match portions {
                    Err(StoreError::Damaged(_)) => vec![],
                    portions => portions?,
                };
                Ok(Some(AssessmentRecord { portions, ..head.record }))
            };
            let records = readable(ids.iter().filter_map(|id| one(id).transpose()), &damages)?;
            Ok((records, made))
        })
        .await?;
    TITLE.keep_made(store, made).await;
    Ok(records)
}

pub(super) async fn list(store: &SqlStore<impl Driver>, filter: &ListFilter) -> Result<AssessmentPage> {
    let (filter, damages) = (filter.clone(), Arc::clone(store.damages()));
    let (page, made) = store.read_sealed(move |conn, vault| page(conn, vault, &filter, &damages)).await?;
    TITLE.keep_made(store, made).await;
    Ok(page)
}

fn page(
    conn: &dyn Queries,
    vault: &Vault,
    filter: &ListFilter,
    damages: &DamageRegistry,
) -> Result<(AssessmentPage, Vec<Made>)> {
    const ALL: &str = heads!(concat!("WHERE ", listed!(), " AND m.number < ?4 ORDER BY m.number DESC LIMIT ?3"));
    const OF_ONE: &str = heads!(concat!(
        "WHERE ",
        listed!(),
        " AND m.originator = ?5 AND m.number < ?4 ORDER BY m.number DESC LIMIT ?3"
    ));
    let ListFilter { originator, current_only, quarantined, whole, limit, before } = filter;
    let limit = if *limit == 0 { PAGE } else { *limit };
    let (mut page, mut made) = (AssessmentPage::default(), vec![]);
    let originator = match originator.as_ref().map(|name| peers::find(conn, name)).transpose()? {
        Some(None) => return Ok((page, made)),
        found => found.flatten(),
    };
    let Some(before) = before.map_or(Ok(Some(i64::MAX)), |id| manifests::find(conn, &id))? else {
        return Ok((page, made));
    };
    let mut values: Vec<&dyn ToValue> = vec![quarantined, current_only, &limit, &before];
    values.extend(originator.as_ref().map(|o| o as &dyn ToValue));
    let (mut bytes, mut last) = (0, None);
    conn.query(if originator.is_some() { OF_ONE } else { ALL }, &values, &mut |row| {
        if bytes >= PAGE_BYTES {
            page.next = last;
            return END;
        }
        let name = name(row).ok();
        last = id(row, 3).ok().or(last);
        let read = head(row).and_then(|head| match whole {
            true => complete(conn, vault, head, *quarantined),
            false => titled(conn, vault, head, *quarantined, &mut made),
        });
        match read {
            Ok(record) => {
                bytes += record.bytes() + made.iter().map(|m| m.bytes).sum::<usize>();
                page.records.push(record);
            }
            Err(StoreError::Damaged(_)) => {
                // The damage is noted here, because the caller may have stopped waiting.
                damages.note(id(row, 3).map_or(Damage::Row, Damage::Version));
                page.damaged.push(name);
            }
            Err(other) => return Err(other),
        }
        NEXT
    })?;
    Ok((page, made))
}
