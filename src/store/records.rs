//! What the store keeps and hands out, as values.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{equivocations::SignedVersion, held::Hold};
use crate::domain::{
    agreement::{Agreement, AgreementState, Standing},
    bundle::HeldBundle,
    event::Event,
    ids::{AssessmentId, Digest, Sha256, StatementId, TrustDomain},
    partner::{Endpoint, Organisation, PartnerState},
    place::Country,
    release::EntryKind,
    time::{Day, Time},
    words::words,
};

/// A partner, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerRecord {
    /// Who it is.
    pub organisation: Organisation,
    /// Where its node listens.
    pub endpoint: Option<Endpoint>,
    /// Its root certificates in DER.
    pub roots: Vec<Vec<u8>>,
    /// Which of its bundles these are.
    pub bundle: HeldBundle,
    /// Whether anything is to be exchanged with it, as administrators have set it.
    pub state: PartnerState,
    /// Whether it may introduce other organisations here.
    pub introduces: bool,
    /// When it was accepted.
    pub accepted_at: Time,
}

impl PartnerRecord {
    /// Whether anything is exchanged with it now. While two of its bundles contest each other it is as if it were suspended or
    /// forgotten.
    pub fn standing(&self) -> PartnerState {
        match (self.state, &self.bundle.rival) {
            (state, None) => state,
            (PartnerState::Active | PartnerState::Suspended, Some(_)) => PartnerState::Suspended,
            (PartnerState::Known | PartnerState::Forgotten, Some(_)) => PartnerState::Forgotten,
        }
    }
}

/// An agreement, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementRecord {
    /// Its statement id.
    pub id: StatementId,
    /// The partner.
    pub partner: TrustDomain,
    /// What it says.
    pub agreement: Agreement,
    /// The encoded envelope with the signatures so far.
    pub envelope: Vec<u8>,
    /// Where it stands here.
    pub standing: Standing,
    /// When that last changed.
    pub changed_at: Time,
}

impl AgreementRecord {
    /// Its state at a time.
    pub fn state(&self, now: Time) -> AgreementState {
        match self.standing.state(self.agreement.until, now) {
            AgreementState::InForce if now < self.agreement.from.start() => AgreementState::Agreed,
            state => state,
        }
    }
}

words!(
    /// Where a version of an assessment stands.
    AssessmentState, "state of an assessment" {
        /// The latest version.
        Current = "current",
        /// The latest version, and its time is over. The store keeps it as current: see [`AssessmentState::at`].
        Expired = "expired",
        /// A later version is here.
        Superseded = "superseded",
        /// Taken back by its originator, kept for oversight.
        Withdrawn = "withdrawn",
        /// Taken back and destroyed.
        Purged = "purged",
        /// Not covered by an agreement: kept from users.
        Quarantined = "quarantined",
    }
);

impl AssessmentState {
    /// Whether it was taken back.
    pub fn is_recalled(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Purged)
    }

    /// Where a version stands at a time, by what the store keeps and by when it expires.
    pub fn at(self, expires: Time, now: Time) -> Self {
        match self {
            Self::Current if expires <= now => Self::Expired,
            kept => kept,
        }
    }
}

/// One version of an assessment, with the portions that are here, decrypted.
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
    /// When it was published or first received here.
    pub since: Time,
    /// Where it stands.
    pub state: AssessmentState,
    /// The releases by which it came; empty where it was published here.
    pub releases: Vec<CameBy>,
    /// The encoded portions, each once; not in order.
    pub portions: Vec<Vec<u8>>,
    /// The endorsements and exceptions, each once, in the order in which they came.
    pub beside: Vec<LoggedStatement>,
    /// The states that its versions are about: all that are here, this one among them.
    pub about: BTreeSet<Country>,
    /// How the manifest was verified; `None` where it was not.
    pub verified: Option<Verification>,
}

impl AssessmentRecord {
    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let came_by = |c: &CameBy| c.release.len() + c.provenance.iter().map(Vec::len).sum::<usize>();
        let releases: usize = self.releases.iter().map(came_by).sum();
        let beside: usize = self.beside.iter().map(|s| s.envelope.len()).sum();
        size_of::<Self>() + self.manifest.len() + releases + self.portions.iter().map(Vec::len).sum::<usize>() + beside
    }
}

/// A statement as it was logged here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedStatement {
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// When it was first logged here.
    pub at: Time,
    /// Whether it was verified when it was logged, on its own organisation's word.
    pub verified: bool,
}

/// How a statement was verified. What was verified once stays verified, whatever happens to roots and certificates later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// When.
    pub at: Time,
    /// The fingerprints of the trust bundles, one for each signature.
    pub roots: Vec<Sha256>,
    /// The organisation on whose word alone it counts: a signer's key ended long before the statement came, and only this
    /// other organisation states an earlier time.
    pub on_word_of: Option<TrustDomain>,
}

