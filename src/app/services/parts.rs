//! What a node is made of.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;

use crate::{
    domain::{
        browser_session::SessionLimits,
        budget::Budgets,
        partner::{Endpoint, Organisation},
        time::Clock,
    },
    identity::trust::{KnownOrganisation, Trust},
    node::{bundles::own_bundle::KeepBundle, certificates::ReadCertificates, house_rules::house::FoundRules},
    seal::sign::SigningKey,
    store::Store,
};

/// What the node knows of its web console.
#[derive(Debug, Clone, Default)]
pub struct ConsoleParts {
    /// Where browsers reach it; `None`: it is not served.
    pub origin: Option<String>,
    /// How long sessions in browsers last.
    pub session_limits: SessionLimits,
}

/// What a node is made of.
pub struct NodeParts {
    /// The organisation that it acts for.
    pub organisation: Organisation,
    /// Where partners reach it, for invitations.
    pub endpoint: Option<Endpoint>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The node's signing key.
    pub key: SigningKey,
    /// This organisation's bundle and revocation lists.
    pub own: KnownOrganisation,
    /// The file that this organisation's lists come from, for messages to people.
    pub own_lists: PathBuf,
    /// Extended key usages that count for signing besides id-kp-documentSigning.
    pub signing_usages: Vec<String>,
    /// The house rules, as they are on disk.
    pub house_rules: FoundRules,
    /// How many people the house requires where a decision takes several.
    pub approvals: Option<u32>,
    /// How much of each partner is taken and kept.
    pub budgets: Budgets,
    /// How many seconds lie between two times at which readings are told.
    pub readings_every_seconds: u32,
    /// The web console.
    pub console: ConsoleParts,
    /// Writes this organisation's roots into the file that they come from.
    pub keep_bundle: KeepBundle,
    /// Certificates that the use cases do not hold.
    pub certificates: ReadCertificates,
    /// The trust in force, shared with whoever checks connections.
    pub trust: Arc<ArcSwap<Trust>>,
    /// Puts new trust in force, for live connections too.
    pub set_trust: Box<dyn Fn(Trust) + Send + Sync>,
}
