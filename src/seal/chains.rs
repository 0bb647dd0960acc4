//! What `seal` needs to know of certificates: whose key a chain proves. `identity` implements it.

use crate::domain::{fault::Fault, ids::SpiffeId, statement::Suite, time::Time};

/// A key that a valid chain has proved to be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Whose it is.
    pub id: SpiffeId,
    /// What it signs with.
    pub suite: Suite,
    /// The public key: 32 bytes for Ed25519, the uncompressed point for ECDSA (the bit string of the SPKI, RFC 5280).
    pub public_key: Vec<u8>,
}

/// Turns certificate chains into signers.
pub trait Chains: Send + Sync {
    /// The signer that `chain` (DER, leaf first) proves at the time `at`: the leaf names exactly one SPIFFE id, bears the
    /// usage for signing statements, and leads to the bundle of *its own* domain without a revoked link.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, `CERTIFICATE_REVOKED`, or `NOT_A_PARTNER` where no bundle of the claimed domain is held.
    fn signer(&self, chain: &[Vec<u8>], at: Time) -> Result<Signer, Fault>;
}
