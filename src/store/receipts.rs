//! What is kept from users and what partners answered, as the store takes and gives it.

use async_trait::async_trait;

use super::{Result, Verification};
use crate::domain::{
    event::Event,
    ids::{AssessmentId, Role, Sha256, StatementId, TrustDomain},
    receipt::ReceiptKind,
    time::Time,
};

/// An arrival that is kept from users for want of an agreement.
pub struct HeldEntry {
    /// Its number in the partner's feed.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// When it came.
    pub arrived_at: Time,
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
    /// How the manifest was verified.
    pub verified: Verification,
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
    /// The numbers of the releases.
    pub answers: Vec<u64>,
    /// The ledger entry about all of them.
    pub event: Event,
    /// The same receipt for others: partners and envelopes.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
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

/// An entry that came in with content, as a receipt needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// From whom.
    pub sender: TrustDomain,
    /// Its number in that feed.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases before it, from the originator's on.
    pub provenance: Vec<Vec<u8>>,
    /// Whose assessment it is.
    pub originator: TrustDomain,
    /// What came.
    pub manifest_id: StatementId,
    /// Whether it is kept from users.
    pub quarantined: bool,
}

/// What came in and was not answered as stored yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unanswered {
    /// Answered up to this number.
    pub after: u64,
    /// These reach up to this number; the same where there is nothing.
    pub until: u64,
    /// What of them is to be answered: neither void, nor kept from users, nor taken back.
    pub arrived: Vec<Arrived>,
}

/// That a version was read here in a role.
pub struct ReadingRecord {
    /// Which version.
    pub manifest_id: StatementId,
    /// In which role.
    pub role: Role,
    /// By which ways it came; none where it was taken back since. What is kept from users is not among them.
    pub arrived: Vec<Arrived>,
}

/// Readings that are told.
pub struct ToldReadings {
    /// Which: versions and roles.
    pub readings: Vec<(StatementId, Role)>,
    /// The receipts, each for its partner.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// What people here said of a version that came from partners.
pub struct Acknowledgement {
    /// Which version.
    pub manifest_id: StatementId,
    /// What.
    pub kind: ReceiptKind,
    /// In which role.
    pub role: Role,
    /// The receipts, each for its partner.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// A verified receipt that says more than that releases were stored or kept from users, or that comes from behind a partner.
pub struct Report {
    /// Its statement id.
    pub id: StatementId,
    /// Its encoded envelope.
    pub envelope: Vec<u8>,
    /// Who says so.
    pub holder: TrustDomain,
    /// The organisations between here and it; none for a partner's own.
    pub through: Vec<TrustDomain>,
    /// What.
    pub kind: ReceiptKind,
    /// In which role.
    pub role: Option<Role>,
    /// A stable reason in capitals; never what people wrote.
    pub reason: Option<String>,
    /// When, by its clock.
    pub at: Time,
    /// Whether its signature was checked; it could not be, where its organisation is not known here.
    pub verified: bool,
    /// The versions, each with the number of portions that the holder was given.
    pub versions: Vec<(StatementId, u64)>,
    /// The recall that it answers.
    pub recall: Option<StatementId>,
    /// The same receipt for others: partners and envelopes.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// A duty to acknowledge that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueRecord {
    /// Which assessment and version.
    pub assessment: (AssessmentId, u32),
    /// Since when.
    pub due_at: Time,
}

/// Receipts that go out and come in. As [`Store`](super::Store): each method is one transaction.
#[async_trait]
pub trait ReceiptStore: Send + Sync {
    /// The partners of whose feed something was not answered yet.
    async fn to_answer(&self) -> Result<Vec<TrustDomain>>;
    /// What came from a partner and was not answered as stored yet, at most `limit` entries.
    async fn unanswered(&self, partner: &TrustDomain, limit: u32) -> Result<Unanswered>;
    /// The partner's entries from `after` to `until` are answered: these receipts wait for their partners from now on.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where that was done up to another number.
    async fn answered(
        &self,
        partner: &TrustDomain,
        after: u64,
        until: u64,
        post: Vec<(TrustDomain, Vec<u8>)>,
    ) -> Result<()>;
    /// All arrivals of an assessment's versions, or of one; what was refused is not among them.
    async fn arrivals_of(
        &self,
        originator: &TrustDomain,
        id: &AssessmentId,
        manifest_id: Option<&StatementId>,
    ) -> Result<Vec<Arrived>>;
    /// Commits that a version was read in a role, to be told at `due`. Once for each role: where it was read in it before, only
    /// the ledger entries are kept.
    async fn note_reading(&self, manifest_id: &StatementId, role: Role, due: Time, events: Vec<Event>) -> Result<()>;
    /// Readings that are to be told once an interval has `ended`, by role: at most `limit`, and less where they are large. One that is
    /// due after `latest` was noted by another clock or interval, and is told as well.
    async fn readings_to_tell(&self, ended: Time, latest: Time, limit: u32) -> Result<Vec<ReadingRecord>>;
    /// Commits that readings are told; duties of this node are met by it.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) where one of them was told already.
    async fn readings_told(&self, told: ToldReadings) -> Result<()>;
    /// Commits what people said of a version. That it was read in a role is told once: `false` where it was told before, and then
    /// only the ledger entries are kept. A duty of this node is met by it.
    async fn acknowledge(&self, acknowledgement: Acknowledgement) -> Result<bool>;
    /// Keeps a report. `false` where the same receipt is here already; nothing is changed then. A duty of the partner is met
    /// by what it says itself. [`StoreError::Conflict`](super::StoreError::Conflict) where the recall is not known here.
    async fn save_report(&self, report: Report) -> Result<bool>;
    /// The duties to acknowledge that are overdue: how many, and the oldest of them, at most `limit`. `outgoing`: the
    /// partner's, of what was released to it.
    async fn overdue(
        &self,
        partner: &TrustDomain,
        outgoing: bool,
        now: Time,
        limit: u32,
    ) -> Result<(u64, Vec<OverdueRecord>)>;
    /// The partner was heard of.
    async fn heard_of(&self, partner: &TrustDomain, at: Time) -> Result<()>;
}
