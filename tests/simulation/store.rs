//! The simulated disk, as a node's store sees it. Everything is passed to the real store until the power is cut at the n-th write. After that
//! nothing is written or read, and the disk contains what a power cut may leave.

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use watchfire::{
    domain::{
        browser_session::{BrowserSession, SignInLink},
        equivocation::Equivocation,
        event::Event,
        fault::Reason,
        ids::{AssessmentId, Digest, DraftId, Role, Sha256, SpiffeId, StatementId, TrustDomain},
        place::Country,
        recall::RecallState,
        rules::RulesVersion,
        stored_draft::StoredDraft,
        time::Time,
        timer::{Timer, TimerKind},
    },
    identity::certificate::Leaf,
    ledger::tree::Hash,
    store::{
        AgreementRecord, AssessmentPage, AssessmentRecord, AttachmentStatus, CopyName, InboundPosition, ListFilter,
        OutboundPosition, PartnerRecord, PendingWork, Publication, QueueItem, ReceivedContent, ReceivedEntry,
        ReceivedRecord, ReceivingBasis, ReleaseBatch, ReleaseRecord, Result, Store, StoreError, VersionStatus,
        approvals::ApprovalStore,
        browser_sessions::{BrowserSessionStore, StoredSession},
        bundles::{BundleChange, BundleRecord, BundleStore},
        catalogue::{CatalogueChange, CatalogueMove, CatalogueStore},
        drafts::{DraftChange, DraftStore},
        equivocations::{EquivocationProof, EquivocationStore},
        forward::{self, ForwardStore, Forwarding},
        introductions::{IntroductionRecord, IntroductionStore},
        ledger::{
            LedgerChange, LedgerEntry, LedgerRecord, LedgerRecordKind, LedgerState, LedgerStore, LedgerVerification,
            OnProgress, Sign,
        },
        lists::{ListRecord, ListStore, RevocationsRecord},
        outbox::{OutboxItem, OutboxOutcome, OutboxStore},
        people::PeopleStore,
        personal::{PersonalStore, SavedSearch},
        recalls::{HoldersRecord, RecallName, RecallOutcome, RecallRecord, RecallStep, RecallStore, UnverifiedRecall},
        receipts::{
            Acknowledgement, AnswerRecord, DutyRecord, HolderReport, OverdueRecord, QuarantineCount, QuarantineRecord,
            QuarantinedEntry, ReadingRecord, Readmission, ReceiptRecord, ReceiptStore, ReceiptTarget, ReleaseRef,
            ReportedReadings, UnansweredEntries,
        },
        requests::{NewAttachedStatement, RequestRecord, RequestStep, RequestStore},
        search::SearchStore,
        timers::TimerStore,
        unverified::{UnverifiedEntry, UnverifiedFilter, UnverifiedStore, UnverifiedUsage},
    },
    wire,
};

use crate::{disk::Disk, mutants::Mutant};

/// A store on a simulated disk.
pub struct OnDisk(pub Arc<Disk>);

