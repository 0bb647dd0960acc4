//! Assessments, as this organisation's people publish, endorse, read and acknowledge them.

pub mod giver;
pub mod acknowledge;
pub mod attachments;
pub mod correct;
pub mod endorse;
pub mod evidence;
pub mod explain;
pub mod holders;
mod naming;
pub mod personal;
pub mod preview;
pub mod publish;
pub mod read;
pub mod read_receipts;
pub mod search;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        assessment_cache::AssessmentCache, directory::PartnerDirectory, ledger::Ledger, own_identity::OwnIdentity,
        recalls::Recalls, receipts::Receipts, sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// Publishes, endorses, reads, explains and acknowledges assessments.
pub struct Assessments {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) cache: Arc<AssessmentCache>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) recalls: Arc<Recalls>,
    pub(crate) receipts: Arc<Receipts>,
    /// How many seconds lie between two times at which readings are told.
    pub(crate) readings_every_seconds: u32,
}
