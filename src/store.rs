//! The trait `Store`. Each method is one transaction of the size of a use case. When a method that changes something returns
//! `Ok`, the change *and its ledger entries* are on disk. When it returns `Err`, neither is, except for [`StoreError::Failed`]: then it is
//! unknown until the restart. A caller may repeat a method after
//! [`StoreError::Busy`] and after a crash.
//!
//! Content (portions, attachments, ledger entries) is encrypted before it reaches the backend. SQL stays below this layer.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::domain::{
    event::Event,
    ids::{AssessmentId, Digest, Sha256, StatementId, TrustDomain},
    place::Country,
    rules::RulesVersion,
    time::Time,
};
use approvals::ApprovalStore;
pub use attached::{AttachedStatement, ReturnedEndorsements};
pub use attachment_records::{AttachmentStatus, CopyName};
use browser_sessions::BrowserSessionStore;
use bundles::BundleStore;
use catalogue::CatalogueStore;
use damage::Damage;
use drafts::DraftStore;
use equivocations::EquivocationStore;
pub use error::{Result, StoreError};
use forward::ForwardStore;
use introductions::IntroductionStore;
use ledger::LedgerStore;
use lists::ListStore;
use outbox::OutboxStore;
pub use pages::{AssessmentPage, ListFilter};
use people::PeopleStore;
use personal::PersonalStore;
use recalls::RecallStore;
use receipts::{
    AnswerRecord, QuarantineRecord, QuarantinedEntry, Readmission, ReceiptRecord, ReceiptStore, ReleaseRef,
};
pub use records::{
    AgreementRecord, AssessmentRecord, AssessmentState, Delivery, FeedFigures, GivenRelease, HubAttestedVersion,
    InboundPosition, LoggedStatement, OutboundPosition, PartnerRecord, PendingWork, Publication, QueueItem,
    ReceivedContent, ReceivedEntry, ReceivedRecord, ReceivingBasis, ReleaseBatch, ReleaseRecord, RetiredRoot,
    Verification, VersionStatus,
};
use requests::RequestStore;
use search::SearchStore;
use timers::TimerStore;
use unverified::UnverifiedStore;

#[cfg(test)]
mod contract;
pub mod subject_states;
pub mod approvals;
mod attached;
pub mod browser_sessions;
pub mod bundles;
pub mod catalogue;
pub mod damage;
pub mod drafts;
pub mod equivocations;
mod error;
pub mod forward;
pub mod unverified;
pub mod introductions;
pub mod ledger;
pub mod lists;
pub mod outbox;
pub mod people;
pub mod personal;
pub mod recalls;
pub mod receipts;
pub mod requests;
mod attachment_records;
mod pages;
mod pending_verification;
mod records;
mod row;
pub mod search;
mod sql;
pub mod sqlite;
pub mod summary;
pub mod timers;
pub mod title;
pub mod vault;
mod words;

