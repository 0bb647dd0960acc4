//! What is kept from users and what partners answered, as the store takes and gives it.

use crate::domain::{
    event::Event,
    ids::{AssessmentId, Sha256, StatementId, TrustDomain},
    release::ReceiptKind,
    time::Time,
};

/// An arrival that is kept from users for want of an agreement.
pub struct HeldEntry {
    /// Its number in the partner's feed.
    pub sequence: u64,
    /// As in [`ReceivedRecord`](super::ReceivedRecord).
    pub arrival: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// As in [`ReceivedEntry`](super::ReceivedEntry).
    pub provenance: Vec<Vec<u8>>,
    /// The manifest's statement id.
    pub manifest_id: StatementId,
    /// The encoded envelope of the manifest.
    pub manifest: Vec<u8>,
    /// The encoded portions that came with it, decrypted.
    pub portions: Vec<Vec<u8>>,
    /// The encoded envelopes of the endorsements and exceptions that came with it.
    pub beside: Vec<Vec<u8>>,
}

/// An entry that users are to see from now on.
pub struct Readmission {
    /// From whom it came.
    pub partner: TrustDomain,
    /// Its number there.
    pub sequence: u64,
    /// The attachments that it names: (digest, length).
    pub attachments: Vec<(Sha256, u64)>,
    /// Statements for the partner.
    pub post: Vec<Vec<u8>>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// Why an arrival is kept from users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// From whom it came.
    pub partner: TrustDomain,
    /// Its number there.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// A stable reason in capitals; `None` where another manifest held its version at the moment of storing.
    pub reason: Option<String>,
    /// When it was stored.
    pub at: Time,
}

/// A release as its number names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// Its number.
    pub sequence: u64,
    /// Its statement id.
    pub id: StatementId,
    /// What it hands over.
    pub manifest_id: StatementId,
}

/// A verified receipt about releases that were given to its signer.
pub struct ReceiptRecord {
    /// Its statement id.
    pub id: StatementId,
    /// Its encoded envelope.
    pub envelope: Vec<u8>,
    /// What became of the releases.
    pub kind: ReceiptKind,
    /// Why: a stable reason in capitals.
    pub reason: Option<String>,
    /// When, by the partner's clock.
    pub at: Time,
    /// The numbers of the releases, each with the ledger entry about it.
    pub answers: Vec<(u64, Event)>,
}

/// What a partner answered to one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRecord {
    /// The release's number.
    pub sequence: u64,
    /// Which assessment and version.
    pub assessment: (AssessmentId, u32),
    /// The manifest's statement id.
    pub manifest_id: StatementId,
    /// Why: a stable reason in capitals.
    pub reason: Option<String>,
    /// When, by the partner's clock.
    pub at: Time,
}
