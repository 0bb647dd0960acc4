//! Publishing. A version, its portions, its queue items and the decisions are one transaction.

use std::sync::Arc;

use super::{
    arrival::ContentRow,
    attachments, catalogue,
    driver::Driver,
    keys,
    ledger::append,
    lock::Lock,
    manifests::{self, SealedPortions, Version},
    peers, personal, quarantine,
    query::Connection,
    queue, recalls,
    store::SqlStore,
    transaction::Changes,
};
use crate::store::{
    Publication, Result, StoreError,
    subject_states::pack as pack_states,
    summary::pack as pack_summary,
    vault::{ContentKey, LedgerLeaf, SealedRow, Vault, pack},
    words::tokens,
};

/// A publication with its portions encrypted.
struct Sealed {
    publication: Arc<Publication>,
    leaves: Arc<Vec<LedgerLeaf>>,
    content: SealedPortions,
    key: Vec<u8>,
}

pub(super) async fn publish(store: &SqlStore<impl Driver>, publication: Publication) -> Result<bool> {
    let leaves = Arc::new(LedgerLeaf::all(&publication.events)?);
    let publication = Arc::new(publication);
    let lock = Lock::assessment(&publication.originator, &publication.assessment);
    // The queues need no locks: of two items that get the same turn at once, the one with the lower number goes first.
    let locks: Vec<_> = [lock].into_iter().chain(catalogue::lock(publication.catalogue)).collect();
    for turn in 0..keys::TURNS {
        let wanted = Arc::clone(&publication);
        // A first version has no key yet. If by accident there is one, the second turn uses it.
        let key = match turn == 0 && publication.version == 1 {
            true => keys::make(store.vault(), &wanted.assessment, &wanted.originator)?,
            false => {
                store
                    .read_sealed(move |conn, vault| {
                        keys::find_or_make(conn, vault, &wanted.assessment, &wanted.originator)
                    })
                    .await?
            }
        };
        let sealed = Sealed {
            content: seal(&publication, &key, store.keeps_words().then(|| store.vault()))?,
            publication: Arc::clone(&publication),
            leaves: Arc::clone(&leaves),
            key: key.wrapped,
        };
        if let Some(is_new) =
            store.interleave(locks.clone(), move |conn, vault, changes| commit(conn, vault, changes, &sealed)).await?
        {
            return Ok(is_new);
        }
    }
    Err(keys::lost())
}

/// With the vault that makes the tokens of words, if an index is kept.
fn seal(p: &Publication, key: &ContentKey, index: Option<&Vault>) -> Result<SealedPortions> {
    let (manifest, from, sequence, quarantined) = (&p.manifest_id, &p.originator, 0, false);
    let portions = SealedRow::PortionSet { manifest, from, sequence, quarantined };
    let title = SealedRow::Title { manifest, from, sequence, quarantined };
    let summary = SealedRow::Summary { manifest, from, sequence, quarantined };
    let subject_states = SealedRow::SubjectStates { manifest, from, sequence };
    Ok(SealedPortions {
        portions: key.seal(portions, &pack(&p.portions))?,
        title: key.seal(title, &pack(&p.title))?,
        summary: key.seal(summary, &pack_summary(&p.summary)?)?,
        words: index.map(|vault| tokens(vault, &p.portions)).transpose()?,
        subject_states: key.seal(subject_states, &pack_states(&p.subject_states))?,
    })
}

/// Whether it was new; `None` if the key has changed in the meantime.
fn commit(conn: &dyn Connection, vault: &Vault, changes: &mut Changes, sealed: &Sealed) -> Result<Option<bool>> {
    let p = &sealed.publication;
    let originator = peers::number_of(conn, &p.originator)?;
    if recalls::is_recalled(conn, &p.assessment, originator)? {
        return Err(StoreError::Recalled);
    }
    if manifests::find(conn, &p.manifest_id)?.is_some() {
        return Ok(Some(false));
    }
    catalogue::require(conn, p.catalogue)?;
    let Some(assessment) = keys::settle(conn, vault, &p.assessment, originator, &p.originator, &sealed.key)? else {
        return Ok(None);
    };
    if manifests::latest(conn, assessment)?.checked_add(1) != Some(p.version) {
        return Err(StoreError::Conflict);
    }
    let version = Version {
        manifest_id: &p.manifest_id,
        manifest: &p.manifest,
        assessment,
        originator,
        version: p.version,
        since: p.at,
        verified: &p.verified,
    };
    let kept = manifests::keep(conn, &version, false)?;
    quarantine::hide(conn, vault, &kept)?;
    let row = ContentRow { manifest: kept.number, peer: originator, sequence: 0, is_quarantined: false };
    manifests::keep_portions(conn, row, &sealed.content)?;
    attachments::name(conn, kept.number, p.attachments.iter())?;
    personal::mark(conn, vault, &p.author, kept.number)?;
    queue::put(conn, changes, kept.number, p.urgency, &p.queue)?;
    append::append(conn, vault, &sealed.leaves)?;
    Ok(Some(true))
}
