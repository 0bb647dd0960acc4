//! How one organisation vouches for who another one is.

use super::{ids::TrustDomain, time::Time};

/// An organisation's statement of who another one is, for a partner that takes its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// Who introduces.
    pub introducer: TrustDomain,
    /// The other's invitation: an encoded envelope.
    pub invitation: Vec<u8>,
    /// When it was proposed.
    pub issued: Time,
}
