//! Certificates that the use cases do not store: the node's own, its people's, and what partners' nodes have shown.

use std::sync::Arc;

use crate::domain::ids::{SpiffeId, TrustDomain};

/// A person's certificate chain, DER, leaf first.
#[derive(Debug, Clone)]
pub struct PersonChain {
    /// Whose chain it is.
    pub id: SpiffeId,
    /// `tls` or `signing`.
    pub usage: &'static str,
    /// The chain.
    pub chain: Vec<Vec<u8>>,
}

/// Certificates that are kept or seen outside of the node's use cases. Chains are in DER, leaf first.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    /// What this node shows on connections.
    pub tls: Vec<Vec<u8>>,
    /// The people's, as the node's directory has them.
    pub people: Vec<PersonChain>,
    /// What partners' nodes have shown last.
    pub partners: Vec<(TrustDomain, Vec<u8>)>,
    /// The name of the development CA in the node's directory, if there is one. A command renews what it issued.
    pub development_ca: Option<String>,
}

/// Reads the certificates each time it is called.
pub type ReadCertificates = Arc<dyn Fn() -> Certificates + Send + Sync>;