/// A release by which an assessment came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameBy {
    /// The encoded envelope of the release.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases before it, from the originator's on; empty where the originator itself gave it.
    pub provenance: Vec<Vec<u8>>,
    /// When it came.
    pub received_at: Time,
}

/// A publication: everything that one `publish` commits together.
pub struct Publication {
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
    /// When.
    pub at: Time,
    /// How urgent: a greater one overtakes (level, 1 to 5).
    pub urgency: u8,
    /// The encoded portions.
    pub portions: Vec<Vec<u8>>,
    /// Those that name it in lists.
    pub title: Vec<Vec<u8>>,
    /// The states that they are about.
    pub about: BTreeSet<Country>,
    /// The attachments that they name.
    pub attachments: Vec<Sha256>,
    /// Who will be offered it, and from when on. A partner may stand there several times, with different times.
    pub queue: Vec<(TrustDomain, Time)>,
    /// The ledger entries.
    pub events: Vec<Event>,
    /// How the manifest was verified.
    pub verified: Verification,
}

/// What waits for a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueItem {
    /// The store's name for it.
    pub id: i64,
    /// Which version of which assessment.
    pub manifest_id: StatementId,
    /// From when on it is offered.
    pub due_at: Time,
}

/// A place in a feed that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboundPosition {
    /// The number of the last release; 0: none yet.
    pub sequence: u64,
    /// Its statement id.
    pub release: Option<StatementId>,
    /// Up to which number the partner has acknowledged.
    pub acknowledged: u64,
    /// When it last did.
    pub acknowledged_at: Option<Time>,
}

/// The figures of the feeds from and to one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFigures {
    /// Which organisation.
    pub partner: TrustDomain,
    /// The number of the last entry that came from it.
    pub inbound: u64,
    /// The number of the last release to it.
    pub outbound: u64,
    /// Up to which number it has acknowledged.
    pub acknowledged: u64,
    /// How many items wait for it, due or not.
    pub queued: u64,
}

/// What there is for a partner, at one moment. Nothing is due as long as something is numbered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// Where its feed stands.
    pub position: OutboundPosition,
    /// What is numbered, ascending.
    pub numbered: Vec<ReleaseRecord>,
    /// What is due, in the order of the queue; each with what the partner was given of that version before.
    pub due: Vec<(QueueItem, Vec<Digest>)>,
    /// Whether more is numbered or due than there was room for.
    pub is_more: bool,
    /// When the next item that is not due yet becomes due.
    pub next_due: Option<Time>,
}

/// What is here of a version of an originator's assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VersionHere {
    /// Whether the assessment was taken back.
    pub is_recalled: bool,
    /// Whether the partner that hands it over says that it was taken back, and that could not be verified yet.
    pub is_recall_claimed: bool,
    /// The manifest under which users see the version, on its originator's own word.
    pub manifest: Option<StatementId>,
    /// The latest version that users see on its originator's own word; 0: none.
    pub latest: u32,
    /// What users see of the assessment on a hub's word alone.
    pub on_word: Option<OnWord>,
}

/// A version that counts on a hub's word alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnWord {
    /// Which.
    pub version: u32,
    /// Its manifest.
    pub manifest: StatementId,
}

/// A numbered release, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseRecord {
    /// Its number.
    pub sequence: u64,
    /// Its statement id (of the release, even where a void stands in for it).
    pub id: StatementId,
    /// What it hands over.
    pub manifest_id: StatementId,
    /// The encoded envelope: a release, or the void that stands in for it.
    pub envelope: Vec<u8>,
    /// Whether it is a void.
    pub is_void: bool,
    /// The digests of what it discloses, endorsements by their ids; empty where it is a void.
    pub digests: Vec<Digest>,
    /// The attachments that it discloses.
    pub attachments: Vec<Sha256>,
}

/// A root certificate that an organisation had once. It proves nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredRoot {
    /// Whose.
    pub of: TrustDomain,
    /// The certificate.
    pub der: Vec<u8>,
    /// Since when it is not in the bundle any more: by the date of the bundle that left it out, or when words settled it here.
    pub retired_at: Time,
    /// Whether words settled it, and not a bundle of the organisation's own administrators.
    pub by_words: bool,
    /// From which day on what was first logged under it is doubtful, where somebody else may have its key.
    pub compromised_since: Option<Day>,
}

/// A release of a version, as its taker has answered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenRelease {
    /// To whom.
    pub partner: TrustDomain,
    /// The encoded envelope.
    pub release: Vec<u8>,
    /// Why the taker keeps it from its users, where it does.
    pub refused: Option<String>,
    /// Whether it was released again since.
    pub again: bool,
}

