//! The records that the store takes and returns.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    attached::{AttachedStatement, ReturnedEndorsements},
    equivocations::SignedVersion,
    pending_verification::PendingVerification,
};
use crate::domain::{
    agreement::{Agreement, AgreementState, Standing},
    bundle::HeldBundle,
    event::Event,
    ids::{AssessmentId, Digest, Sha256, SpiffeId, StatementId, TrustDomain},
    partner::{Endpoint, Organisation, PartnerState},
    place::Country,
    release::EntryKind,
    summary::Summary,
    time::{Day, Time},
    words::words,
};

/// A partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerRecord {
    /// Who it is.
    pub organisation: Organisation,
    /// Where its node listens.
    pub endpoint: Option<Endpoint>,
    /// Its root certificates in DER.
    pub roots: Vec<Vec<u8>>,
    /// The bundle that these roots come from.
    pub bundle: HeldBundle,
    /// Whether anything is exchanged with it, as administrators have set it.
    pub state: PartnerState,
    /// Whether it may introduce other organisations here.
    pub introduces: bool,
    /// When it was accepted.
    pub accepted_at: Time,
}

impl PartnerRecord {
    /// Whether anything is exchanged with it now. While two of its bundles contest each other, it counts as suspended or as
    /// forgotten.
    pub fn standing(&self) -> PartnerState {
        match (self.state, &self.bundle.rival) {
            (state, None) => state,
            (PartnerState::Active | PartnerState::Suspended, Some(_)) => PartnerState::Suspended,
            (PartnerState::Known | PartnerState::Forgotten, Some(_)) => PartnerState::Forgotten,
        }
    }
}

/// An agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementRecord {
    /// Its statement id.
    pub id: StatementId,
    /// The partner.
    pub partner: TrustDomain,
    /// Its terms.
    pub agreement: Agreement,
    /// The encoded envelope with the signatures so far.
    pub envelope: Vec<u8>,
    /// Its state here.
    pub standing: Standing,
    /// When that last changed.
    pub changed_at: Time,
}

impl AgreementRecord {
    /// Its state at a given time.
    pub fn state(&self, now: Time) -> AgreementState {
        match self.standing.state(self.agreement.until, now) {
            AgreementState::InForce if now < self.agreement.from.start() => AgreementState::Agreed,
            state => state,
        }
    }
}

words!(
    /// The state of a version of an assessment.
    AssessmentState, "state of an assessment" {
        /// The latest version.
        Current = "current",
        /// The latest version, after its expiry. It is stored as current: see [`AssessmentState::at`].
        Expired = "expired",
        /// A later version is stored.
        Superseded = "superseded",
        /// Recalled by its originator; the bytes stay for oversight.
        Withdrawn = "withdrawn",
        /// Recalled and destroyed.
        Purged = "purged",
        /// Not covered by an agreement; users don't see it.
        Quarantined = "quarantined",
    }
);

impl AssessmentState {
    /// Whether it was recalled.
    pub fn is_recalled(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Purged)
    }

    /// The state at a given time, from the stored state and the expiry.
    pub fn at(self, expires: Time, now: Time) -> Self {
        match self {
            Self::Current if expires <= now => Self::Expired,
            kept => kept,
        }
    }
}

/// One version of an assessment with its portions, decrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct AssessmentRecord {
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Which version.
    pub version: u32,
    /// The manifest's statement id.
    pub manifest_id: StatementId,
    /// The encoded envelope of the manifest.
    pub manifest: Vec<u8>,
    /// Whose it is.
    pub originator: TrustDomain,
    /// When it was published here or first received.
    pub since: Time,
    /// Its state.
    pub state: AssessmentState,
    /// The deliveries by which it came; empty if it was published here.
    pub releases: Vec<Delivery>,
    /// The encoded portions, each once, in no particular order.
    pub portions: Vec<Vec<u8>>,
    /// The attached endorsements and exceptions, each once, in the order of their arrival.
    pub attached: Vec<LoggedStatement>,
    /// The states that the stored versions of the assessment are about, including this version.
    pub subject_states: BTreeSet<Country>,
    /// How the manifest was verified; `None` if it was not.
    pub verified: Option<Verification>,
}

impl AssessmentRecord {
    /// Its approximate size in bytes.
    pub fn bytes(&self) -> usize {
        let came_by = |c: &Delivery| c.release.len() + c.provenance.iter().map(Vec::len).sum::<usize>();
        let releases: usize = self.releases.iter().map(came_by).sum();
        let attached: usize = self.attached.iter().map(|s| s.envelope.len()).sum();
        size_of::<Self>()
            + self.manifest.len()
            + releases
            + self.portions.iter().map(Vec::len).sum::<usize>()
            + attached
    }
}

/// An attached statement with the time of its logging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedStatement {
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// When it was first logged here.
    pub at: Time,
    /// Whether it was verified by its own organisation's signature when it was logged.
    pub verified: bool,
}

/// How a statement was verified. A verified statement stays verified, whatever happens to roots and certificates later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// When.
    pub at: Time,
    /// The fingerprints of the trust bundles, one for each signature.
    pub roots: Vec<Sha256>,
    /// The organisation whose statement alone makes it count: a signer's key expired long before the statement came, and only
    /// this other organisation states an earlier time.
    pub on_word_of: Option<TrustDomain>,
}

