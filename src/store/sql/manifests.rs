//! Versions of assessments as rows: which one is shown, and which are superseded.

use super::{
    arrival::ContentRow,
    dialect,
    extracts::{SUMMARY, TITLE},
    query::{Connection, Queries, execute, params, query_optional},
    roots, subject_states,
    value::{id, text},
    words,
};
use crate::{
    domain::{fault::Reason, ids::StatementId, time::Time},
    store::{AssessmentState, HubAttestedVersion, Result, StoreError, Verification},
};

/// A condition on `manifest`: the version counts on the statement of a hub alone.
macro_rules! hub_attested {
    () => {
        concat!(
            "(",
            dialect::is_json!("verified"),
            " AND ",
            dialect::json_field!("verified", "on_word_of"),
            " IS NOT NULL)"
        )
    };
}

/// A column with the approximate size in bytes of a version `m`. Of an encrypted value only the length is read.
macro_rules! version_bytes {
    () => {
        "(2048 + length(m.envelope) \
         + (SELECT coalesce(sum(length(c.sealed)), 0) FROM portion_set c WHERE c.manifest = m.number) \
         + (SELECT coalesce(sum(length(c.sealed)), 0) FROM beside c WHERE c.manifest = m.number) \
         + (SELECT coalesce(sum(length(c.envelope) + length(c.provenance)), 0) FROM received c WHERE c.manifest = m.number))"
    };
}
pub(super) use version_bytes;

/// A version that is to be stored.
pub(super) struct Version<'a> {
    pub(super) manifest_id: &'a StatementId,
    pub(super) manifest: &'a [u8],
    /// The number of the assessment's row.
    pub(super) assessment: i64,
    /// The number of the originator.
    pub(super) originator: i64,
    pub(super) version: u32,
    pub(super) since: Time,
    /// How the manifest was verified.
    pub(super) verified: &'a Verification,
}

/// The number of a manifest's row.
pub(super) fn find(conn: &dyn Queries, id: &StatementId) -> Result<Option<i64>> {
    query_optional(conn, "SELECT number FROM manifest WHERE id = ?1", params![id.as_bytes()], |r| r.get(0))
}

/// The row of a manifest that is offered to partners: the latest version, not recalled.
pub(super) fn offered(conn: &dyn Queries, id: &StatementId) -> Result<Option<i64>> {
    const SQL: &str = "SELECT number, state IN ('current', 'quarantined') FROM manifest WHERE id = ?1";
    let found = query_optional(conn, SQL, params![id.as_bytes()], |r| Ok((r.get(0)?, r.get::<bool>(1)?)))?;
    let (number, is_offered) = found.ok_or(StoreError::Conflict)?;
    Ok(is_offered.then_some(number))
}

/// The row of a manifest that may be released: not recalled, and not in quarantine.
pub(super) fn releasable(conn: &dyn Queries, id: &StatementId) -> Result<Option<i64>> {
    const SQL: &str =
        "SELECT number FROM manifest WHERE id = ?1 AND state NOT IN ('withdrawn', 'purged', 'quarantined')";
    query_optional(conn, SQL, params![id.as_bytes()], |r| r.get(0))
}

/// The latest version that users see; 0 if there is none.
pub(super) fn latest(conn: &dyn Queries, assessment: i64) -> Result<u32> {
    const SQL: &str = "SELECT coalesce(max(version), 0) FROM manifest WHERE assessment = ?1 AND state <> 'quarantined'";
    Ok(query_optional(conn, SQL, params![assessment], |r| r.get(0))?.unwrap_or_default())
}

/// The latest version that users see and that the originator's own signature verified; 0 if there is none.
pub(super) fn latest_own(conn: &dyn Queries, assessment: i64) -> Result<u32> {
    const SQL: &str = concat!(
        "SELECT coalesce(max(version), 0) FROM manifest WHERE assessment = ?1 AND state <> 'quarantined' AND NOT ",
        hub_attested!()
    );
    Ok(query_optional(conn, SQL, params![assessment], |r| r.get(0))?.unwrap_or_default())
}

/// The manifest of a version that users see and that the originator's own signature verified.
pub(super) fn shown(conn: &dyn Queries, assessment: i64, version: u32) -> Result<Option<StatementId>> {
    const SQL: &str = concat!(
        "SELECT id FROM manifest WHERE assessment = ?1 AND version = ?2 AND state <> 'quarantined' AND NOT ",
        hub_attested!()
    );
    query_optional(conn, SQL, params![assessment, version], |r| id(r, 0))
}

