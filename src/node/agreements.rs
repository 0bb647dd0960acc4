//! Sharing agreements with partners.

pub mod approvals;
pub mod calendar;
pub mod propose;
pub mod stop;
pub mod succession;
pub mod take;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        directory::PartnerDirectory, own_identity::OwnIdentity, people::People, sessions::PartnerSessions,
        trust_in_force::TrustInForce,
    },
    store::Store,
};

/// Sharing agreements: proposals, signatures, stops, succession.
pub struct Agreements {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) people: Arc<People>,
}
