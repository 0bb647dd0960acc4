//! Recalls.

pub mod issue;
pub mod lookup;
pub mod purge;
pub mod take;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        assessment_cache::AssessmentCache, directory::PartnerDirectory, own_identity::OwnIdentity, people::People,
        receipts::Receipts, sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// Recalls of assessments, and purges.
pub struct Recalls {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) cache: Arc<AssessmentCache>,
    pub(crate) people: Arc<People>,
    pub(crate) receipts: Arc<Receipts>,
    /// Held during a step of a recall, so that this process takes one at a time. The store decides; this only saves work: it compares the
    /// recall's state, and each transaction that would show or release something asks whether it was recalled.
    pub(crate) recalling: tokio::sync::Mutex<()>,
}