/// Passes each method on: a `read` while there is power, a `write` under the control of the disk.
macro_rules! passed_on {
    ($trait:ident { $($kind:ident $name:ident($($arg:ident: $type:ty),*) -> $out:ty;)* } $($more:tt)*) => {
        #[async_trait]
        impl $trait for OnDisk {
            $(async fn $name(&self, $($arg: $type),*) -> Result<$out> {
                passed_on!(@$kind self, $name, $($arg),*)
            })*
            $($more)*
        }
    };
    // The places where a mutant interferes. Every other method is passed on.
    (@receiving $self:ident, $name:ident, $of:ident, $basis:ident, $entries:ident, $at:ident, $($arg:ident),*) => {{
        let $entries = if $self.0.is(Mutant::StoresTwice) { twice($basis.after, $entries) } else { $entries };
        let $entries = if $self.0.is(Mutant::DropsUnverified) { without_held($entries) } else { $entries };
        let $entries = if $self.0.is(Mutant::JudgesNow) { good_at($at, $entries) } else { $entries };
        passed_on!(@write $self, $name, $of, $basis, $entries, $at, $($arg),*)
    }};
    (@listing $self:ident, $name:ident,) => {{
        if $self.0.is(Mutant::ForgetsLists) {
            return Ok(vec![]);
        }
        passed_on!(@read $self, $name,)
    }};
    (@recalling $self:ident, $name:ident, $step:ident) => {{
        if $self.0.is(Mutant::IgnoresRecalls) {
            return Ok(RecallOutcome::default());
        }
        passed_on!(@write $self, $name, $step)
    }};
    (@looking $self:ident, $name:ident, $partner:ident, $after:ident, $now:ident, $room:ident) => {{
        if $self.0.is(Mutant::RecallsHoldAll) && $self.0.has_waiting_recall($partner).await? {
            return Ok(PendingWork { catalogue: $self.0.store()?.catalogue().await?, ..PendingWork::default() });
        }
        if $self.0.is(Mutant::NoTurns) {
            $self.0.forget_turns();
        }
        let $room = if $self.0.is(Mutant::NumbersAhead) { u64::MAX } else { $room };
        passed_on!(@read $self, $name, $partner, $after, $now, $room)
    }};
    (@acknowledging $self:ident, $name:ident, $partner:ident, $sequence:ident, $at:ident) => {{
        let $sequence = match $self.0.is(Mutant::ClampsNumbers) {
            true => $sequence.min(Store::outbound(&*$self.0.store()?, $partner).await?.sequence),
            false => $sequence,
        };
        passed_on!(@write $self, $name, $partner, $sequence, $at)
    }};
    (@posting $self:ident, $name:ident, $($arg:ident),*) => {{
        if $self.0.is(Mutant::SendsNoStatements) {
            return Ok(vec![]);
        }
        passed_on!(@read $self, $name, $($arg),*)
    }};
    // What was begun at the same time goes first. Otherwise the order would depend on how fast the reader's thread is.
    (@read $self:ident, $name:ident, $($arg:ident),*) => {{
        tokio::task::yield_now().await;
        $self.0.store()?.$name($($arg),*).await
    }};
    (@write $self:ident, $name:ident, $($arg:ident),*) => {{
        tokio::task::yield_now().await;
        let turn = $self.0.begin().await?;
        let store = $self.0.store()?;
        let done = store.$name($($arg),*).await;
        $self.0.end(turn, done).await
    }};
}

