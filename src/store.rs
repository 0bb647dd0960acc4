//! The store: each method is one transaction the size of a use case. When a method that changes something returns
//! `Ok`, the change *and its ledger entries* are on disk; when it returns `Err`, neither is. Methods may be called
//! again after [`StoreError::Busy`] and after a crash without harm.
//!
//! Content (portions, attachments, ledger entries) is encrypted before it reaches the backend. No SQL above this layer.

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
use bundles::BundleStore;
use damage::Damage;
use equivocations::EquivocationStore;
use forward::ForwardStore;
use held::HeldStore;
use introductions::IntroductionStore;
use ledger::LedgerStore;
use lists::ListStore;
use outbox::OutboxStore;
pub use pages::{ListFilter, Page};
use persons::PersonStore;
use recalls::RecallStore;
use receipts::{AnswerRecord, HeldEntry, Quarantine, Readmission, ReceiptRecord, ReceiptStore, Released};
pub use records::{
    AgreementRecord, AssessmentRecord, AssessmentState, AttachmentStatus, BesideStatement, CameBy, CopyName,
    FeedFigures, GivenRelease, InboundPosition, LoggedStatement, Look, OnWord, OutboundPosition, PartnerRecord,
    Publication, QueueItem, ReceivedContent, ReceivedEntry, ReceivedRecord, ReleaseBatch, ReleaseRecord, RetiredRoot,
    Verification, VersionHere,
};
use requests::RequestStore;
use timers::TimerStore;

#[cfg(test)]
mod contract;
pub mod about;
pub mod approvals;
pub mod bundles;
pub mod damage;
pub mod equivocations;
pub mod forward;
pub mod held;
pub mod introductions;
pub mod ledger;
pub mod lists;
pub mod outbox;
pub mod persons;
pub mod recalls;
pub mod receipts;
pub mod requests;
mod pages;
mod records;
pub mod sqlite;
pub mod timers;
pub mod title;
pub mod vault;

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full: nothing was written, reading goes on.
    #[error("the disk is full; free space, then try again")]
    Full,
    /// What everything rests on is damaged: a page of the file, the ledger, the key check. Nothing is written any more.
    #[error("the store is damaged ({0}); restore a backup")]
    Corrupt(String),
    /// One thing that is kept can't be read: it is out of service, and nothing else is. The words don't name it, since partners are told
    /// them; the log and [`Store::damages`] do.
    #[error("what is kept of this can't be read any more; `watchfire ledger alarms` says what an administrator can do")]
    Damaged(Damage),
    /// Somebody else changed what this change was built upon; read again and retry.
    #[error("the store changed in the meantime; try again")]
    Conflict,
    /// The assessment was taken back by its originator: nothing of it is kept any more.
    #[error("the assessment was recalled; publish a new one")]
    Recalled,
    /// A number that is to be kept is larger than a column holds. Nothing was written.
    #[error("a number is larger than the store can keep")]
    TooLarge,
    /// Too much is waiting; retry later.
    #[error("the store is busy; try again")]
    Busy,
    /// The file can't be opened, is of another version, or the key is wrong: a sentence for the administrator.
    #[error("{0}")]
    Open(String),
    /// The backend failed and will not be written to again until restart (a failed fsync is never retried). Whether the
    /// change that met the failure is there after the restart is open: ask again then.
    #[error("the store failed ({0}); restart the node once the disk is well")]
    Failed(String),
}

