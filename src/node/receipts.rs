//! Receipts for what was released.

pub mod answer;
pub mod route;
pub mod take;

use std::sync::Arc;

use crate::{
    domain::{budget::Budgets, time::Clock},
    node::{
        assessment_cache::AssessmentCache, directory::PartnerDirectory, outbound::OutboundFeeds,
        own_identity::OwnIdentity, refusal_log::RefusalLog, sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// Receipts: answers what came, and takes the answers of others.
pub struct Receipts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) budgets: Budgets,
    pub(crate) cache: Arc<AssessmentCache>,
    pub(crate) outbound: Arc<OutboundFeeds>,
    pub(crate) refusals: Arc<RefusalLog>,
}