/// Everything that is stored is read and changed through this trait.
#[async_trait]
pub trait Store:
    ApprovalStore
    + BrowserSessionStore
    + BundleStore
    + CatalogueStore
    + DraftStore
    + EquivocationStore
    + ForwardStore
    + UnverifiedStore
    + IntroductionStore
    + LedgerStore
    + ListStore
    + OutboxStore
    + PeopleStore
    + PersonalStore
    + ReceiptStore
    + RecallStore
    + RequestStore
    + SearchStore
    + TimerStore
{
    /// Why nothing is written any more until a restart: the disk has failed, or the store as a whole is damaged. Reading goes on.
    fn failure(&self) -> Option<StoreError>;
    /// The things that were found unreadable since the start, each once. A repaired thing leaves the list when it is read again.
    fn damages(&self) -> Vec<Damage>;
    /// Whether the disk has no space for changes at the moment: hardly any space is left, or the last change found too little.
    /// The state ends by itself when space is freed. Reading goes on.
    async fn is_full(&self) -> bool;
    /// Reports a thing that its reader found damaged: it decrypts, and it does not verify any more.
    fn report_corruption(&self, what: Damage);
    /// Checks the whole database for damage, however long it takes. Damage that it finds becomes the [`Self::failure`].
    async fn check_integrity(&self) -> Result<()>;

    /// All partners that can be read, by name. [`Self::damages`] lists the others.
    async fn partners(&self) -> Result<Vec<PartnerRecord>>;
    /// Those of these partners that are here and can be read, by name.
    async fn partners_named(&self, names: &[TrustDomain]) -> Result<Vec<PartnerRecord>>;
    /// Adds or replaces a partner. Roots that it no longer has are retired as of the partner's new acceptance.
    async fn save_partner(&self, partner: PartnerRecord, event: Event) -> Result<()>;

    /// Sets the roots (DER) of the own organisation, and retires the others that it had. A partner's roots are set with the
    /// partner.
    async fn note_roots(&self, of: &TrustDomain, roots: Vec<Vec<u8>>, at: Time) -> Result<()>;
    /// The retired roots, by organisation, the earliest retired first.
    async fn retired_roots(&self) -> Result<Vec<RetiredRoot>>;

    /// All agreements that can be read, latest change first. [`Self::damages`] lists the others.
    async fn agreements(&self) -> Result<Vec<AgreementRecord>>;
    /// The agreements with these partners that can be read, latest change first for each partner.
    async fn agreements_with(&self, partners: &[TrustDomain]) -> Result<Vec<AgreementRecord>>;
    /// Adds or replaces agreements, and puts `send` into the partner's outbox. There are several records because a version that
    /// comes into force ends the one before.
    async fn save_agreements(
        &self,
        records: Vec<AgreementRecord>,
        send: Option<(TrustDomain, Vec<u8>)>,
        events: Vec<Event>,
    ) -> Result<()>;

    /// Commits a publication. An earlier version of the same assessment becomes superseded. Returns `false` if the manifest is
    /// stored already; nothing changes then.
    ///
    /// [`StoreError::Recalled`] if the assessment was recalled. [`StoreError::Conflict`] if another manifest has the same
    /// assessment and version, or if the version does not follow the stored one.
    async fn publish(&self, publication: Publication) -> Result<bool>;
    /// Puts an assessment into more queues, for example when an agreement came into force.
    async fn enqueue(&self, manifest_id: &StatementId, urgency: u8, queue: Vec<(TrustDomain, Time)>) -> Result<()>;

    /// Queues a version once more for a partner that got some of it, as if that had not been disclosed. With
    /// `only_over_budget`, only for releases that the partner had no room for. Returns `false` if there is nothing to release
    /// again; nothing changes then.
    async fn release_again(
        &self,
        partner: &TrustDomain,
        manifest_id: &StatementId,
        only_over_budget: bool,
        urgency: u8,
        event: Event,
    ) -> Result<bool>;

    /// The queue items of a partner that are due, the most urgent first. Among equally urgent items the originators take turns,
    /// each with its oldest item.
    async fn due(&self, partner: &TrustDomain, now: Time, limit: u32) -> Result<Vec<QueueItem>>;
    /// How many items are queued for a partner, due or not.
    async fn queued(&self, partner: &TrustDomain) -> Result<u64>;
    /// The figures of all feeds, by organisation, in one query. Organisations without a feed are left out.
    async fn feed_figures(&self) -> Result<Vec<FeedFigures>>;
    /// What is pending for a partner that has its feed up to `after`: the first item, and as many more as fit into `max_bytes`
    /// together with it.
    async fn pending_work(&self, partner: &TrustDomain, after: u64, now: Time, max_bytes: u64) -> Result<PendingWork>;
    /// The position of the feed to a partner.
    async fn outbound(&self, partner: &TrustDomain) -> Result<OutboundPosition>;
    /// Commits numbered releases. [`StoreError::Conflict`] if `batch.after` is not the last number, or if one of the assessments
    /// was recalled in the meantime.
    async fn commit_releases(&self, partner: &TrustDomain, batch: ReleaseBatch) -> Result<()>;
    /// Numbered releases after a number, ascending, at most `limit`.
    async fn releases_after(&self, partner: &TrustDomain, sequence: u64, limit: u32) -> Result<Vec<ReleaseRecord>>;
    /// The digests of a version that were disclosed to a partner, and the ids of endorsements.
    async fn disclosed(&self, partner: &TrustDomain, manifest_id: &StatementId) -> Result<Vec<Digest>>;
    /// The releases of a version, without voided ones: to one partner, or to all.
    async fn given_releases(
        &self,
        manifest_id: &StatementId,
        partner: Option<&TrustDomain>,
    ) -> Result<Vec<GivenRelease>>;
    /// Replaces releases by voids: (number, encoded envelope).
    async fn void_releases(&self, partner: &TrustDomain, voids: Vec<(u64, Vec<u8>)>, events: Vec<Event>) -> Result<()>;
    /// Records that the partner has everything up to that number. The number never goes backwards. Returns `false`, and changes
    /// nothing, if no release has that number.
    async fn acknowledged(&self, partner: &TrustDomain, sequence: u64, at: Time) -> Result<bool>;

    /// The position of the feed from a partner.
    async fn inbound(&self, partner: &TrustDomain) -> Result<InboundPosition>;
    /// The statement id of the release that was received under that number.
    async fn received_release(&self, partner: &TrustDomain, sequence: u64) -> Result<Option<StatementId>>;
    /// The newest release (encoded envelope) received from each partner.
    async fn newest_releases(&self) -> Result<Vec<(TrustDomain, Vec<u8>)>>;
    /// Commits received entries with the position after them, and puts the statements of `post` into the partner's outbox.
    /// `basis` is what they were judged on.
    ///
    /// If another manifest has the version already, the entry goes into quarantine whatever it says, so that an originator's
    /// mistake can't stop a feed. [`Self::version`] tells in advance. [`StoreError::Recalled`] if one of the assessments was
    /// recalled; [`RecallStore::recall_of`] tells in advance.
    async fn receive(
        &self,
        partner: &TrustDomain,
        basis: ReceivingBasis,
        entries: Vec<ReceivedEntry>,
        at: Time,
        events: Vec<Event>,
        post: Vec<Vec<u8>>,
    ) -> Result<()>;
    /// Received entries after an arrival number, by that number, at most `limit`.
    async fn received_after(&self, arrival: u64, limit: u32) -> Result<Vec<ReceivedRecord>>;

    /// The manifest of a version of an originator's assessment, as users see it. An entry in quarantine does not count, because
    /// possibly nobody has verified it.
    async fn version(&self, originator: &TrustDomain, id: &AssessmentId, version: u32) -> Result<Option<StatementId>>;
    /// The states that the versions of an originator's assessment are about, in quarantine or not. They are unknown after a purge.
    async fn subject_states(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<BTreeSet<Country>>;
    /// What is stored of each of these versions, in their order. `from` is the partner that hands them over.
    async fn version_statuses(
        &self,
        from: &TrustDomain,
        versions: Vec<(TrustDomain, AssessmentId, u32)>,
    ) -> Result<Vec<VersionStatus>>;
    /// One version of an assessment by its manifest, with its portions. With `quarantined`, also one in quarantine.
    async fn by_manifest(&self, manifest_id: &StatementId, quarantined: bool) -> Result<Option<AssessmentRecord>>;
    /// Several versions, in the order of `manifest_ids`. Versions that are missing or unreadable are left out.
    async fn by_manifests(&self, manifest_ids: &[StatementId], quarantined: bool) -> Result<Vec<AssessmentRecord>>;
    /// A version of an assessment; the latest if `version` is `None`. If two originators use the same id, the one that came first
    /// counts, so that a later one can't hide it.
    async fn assessment(
        &self,
        id: &AssessmentId,
        version: Option<u32>,
        quarantined: bool,
    ) -> Result<Option<AssessmentRecord>>;
    /// The ids of assessments from `first` to `last`, at most `limit`. With `quarantined`, also those in quarantine.
    async fn assessments_between(
        &self,
        first: &AssessmentId,
        last: &AssessmentId,
        quarantined: bool,
        limit: u32,
    ) -> Result<Vec<AssessmentId>>;
    /// Several versions, in the order of `manifest_ids`, with only the portions that name them. Missing versions are left out. A
    /// version whose text can't be read has only its manifest.
    async fn titles(&self, manifest_ids: &[StatementId]) -> Result<Vec<AssessmentRecord>>;
    /// A page of assessments, newest first, of about one mebibyte at most. It tells whether there is another page. A damaged
    /// assessment hides no other one.
    async fn list(&self, filter: &ListFilter) -> Result<AssessmentPage>;

    /// How much of an attachment is stored.
    async fn attachment(&self, name: &CopyName) -> Result<AttachmentStatus>;
    /// Appends bytes at `offset`. [`StoreError::Conflict`] if the stored bytes end elsewhere.
    async fn append_attachment(&self, name: &CopyName, size: u64, offset: u64, bytes: Vec<u8>) -> Result<()>;
    /// Marks an attachment as whole, or deletes it if its digest was wrong.
    async fn finish_attachment(&self, name: &CopyName, is_good: bool) -> Result<()>;
    /// At most `length` bytes from `offset` on.
    async fn read_attachment(&self, name: &CopyName, offset: u64, length: u32) -> Result<Vec<u8>>;
    /// Attachments that this partner's entries outside quarantine name, and that are not whole from it: (digest, length).
    async fn wanted_attachments(&self, partner: &TrustDomain) -> Result<Vec<(Sha256, u64)>>;
    /// The releases that have disclosed that attachment to a partner, without voided ones.
    async fn attachment_releases(&self, partner: &TrustDomain, sha256: &Sha256) -> Result<Vec<ReleaseRecord>>;

    /// A version of the house rules that came into force; the last one if `version` is `None`.
    async fn rules(&self, version: Option<u32>) -> Result<Option<RulesVersion>>;
    /// The versions that came into force, newest first, at most `limit`.
    async fn rules_versions(&self, limit: u32) -> Result<Vec<RulesVersion>>;
    /// Stores the next version. [`StoreError::Conflict`] if it does not follow the last one.
    async fn save_rules(&self, rules: RulesVersion, event: Event) -> Result<()>;

    /// Appends ledger entries for something that changes nothing else.
    async fn record(&self, events: Vec<Event>) -> Result<()>;
    /// The ledger's entries from an index on (0 is the first), at most `limit`.
    async fn events(&self, from: u64, limit: u32) -> Result<Vec<Event>>;
    /// The ledger's entries about a version: the `Published`, `Decided`, `Released`, `Dropped`,
    /// `Received`, `Readmitted`, `Answered`, `HolderAnswered` and `Acknowledged` entries that name the manifest, and those about its
    /// endorsements and requests.
    async fn events_of(&self, manifest_id: &StatementId) -> Result<Vec<Event>>;

    /// A partner's entries that are in quarantine because that agreement is missing: by number, after `after`, at most `limit`, and
    /// about one mebibyte of content.
    async fn quarantined_for(
        &self,
        partner: &TrustDomain,
        agreement: &StatementId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<QuarantinedEntry>>;
    /// Takes an entry out of quarantine, and puts the statements of `post` into the partner's outbox. The entry gets a new arrival
    /// number, so that followers see it. Returns `false` if it is not in quarantine any more, or if another manifest has its
    /// version; nothing changes then.
    async fn readmit(&self, entry: Readmission) -> Result<bool>;
    /// Which arrivals of a version are in quarantine, and why.
    async fn quarantine_records(&self, manifest_id: &StatementId) -> Result<Vec<QuarantineRecord>>;
    /// Those of these releases that were numbered for that partner, including voided ones.
    async fn released(&self, partner: &TrustDomain, ids: &[StatementId]) -> Result<Vec<ReleaseRef>>;
    /// Stores a partner's receipt with the answers that are new, and returns how many are new. A release is answered at most once
    /// as quarantined and once as stored. If no answer is new, nothing is stored.
    async fn save_receipt(&self, partner: &TrustDomain, receipt: ReceiptRecord) -> Result<u64>;
    /// The copy of an attachment of which most is stored. Among whole copies the one that was uploaded here wins.
    async fn best_copy(&self, sha256: &Sha256) -> Result<Option<CopyName>>;
    /// The entries that a partner says it has in quarantine: how many there are, and the newest of them, at most `limit`.
    async fn quarantined_there(&self, partner: &TrustDomain, limit: u32) -> Result<(u64, Vec<AnswerRecord>)>;
}
