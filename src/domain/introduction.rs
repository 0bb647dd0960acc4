//! Introductions: one organisation vouches for the identity of another.

use super::{ids::TrustDomain, time::Time};

/// An organisation's statement about the identity of another, for partners that trust the introducer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// The introducing organisation.
    pub introducer: TrustDomain,
    /// The other organisation's invitation, as an encoded envelope.
    pub invitation: Vec<u8>,
    /// When it was proposed.
    pub issued: Time,
}