passed_on!(Store {
    read partners() -> Vec<PartnerRecord>;
    read partners_named(names: &[TrustDomain]) -> Vec<PartnerRecord>;
    read agreements_with(partners: &[TrustDomain]) -> Vec<AgreementRecord>;
    read newest_releases() -> Vec<(TrustDomain, Vec<u8>)>;
    read given_releases(manifest_id: &StatementId, partner: Option<&TrustDomain>) -> Vec<watchfire::store::GivenRelease>;
    write note_roots(of: &TrustDomain, roots: Vec<Vec<u8>>, at: Time) -> ();
    read retired_roots() -> Vec<watchfire::store::RetiredRoot>;
    write save_partner(partner: PartnerRecord, event: Event) -> ();
    read check_integrity() -> ();
    read agreements() -> Vec<AgreementRecord>;
    write save_agreements(records: Vec<AgreementRecord>, send: Option<(TrustDomain, Vec<u8>)>, events: Vec<Event>) -> ();
    write publish(publication: Publication) -> bool;
    write enqueue(manifest_id: &StatementId, urgency: u8, queue: Vec<(TrustDomain, Time)>) -> ();
    read due(partner: &TrustDomain, now: Time, limit: u32) -> Vec<QueueItem>;
    read queued(partner: &TrustDomain) -> u64;
    read feed_figures() -> Vec<watchfire::store::FeedFigures>;
    looking pending_work(partner: &TrustDomain, after: u64, now: Time, room: u64) -> PendingWork;
    read outbound(partner: &TrustDomain) -> OutboundPosition;
    write commit_releases(partner: &TrustDomain, batch: ReleaseBatch) -> ();
    read releases_after(partner: &TrustDomain, sequence: u64, limit: u32) -> Vec<ReleaseRecord>;
    read disclosed(partner: &TrustDomain, manifest_id: &StatementId) -> Vec<Digest>;
    write void_releases(partner: &TrustDomain, voids: Vec<(u64, Vec<u8>)>, events: Vec<Event>) -> ();
    acknowledging acknowledged(partner: &TrustDomain, sequence: u64, at: Time) -> bool;
    read inbound(partner: &TrustDomain) -> InboundPosition;
    read received_release(partner: &TrustDomain, sequence: u64) -> Option<StatementId>;
    receiving receive(partner: &TrustDomain, basis: ReceivingBasis, entries: Vec<ReceivedEntry>, at: Time, events: Vec<Event>,
        post: Vec<Vec<u8>>) -> ();
    read received_after(arrival: u64, limit: u32) -> Vec<ReceivedRecord>;
    read version(originator: &TrustDomain, id: &AssessmentId, version: u32) -> Option<StatementId>;
    read subject_states(originator: &TrustDomain, id: &AssessmentId) -> BTreeSet<Country>;
    read version_statuses(from: &TrustDomain, versions: Vec<(TrustDomain, AssessmentId, u32)>) -> Vec<VersionStatus>;
    read by_manifest(manifest_id: &StatementId, quarantined: bool) -> Option<AssessmentRecord>;
    read by_manifests(manifest_ids: &[StatementId], quarantined: bool) -> Vec<AssessmentRecord>;
    read assessment(id: &AssessmentId, version: Option<u32>, quarantined: bool) -> Option<AssessmentRecord>;
    read assessments_between(first: &AssessmentId, last: &AssessmentId, quarantined: bool, limit: u32)
        -> Vec<AssessmentId>;
    read titles(manifest_ids: &[StatementId]) -> Vec<AssessmentRecord>;
    read list(filter: &ListFilter) -> AssessmentPage;
    read attachment(name: &CopyName) -> AttachmentStatus;
    write append_attachment(name: &CopyName, size: u64, offset: u64, bytes: Vec<u8>) -> ();
    write finish_attachment(name: &CopyName, is_good: bool) -> ();
    read read_attachment(name: &CopyName, offset: u64, length: u32) -> Vec<u8>;
    read wanted_attachments(partner: &TrustDomain) -> Vec<(Sha256, u64)>;
    read attachment_releases(partner: &TrustDomain, sha256: &Sha256) -> Vec<ReleaseRecord>;
    read rules(version: Option<u32>) -> Option<RulesVersion>;
    read rules_versions(limit: u32) -> Vec<RulesVersion>;
    write save_rules(rules: RulesVersion, event: Event) -> ();
    write record(events: Vec<Event>) -> ();
    read events(from: u64, limit: u32) -> Vec<Event>;
    read events_of(manifest_id: &StatementId) -> Vec<Event>;
    write release_again(partner: &TrustDomain, manifest_id: &StatementId, only_over_budget: bool, urgency: u8,
        event: Event) -> bool;
    read quarantined_for(partner: &TrustDomain, agreement: &StatementId, after: u64, limit: u32) -> Vec<QuarantinedEntry>;
    write readmit(entry: Readmission) -> bool;
    read quarantine_records(manifest_id: &StatementId) -> Vec<QuarantineRecord>;
    read released(partner: &TrustDomain, ids: &[StatementId]) -> Vec<ReleaseRef>;
    write save_receipt(partner: &TrustDomain, receipt: ReceiptRecord) -> u64;
    read best_copy(sha256: &Sha256) -> Option<CopyName>;
    read quarantined_there(partner: &TrustDomain, limit: u32) -> (u64, Vec<AnswerRecord>);
} fn failure(&self) -> Option<StoreError> {
    self.0.store().ok()?.failure()
} async fn is_full(&self) -> bool {
    match self.0.store() {
        Ok(store) => store.is_full().await,
        Err(_) => false,
    }
} fn damages(&self) -> Vec<watchfire::store::damage::Damage> {
    self.0.store().map(|store| store.damages()).unwrap_or_default()
} fn report_corruption(&self, what: watchfire::store::damage::Damage) {
    if let Ok(store) = self.0.store() {
        store.report_corruption(what);
    }
});

passed_on!(ListStore {
    listing revocation_lists() -> Vec<ListRecord>;
    listing revocations() -> Vec<RevocationsRecord>;
    write forget_torn_lists(of: &TrustDomain) -> ();
    write save_revocations(of: &TrustDomain, issuing_key: &Sha256, seen: Vec<Vec<u8>>) -> ();
    write save_list(list: ListRecord, seen: Vec<Vec<u8>>, events: Vec<Event>) -> ();
});

