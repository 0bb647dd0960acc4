//! Bundles: the roots of organisations, and how they are replaced.

pub mod found;
pub mod follow;
pub mod own;
pub mod own_bundle;
pub mod partner_bundles;
pub mod passed_on;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        alarms::Alarms, bundles::own_bundle::OwnBundle, certificates::ReadCertificates, directory::PartnerDirectory,
        own_identity::OwnIdentity, people::People, revocations::held::HeldLists, sessions::PartnerSessions,
        trust_in_force::TrustInForce,
    },
    store::Store,
};

/// This organisation's own bundle, and the bundles of other organisations.
pub struct Bundles {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) lists: Arc<HeldLists>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) certificates: ReadCertificates,
    pub(crate) people: Arc<People>,
    /// What the node holds of its own bundle.
    pub(crate) own_bundle: Arc<OwnBundle>,
}
