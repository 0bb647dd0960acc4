//! The feeds to partners.

pub mod another_route;
pub mod channel;
pub mod forward;
pub mod queued;
pub mod release;
pub mod release_again;
pub mod send;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        assessment_cache::AssessmentCache, directory::PartnerDirectory, ledger::Ledger, own_identity::OwnIdentity,
        sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// What goes to partners: decides, signs, numbers and sends releases, and passes on what came from others.
pub struct OutboundFeeds {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) cache: Arc<AssessmentCache>,
    pub(crate) ledger: Arc<Ledger>,
}