passed_on!(ApprovalStore {
    read approvals() -> Vec<watchfire::domain::approval::ApprovalRecord>;
    write save_approval(approval: watchfire::domain::approval::ApprovalRecord, events: Vec<Event>) -> ();
    write forget_approval(subject: &Sha256, events: Vec<Event>) -> ();
});

passed_on!(DraftStore {
    read drafts() -> Vec<StoredDraft>;
    read draft(id: &DraftId) -> Option<StoredDraft>;
    read draft_text(id: &DraftId, revision: u32) -> Option<Vec<u8>>;
    write save_draft(change: DraftChange) -> ();
    write delete_draft(id: &DraftId, events: Vec<Event>) -> bool;
});

passed_on!(IntroductionStore {
    read introductions() -> Vec<IntroductionRecord>;
    write save_introductions(records: Vec<IntroductionRecord>, events: Vec<Event>) -> ();
});

passed_on!(BundleStore {
    read bundles(of: &TrustDomain) -> Vec<BundleRecord>;
    write await_bundle(record: BundleRecord, of_pair: u32, of_courier: u32) -> bool;
    write change_bundles(change: BundleChange, events: Vec<Event>) -> Vec<StatementId>;
    read given_of(signer: &TrustDomain) -> Vec<TrustDomain>;
    read given_to(partner: &TrustDomain) -> Vec<TrustDomain>;
});

passed_on!(CatalogueStore {
    read catalogue() -> u64;
    write change_catalogue(read: Option<u64>, change: CatalogueChange) -> CatalogueMove;
});

passed_on!(PeopleStore {
    read people() -> Vec<watchfire::domain::person::Person>;
    write save_people(people: Vec<watchfire::domain::person::Person>, events: Vec<Event>) -> ();
    write record_sign_in(who: &watchfire::domain::ids::SpiffeId, silence_seconds: i64, event: Event) -> bool;
});

passed_on!(ForwardStore {
    read forwarded() -> u64;
    read arrived_after(arrival: u64, limit: u32) -> Vec<forward::ForwardableEntry>;
    write forward(forwarding: Forwarding) -> ();
});

passed_on!(TimerStore {
    write set_timers(timers: Vec<Timer>) -> ();
    read due_timers(now: Time, limit: u32) -> Vec<Timer>;
    read timers(kind: TimerKind) -> Vec<Timer>;
    read next_due() -> Option<Time>;
    write clear_timer(kind: TimerKind, subject: &[u8]) -> ();
    write timer_fired(timer: &Timer, next: Option<Time>) -> ();
    write pull_in_timers(kind: TimerKind, latest: Time) -> u64;
});

passed_on!(LedgerStore {
    read ledger() -> LedgerState;
    read ledger_root(size: u64) -> Option<Hash>;
    read inclusion(index: u64, size: u64) -> Vec<Hash>;
    read consistency(first: u64, second: u64) -> Vec<Hash>;
    read ledger_entries(from: u64, limit: u32) -> Vec<LedgerEntry>;
    write checkpoint(quantum: u64, at: Time, sign: Sign) -> Vec<u8>;
    read ledger_records(kind: LedgerRecordKind, of: Option<&TrustDomain>, limit: u32) -> Vec<LedgerRecord>;
    write put_ledger_records(records: Vec<LedgerRecord>, events: Vec<Event>) -> usize;
    write put_head(head: LedgerRecord, judged_against: Option<LedgerRecord>) -> ();
    write put_alarm(alarm: watchfire::store::ledger::NewAlarm) -> u64;
    write change_ledger(read: &LedgerState, change: LedgerChange, catalogue: Option<u64>, events: Vec<Event>) -> LedgerState;
    write adopt_position(partner: &TrustDomain, sequence: u64, release: &StatementId, event: Event) -> bool;
    read verify_ledger(progress: OnProgress) -> LedgerVerification;
});

