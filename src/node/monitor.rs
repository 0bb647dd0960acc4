//! The state of the node, for administrators and for monitoring systems.

pub mod reported_damage;
pub mod damage;
mod gist;
pub mod expiry;
pub mod status;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        alarms::Alarms, certificates::ReadCertificates, directory::PartnerDirectory,
        monitor::reported_damage::ReportedDamage, outbox::Outbox, own_identity::OwnIdentity,
        revocations::held::HeldLists, sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// The state of the node: feeds, damage, and what expires.
pub struct Monitor {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) lists: Arc<HeldLists>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) alarms: Arc<Alarms>,
    pub(crate) certificates: ReadCertificates,
    pub(crate) outbox: Arc<Outbox>,
    /// The damage for which an alarm was raised. The store decides; this only saves work.
    pub(crate) told_damage: ReportedDamage,
}
