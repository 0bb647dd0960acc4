//! The store's records of recalls, holders, and what holders reported.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{AssessmentId, Role, Sha256, StatementId, TrustDomain},
    recall::{RecallKind, RecallStanding, RecallState},
    receipt::ReceiptKind,
    time::Time,
};

/// A recall. There is one for each recalled assessment, even if nothing of the assessment is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallRecord {
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Whose it is.
    pub originator: TrustDomain,
    /// The statement that is in force.
    pub id: StatementId,
    /// Whether it withdraws or purges.
    pub kind: RecallKind,
    /// Its encoded envelope.
    pub envelope: Vec<u8>,
    /// Its state here.
    pub standing: RecallStanding,
    /// The partner that sent it; `None` if it was issued here.
    pub from: Option<TrustDomain>,
    /// When it last changed.
    pub at: Time,
    /// The number of this change, which the store gives. A follower resumes from it.
    pub turn: u64,
}

/// What a recall does to stored content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContentEffect {
    /// Nothing.
    None,
    /// Nobody reads it any more; the bytes stay.
    Hide,
    /// Its key and its encrypted portions are destroyed, and the attachments that nothing else names. If the recall was issued here, the draft with
    /// the assessment's id is deleted with all its texts, and the ledger has an entry of that.
    Destroy,
}

/// One step of a recall: everything that is committed together.
#[derive(Debug, Clone)]
pub struct RecallStep {
    /// The version of the catalogue that it was decided on: see [`CatalogueStore`](super::catalogue::CatalogueStore).
    pub catalogue: Option<u64>,
    /// The recall after the step.
    pub record: RecallRecord,
    /// Its state before. [`StoreError::Conflict`](super::StoreError::Conflict) if the store has another state.
    pub before: Option<RecallState>,
    /// What happens to the content.
    pub effect: ContentEffect,
    /// Whether the recall is sent to everybody to whom the assessment was released, and to the active partners that are known to
    /// hold it through others.
    pub is_told: bool,
    /// The partners that it is not sent to.
    pub except: Vec<TrustDomain>,
    /// Receipts, each for its partner.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// What a step of a recall has affected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecallOutcome {
    /// The partners whose outboxes have it now.
    pub told: Vec<TrustDomain>,
    /// The versions that were stored.
    pub manifests: Vec<StatementId>,
}

/// A recall that can't be verified, because its originator is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnverifiedRecall {
    /// Its identity.
    pub name: RecallName,
    /// Its encoded envelope.
    pub envelope: Vec<u8>,
    /// When this statement first arrived.
    pub at: Time,
}

/// The identity of a recall that could not be verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallName {
    /// Which assessment.
    pub assessment: AssessmentId,
    /// The originator that it names.
    pub originator: TrustDomain,
    /// The partner that handed it over.
    pub from: TrustDomain,
}

/// One release of a version to a partner of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseToHolder {
    /// The partner.
    pub holder: TrustDomain,
    /// Which version.
    pub version: u32,
    /// How many portions it disclosed; 0 for a void.
    pub portions: u64,
    /// Its number.
    pub sequence: u64,
    /// Whether a void has replaced it.
    pub is_void: bool,
    /// Whether the partner has acknowledged its number.
    pub acknowledged: bool,
    /// The partner's answer: stored or quarantined, why, and when.
    pub answer: Option<(ReceiptKind, Option<String>, Time)>,
}

/// What a holder reported about a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRecord {
    /// Who holds it.
    pub holder: TrustDomain,
    /// The organisations between here and the holder.
    pub through: Vec<TrustDomain>,
    /// Which version.
    pub version: u32,
    /// How many portions it got; 0 if that was reported before.
    pub portions: u64,
    /// What.
    pub kind: ReceiptKind,
    /// In which role.
    pub role: Option<Role>,
    /// A stable reason in capitals.
    pub reason: Option<String>,
    /// When, by the holder's clock.
    pub at: Time,
    /// Whether its signature could be verified here.
    pub verified: bool,
    /// The encoded envelope of the receipt. It has the text that people wrote.
    pub receipt: Vec<u8>,
}

/// A holder's answer to a recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallAnswerRecord {
    /// Who.
    pub holder: TrustDomain,
    /// The organisations between here and the holder.
    pub through: Vec<TrustDomain>,
    /// What.
    pub kind: ReceiptKind,
    /// A stable reason in capitals.
    pub reason: Option<String>,
    /// When, by the holder's clock.
    pub at: Time,
    /// Whether its signature could be verified here.
    pub verified: bool,
    /// The encoded envelope of the receipt.
    pub receipt: Vec<u8>,
}

/// Everything that is known about the holders of an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HoldersRecord {
    /// The releases from here, by partner and number.
    pub given: Vec<ReleaseToHolder>,
    /// The holders' reports.
    pub reports: Vec<ReportRecord>,
    /// Their answers to the recall.
    pub answers: Vec<RecallAnswerRecord>,
    /// The last contact with each partner.
    pub contacts: Vec<(TrustDomain, Time)>,
}

/// Recalls and holders. Each method is one transaction, as in [`Store`](super::Store).
#[async_trait]
pub trait RecallStore: Send + Sync {
    /// Commits a step of a recall: its row, the states of all versions that users saw, and the effect on the content. The
    /// assessment leaves all queues, and its duties end. In the outboxes the recall comes before everything else.
    async fn recall(&self, step: RecallStep) -> Result<RecallOutcome>;
    /// The recall of an assessment.
    async fn recall_of(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<Option<RecallRecord>>;
    /// The recall that a statement is or was about.
    async fn recall_named(&self, statement: &StatementId) -> Result<Option<RecallRecord>>;
    /// Recalls that changed after a turn, ascending, at most `limit`, and fewer if they are large, but at least one readable one.
    /// With `state`, only those in that state. An empty page is the end.
    async fn recalls_after(&self, turn: u64, state: Option<RecallState>, limit: u32) -> Result<Vec<RecallRecord>>;
    /// Stores a recall that can't be verified yet: one for each partner and assessment, at most `limit` from a partner for one
    /// originator, and at most `all_names` from it for all originators. In the meantime nothing more of the assessment is shown.
    /// `false` if it was not stored.
    async fn keep_unverified_recall(&self, recall: UnverifiedRecall, limit: u32, all_names: u32) -> Result<bool>;
    /// The identities of all recalls that can't be verified yet.
    async fn unverified_recall_names(&self) -> Result<Vec<RecallName>>;
    /// One recall that can't be verified yet.
    async fn unverified_recall(&self, name: &RecallName) -> Result<Option<UnverifiedRecall>>;
    /// Deletes one, after it was verified or refused.
    async fn forget_unverified_recall(&self, recall: &RecallName) -> Result<()>;
    /// The holders of an assessment.
    async fn holders(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<HoldersRecord>;
    /// The partners to which an earlier version was released, each with the latest such version.
    async fn holders_before(
        &self,
        originator: &TrustDomain,
        id: &AssessmentId,
        version: u32,
    ) -> Result<Vec<(TrustDomain, u32)>>;
    /// Whether only recalled assessments name an attachment, and nothing that users see.
    async fn is_attachment_recalled(&self, sha256: &Sha256) -> Result<bool>;
}