passed_on!(RecallStore {
    recalling recall(step: RecallStep) -> RecallOutcome;
    read recall_of(originator: &TrustDomain, id: &AssessmentId) -> Option<RecallRecord>;
    read recall_named(statement: &StatementId) -> Option<RecallRecord>;
    read recalls_after(turn: u64, state: Option<RecallState>, limit: u32) -> Vec<RecallRecord>;
    write keep_unverified_recall(recall: UnverifiedRecall, limit: u32, all_names: u32) -> bool;
    read unverified_recall_names() -> Vec<RecallName>;
    read unverified_recall(name: &RecallName) -> Option<UnverifiedRecall>;
    write forget_unverified_recall(recall: &RecallName) -> ();
    read holders(originator: &TrustDomain, id: &AssessmentId) -> HoldersRecord;
    read holders_before(originator: &TrustDomain, id: &AssessmentId, version: u32) -> Vec<(TrustDomain, u32)>;
    read is_attachment_recalled(sha256: &Sha256) -> bool;
});

passed_on!(ReceiptStore {
    read to_answer() -> Vec<TrustDomain>;
    read unanswered(partner: &TrustDomain, limit: u32) -> UnansweredEntries;
    write answered(partner: &TrustDomain, after: u64, until: u64, post: Vec<(TrustDomain, Vec<u8>)>) -> ();
    read arrivals_of(originator: &TrustDomain, id: &AssessmentId, manifest_id: Option<&StatementId>) -> Vec<ReceiptTarget>;
    write note_reading(manifest_id: &StatementId, role: Role, due: Time, events: Vec<Event>) -> ();
    read readings_to_report(ended: Time, latest: Time, limit: u32) -> Vec<ReadingRecord>;
    write mark_readings_reported(told: ReportedReadings) -> ();
    write acknowledge(acknowledgement: Acknowledgement) -> bool;
    write save_report(report: HolderReport) -> bool;
    read overdue(partner: &TrustDomain, outgoing: bool, now: Time, limit: u32) -> (u64, Vec<OverdueRecord>);
    read acknowledge_by(manifest_id: &StatementId) -> Option<Time>;
    read own_duties(each: u32, limit: u32) -> Vec<DutyRecord>;
    read quarantine_counts() -> Vec<QuarantineCount>;
    // The power is not cut at this write, because it runs in parallel with a call, and the order of the two depends on threads.
    read heard_of(partner: &TrustDomain, at: Time) -> ();
});

passed_on!(RequestStore {
    write attach_statement(statement: NewAttachedStatement, events: Vec<Event>) -> bool;
    write begin_request(step: RequestStep) -> bool;
    write settle_request(step: RequestStep) -> bool;
    read request(id: &StatementId) -> Option<RequestRecord>;
    read requests(open_only: bool, after: Option<(Time, StatementId)>, limit: u32) -> Vec<RequestRecord>;
    read requests_after(turn: u64, limit: u32) -> Vec<RequestRecord>;
    read open_requests(partner: &TrustDomain) -> u64;
});

passed_on!(OutboxStore {
    write post(partner: &TrustDomain, envelope: Vec<u8>, at: Time) -> ();
    posting outbox(partner: &TrustDomain, after: i64, limit: u32) -> Vec<OutboxItem>;
    posting outbox_due(partner: &TrustDomain, after: i64, now: Time, limit: u32) -> Vec<OutboxItem>;
    write record_outbox_outcomes(partner: &TrustDomain, answers: Vec<(i64, OutboxOutcome)>) -> ();
    write offer_again(partner: &TrustDomain, edition: Vec<u8>) -> bool;
});

passed_on!(EquivocationStore {
    write keep_equivocation(proof: EquivocationProof) -> bool;
    read equivocations(of: Option<(&TrustDomain, &AssessmentId)>) -> Vec<Equivocation>;
    read equivocation_proofs(id: &AssessmentId) -> Vec<EquivocationProof>;
});

passed_on!(SearchStore {
    read search(filter: &ListFilter, wanted: &watchfire::store::search::VersionFilter) -> AssessmentPage;
    read summaries(manifest_ids: &[StatementId], quarantined: bool) -> Vec<watchfire::store::search::VersionSummary>;
    read manifests_between(first: &AssessmentId, last: &AssessmentId, limit: u32) -> Vec<StatementId>;
    read having_words(manifest_ids: &[StatementId], words: &[String], quarantined: bool) -> Vec<StatementId>;
    write prepare_word_index(is_kept: bool) -> ();
    read has_word_index() -> bool;
    read newest_changes() -> watchfire::store::search::NewestChanges;
});

