//! Assessments made ready for the decision and for sending: decoded once, shared by all partners' feeds.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Node, fault::lost};
use crate::{
    domain::{
        assessment::{Manifest, Portion, level},
        entry::Entry,
        fault::Fault,
        ids::{Digest, Sha256, StatementId},
        level::WarningLevel,
        statement::Envelope,
    },
    policy::{Facts, Provenance},
    seal::{open::open_listed, statement::id_of},
    store::{AssessmentRecord, CameBy},
    wire,
};

/// One version of an assessment, ready for the decision.
pub struct Prepared {
    /// Its manifest's id.
    pub id: StatementId,
    /// What the manifest says.
    pub manifest: Manifest,
    /// The manifest with its signatures.
    pub envelope: Arc<Envelope>,
    /// The portions that are here, in the author's order.
    pub portions: Vec<PreparedPortion>,
    /// The ways by which it came; none where it was published here.
    pub ways: Vec<Way>,
}

/// One way by which another's assessment came here.
pub struct Way {
    /// What it holds this node to.
    pub provenance: Provenance,
    /// The releases, from the originator's to the one by which it came here.
    pub path: Vec<Arc<Envelope>>,
}

impl Way {
    /// # Errors
    /// Whatever does not decode.
    fn new(came_by: &CameBy) -> Result<Self, Fault> {
        let decode = |bytes: &Vec<u8>| wire::envelope::decode(bytes).map(Arc::new);
        let last = wire::envelope::decode(&came_by.release)?;
        let provenance = Provenance::of(id_of(last.kind, &last.payload), &wire::release::decode(&last.payload)?);
        let mut path = came_by.provenance.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        path.push(Arc::new(last));
        Ok(Self { provenance, path })
    }
}

/// One of its portions.
pub struct PreparedPortion {
    /// As the manifest lists it.
    pub digest: Digest,
    /// Decoded.
    pub portion: Portion,
    /// As the manifest's digest is over it.
    pub bytes: Arc<[u8]>,
}

impl Prepared {
    /// From what the store holds. The store's bytes are authenticated; the digests are checked all the same.
    ///
    /// # Errors
    /// `STORE_CORRUPT` in effect: whatever does not decode or is not listed.
    pub fn new(record: AssessmentRecord) -> Result<Self, Fault> {
        let envelope = wire::envelope::decode(&record.manifest)?;
        let manifest = wire::manifest::decode(&envelope.payload)?;
        let ways = record.releases.iter().map(Way::new).collect::<Result<_, _>>()?;
        let prepared = Self::assemble(record.manifest_id, manifest, Arc::new(envelope), record.portions)?;
        Ok(Self { ways, ..prepared })
    }

    /// From its parts.
    ///
    /// # Errors
    /// Whatever does not decode or is not listed.
    pub fn assemble(
        id: StatementId,
        manifest: Manifest,
        envelope: Arc<Envelope>,
        portions: Vec<Vec<u8>>,
    ) -> Result<Self, Fault> {
        let opened = open_listed(&manifest, &portions)?;
        let mut bytes: HashMap<Digest, Arc<[u8]>> = portions
            .into_iter()
            .map(|p| (crate::seal::digest::portion_digest(&manifest.assessment, &p), Arc::from(p)))
            .collect();
        let portions: Vec<PreparedPortion> = opened
            .into_iter()
            .filter_map(|o| {
                let bytes = bytes.remove(&o.digest())?;
                Some(PreparedPortion { digest: o.digest(), portion: o.portion().clone(), bytes })
            })
            .collect();
        Ok(Self { id, manifest, envelope, portions, ways: vec![] })
    }

