//! The store's records of quarantine, receipts, readings and acknowledgements.

use async_trait::async_trait;

use super::{Result, Verification};
use crate::domain::{
    event::Event,
    ids::{AssessmentId, Role, Sha256, StatementId, TrustDomain},
    receipt::ReceiptKind,
    time::Time,
};

/// An entry that is in quarantine because an agreement is missing.
pub struct QuarantinedEntry {
    /// Its number in the partner's feed.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// When it arrived.
    pub arrived_at: Time,
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// See [`ReceivedEntry`](super::ReceivedEntry).
    pub provenance: Vec<Vec<u8>>,
    /// The manifest's statement id.
    pub manifest_id: StatementId,
    /// The encoded envelope of the manifest.
    pub manifest: Vec<u8>,
    /// The encoded portions that came with it, decrypted.
    pub portions: Vec<Vec<u8>>,
    /// The encoded envelopes of the endorsements and exceptions that came with it.
    pub attached: Vec<Vec<u8>>,
}

/// The release of an entry from quarantine.
pub struct Readmission {
    /// The version of the catalogue that it was decided on: see [`CatalogueStore`](super::catalogue::CatalogueStore).
    pub catalogue: Option<u64>,
    /// Who sent it.
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

/// An arrival that is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRecord {
    /// Who sent it.
    pub partner: TrustDomain,
    /// Its number there.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// A stable reason in capitals; `None` if another manifest had its version when it was stored.
    pub reason: Option<String>,
    /// When it was stored.
    pub at: Time,
}

/// The identity of a numbered release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseRef {
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
    /// What happened to the releases.
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

/// A received entry with content, as a receipt about it needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptTarget {
    /// Who sent it.
    pub sender: TrustDomain,
    /// Its number in that feed.
    pub sequence: u64,
    /// The release's statement id.
    pub release_id: StatementId,
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases before it, beginning with the originator's.
    pub provenance: Vec<Vec<u8>>,
    /// Whose assessment it is.
    pub originator: TrustDomain,
    /// The manifest that it handed over.
    pub manifest_id: StatementId,
    /// Whether it is in quarantine.
    pub quarantined: bool,
}

/// Received entries that were not answered as stored yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnansweredEntries {
    /// Entries up to this number are answered.
    pub after: u64,
    /// The number up to which these entries reach; equal to `after` if there are none.
    pub until: u64,
    /// Those of them that need an answer: neither void, nor in quarantine, nor recalled.
    pub arrived: Vec<ReceiptTarget>,
}

/// A version that was read here in a role.
pub struct ReadingRecord {
    /// Which version.
    pub manifest_id: StatementId,
    /// In which role.
    pub role: Role,
    /// The entries by which it came, without those in quarantine; none if it was recalled since.
    pub arrived: Vec<ReceiptTarget>,
}

/// Readings that are reported to partners.
pub struct ReportedReadings {
    /// The versions and roles.
    pub readings: Vec<(StatementId, Role)>,
    /// The receipts, each for its partner.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// An acknowledgement by people here of a version that came from partners.
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

/// A receipt that says more than that releases were stored or quarantined, or that comes from a holder behind a partner.
pub struct HolderReport {
    /// Its statement id.
    pub id: StatementId,
    /// Its encoded envelope.
    pub envelope: Vec<u8>,
    /// The holder that signed it.
    pub holder: TrustDomain,
    /// The organisations between here and the holder; none for a partner's own receipt.
    pub through: Vec<TrustDomain>,
    /// What.
    pub kind: ReceiptKind,
    /// In which role.
    pub role: Option<Role>,
    /// A stable reason in capitals; never text that people wrote.
    pub reason: Option<String>,
    /// When, by the holder's clock.
    pub at: Time,
    /// Whether its signature was verified. It can't be if the holder is not known here.
    pub verified: bool,
    /// The versions, each with the number of portions that the holder got.
    pub versions: Vec<(StatementId, u64)>,
    /// The recall that it answers.
    pub recall: Option<StatementId>,
    /// The same receipt for others: partners and envelopes.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// An overdue duty to acknowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueRecord {
    /// Which assessment and version.
    pub assessment: (AssessmentId, u32),
    /// Since when.
    pub due_at: Time,
}

/// A duty of this node to acknowledge a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyRecord {
    /// The partner to which it is owed.
    pub partner: TrustDomain,
    /// The version.
    pub manifest_id: StatementId,
    /// The same, as people name it.
    pub assessment: (AssessmentId, u32),
    /// Whose assessment it is.
    pub originator: TrustDomain,
    /// By when.
    pub due_at: Time,
    /// How many duties there are for assessments of that originator, including this one.
    pub of_originator: u64,
}

