//! Partnerships with other organisations.

pub mod accept;
pub mod introductions;
pub mod invitation;

use std::sync::Arc;

use crate::{
    domain::time::Clock,
    node::{
        assessment_cache::AssessmentCache,
        bundles::Bundles,
        directory::PartnerDirectory,
        ledger::Ledger,
        own_identity::OwnIdentity,
        people::People,
        recalls::Recalls,
        revocations::{RevocationLists, held::HeldLists},
        sessions::PartnerSessions,
        trust_in_force::TrustInForce,
    },
    store::Store,
};

/// Who is a partner: invitations, acceptance, introductions, suspension.
pub struct Partnerships {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) lists: Arc<HeldLists>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) bundles: Arc<Bundles>,
    pub(crate) cache: Arc<AssessmentCache>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) people: Arc<People>,
    pub(crate) recalls: Arc<Recalls>,
    pub(crate) revocations: Arc<RevocationLists>,
}