/// One delivery of a version: the release by which it came, and the releases before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases before it, beginning with the originator's; empty if the originator sent it.
    pub provenance: Vec<Vec<u8>>,
    /// When it came.
    pub received_at: Time,
}

/// Everything that one `publish` commits together.
#[derive(Clone)]
pub struct Publication {
    /// The version of the catalogue that it was decided on: see [`CatalogueStore`](super::catalogue::CatalogueStore).
    pub catalogue: Option<u64>,
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Which version.
    pub version: u32,
    /// The manifest's statement id.
    pub manifest_id: StatementId,
    /// The encoded envelope of the manifest.
    pub manifest: Vec<u8>,
    /// The own domain.
    pub originator: TrustDomain,
    /// Who publishes it. To this person it is not unread.
    pub author: SpiffeId,
    /// When.
    pub at: Time,
    /// The urgency (the level, 1 to 5). More urgent items go first.
    pub urgency: u8,
    /// The encoded portions.
    pub portions: Vec<Vec<u8>>,
    /// The portions that name the assessment in lists.
    pub title: Vec<Vec<u8>>,
    /// The summary of the portions.
    pub summary: Summary,
    /// The states that the portions are about.
    pub subject_states: BTreeSet<Country>,
    /// The attachments that the portions name.
    pub attachments: Vec<Sha256>,
    /// The partners that are offered it, each with the time from which on. A partner may be listed several times.
    pub queue: Vec<(TrustDomain, Time)>,
    /// The ledger entries.
    pub events: Vec<Event>,
    /// How the manifest was verified.
    pub verified: Verification,
}

/// An item in a partner's queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueItem {
    /// Its number in the store.
    pub id: i64,
    /// Which version of which assessment.
    pub manifest_id: StatementId,
    /// When it becomes due.
    pub due_at: Time,
}

/// The position of an outgoing feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboundPosition {
    /// The number of the last release; 0 if there is none.
    pub sequence: u64,
    /// Its statement id.
    pub release: Option<StatementId>,
    /// Up to which number the partner has acknowledged.
    pub acknowledged: u64,
    /// When the partner last acknowledged.
    pub acknowledged_at: Option<Time>,
}

/// The figures of the feeds from and to one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFigures {
    /// Which organisation.
    pub partner: TrustDomain,
    /// The number of the last entry received from it.
    pub inbound: u64,
    /// The number of the last release to it.
    pub outbound: u64,
    /// Up to which number it has acknowledged.
    pub acknowledged: u64,
    /// How many items are queued for it, due or not.
    pub queued: u64,
}

/// What is pending for a partner at one moment. `due` is empty as long as `numbered` is not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PendingWork {
    /// The version of the catalogue at that moment.
    pub catalogue: u64,
    /// The turn of the newest recall at that moment.
    pub recalls: u64,
    /// The position of its feed.
    pub position: OutboundPosition,
    /// The numbered releases, ascending.
    pub numbered: Vec<ReleaseRecord>,
    /// The due items in the order of the queue, each with the digests of that version that were disclosed to the partner before.
    pub due: Vec<(QueueItem, Vec<Digest>)>,
    /// Whether there is more than fits into the limit.
    pub is_more: bool,
    /// When the next item becomes due that is not due yet.
    pub next_due: Option<Time>,
}

/// What is stored of a version of an originator's assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VersionStatus {
    /// Whether the assessment was recalled.
    pub is_recalled: bool,
    /// Whether the partner that hands it over has sent a recall of it that could not be verified yet.
    pub is_recall_claimed: bool,
    /// The manifest of the version that users see, if the originator's own signature verified it.
    pub manifest: Option<StatementId>,
    /// The latest version that users see and that the originator's own signature verified; 0 if there is none.
    pub latest: u32,
    /// The version that users see on the statement of a hub alone.
    pub hub_attested: Option<HubAttestedVersion>,
}

/// A version that counts on the statement of a hub alone: see [`Verification::on_word_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HubAttestedVersion {
    /// Its number.
    pub version: u32,
    /// Its manifest.
    pub manifest: StatementId,
}

/// A numbered release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRecord {
    /// Its number.
    pub sequence: u64,
    /// The release's statement id, even if a void has replaced it.
    pub id: StatementId,
    /// The manifest that it hands over.
    pub manifest_id: StatementId,
    /// The encoded envelope: the release, or the void that has replaced it.
    pub envelope: Vec<u8>,
    /// Whether it is a void.
    pub is_void: bool,
    /// The digests of what it discloses, and the ids of endorsements; empty for a void.
    pub digests: Vec<Digest>,
    /// The attachments that it discloses.
    pub attachments: Vec<Sha256>,
}

/// A root certificate that an organisation no longer uses. It verifies nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredRoot {
    /// Whose.
    pub of: TrustDomain,
    /// The certificate.
    pub der: Vec<u8>,
    /// When it left the bundle: the date of the bundle without it, or when the comparison of words settled it here.
    pub retired_at: Time,
    /// Whether the comparison of words settled it, and not a bundle of the organisation's own administrators.
    pub by_words: bool,
    /// The day from which on what was logged under it is doubtful, if somebody else may have its key.
    pub compromised_since: Option<Day>,
}