/// What of a partner's entries is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineCount {
    /// The partner.
    pub partner: TrustDomain,
    /// How many entries with content.
    pub entries: u64,
    /// When the first of them arrived.
    pub since: Time,
}

/// Outgoing and incoming receipts. Each method is one transaction, as in [`Store`](super::Store).
#[async_trait]
pub trait ReceiptStore: Send + Sync {
    /// The partners whose feeds have unanswered entries.
    async fn to_answer(&self) -> Result<Vec<TrustDomain>>;
    /// A partner's entries that were not answered as stored yet, at most `limit`.
    async fn unanswered(&self, partner: &TrustDomain, limit: u32) -> Result<UnansweredEntries>;
    /// Marks the partner's entries from `after` to `until` as answered, and puts the receipts into the outboxes.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) if the entries are answered up to another number than `after`.
    async fn answered(
        &self,
        partner: &TrustDomain,
        after: u64,
        until: u64,
        post: Vec<(TrustDomain, Vec<u8>)>,
    ) -> Result<()>;
    /// All arrivals of an assessment's versions, or of one version, without refused ones.
    async fn arrivals_of(
        &self,
        originator: &TrustDomain,
        id: &AssessmentId,
        manifest_id: Option<&StatementId>,
    ) -> Result<Vec<ReceiptTarget>>;
    /// Records that a version was read in a role; the reading is reported at `due`. Each role is recorded once; later only the
    /// ledger entries are stored.
    async fn note_reading(&self, manifest_id: &StatementId, role: Role, due: Time, events: Vec<Event>) -> Result<()>;
    /// The readings to report once an interval has `ended`, by role: at most `limit`, and fewer if they are large. A reading that
    /// is due after `latest` was recorded by another clock or interval, and is reported, too.
    async fn readings_to_report(&self, ended: Time, latest: Time, limit: u32) -> Result<Vec<ReadingRecord>>;
    /// Marks readings as reported. That meets this node's duties to acknowledge.
    /// [`StoreError::Conflict`](super::StoreError::Conflict) if one of them was reported already.
    async fn mark_readings_reported(&self, told: ReportedReadings) -> Result<()>;
    /// Records an acknowledgement, which meets a duty of this node. A reading in a role is reported once: `false` if it was
    /// reported before, and then only the ledger entries are stored.
    async fn acknowledge(&self, acknowledgement: Acknowledgement) -> Result<bool>;
    /// Stores a holder's report. `false` if the same receipt is stored already; nothing changes then. A partner's own receipt
    /// meets its duty. [`StoreError::Conflict`](super::StoreError::Conflict) if the recall is not known here.
    async fn save_report(&self, report: HolderReport) -> Result<bool>;
    /// The overdue duties to acknowledge: how many there are, and the oldest of them, at most `limit`. With `outgoing`, the
    /// partner's duties, for what was released to it.
    async fn overdue(
        &self,
        partner: &TrustDomain,
        outgoing: bool,
        now: Time,
        limit: u32,
    ) -> Result<(u64, Vec<OverdueRecord>)>;
    /// The time by which a version must be acknowledged here; the earliest, if several partners ask for it. `None` if nobody waits for it.
    async fn acknowledge_by(&self, manifest_id: &StatementId) -> Result<Option<Time>>;
    /// This node's duties to acknowledge: of each originator the `each` that are due first, and altogether at most `limit`. The originators take
    /// turns: first the earliest duty of each, then the second of each, and so on. So no originator's duties push out those of others.
    async fn own_duties(&self, each: u32, limit: u32) -> Result<Vec<DutyRecord>>;
    /// What is in quarantine, by partner.
    async fn quarantine_counts(&self) -> Result<Vec<QuarantineCount>>;
    /// Records a contact with the partner.
    async fn heard_of(&self, partner: &TrustDomain, at: Time) -> Result<()>;
}
