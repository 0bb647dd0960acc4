//! Revocation lists: what is held of each organisation, and how a newer one is taken.
//!
//! For each organisation, this one included, the node holds the newest list of each issuing key and scope, and every revocation that was
//! ever seen. A list is never replaced by an older one automatically. See `give` for a CA that lost its number.

pub mod announced;
pub mod exchanged;
pub mod give;
pub mod held;
pub mod invited;
pub mod own;
pub mod own_file;
pub mod passed_on;
pub mod places;
pub mod rate_limit;
pub mod reload;
pub mod take;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        bundles::Bundles, directory::PartnerDirectory, own_identity::OwnIdentity, people::People,
        revocations::held::HeldLists, sessions::PartnerSessions, trust_in_force::TrustInForce,
    },
    store::Store,
};

/// Revocation lists: those of this organisation, of partners, and those that partners pass on.
pub struct RevocationLists {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) lists: Arc<HeldLists>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) bundles: Arc<Bundles>,
    pub(crate) people: Arc<People>,
}
