//! Incoming feeds. The entries and the position after them are one transaction, so that each entry is stored exactly once.

use std::{collections::HashMap, sync::Arc};

use super::{
    answers,
    arrival::{ArrivalRow, ContentRow, NEXT_ARRIVAL},
    attached, attachments, catalogue,
    damages::sorted,
    driver::Driver,
    equivocations, keys,
    ledger::append,
    lock::Lock,
    manifests::{self, SealedPortions, StoredVersion, Version},
    outbox::{self, SealedStatement},
    peers, pending_verification, quarantine,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    recalls,
    store::SqlStore,
    transaction::Changes,
    value::{SqlRow, count, id, id_optional, number, text, text_optional, time},
};
use crate::{
    domain::{
        equivocation::Equivocation,
        event::Event,
        ids::{AssessmentId, StatementId, TrustDomain},
        time::Time,
    },
    store::{
        InboundPosition, ReceivedContent, ReceivedEntry, ReceivedRecord, ReceivingBasis, Result, ReturnedEndorsements,
        StoreError,
        damage::Damage,
        subject_states, summary,
        vault::{ContentKey, LedgerLeaf, SealedRow, Vault, pack},
        words::tokens,
    },
};

/// What a received batch was judged on.
struct Basis {
    /// The last number before it; `None` for an entry that could not be verified before.
    after: Option<u64>,
    /// The version of the catalogue.
    catalogue: Option<u64>,
}

/// A received batch.
struct ReceivedBatch {
    partner: TrustDomain,
    basis: Basis,
    entries: Vec<ReceivedEntry>,
    at: Time,
    leaves: Vec<LedgerLeaf>,
    /// The time of the commit, from the ledger entries.
    now: Time,
    /// Statements for the partner's outbox.
    post: Vec<SealedStatement>,
}

/// The equivocations that a batch reveals.
type Found = Vec<Equivocation>;

/// The encrypted content of each entry; `None` for a void.
type Sealed = Vec<Option<SealedContent>>;

struct SealedContent {
    portions: SealedPortions,
    /// `None` if there are none.
    attached: Option<Vec<u8>>,
    /// The content key, wrapped.
    key: Vec<u8>,
}

pub(super) async fn receive(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    basis: ReceivingBasis,
    entries: Vec<ReceivedEntry>,
    at: Time,
    events: &[Event],
    post: &[Vec<u8>],
) -> Result<()> {
    let basis = Basis { after: Some(basis.after), catalogue: basis.catalogue };
    keep_all(store, partner, basis, entries, at, events, post).await.map(|_| ())
}

/// Stores an entry that could not be verified before, in place of its first version. `false` if it is not unverified any more.
pub(super) async fn settle(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    entry: ReceivedEntry,
    arrived_at: Time,
    catalogue: Option<u64>,
    events: &[Event],
    post: &[Vec<u8>],
) -> Result<bool> {
    let basis = Basis { after: None, catalogue };
    keep_all(store, partner, basis, vec![entry], arrived_at, events, post).await
}

async fn keep_all(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    basis: Basis,
    entries: Vec<ReceivedEntry>,
    at: Time,
    events: &[Event],
    post: &[Vec<u8>],
) -> Result<bool> {
    let leaves = LedgerLeaf::all(events)?;
    let seal_one = |statement: &Vec<u8>| SealedStatement::new(store.vault(), partner, statement);
    let post = post.iter().map(seal_one).collect::<Result<_>>()?;
    let now = events.first().map_or(at, |event| event.at);
    let batch = Arc::new(ReceivedBatch { partner: partner.clone(), basis, entries, at, leaves, now, post });
    for _ in 0..keys::TURNS {
        let wanted = Arc::clone(&batch);
        // Encrypted on the reader's thread, because it may be megabytes.
        let keeps_words = store.keeps_words();
        let sealed = store.read_sealed(move |conn, vault| seal(conn, vault, &wanted, keeps_words)).await?;
        let batch = Arc::clone(&batch);
        let locks = locks(&batch);
        if let Some(found) =
            store.interleave(locks, move |conn, vault, changes| commit(conn, vault, changes, &batch, &sealed)).await?
        {
            found.iter().flatten().for_each(equivocations::tell);
            return Ok(found.is_some());
        }
    }
    Err(keys::lost())
}

