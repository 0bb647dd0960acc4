//! The implementation of `Store`. Each method is in the file of its subject.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{
    agreements, assessments, attachments, driver::Driver, ledger::entries, partners, pending_work, publish, quarantine,
    queue, receipts, receive, release, roots, rules, store::SqlStore, subject_states,
};
use crate::{
    domain::{
        event::Event,
        ids::{AssessmentId, Digest, Sha256, StatementId, TrustDomain},
        place::Country,
        rules::RulesVersion,
        time::Time,
    },
    store::{
        AgreementRecord, AssessmentPage, AssessmentRecord, AttachmentStatus, CopyName, FeedFigures, GivenRelease,
        InboundPosition, ListFilter, OutboundPosition, PartnerRecord, PendingWork, Publication, QueueItem,
        ReceivedEntry, ReceivedRecord, ReceivingBasis, ReleaseBatch, ReleaseRecord, Result, RetiredRoot, Store,
        StoreError, VersionStatus,
        damage::Damage,
        receipts::{AnswerRecord, QuarantineRecord, QuarantinedEntry, Readmission, ReceiptRecord, ReleaseRef},
    },
};

#[async_trait]
impl<D: Driver> Store for SqlStore<D> {
    fn failure(&self) -> Option<StoreError> {
        self.driver().failure()
    }
    async fn is_full(&self) -> bool {
        self.driver().is_full().await
    }
    fn damages(&self) -> Vec<Damage> {
        self.damages().known()
    }
    fn report_corruption(&self, what: Damage) {
        self.damages().note(what);
    }
    async fn check_integrity(&self) -> Result<()> {
        self.driver().check_integrity().await
    }

    async fn partners(&self) -> Result<Vec<PartnerRecord>> {
        partners::all(self).await
    }
    async fn partners_named(&self, names: &[TrustDomain]) -> Result<Vec<PartnerRecord>> {
        partners::named(self, names.to_vec()).await
    }
    async fn note_roots(&self, of: &TrustDomain, roots: Vec<Vec<u8>>, at: Time) -> Result<()> {
        roots::note_of(self, None, of.clone(), roots, at).await.map(drop)
    }
    async fn retired_roots(&self) -> Result<Vec<RetiredRoot>> {
        roots::retired(self).await
    }
    async fn save_partner(&self, partner: PartnerRecord, event: Event) -> Result<()> {
        partners::save(self, None, partner, event).await.map(drop)
    }

    async fn agreements(&self) -> Result<Vec<AgreementRecord>> {
        agreements::all(self).await
    }
    async fn agreements_with(&self, partners: &[TrustDomain]) -> Result<Vec<AgreementRecord>> {
        agreements::with(self, partners.to_vec()).await
    }
    async fn save_agreements(
        &self,
        records: Vec<AgreementRecord>,
        send: Option<(TrustDomain, Vec<u8>)>,
        events: Vec<Event>,
    ) -> Result<()> {
        agreements::save(self, None, records, send, events).await.map(drop)
    }

    async fn publish(&self, publication: Publication) -> Result<bool> {
        publish::publish(self, publication).await
    }
    async fn enqueue(&self, manifest_id: &StatementId, urgency: u8, queue: Vec<(TrustDomain, Time)>) -> Result<()> {
        queue::enqueue(self, manifest_id, urgency, queue).await
    }

    async fn release_again(
        &self,
        partner: &TrustDomain,
        manifest_id: &StatementId,
        only_over_budget: bool,
        urgency: u8,
        event: Event,
    ) -> Result<bool> {
        release::again(self, partner, manifest_id, only_over_budget, urgency, event).await
    }
    async fn due(&self, partner: &TrustDomain, now: Time, limit: u32) -> Result<Vec<QueueItem>> {
        queue::due(self, partner, now, limit).await
    }
    async fn queued(&self, partner: &TrustDomain) -> Result<u64> {
        queue::queued(self, partner).await
    }
    async fn feed_figures(&self) -> Result<Vec<FeedFigures>> {
        queue::feed_figures(self).await
    }
    async fn pending_work(&self, partner: &TrustDomain, after: u64, now: Time, max_bytes: u64) -> Result<PendingWork> {
        pending_work::pending_work(self, partner, after, now, max_bytes).await
    }
    async fn outbound(&self, partner: &TrustDomain) -> Result<OutboundPosition> {
        release::outbound(self, partner).await
    }
    async fn commit_releases(&self, partner: &TrustDomain, batch: ReleaseBatch) -> Result<()> {
        release::commit(self, partner, batch).await
    }
    async fn releases_after(&self, partner: &TrustDomain, sequence: u64, limit: u32) -> Result<Vec<ReleaseRecord>> {
        release::after(self, partner, sequence, limit).await
    }
    async fn disclosed(&self, partner: &TrustDomain, manifest_id: &StatementId) -> Result<Vec<Digest>> {
        release::disclosed(self, partner, manifest_id).await
    }
    async fn given_releases(
        &self,
        manifest_id: &StatementId,
        partner: Option<&TrustDomain>,
    ) -> Result<Vec<GivenRelease>> {
        release::given(self, manifest_id, partner).await
    }
    async fn void_releases(&self, partner: &TrustDomain, voids: Vec<(u64, Vec<u8>)>, events: Vec<Event>) -> Result<()> {
        release::void(self, partner, voids, events).await
    }
    async fn acknowledged(&self, partner: &TrustDomain, sequence: u64, at: Time) -> Result<bool> {
        release::acknowledged(self, partner, sequence, at).await
    }

