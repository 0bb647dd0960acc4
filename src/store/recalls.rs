//! What was taken back, who holds what, and what holders said, as the store takes and gives it.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    event::Event,
    ids::{AssessmentId, Role, Sha256, StatementId, TrustDomain},
    recall::{RecallKind, RecallStanding, RecallState},
    receipt::ReceiptKind,
    time::Time,
};

/// A recall, as kept. There is one for each assessment that was taken back, also where nothing of it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallRecord {
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Whose it is.
    pub originator: TrustDomain,
    /// The statement that counts.
    pub id: StatementId,
    /// How far it is taken back.
    pub kind: RecallKind,
    /// Its encoded envelope.
    pub envelope: Vec<u8>,
    /// Where it stands here.
    pub standing: RecallStanding,
    /// The partner by whom it came; `None` where it was issued here.
    pub from: Option<TrustDomain>,
    /// When that last changed.
    pub at: Time,
    /// The store's own count of such changes: where a follower resumes. Given by the store.
    pub turn: u64,
}

/// What becomes of content that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing more than before.
    None,
    /// Nobody reads it; the bytes stay.
    Seal,
    /// Its key and its sealed portions are destroyed, with the attachments that nothing else names.
    Destroy,
}

/// A step of a recall: everything that is committed together.
#[derive(Debug, Clone)]
pub struct Recalling {
    /// As it is from now on.
    pub record: RecallRecord,
    /// Where it stood before; another state in the store is a [`StoreError::Conflict`](super::StoreError::Conflict).
    pub before: Option<RecallState>,
    /// What becomes of the content.
    pub effect: Effect,
    /// The envelope goes to everybody to whom anything of it was released, and to the active partners that are known to hold
    /// it through others.
    pub is_told: bool,
    /// But not to these.
    pub except: Vec<TrustDomain>,
    /// Receipts, each for its partner.
    pub post: Vec<(TrustDomain, Vec<u8>)>,
    /// The ledger entries.
    pub events: Vec<Event>,
}

/// What a step of a recall has touched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recalled {
    /// The partners in whose outbox it waits now.
    pub told: Vec<TrustDomain>,
    /// The versions that were here.
    pub manifests: Vec<StatementId>,
}

/// A recall that can't be verified, since its originator is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnprovenRecall {
    /// What tells it from others.
    pub name: RecallName,
    /// Its encoded envelope.
    pub envelope: Vec<u8>,
    /// When this statement came first.
    pub at: Time,
}

/// What tells a recall that could not be verified yet from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallName {
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Whose it is said to be.
    pub originator: TrustDomain,
    /// The partner that handed it over.
    pub from: TrustDomain,
}

/// One release of a version to a partner of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenRecord {
    /// The partner.
    pub holder: TrustDomain,
    /// Which version.
    pub version: u32,
    /// How many portions it disclosed; 0 for a void.
    pub portions: u64,
    /// Its number.
    pub sequence: u64,
    /// Whether a void stands in its place.
    pub is_void: bool,
    /// Whether the partner has acknowledged its number.
    pub acknowledged: bool,
    /// What the partner answered: stored or kept from users, why, and when.
    pub answer: Option<(ReceiptKind, Option<String>, Time)>,
}

/// What a holder said of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRecord {
    /// Who holds it.
    pub holder: TrustDomain,
    /// The organisations between here and it.
    pub through: Vec<TrustDomain>,
    /// Which version.
    pub version: u32,
    /// How many portions it was given; 0 where that was told before.
    pub portions: u64,
    /// What.
    pub kind: ReceiptKind,
    /// In which role.
    pub role: Option<Role>,
    /// A stable reason in capitals.
    pub reason: Option<String>,
    /// When, by its clock.
    pub at: Time,
    /// Whether its signature could be checked here.
    pub verified: bool,
    /// The encoded envelope of the receipt: what people wrote is read from there.
    pub receipt: Vec<u8>,
}

/// What a holder answered to a recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallAnswerRecord {
    /// Who.
    pub holder: TrustDomain,
    /// The organisations between here and it.
    pub through: Vec<TrustDomain>,
    /// What.
    pub kind: ReceiptKind,
    /// A stable reason in capitals.
    pub reason: Option<String>,
    /// When, by its clock.
    pub at: Time,
    /// Whether its signature could be checked here.
    pub verified: bool,
    /// The encoded envelope of the receipt.
    pub receipt: Vec<u8>,
}

/// Everything that is known of who holds an assessment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HoldersRecord {
    /// What was released from here, by partner and number.
    pub given: Vec<GivenRecord>,
    /// What holders said.
    pub reports: Vec<ReportRecord>,
    /// What they answered to the recall.
    pub answers: Vec<RecallAnswerRecord>,
    /// When each partner was last heard of.
    pub contacts: Vec<(TrustDomain, Time)>,
}

/// Recalls and holders. As [`Store`](super::Store): each method is one transaction.
#[async_trait]
pub trait RecallStore: Send + Sync {
    /// Commits a step of a recall: its row, the states of all versions that users saw, what becomes of the content; nothing of
    /// it is queued any more, and no duty is left. It waits in outboxes before anything else.
    async fn recall(&self, step: Recalling) -> Result<Recalled>;
    /// The recall of an assessment.
    async fn recall_of(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<Option<RecallRecord>>;
    /// The recall that a statement is or was about.
    async fn recall_named(&self, statement: &StatementId) -> Result<Option<RecallRecord>>;
    /// Recalls whose last change came after a turn, ascending by it, at most `limit`, and less where they are large,
    /// but at least one of those that can be read; in one state only where it is named. An empty page is the end.
    async fn recalls_after(&self, turn: u64, state: Option<RecallState>, limit: u32) -> Result<Vec<RecallRecord>>;
    /// Keeps a recall that can't be verified yet, one of each partner for an assessment. Of a partner at most `limit` in one
    /// originator's name, and `all_names` in all names. Nothing of the assessment is shown meanwhile that is not shown already.
    /// `false` where it was not kept.
    async fn keep_unproven(&self, recall: UnprovenRecall, limit: u32, all_names: u32) -> Result<bool>;
    /// The names of all of them.
    async fn unproven_names(&self) -> Result<Vec<RecallName>>;
    /// One of them.
    async fn unproven(&self, name: &RecallName) -> Result<Option<UnprovenRecall>>;
    /// It was verified, or refused.
    async fn forget_unproven(&self, recall: &RecallName) -> Result<()>;
    /// Who holds an assessment.
    async fn holders(&self, originator: &TrustDomain, id: &AssessmentId) -> Result<HoldersRecord>;
    /// The partners to whom an earlier version than this one was released, each with the latest such version.
    async fn holders_before(
        &self,
        originator: &TrustDomain,
        id: &AssessmentId,
        version: u32,
    ) -> Result<Vec<(TrustDomain, u32)>>;
    /// Whether an attachment is named by what was taken back, and by nothing that users see.
    async fn is_taken_back(&self, sha256: &Sha256) -> Result<bool>;
}