fn seal(conn: &dyn Queries, vault: &Vault, batch: &ReceivedBatch, keeps_words: bool) -> Result<Sealed> {
    let mut keys: HashMap<(AssessmentId, TrustDomain), ContentKey> = HashMap::new();
    let mut seal = |entry: &ReceivedEntry, content: &ReceivedContent| {
        let name = (content.assessment, content.originator.clone());
        let key = match keys.entry(name) {
            std::collections::hash_map::Entry::Occupied(key) => key.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(keys::find_or_make(conn, vault, &content.assessment, &content.originator)?)
            }
        };
        let (manifest, from) = (&content.manifest_id, &batch.partner);
        let (sequence, quarantined) = (entry.sequence, content.quarantined);
        let portions = SealedRow::PortionSet { manifest, from, sequence, quarantined };
        let title = SealedRow::Title { manifest, from, sequence, quarantined };
        let summary_row = SealedRow::Summary { manifest, from, sequence, quarantined };
        let row = SealedRow::AttachedStatements { manifest, from, sequence, quarantined };
        let has_attached = !content.attached.is_empty();
        Ok(SealedContent {
            portions: SealedPortions {
                portions: key.seal(portions, &pack(&content.portions))?,
                title: key.seal(title, &pack(&content.title))?,
                summary: key.seal(summary_row, &summary::pack(&content.summary)?)?,
                words: keeps_words.then(|| tokens(vault, &content.portions)).transpose()?,
                subject_states: key.seal(
                    SealedRow::SubjectStates { manifest, from, sequence },
                    &subject_states::pack(&content.subject_states),
                )?,
            },
            attached: has_attached.then(|| key.seal(row, &attached::packed(&content.attached))).transpose()?,
            key: key.wrapped.clone(),
        })
    };
    batch.entries.iter().map(|e| e.content.as_ref().map(|c| seal(e, c)).transpose()).collect()
}

/// The rows that the content belongs to; `None` for a void.
type Places = Vec<Option<AssessmentRow>>;

struct AssessmentRow {
    originator: i64,
    assessment: i64,
}

/// The sender's feed, and the assessments of all entries.
fn locks(batch: &ReceivedBatch) -> Vec<Lock> {
    let contents = batch.entries.iter().filter_map(|entry| entry.content.as_ref());
    let assessments = contents.map(|content| Lock::assessment(&content.originator, &content.assessment));
    let returned = batch.entries.iter().filter_map(|entry| entry.came_back.as_ref());
    let endorsed = returned.map(|back| Lock::assessment(&back.originator, &back.assessment));
    // The receipts go into the partner's outbox.
    let post = batch.post.first().map(|_| Lock::peer_out(&batch.partner));
    assessments
        .chain(endorsed)
        .chain([Lock::peer_in(&batch.partner)])
        .chain(post)
        .chain(catalogue::lock(batch.basis.catalogue))
        .collect()
}