    async fn inbound(&self, partner: &TrustDomain) -> Result<InboundPosition> {
        receive::inbound(self, partner).await
    }
    async fn received_release(&self, partner: &TrustDomain, sequence: u64) -> Result<Option<StatementId>> {
        receive::release(self, partner, sequence).await
    }
    async fn newest_releases(&self) -> Result<Vec<(TrustDomain, Vec<u8>)>> {
        receive::newest_releases(self).await
    }
    async fn receive(
        &self,
        partner: &TrustDomain,
        basis: ReceivingBasis,
        entries: Vec<ReceivedEntry>,
        at: Time,
        events: Vec<Event>,
        post: Vec<Vec<u8>>,
    ) -> Result<()> {
        receive::receive(self, partner, basis, entries, at, &events, &post).await
    }
    async fn received_after(&self, arrival: u64, limit: u32) -> Result<Vec<ReceivedRecord>> {
        receive::after(self, arrival, limit).await
    }

    async fn version(&self, originator: &TrustDomain, id: &AssessmentId, version: u32) -> Result<Option<StatementId>> {
        assessments::version(self, originator, id, version).await
    }
    async fn subject_states(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<BTreeSet<Country>> {
        subject_states::of_assessment(self, originator, id).await
    }
    async fn version_statuses(
        &self,
        from: &TrustDomain,
        versions: Vec<(TrustDomain, AssessmentId, u32)>,
    ) -> Result<Vec<VersionStatus>> {
        assessments::version_statuses(self, from, versions).await
    }
    async fn by_manifest(&self, manifest_id: &StatementId, quarantined: bool) -> Result<Option<AssessmentRecord>> {
        assessments::by_manifest(self, manifest_id, quarantined).await
    }
    async fn by_manifests(&self, manifest_ids: &[StatementId], quarantined: bool) -> Result<Vec<AssessmentRecord>> {
        assessments::by_manifests(self, manifest_ids, quarantined).await
    }
    async fn assessment(
        &self,
        id: &AssessmentId,
        version: Option<u32>,
        quarantined: bool,
    ) -> Result<Option<AssessmentRecord>> {
        assessments::find(self, id, version, quarantined).await
    }
    async fn assessments_between(
        &self,
        first: &AssessmentId,
        last: &AssessmentId,
        quarantined: bool,
        limit: u32,
    ) -> Result<Vec<AssessmentId>> {
        assessments::between(self, first, last, quarantined, limit).await
    }
    async fn titles(&self, manifest_ids: &[StatementId]) -> Result<Vec<AssessmentRecord>> {
        assessments::titles(self, manifest_ids).await
    }
    async fn list(&self, filter: &ListFilter) -> Result<AssessmentPage> {
        assessments::list(self, filter).await
    }

    async fn attachment(&self, name: &CopyName) -> Result<AttachmentStatus> {
        attachments::status(self, name).await
    }
    async fn append_attachment(&self, name: &CopyName, size: u64, offset: u64, bytes: Vec<u8>) -> Result<()> {
        attachments::append(self, name, size, offset, bytes).await
    }
    async fn finish_attachment(&self, name: &CopyName, is_good: bool) -> Result<()> {
        attachments::finish(self, name, is_good).await
    }
    async fn read_attachment(&self, name: &CopyName, offset: u64, length: u32) -> Result<Vec<u8>> {
        attachments::read(self, name, offset, length).await
    }
    async fn wanted_attachments(&self, partner: &TrustDomain) -> Result<Vec<(Sha256, u64)>> {
        attachments::wanted(self, partner).await
    }
    async fn attachment_releases(&self, partner: &TrustDomain, sha256: &Sha256) -> Result<Vec<ReleaseRecord>> {
        release::attachment_releases(self, partner, sha256).await
    }

    async fn rules(&self, version: Option<u32>) -> Result<Option<RulesVersion>> {
        rules::one(self, version).await
    }
    async fn rules_versions(&self, limit: u32) -> Result<Vec<RulesVersion>> {
        rules::all(self, limit).await
    }
    async fn save_rules(&self, rules: RulesVersion, event: Event) -> Result<()> {
        rules::save(self, None, rules, event).await.map(drop)
    }

    async fn record(&self, events: Vec<Event>) -> Result<()> {
        entries::record(self, events).await
    }
    async fn events(&self, from: u64, limit: u32) -> Result<Vec<Event>> {
        entries::events(self, from, limit).await
    }
    async fn events_of(&self, manifest_id: &StatementId) -> Result<Vec<Event>> {
        entries::events_of(self, manifest_id).await
    }

    async fn quarantined_for(
        &self,
        partner: &TrustDomain,
        agreement: &StatementId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<QuarantinedEntry>> {
        quarantine::quarantined_for(self, partner, agreement, after, limit).await
    }
    async fn readmit(&self, entry: Readmission) -> Result<bool> {
        quarantine::readmit(self, entry).await
    }
    async fn quarantine_records(&self, manifest_id: &StatementId) -> Result<Vec<QuarantineRecord>> {
        quarantine::of(self, manifest_id).await
    }
    async fn released(&self, partner: &TrustDomain, ids: &[StatementId]) -> Result<Vec<ReleaseRef>> {
        receipts::released(self, partner, ids).await
    }
    async fn save_receipt(&self, partner: &TrustDomain, receipt: ReceiptRecord) -> Result<u64> {
        receipts::save(self, partner, receipt).await
    }
    async fn best_copy(&self, sha256: &Sha256) -> Result<Option<CopyName>> {
        attachments::best(self, sha256).await
    }
    async fn quarantined_there(&self, partner: &TrustDomain, limit: u32) -> Result<(u64, Vec<AnswerRecord>)> {
        receipts::quarantined_there(self, partner, limit).await
    }
}
