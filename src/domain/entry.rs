//! One entry of a feed, as it is sent.

use std::sync::Arc;

use super::statement::Envelope;

/// A release with what it hands over, or a void.
#[derive(Debug, Clone)]
pub struct FeedEntry {
    /// The release or void.
    pub release: Arc<Envelope>,
    /// The manifest; `None` for a void.
    pub manifest: Option<Arc<Envelope>>,
    /// The disclosed portions' encodings, in the order of their digests. Partners with the same portions share them.
    pub portions: Vec<Arc<[u8]>>,
    /// The releases by which it came, from the originator's on. Empty if the sender is the originator.
    pub provenance: Vec<Arc<Envelope>>,
    /// The disclosed endorsements, in the order of their ids.
    pub endorsements: Vec<Arc<Envelope>>,
    /// The exceptions that the release names, in the order of their ids.
    pub exceptions: Vec<Arc<Envelope>>,
    /// Further statements that travel with the portions, encoded. This program does not know their kinds yet.
    pub later: Vec<Arc<[u8]>>,
}

impl FeedEntry {
    /// An entry that is a void.
    pub fn void(void: Envelope) -> Self {
        Self {
            release: Arc::new(void),
            manifest: None,
            portions: vec![],
            provenance: vec![],
            endorsements: vec![],
            exceptions: vec![],
            later: vec![],
        }
    }

    /// The approximate number of bytes on the wire.
    pub fn bytes(&self) -> u64 {
        let Self { release, manifest, portions, provenance, endorsements, exceptions, later } = self;
        let attached = provenance.iter().chain(endorsements).chain(exceptions);
        let envelopes = std::iter::once(release).chain(manifest).chain(attached).map(|e| e.bytes());
        let portions = portions.iter().chain(later).map(|p| p.len());
        portions.chain(envelopes).fold(0, |sum, bytes| sum.saturating_add(bytes as u64))
    }
}

/// An entry and its number.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// Its number in the partner's feed.
    pub sequence: u64,
    /// What is sent.
    pub entry: FeedEntry,
}