/// Stores a batch, and returns the equivocations that it reveals. `None` if content was encrypted under a key that has changed;
/// nothing is stored then. `Some(None)` if an entry is not unverified any more.
fn commit(
    conn: &dyn Connection,
    vault: &Vault,
    changes: &mut Changes,
    batch: &ReceivedBatch,
    sealed: &Sealed,
) -> Result<Option<Option<Found>>> {
    const POSITION: &str = "INSERT INTO feed_in (peer, sequence, release, at) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (peer) DO UPDATE SET sequence = excluded.sequence, release = excluded.release, at = excluded.at";
    catalogue::require(conn, batch.basis.catalogue)?;
    let peer = peers::number_of(conn, &batch.partner)?;
    if let Some(after) = batch.basis.after
        && position(conn, peer)?.sequence != after
    {
        return Err(StoreError::Conflict);
    }
    let Some(places) = places(conn, vault, batch, sealed)? else { return Ok(None) };
    let (mut before, mut found) = (batch.basis.after, vec![]);
    for ((entry, sealed), place) in batch.entries.iter().zip(sealed).zip(&places) {
        let last = entry.sequence;
        match before.replace(last) {
            Some(before) if before.checked_add(1) != Some(last) => return Err(StoreError::Conflict),
            None if !pending_verification::take_out(conn, peer, last)? => return Ok(Some(None)),
            _ => {}
        }
        let kept = match (&entry.content, sealed, place) {
            (Some(content), Some(sealed), Some(place)) => {
                let kept = keep_version(conn, vault, content, place, batch.at)?;
                // The flag is the one that the portions were encrypted with. A quarantined row is hidden from users as a whole.
                let (manifest, is_quarantined) = (kept.number, content.quarantined);
                let row = ContentRow { manifest, peer, sequence: number(last)?, is_quarantined };
                keep_content(conn, changes, row, content, sealed, batch.at)?;
                if !kept.is_quarantined {
                    attachments::named(conn, peer, &content.attachments)?;
                    attachments::name(conn, manifest, content.attachments.iter().map(|(sha256, _)| sha256))?;
                }
                Some(kept)
            }
            _ => None,
        };
        insert(conn, peer, entry, kept, batch.at)?;
        if let Some(back) = &entry.came_back {
            let arrival = ArrivalRow { peer, from: &batch.partner, sequence: last };
            attached::keep_returned((conn, vault, changes), arrival, back, batch.at)?;
        }
        if let Some(signed) = &entry.signed {
            found.extend(equivocations::detect(conn, vault, signed, batch.now)?);
        }
        if let Some(pending) = &entry.pending_verification {
            let arrival = ArrivalRow { peer, from: &batch.partner, sequence: last };
            pending_verification::keep(conn, vault, arrival, pending)?;
        }
        // A later entry of the batch may hide what this one has brought.
        changes.apply(conn)?;
    }
    if let Some(entry) = batch.entries.last().filter(|_| batch.basis.after.is_some()) {
        let values = params![peer, number(entry.sequence)?, entry.release_id.as_bytes(), batch.at.unix_nanos()];
        execute(conn, POSITION, values)?;
    }
    batch
        .post
        .iter()
        .try_for_each(|statement| outbox::put(conn, changes, &batch.partner, statement.clone(), Some(batch.at)))?;
    append::append(conn, vault, &batch.leaves)?;
    Ok(Some(Some(found)))
}

/// `None` if a key has changed in the meantime.
fn places(conn: &dyn Connection, vault: &Vault, batch: &ReceivedBatch, sealed: &Sealed) -> Result<Option<Places>> {
    let mut places = Vec::with_capacity(sealed.len());
    for (entry, sealed) in batch.entries.iter().zip(sealed) {
        let place = match (&entry.content, sealed) {
            (Some(content), Some(SealedContent { key, .. })) => {
                let originator = peers::number_of(conn, &content.originator)?;
                if recalls::is_recalled(conn, &content.assessment, originator)? {
                    return Err(StoreError::Recalled);
                }
                match keys::settle(conn, vault, &content.assessment, originator, &content.originator, key)? {
                    Some(assessment) => Some(AssessmentRow { originator, assessment }),
                    None => return Ok(None),
                }
            }
            _ => None,
        };
        if let Some(ReturnedEndorsements { originator, assessment, .. }) = &entry.came_back
            && let Some(originator) = peers::find(conn, originator)?
            && recalls::is_recalled(conn, assessment, originator)?
        {
            return Err(StoreError::Recalled);
        }
        places.push(place);
    }
    Ok(Some(places))
}

fn keep_version(
    conn: &dyn Connection,
    vault: &Vault,
    content: &ReceivedContent,
    place: &AssessmentRow,
    at: Time,
) -> Result<StoredVersion> {
    let version = Version {
        manifest_id: &content.manifest_id,
        manifest: &content.manifest,
        assessment: place.assessment,
        originator: place.originator,
        version: content.version,
        since: at,
        verified: &content.verified,
    };
    let kept = manifests::keep(conn, &version, content.quarantined)?;
    quarantine::hide(conn, vault, &kept)?;
    Ok(kept)
}

fn keep_content(
    conn: &dyn Connection,
    changes: &mut Changes,
    row: ContentRow,
    content: &ReceivedContent,
    sealed: &SealedContent,
    at: Time,
) -> Result<()> {
    manifests::keep_portions(conn, row, &sealed.portions)?;
    if let Some(sealed) = &sealed.attached {
        attached::keep(changes, row, sealed.clone(), at);
    }
    if let Some(due) = content.due {
        answers::owe(changes, row.peer, false, row.manifest, due);
    }
    Ok(())
}