/// What a store method gives.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The one door to what is kept.
#[async_trait]
pub trait Store:
    ApprovalStore
    + BundleStore
    + EquivocationStore
    + ForwardStore
    + HeldStore
    + IntroductionStore
    + LedgerStore
    + ListStore
    + OutboxStore
    + PersonStore
    + ReceiptStore
    + RecallStore
    + RequestStore
    + TimerStore
{
    /// Why nothing is written any more until a restart: the disk has failed, or what everything rests on is damaged. Reading goes on.
    fn trouble(&self) -> Option<StoreError>;
    /// The things that can't be read any more, as far as that was found since the start; each once. What was mended is not among them
    /// once it was read again.
    fn damages(&self) -> Vec<Damage>;
    /// Whether there is no room for changes at the moment: hardly any is left on the disk, or the last change found too little and
    /// there is none since. It ends by itself. Reading goes on.
    async fn is_full(&self) -> bool;
    /// What is kept of a thing no longer verifies, as whoever reads it has found: it is damaged, too.
    fn doubt(&self, what: Damage);
    /// Looks through all that is kept for damage, however long it takes. What is found is trouble from then on.
    async fn check(&self) -> Result<()>;

    /// All partners that can be read, by name; [`Self::damages`] has the others.
    async fn partners(&self) -> Result<Vec<PartnerRecord>>;
    /// Adds or replaces a partner. Roots that it has no more are retired from when it was accepted anew.
    async fn save_partner(&self, partner: PartnerRecord, event: Event) -> Result<()>;

    /// These are the roots (DER) of an organisation from now on; others that it had are retired. For the own one: a partner's are
    /// noted with the partner.
    async fn note_roots(&self, of: &TrustDomain, roots: Vec<Vec<u8>>, at: Time) -> Result<()>;
    /// The roots that organisations had once, by organisation, the earliest retired first.
    async fn retired_roots(&self) -> Result<Vec<RetiredRoot>>;

    /// All agreements that can be read, latest change first; [`Self::damages`] has the others.
    async fn agreements(&self) -> Result<Vec<AgreementRecord>>;
    /// Adds or replaces agreements; `send` is put into the partner's outbox in the same transaction. Several records,
    /// because a version that comes into force ends the one before.
    async fn save_agreements(
        &self,
        records: Vec<AgreementRecord>,
        send: Option<(TrustDomain, Vec<u8>)>,
        events: Vec<Event>,
    ) -> Result<()>;

    /// Commits a publication. The same manifest again changes nothing and is no error; `false` says so. [`StoreError::Recalled`]
    /// where the assessment was taken back.
    /// An earlier version of the same assessment becomes superseded. [`StoreError::Conflict`] where another manifest
    /// holds the same assessment and version, or the version does not follow the one that is here.
    async fn publish(&self, publication: Publication) -> Result<bool>;
    /// Puts an assessment into more queues (an agreement came into force).
    async fn enqueue(&self, manifest_id: &StatementId, urgency: u8, queue: Vec<(TrustDomain, Time)>) -> Result<()>;

    /// Queues a version once more for a partner that was given some of it, as if that had not been disclosed. With
    /// `only_over_budget`, only for releases that the partner could not keep for want of room. `false` where there is nothing
    /// to give again; nothing is changed then.
    async fn release_again(
        &self,
        partner: &TrustDomain,
        manifest_id: &StatementId,
        only_over_budget: bool,
        urgency: u8,
        event: Event,
    ) -> Result<bool>;

    /// The queue items of a partner that are due, the most urgent first. Of equally urgent ones the originators take turns, an item
    /// each; each originator's oldest goes first.
    async fn due(&self, partner: &TrustDomain, now: Time, limit: u32) -> Result<Vec<QueueItem>>;
    /// How many items wait for a partner, due or not.
    async fn queued(&self, partner: &TrustDomain) -> Result<u64>;
    /// The figures of all feeds, by organisation, with one query however many there are. Who has none is left out.
    async fn feed_figures(&self) -> Result<Vec<FeedFigures>>;
    /// What there is for a partner that has its feed up to `after`: the first, and as many more as take no more than `room` bytes with
    /// it when they are read from here.
    async fn look(&self, partner: &TrustDomain, after: u64, now: Time, room: u64) -> Result<Look>;
    /// Where the feed to a partner stands.
    async fn outbound(&self, partner: &TrustDomain) -> Result<OutboundPosition>;
    /// Commits numbered releases; [`StoreError::Conflict`] where one is of what was taken back meanwhile.
    async fn commit_releases(&self, partner: &TrustDomain, batch: ReleaseBatch) -> Result<()>;
    /// Numbered releases after a number, ascending, at most `limit`.
    async fn releases_after(&self, partner: &TrustDomain, sequence: u64, limit: u32) -> Result<Vec<ReleaseRecord>>;
    /// The digests that a partner was given of a version already, and the ids of endorsements.
    async fn disclosed(&self, partner: &TrustDomain, manifest_id: &StatementId) -> Result<Vec<Digest>>;
    /// The releases of a version, without those that voids stand in for: to a partner, or to everybody.
    async fn given_releases(
        &self,
        manifest_id: &StatementId,
        partner: Option<&TrustDomain>,
    ) -> Result<Vec<GivenRelease>>;
    /// Puts voids in the place of releases: (number, encoded envelope).
    async fn void_releases(&self, partner: &TrustDomain, voids: Vec<(u64, Vec<u8>)>, events: Vec<Event>) -> Result<()>;
    /// The partner has everything up to that number. Never goes backwards; `false`, and no change, where that was never numbered.
    async fn acknowledged(&self, partner: &TrustDomain, sequence: u64, at: Time) -> Result<bool>;

    /// Where the feed from a partner stands.
    async fn inbound(&self, partner: &TrustDomain) -> Result<InboundPosition>;
    /// The statement id of a release that came in under that number.
    async fn received_release(&self, partner: &TrustDomain, sequence: u64) -> Result<Option<StatementId>>;
    /// The newest release (encoded envelope) that came from each partner.
    async fn newest_releases(&self) -> Result<Vec<(TrustDomain, Vec<u8>)>>;
    /// Commits entries that came in, with the position after them, and puts the statements of `post` into the partner's
    /// outbox. `after` as in [`ReleaseBatch`].
    ///
    /// A version that another manifest holds already is kept in quarantine, whatever the entry says, so that one
    /// originator's mistake can't stop a feed; [`Self::version`] tells before. [`StoreError::Recalled`] where one of them was
    /// taken back: [`RecallStore::recall_of`] tells before.
    async fn receive(
        &self,
        partner: &TrustDomain,
        after: u64,
        entries: Vec<ReceivedEntry>,
        at: Time,
        events: Vec<Event>,
        post: Vec<Vec<u8>>,
    ) -> Result<()>;
    /// Entries that came in, by arrival, after `arrival`, at most `limit`.
    async fn received_after(&self, arrival: u64, limit: u32) -> Result<Vec<ReceivedRecord>>;

    /// The manifest that holds a version of an originator's assessment for its users. What is in quarantine holds none: nobody may
    /// have verified it.
    async fn version(&self, originator: &TrustDomain, id: &AssessmentId, version: u32) -> Result<Option<StatementId>>;
    /// The states that the versions of an originator's assessment are about, in quarantine or not; those of a purged one are not known.
    async fn about(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<BTreeSet<Country>>;
    /// What is here of each of these versions, in their order. `from`: who hands them over.
    async fn versions_here(
        &self,
        from: &TrustDomain,
        versions: Vec<(TrustDomain, AssessmentId, u32)>,
    ) -> Result<Vec<VersionHere>>;
    /// One version of an assessment by its manifest, with its portions; those in quarantine only where asked for.
    async fn by_manifest(&self, manifest_id: &StatementId, quarantined: bool) -> Result<Option<AssessmentRecord>>;
    /// Several of them, in the order asked for; those not here, and those that can't be read, are left out.
    async fn by_manifests(&self, manifest_ids: &[StatementId], quarantined: bool) -> Result<Vec<AssessmentRecord>>;
    /// A version of an assessment; the latest where none is named. Where two originators use the same id, that of the
    /// one that came first, so that a later one can't hide it.
    async fn assessment(
        &self,
        id: &AssessmentId,
        version: Option<u32>,
        quarantined: bool,
    ) -> Result<Option<AssessmentRecord>>;
    /// The ids of assessments from `first` to `last`, at most `limit`; those in quarantine only where asked for.
    async fn assessments_between(
        &self,
        first: &AssessmentId,
        last: &AssessmentId,
        quarantined: bool,
        limit: u32,
    ) -> Result<Vec<AssessmentId>>;
    /// Several versions, in the order asked for, with nothing but what names them; those not here are left out. Of one whose text can't be
    /// read there is the manifest alone.
    async fn titles(&self, manifest_ids: &[StatementId]) -> Result<Vec<AssessmentRecord>>;
    /// A page of assessments, newest first, of about a mebibyte at most; it tells whether there is another one. Damage in it hides
    /// nothing else.
    async fn list(&self, filter: &ListFilter) -> Result<Page>;

    /// How much of an attachment is here.
    async fn attachment(&self, name: &CopyName) -> Result<AttachmentStatus>;
    /// Appends bytes at `offset`, which must be where it ends so far ([`StoreError::Conflict`] otherwise).
    async fn append_attachment(&self, name: &CopyName, size: u64, offset: u64, bytes: Vec<u8>) -> Result<()>;
    /// Marks an attachment as whole, or, where its digest was wrong, forgets it.
    async fn finish_attachment(&self, name: &CopyName, is_good: bool) -> Result<()>;
    /// At most `length` bytes from `offset` on.
    async fn read_attachment(&self, name: &CopyName, offset: u64, length: u32) -> Result<Vec<u8>>;
    /// Attachments that entries from this partner named, out of quarantine, and that are not whole from it: (digest, length).
    async fn wanted_attachments(&self, partner: &TrustDomain) -> Result<Vec<(Sha256, u64)>>;
    /// The releases (not voided) that have disclosed that attachment to a partner.
    async fn attachment_releases(&self, partner: &TrustDomain, sha256: &Sha256) -> Result<Vec<ReleaseRecord>>;

    /// A set of house rules that came into force; the last one where no version is named.
    async fn rules(&self, version: Option<u32>) -> Result<Option<RulesVersion>>;
    /// The versions that came into force, newest first, at most `limit`.
    async fn rules_versions(&self, limit: u32) -> Result<Vec<RulesVersion>>;
    /// Keeps the next version; [`StoreError::Conflict`] where it does not follow the last one.
    async fn save_rules(&self, rules: RulesVersion, event: Event) -> Result<()>;

    /// Records something that changes nothing else.
    async fn record(&self, events: Vec<Event>) -> Result<()>;
    /// The ledger's entries from an index on (0 is the first), at most `limit`.
    async fn events(&self, from: u64, limit: u32) -> Result<Vec<Event>>;
    /// What was decided about a version, as the ledger has it: the `Published`, `Decided`, `Released`, `Dropped`,
    /// `Received`, `Readmitted`, `Answered`, `HolderAnswered` and `Acknowledged` entries that name the manifest, and those about its
    /// endorsements and requests.
    async fn events_of(&self, manifest_id: &StatementId) -> Result<Vec<Event>>;

    /// Entries of a partner that are kept from users for want of that agreement, by number, after one of them, at most `limit`, and about
    /// a mebibyte of content.
    async fn held_for(
        &self,
        partner: &TrustDomain,
        agreement: &StatementId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<HeldEntry>>;
    /// Shows an entry to users that was kept from them, and puts the statements of `post` into the partner's outbox. It
    /// arrives anew, so that followers see it. `false` where it is not kept any more, or another manifest holds its
    /// version; nothing is changed then.
    async fn readmit(&self, entry: Readmission) -> Result<bool>;
    /// Which arrivals of a version are kept from users, and why.
    async fn quarantines(&self, manifest_id: &StatementId) -> Result<Vec<Quarantine>>;
    /// Those of these releases that were numbered for that partner; voided ones too.
    async fn released(&self, partner: &TrustDomain, ids: &[StatementId]) -> Result<Vec<Released>>;
    /// Keeps a receipt from a partner with the answers that are new: a release is answered once as quarantined, and then
    /// or at first as stored. How many were new; where none is, nothing is kept.
    async fn save_receipt(&self, partner: &TrustDomain, receipt: ReceiptRecord) -> Result<u64>;
    /// The copy of an attachment of which most is here; of whole ones that which was uploaded here.
    async fn best_copy(&self, sha256: &Sha256) -> Result<Option<CopyName>>;
    /// Of what was released to a partner: how many entries it keeps from its users by its own word, and which, the newest
    /// first, at most `limit`.
    async fn quarantined_there(&self, partner: &TrustDomain, limit: u32) -> Result<(u64, Vec<AnswerRecord>)>;
}
