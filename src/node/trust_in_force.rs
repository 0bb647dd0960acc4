//! The trust in force, and the verifiers that use it.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    identity::{
        signers::{Accept, Identities},
        trust::Trust,
    },
    seal::chains::Chains,
};

/// The roots, lists and standing of all organisations, as connections and signatures are judged now.
pub struct TrustInForce {
    /// The snapshot in force. Only `set` replaces it. The store decides: whatever comes over a connection names the catalogue's version when
    /// it is stored. A second process loads its snapshot anew within a second.
    pub(crate) current: Arc<ArcSwap<Trust>>,
    /// Puts a new snapshot in force, for live connections too.
    pub(crate) set: Box<dyn Fn(Trust) + Send + Sync>,
    /// Extended key usages that count for signing besides id-kp-documentSigning.
    pub(crate) signing_usages: Vec<String>,
    /// Verifies what comes in now: statements of active partners.
    pub(crate) active: Identities,
    /// Verifies what partners pass on: statements of organisations that are only known, too.
    pub(crate) known: Identities,
    /// Verifies what is stored already: statements of suspended partners, too.
    pub(crate) stored: Identities,
}

impl TrustInForce {
    /// `set` replaces the snapshot in `current`.
    pub fn new(
        current: Arc<ArcSwap<Trust>>,
        set: Box<dyn Fn(Trust) + Send + Sync>,
        signing_usages: Vec<String>,
    ) -> Self {
        Self {
            active: Identities::new(current.clone(), Accept::Active),
            known: Identities::new(current.clone(), Accept::Carried),
            stored: Identities::new(current.clone(), Accept::Held),
            current,
            set,
            signing_usages,
        }
    }

    /// Verifies statements of active partners.
    pub fn chains(&self) -> &dyn Chains {
        &self.active
    }
}