passed_on!(BrowserSessionStore {
    write keep_link(token: &Sha256, link: SignInLink, event: Event) -> ();
    read link(token: &Sha256) -> Option<SignInLink>;
    write open_session(link: &Sha256, opened: StoredSession, event: Event) -> bool;
    read session(token: &Sha256) -> Option<BrowserSession>;
    write change_session(changed: StoredSession) -> ();
    read sessions(of: Option<&SpiffeId>) -> Vec<StoredSession>;
    write end_session(token: &Sha256, event: Event) -> bool;
});

passed_on!(PersonalStore {
    write mark_read(who: &SpiffeId, manifest_ids: &[StatementId], is_read: bool) -> ();
    read read_by(who: &SpiffeId, manifest_ids: &[StatementId]) -> Vec<StatementId>;
    read saved_searches(who: &SpiffeId) -> Vec<SavedSearch>;
    write save_search(who: &SpiffeId, search: SavedSearch, most: u32) -> bool;
    write delete_search(who: &SpiffeId, name: &str) -> bool;
});

passed_on!(UnverifiedStore {
    read unverified_usage(partner: Option<&TrustDomain>) -> Vec<UnverifiedUsage>;
    read unverified_entries(which: UnverifiedFilter<'_>, after: Option<(TrustDomain, u64)>, limit: u32) -> Vec<UnverifiedEntry>;
    write settle_unverified(partner: &TrustDomain, entry: ReceivedEntry, arrived_at: Time, catalogue: Option<u64>, events: Vec<Event>,
        post: Vec<Vec<u8>>) -> bool;
});

/// What can't be verified yet is lost.
fn without_held(entries: Vec<ReceivedEntry>) -> Vec<ReceivedEntry> {
    let dropped = |entry: ReceivedEntry| match entry.pending_verification {
        Some(_) => ReceivedEntry { pending_verification: None, refused: true, content: None, ..entry },
        None => entry,
    };
    entries.into_iter().map(dropped).collect()
}

/// Nothing counts if the author's certificate has ended by now, whenever it was signed.
fn good_at(now: Time, entries: Vec<ReceivedEntry>) -> Vec<ReceivedEntry> {
    let is_good = |content: &ReceivedContent| {
        let manifest = wire::envelope::decode(&content.manifest).unwrap();
        manifest.signatures.iter().all(|s| Leaf::parse(&s.certificates[0]).unwrap().not_after >= now)
    };
    let judged = |entry: ReceivedEntry| match &entry.content {
        Some(content) if !is_good(content) => {
            ReceivedEntry { content: None, refused: true, reason: Some(Reason::ChainInvalid.to_string()), ..entry }
        }
        _ => entry,
    };
    entries.into_iter().map(judged).collect()
}

/// Each entry is stored a second time under the next number.
fn twice(after: u64, entries: Vec<ReceivedEntry>) -> Vec<ReceivedEntry> {
    let both = entries.iter().flat_map(|entry| [copy(entry), copy(entry)]);
    both.zip(after + 1..).map(|(entry, sequence)| ReceivedEntry { sequence, ..entry }).collect()
}

fn copy(entry: &ReceivedEntry) -> ReceivedEntry {
    let content = entry.content.as_ref().map(|c| ReceivedContent {
        kind: c.kind,
        assessment: c.assessment,
        version: c.version,
        manifest_id: c.manifest_id,
        manifest: c.manifest.clone(),
        originator: c.originator.clone(),
        portions: c.portions.clone(),
        title: c.title.clone(),
        summary: c.summary.clone(),
        subject_states: c.subject_states.clone(),
        attached: c.attached.clone(),
        attachments: c.attachments.clone(),
        quarantined: c.quarantined,
        due: c.due,
        verified: c.verified.clone(),
    });
    ReceivedEntry {
        sequence: entry.sequence,
        release_id: entry.release_id,
        release: entry.release.clone(),
        provenance: entry.provenance.clone(),
        content,
        refused: entry.refused,
        reason: entry.reason.clone(),
        missing_agreement: entry.missing_agreement,
        pending_verification: entry.pending_verification.clone(),
        signed: entry.signed.clone(),
        came_back: entry.came_back.clone(),
    }
}
