//! Requests for more of an assessment.

pub mod answer;
pub mod make;
pub mod take;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        assessment_cache::AssessmentCache, directory::PartnerDirectory, own_identity::OwnIdentity,
        sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// Requests for more of an assessment, and their answers.
pub struct Requests {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) cache: Arc<AssessmentCache>,
}