fn insert(
    conn: &dyn Connection,
    peer: i64,
    entry: &ReceivedEntry,
    kept: Option<StoredVersion>,
    at: Time,
) -> Result<()> {
    const SQL: &str = "INSERT INTO received (number, peer, sequence, release_id, envelope, kind, manifest, quarantined, at, \
        reason, held_for, provenance, claimed) VALUES ((SELECT newest FROM turn WHERE of = 'arrival'), \
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
    execute(conn, NEXT_ARRIVAL, params![])?;
    let values = params![
        peer,
        number(entry.sequence)?,
        entry.release_id.as_bytes(),
        entry.release,
        entry.content.as_ref().map(|c| c.kind.as_str()),
        kept.as_ref().map(|k| k.number),
        entry.refused || kept.is_some_and(|k| k.is_quarantined),
        at.unix_nanos(),
        entry.reason,
        entry.missing_agreement.as_ref().map(|id| id.as_bytes()),
        pack(&entry.provenance),
        entry.content.as_ref().filter(|c| c.quarantined).map(|c| &c.manifest),
    ];
    execute(conn, SQL, values).map(|_| ())
}

fn position(conn: &dyn Queries, peer: i64) -> Result<InboundPosition> {
    let found =
        query_optional(conn, "SELECT sequence, release, at FROM feed_in WHERE peer = ?1", params![peer], |r| {
            Ok(InboundPosition { sequence: count(r, 0)?, release: Some(id(r, 1)?), at: Some(time(r, 2)?) })
        })?;
    Ok(found.unwrap_or_default())
}

pub(super) async fn inbound(store: &SqlStore<impl Driver>, partner: &TrustDomain) -> Result<InboundPosition> {
    let partner = partner.clone();
    store
        .read(move |conn| match peers::find(conn, &partner)? {
            Some(peer) => position(conn, peer).map_err(|e| e.of(Damage::Feed(partner))),
            None => Ok(InboundPosition::default()),
        })
        .await
}

pub(super) async fn release(
    store: &SqlStore<impl Driver>,
    partner: &TrustDomain,
    sequence: u64,
) -> Result<Option<StatementId>> {
    const SQL: &str = "SELECT release_id FROM received \
        WHERE peer = (SELECT number FROM peer WHERE domain = ?1) AND sequence = ?2";
    let partner = partner.clone();
    store.read(move |conn| query_optional(conn, SQL, params![partner.as_str(), number(sequence)?], |r| id(r, 0))).await
}

pub(super) async fn newest_releases(store: &SqlStore<impl Driver>) -> Result<Vec<(TrustDomain, Vec<u8>)>> {
    const SQL: &str = "SELECT d.domain, r.envelope FROM feed_in f JOIN peer d ON d.number = f.peer \
        JOIN received r ON r.peer = f.peer AND r.sequence = f.sequence";
    let damages = Arc::clone(store.damages());
    let read = |r: &SqlRow<'_>| Ok((text(r, 0)?, r.get(1)?));
    store.read(move |conn| Ok(sorted(conn, SQL, params![], |_| Ok(Damage::Row), read)?.noted(&damages))).await
}

pub(super) async fn after(store: &SqlStore<impl Driver>, arrival: u64, limit: u32) -> Result<Vec<ReceivedRecord>> {
    const SQL: &str = "SELECT d.domain, r.sequence, r.kind, a.id, m.version, r.quarantined, r.at, r.number, m.id, \
        r.endorses IS NOT NULL FROM received r JOIN peer d ON d.number = r.peer \
        LEFT JOIN manifest m ON m.number = coalesce(r.manifest, r.endorses) \
        LEFT JOIN assessment a ON a.number = m.assessment \
        WHERE r.number > ?1 ORDER BY r.number LIMIT ?2";
    store.read(move |conn| query_all(conn, SQL, params![number(arrival)?, limit], read)).await
}

fn read(row: &SqlRow<'_>) -> Result<ReceivedRecord> {
    let version: Option<u32> = row.get(4)?;
    Ok(ReceivedRecord {
        partner: text(row, 0)?,
        sequence: count(row, 1)?,
        kind: text_optional(row, 2)?,
        is_endorsement: row.get(9)?,
        assessment: version.map(|version| Ok::<_, StoreError>((id(row, 3)?, version))).transpose()?,
        quarantined: row.get(5)?,
        at: time(row, 6)?,
        arrival: count(row, 7)?,
        manifest_id: id_optional(row, 8)?,
    })
}