/// The version that users see on the statement of a hub alone. There is at most one, because it is shown only if nothing else
/// is.
pub(super) fn hub_attested(conn: &dyn Queries, assessment: i64) -> Result<Option<HubAttestedVersion>> {
    const SQL: &str = concat!(
        "SELECT version, id FROM manifest WHERE assessment = ?1 AND state <> 'quarantined' AND ",
        hub_attested!()
    );
    query_optional(conn, SQL, params![assessment], |r| {
        Ok(HubAttestedVersion { version: r.get(0)?, manifest: id(r, 1)? })
    })
}

/// Whether another version hides this one from users. A version that its originator's own signature verified is hidden by
/// another manifest of the same version that is verified so, too. A version that counts on the statement of a hub alone is
/// hidden by any other one.
fn is_taken(conn: &dyn Queries, v: &Version<'_>) -> Result<bool> {
    const SQL: &str = concat!(
        "SELECT 1 FROM manifest WHERE assessment = ?1 AND state <> 'quarantined' AND ((id <> ?3 AND (?4 OR version = ?2) AND NOT ",
        hub_attested!(),
        ") OR (?4 AND (id <> ?3 OR NOT ",
        hub_attested!(),
        "))) LIMIT 1"
    );
    let is_on_word = v.verified.on_word_of.is_some();
    let values = params![v.assessment, v.version, v.manifest_id.as_bytes(), is_on_word];
    Ok(query_optional(conn, SQL, values, |_| Ok(()))?.is_some())
}

fn insert(conn: &dyn Connection, v: &Version<'_>, state: AssessmentState) -> Result<i64> {
    const SQL: &str = "INSERT INTO manifest (id, assessment, version, originator, state, since, envelope, \
        verified) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let Version { manifest_id, manifest, assessment, originator, version, since, verified } = v;
    let values = params![
        manifest_id.as_bytes(),
        assessment,
        version,
        originator,
        state.as_str(),
        since.unix_nanos(),
        manifest,
        written(verified)?
    ];
    conn.insert(SQL, values)
}

fn written(verified: &Verification) -> Result<String> {
    serde_json::to_string(verified).map_err(|e| StoreError::Failed(e.to_string()))
}

/// Stores a better verification. Returns whether the version counted on the statement of a hub alone before.
fn confirm(conn: &dyn Connection, manifest: i64, v: &Version<'_>) -> Result<bool> {
    const SQL: &str =
        concat!("UPDATE manifest SET verified = ?2 WHERE number = ?1 AND (verified IS NULL OR ", hub_attested!(), ")");
    if v.verified.on_word_of.is_some() {
        return Ok(false);
    }
    let was_on_word = hub_attested(conn, v.assessment)?.is_some_and(|word| word.manifest == *v.manifest_id);
    execute(conn, SQL, params![manifest, written(v.verified)?])?;
    Ok(was_on_word)
}

/// The outcome of storing an arrival.
pub(super) struct StoredVersion {
    /// The number of its manifest's row.
    pub(super) number: i64,
    /// Whether this arrival is in quarantine.
    pub(super) is_quarantined: bool,
    /// The row of a manifest whose earlier arrivals go into quarantine now, and the reason.
    pub(super) gave_way: Option<(i64, Reason)>,
}

/// Stores a version, or finds it if it is stored already. It is shown unless it goes into quarantine or another manifest has
/// its version.
pub(super) fn keep(conn: &dyn Connection, v: &Version<'_>, is_quarantined: bool) -> Result<StoredVersion> {
    const FIND: &str = "SELECT number, state FROM manifest WHERE id = ?1";
    // It was verified just before the organisation's roots changed. The caller verifies it again under the new roots.
    if !is_quarantined && roots::are_disowned(conn, v.originator, &v.verified.roots)? {
        return Err(StoreError::Conflict);
    }
    let is_quarantined = is_quarantined || is_taken(conn, v)?;
    let gave_way = if is_quarantined { None } else { give_way(conn, v)? };
    let found = query_optional(conn, FIND, params![v.manifest_id.as_bytes()], |r| {
        Ok((r.get(0)?, text::<AssessmentState>(r, 1)?))
    })?;
    let number = match found {
        None if is_quarantined => insert(conn, v, AssessmentState::Quarantined)?,
        None => {
            let state = state_of(conn, v)?;
            let number = insert(conn, v, state)?;
            supersede(conn, v)?;
            number
        }
        Some((number, AssessmentState::Quarantined)) if !is_quarantined => {
            // The verified envelope is stored. The quarantined one may have signatures that could not be verified.
            const SHOW: &str = "UPDATE manifest SET state = ?2, envelope = ?3, verified = ?4 WHERE number = ?1";
            execute(conn, SHOW, params![number, state_of(conn, v)?.as_str(), v.manifest, written(v.verified)?])?;
            supersede(conn, v)?;
            number
        }
        Some((number, _)) => {
            if !is_quarantined && confirm(conn, number, v)? {
                // Terms, portions and attached statements that counted on the statement of a hub alone are not the
                // originator's.
                return Ok(StoredVersion { number, is_quarantined, gave_way: Some((number, Reason::ChainInvalid)) });
            }
            number
        }
    };
    let gave_way = gave_way.map(|number| (number, Reason::ReplayDiffers));
    Ok(StoredVersion { number, is_quarantined, gave_way })
}