/// What one round of releasing commits together.
pub struct ReleaseBatch {
    /// The last number before this batch; [`StoreError::Conflict`](super::StoreError::Conflict) where the store has another.
    pub after: u64,
    /// The releases, numbered on from `after`.
    pub releases: Vec<ReleaseRecord>,
    /// The other organisations whose signatures they hand over: originators, those who passed it on, endorsers.
    pub signers: BTreeSet<TrustDomain>,
    /// The queue items that are settled by it, released or dropped.
    pub settled: Vec<i64>,
    /// By when the partner has to acknowledge which versions.
    pub duties: Vec<(StatementId, Time)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// A place in a feed that comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InboundPosition {
    /// The number of the last entry stored; 0: none yet.
    pub sequence: u64,
    /// The release that the next one must name as the one before.
    pub release: Option<StatementId>,
    /// When the last entry was stored.
    pub at: Option<Time>,
}

/// An entry that came in and was checked.
pub struct ReceivedEntry {
    /// Its number.
    pub sequence: u64,
    /// The release's statement id (for a void: of the release that it replaces).
    pub release_id: StatementId,
    /// The encoded envelope of the release or void.
    pub release: Vec<u8>,
    /// The encoded envelopes of the releases by which its sender got it, from the originator's on.
    pub provenance: Vec<Vec<u8>>,
    /// What it hands over; `None` for a void, and where the content did not verify.
    pub content: Option<ReceivedContent>,
    /// Its content did not verify: only that it came is kept.
    pub refused: bool,
    /// Why it is kept from users, where it is: a stable reason in capitals.
    pub reason: Option<String>,
    /// The agreement for want of which it is kept from users, where it may be shown once that is in force.
    pub held_for: Option<StatementId>,
    /// What it waits for, where it can't be verified yet.
    pub hold: Option<Hold>,
    /// Its manifest, where its originator has signed that beyond doubt, whether its content is kept or not: held against other manifests
    /// of the same version.
    pub signed: Option<SignedVersion>,
}

/// A statement that came beside portions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BesideStatement {
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// Whether it was verified on arrival, on its own organisation's word.
    pub verified: bool,
}

impl BesideStatement {
    /// As it is kept: a byte that says whether it was verified, then the envelope.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [&[u8::from(self.verified)], self.envelope.as_slice()].concat()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (verified, envelope) = bytes.split_first()?;
        Some(Self { envelope: envelope.to_vec(), verified: *verified == 1 })
    }
}

/// What an entry hands over.
pub struct ReceivedContent {
    /// What sort of entry.
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
    /// Those that name it in lists.
    pub title: Vec<Vec<u8>>,
    /// The states that they are about.
    pub about: BTreeSet<Country>,
    /// The encoded envelopes of the endorsements and exceptions that came with them.
    pub beside: Vec<BesideStatement>,
    /// The attachments that they name: (digest, length).
    pub attachments: Vec<(Sha256, u64)>,
    /// Kept from users: not covered.
    pub quarantined: bool,
    /// By when it is to be acknowledged.
    pub due: Option<Time>,
    /// How the manifest was verified.
    pub verified: Verification,
}

/// An entry of a feed that came in, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRecord {
    /// From whom.
    pub partner: TrustDomain,
    /// Its number there.
    pub sequence: u64,
    /// What sort of entry; `None` for a void.
    pub kind: Option<EntryKind>,
    /// Which assessment and version; `None` for a void.
    pub assessment: Option<(AssessmentId, u32)>,
    /// Its manifest; `None` for a void.
    pub manifest_id: Option<StatementId>,
    /// Kept from users.
    pub quarantined: bool,
    /// When it was stored.
    pub at: Time,
    /// The store's own count over all partners, ascending by arrival: where a follower resumes.
    pub arrival: u64,
}

/// Names a copy of an attachment. There is one for each source, so that what a partner has sent neither shows nor changes
/// what another one's is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyName {
    /// SHA-256 of the whole.
    pub sha256: Sha256,
    /// The partner from whom it is fetched; `None` where it was uploaded here.
    pub from: Option<TrustDomain>,
}

impl CopyName {
    /// The copy that was uploaded here.
    pub fn own(sha256: Sha256) -> Self {
        Self { sha256, from: None }
    }

    /// The copy that is fetched from a partner.
    pub fn of(partner: &TrustDomain, sha256: Sha256) -> Self {
        Self { sha256, from: Some(partner.clone()) }
    }
}

/// How much of an attachment is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AttachmentStatus {
    /// Its length in bytes, once known.
    pub size: u64,
    /// How many bytes are here, from the start on without a hole.
    pub stored: u64,
    /// Whether it is whole and its digest was checked.
    pub complete: bool,
}
