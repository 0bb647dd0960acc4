//! The feeds from partners.

pub mod content;
pub mod unusable;
pub mod provenance;
pub mod quarantine;
pub mod receive;
pub mod settling;
pub mod unverified;

use std::sync::{Arc, atomic::AtomicI64};

use crate::{
    domain::{budget::Budgets, time::Clock},
    node::{
        assessment_cache::AssessmentCache, assessments::Assessments, directory::PartnerDirectory,
        outbound::OutboundFeeds, own_identity::OwnIdentity, recalls::Recalls, receipts::Receipts, requests::Requests,
        sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// What comes from partners: verifies entries, keeps what is not usable yet, and examines it again.
pub struct InboundFeeds {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) assessments: Arc<Assessments>,
    pub(crate) budgets: Budgets,
    pub(crate) cache: Arc<AssessmentCache>,
    pub(crate) outbound: Arc<OutboundFeeds>,
    pub(crate) recalls: Arc<Recalls>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) requests: Arc<Requests>,
    /// When all unverified entries were last examined, in nanoseconds since 1970. The store decides when they are examined next, by a timer.
    /// A second process would have its own: a partner whose clock goes to and fro would get an examination from each in a minute.
    pub(crate) examined_all_at: AtomicI64,
}