/// Hides a version that counts on the statement of a hub alone, if it has the same or a later number. Nobody can tell whether
/// the originator wrote it, and it must not take precedence over what the originator wrote.
fn give_way(conn: &dyn Connection, v: &Version<'_>) -> Result<Option<i64>> {
    const FIND: &str = concat!(
        "SELECT number FROM manifest WHERE assessment = ?1 AND version >= ?2 AND id <> ?3 AND state <> 'quarantined' AND ",
        hub_attested!()
    );
    if v.verified.on_word_of.is_some() {
        return Ok(None);
    }
    let values = params![v.assessment, v.version, v.manifest_id.as_bytes()];
    let Some(number) = query_optional(conn, FIND, values, |r| r.get::<i64>(0))? else { return Ok(None) };
    hide(conn, number)?;
    Ok(Some(number))
}

/// Puts a manifest into quarantine, and takes it out of all queues.
pub(super) fn hide(conn: &dyn Connection, manifest: i64) -> Result<()> {
    execute(conn, "UPDATE manifest SET state = 'quarantined' WHERE number = ?1", params![manifest])?;
    execute(conn, "DELETE FROM queue WHERE manifest = ?1", params![manifest]).map(drop)
}

fn state_of(conn: &dyn Queries, v: &Version<'_>) -> Result<AssessmentState> {
    let is_late = latest(conn, v.assessment)? > v.version;
    Ok(if is_late { AssessmentState::Superseded } else { AssessmentState::Current })
}

/// Marks earlier versions as superseded, and takes them out of all queues, because the new version replaces them there.
fn supersede(conn: &dyn Connection, v: &Version<'_>) -> Result<()> {
    const SQL: &str =
        "UPDATE manifest SET state = 'superseded' WHERE assessment = ?1 AND version < ?2 AND state = 'current'";
    const QUEUED: &str =
        "DELETE FROM queue WHERE manifest IN (SELECT number FROM manifest WHERE assessment = ?1 AND version < ?2)";
    execute(conn, SQL, params![v.assessment, v.version])?;
    if v.version > 1 {
        execute(conn, QUEUED, params![v.assessment, v.version])?;
    }
    Ok(())
}

/// The portions of an arrival, with what is extracted from them; each encrypted.
pub(super) struct SealedPortions {
    pub(super) portions: Vec<u8>,
    pub(super) title: Vec<u8>,
    pub(super) summary: Vec<u8>,
    /// The tokens of their words; `None` if no index is kept.
    pub(super) words: Option<Vec<u8>>,
    /// The states that they are about.
    pub(super) subject_states: Vec<u8>,
}

/// Stores the encrypted portions of an arrival, with what is extracted from them.
pub(super) fn keep_portions(conn: &dyn Connection, row: ContentRow, sealed: &SealedPortions) -> Result<()> {
    const SQL: &str =
        "INSERT INTO portion_set (manifest, peer, sequence, quarantined, sealed) VALUES (?1, ?2, ?3, ?4, ?5)";
    let ContentRow { manifest, peer, sequence, is_quarantined } = row;
    let set = conn.insert(SQL, params![manifest, peer, sequence, is_quarantined, sealed.portions])?;
    TITLE.keep(conn, set, &sealed.title)?;
    SUMMARY.keep(conn, set, &sealed.summary)?;
    words::keep(conn, set, manifest, sealed.words.as_deref())?;
    subject_states::keep(conn, set, &sealed.subject_states)
}