    /// What the decision asks of it.
    pub fn facts(&self) -> Facts<'_> {
        Facts::of(&self.manifest, self.portions.iter().map(|p| (p.digest, &p.portion)))
            .passed_on(self.ways.iter().map(|w| w.provenance.clone()).collect())
    }

    /// What goes over the link: a release with what it hands over and the releases by which it came.
    pub fn entry(&self, release: Envelope, digests: &[Digest], via: Option<StatementId>) -> Entry {
        let way = self.ways.iter().find(|w| Some(w.provenance.release) == via);
        Entry {
            release: Arc::new(release),
            manifest: Some(self.envelope.clone()),
            portions: self.disclose(digests),
            provenance: way.map(|w| w.path.clone()).unwrap_or_default(),
        }
    }

    /// The encodings of the portions with these digests, in the order of the digests.
    pub fn disclose(&self, digests: &[Digest]) -> Vec<Arc<[u8]>> {
        let by_digest: HashMap<Digest, &PreparedPortion> = self.portions.iter().map(|p| (p.digest, p)).collect();
        digests.iter().filter_map(|d| by_digest.get(d)).map(|p| p.bytes.clone()).collect()
    }

    /// The highest level of the subjects among the portions with these digests: what their recipient sees.
    pub fn level(&self, digests: &[Digest]) -> Option<WarningLevel> {
        let given = self.portions.iter().filter(|p| digests.contains(&p.digest));
        level(&given.map(|p| p.portion.clone()).collect::<Vec<_>>())
    }

    /// The attachments that the portions with these digests name.
    pub fn attachments(&self, digests: &[Digest]) -> Vec<Sha256> {
        let named = self.portions.iter().filter(|p| digests.contains(&p.digest));
        named
            .filter_map(|p| match &p.portion.body {
                crate::domain::body::Body::Attachment(attachment) => Some(attachment.sha256),
                _ => None,
            })
            .collect()
    }
}

/// How many are kept ready; at 4 KiB each, a few megabytes.
const KEPT: usize = 512;

/// The ones last asked for.
#[derive(Default)]
pub struct Cache {
    kept: Mutex<HashMap<StatementId, Arc<Prepared>>>,
    /// What was taken back while this node runs: whoever read it from the store before that does not put it here after.
    gone: Mutex<HashSet<StatementId>>,
}

/// Locks even after a panic elsewhere: these are whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
    fn get(&self, id: &StatementId) -> Option<Arc<Prepared>> {
        lock(&self.kept).get(id).cloned()
    }

    pub(super) fn put(&self, prepared: Arc<Prepared>) {
        let mut kept = lock(&self.kept);
        if self.is_gone(&prepared.id) {
            return;
        }
        if kept.len() >= KEPT {
            // A crowd beyond this is a catch-up, where nothing is asked for twice anyway.
            kept.clear();
        }
        kept.insert(prepared.id, prepared);
    }

    /// More portions came.
    pub(super) fn forget(&self, id: &StatementId) {
        lock(&self.kept).remove(id);
    }

    /// It was taken back.
    pub(super) fn ban(&self, id: &StatementId) {
        let mut kept = lock(&self.kept);
        lock(&self.gone).insert(*id);
        kept.remove(id);
    }

    fn is_gone(&self, id: &StatementId) -> bool {
        lock(&self.gone).contains(id)
    }
}

impl Node {
    /// These versions, ready; in the order asked for, without those that are not here or were taken back.
    pub(super) async fn prepare(&self, ids: &[StatementId]) -> Result<Vec<Arc<Prepared>>, Fault> {
        let kept: Vec<Option<Arc<Prepared>>> = ids.iter().map(|id| self.prepared.get(id)).collect();
        let missing: Vec<StatementId> = ids.iter().zip(&kept).filter(|(_, k)| k.is_none()).map(|(id, _)| *id).collect();
        if missing.is_empty() {
            return Ok(kept.into_iter().flatten().collect());
        }
        let mut records = self.store.by_manifests(&missing, false).await?;
        records.retain(|r| !r.state.is_recalled() && !self.prepared.is_gone(&r.manifest_id));
        let fresh = tokio::task::spawn_blocking(|| {
            records.into_iter().map(|r| Prepared::new(r).map(Arc::new)).collect::<Result<Vec<_>, _>>()
        });
        let fresh = fresh.await.map_err(lost)??;
        let mut by_id: HashMap<StatementId, Arc<Prepared>> = fresh.into_iter().map(|p| (p.id, p)).collect();
        let is_crowd = by_id.len() > KEPT / 4;
        Ok(ids
            .iter()
            .zip(kept)
            .filter_map(|(id, kept)| {
                kept.or_else(|| {
                    by_id.remove(id).inspect(|p| {
                        if !is_crowd {
                            self.prepared.put(p.clone());
                        }
                    })
                })
            })
            .collect())
    }
}