/// A release of a version with the recipient's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenRelease {
    /// The recipient.
    pub partner: TrustDomain,
    /// The encoded envelope.
    pub release: Vec<u8>,
    /// Why the recipient has it in quarantine, if it has.
    pub refused: Option<String>,
    /// Whether it was released again afterwards.
    pub again: bool,
}

/// Everything that one round of releasing commits together.
pub struct ReleaseBatch {
    /// The version of the catalogue that it was decided on: see [`CatalogueStore`](super::catalogue::CatalogueStore).
    pub catalogue: Option<u64>,
    /// The last number before this batch. [`StoreError::Conflict`](super::StoreError::Conflict) if the store has another one.
    pub after: u64,
    /// The releases, numbered from `after` + 1 on.
    pub releases: Vec<ReleaseRecord>,
    /// The other organisations whose signatures they contain: originators, hubs, endorsers.
    pub signers: BTreeSet<TrustDomain>,
    /// The queue items that it settles, released or dropped.
    pub settled: Vec<i64>,
    /// The versions that the partner has to acknowledge, each with its deadline.
    pub duties: Vec<(StatementId, Time)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// The position of an incoming feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InboundPosition {
    /// The number of the last stored entry; 0 if there is none.
    pub sequence: u64,
    /// The release that the next one must name as its predecessor.
    pub release: Option<StatementId>,
    /// When the last entry was stored.
    pub at: Option<Time>,
}

/// What a batch of received entries was judged on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivingBasis {
    /// The number of the last entry before the batch. [`StoreError::Conflict`](super::StoreError::Conflict) if the store has another one.
    pub after: u64,
    /// The version of the catalogue that it was decided on: see [`CatalogueStore`](super::catalogue::CatalogueStore).
    pub catalogue: Option<u64>,
}

/// A received entry after its checks.
pub struct ReceivedEntry {
    /// Its number.
    pub sequence: u64,
    /// The release's statement id; for a void, that of the release that it replaces.
    pub release_id: StatementId,
    /// The encoded envelope of the release or void.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases by which its sender got it, beginning with the originator's.
    pub provenance: Vec<Vec<u8>>,
    /// Its content; `None` for a void, and if the content did not verify.
    pub content: Option<ReceivedContent>,
    /// Whether its content did not verify. Then only its arrival is stored.
    pub refused: bool,
    /// Why it is in quarantine, if it is: a stable reason in capitals.
    pub reason: Option<String>,
    /// The agreement that is missing, if the entry may leave quarantine once that agreement is in force.
    pub missing_agreement: Option<StatementId>,
    /// What it waits for, if it can't be verified yet.
    pub pending_verification: Option<PendingVerification>,
    /// Its manifest, if the originator has certainly signed it. It is compared with other manifests of the same version, whether
    /// the content is stored or not.
    pub signed: Option<SignedVersion>,
    /// The endorsements that came back about a version that was published here. Then `content` is `None`, because the version is here already.
    pub came_back: Option<ReturnedEndorsements>,
}

/// The content of a received entry.
pub struct ReceivedContent {
    /// The kind of entry.
    pub kind: EntryKind,
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Which version.
    pub version: u32,
    /// The manifest's statement id.
    pub manifest_id: StatementId,
    /// The encoded envelope of the manifest.
    pub manifest: Vec<u8>,
    /// Whose it is.
    pub originator: TrustDomain,
    /// The encoded portions.
    pub portions: Vec<Vec<u8>>,
    /// The portions that name the assessment in lists.
    pub title: Vec<Vec<u8>>,
    /// The summary of the portions.
    pub summary: Summary,
    /// The states that the portions are about.
    pub subject_states: BTreeSet<Country>,
    /// The endorsements and exceptions that came with them.
    pub attached: Vec<AttachedStatement>,
    /// The attachments that the portions name: (digest, length).
    pub attachments: Vec<(Sha256, u64)>,
    /// Whether it is in quarantine, because no agreement covers it.
    pub quarantined: bool,
    /// The deadline of its acknowledgement.
    pub due: Option<Time>,
    /// How the manifest was verified.
    pub verified: Verification,
}

/// A received entry, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRecord {
    /// Who sent it.
    pub partner: TrustDomain,
    /// Its number there.
    pub sequence: u64,
    /// What sort of entry; `None` for a void.
    pub kind: Option<EntryKind>,
    /// Whether it only brought endorsements of a version that was published here. `kind` is `None` then.
    pub is_endorsement: bool,
    /// Which assessment and version; `None` for a void.
    pub assessment: Option<(AssessmentId, u32)>,
    /// Its manifest; `None` for a void.
    pub manifest_id: Option<StatementId>,
    /// Whether it is in quarantine.
    pub quarantined: bool,
    /// When it was stored.
    pub at: Time,
    /// The arrival number, which counts over all partners. A follower resumes from it.
    pub arrival: u64,
}
