//! What `seal` has to know about certificates: whose key a chain proves. `identity` implements it.

use crate::domain::{
    fault::Fault,
    ids::{Sha256, SpiffeId, TrustDomain},
    statement::Suite,
    time::Time,
};

/// The time as of which a signature is judged. The outermost signature is judged as of when it reached the reader. A signature inside another
/// statement is judged as of the time that the outer statement states for it.
#[derive(Debug, Clone, Copy)]
pub struct VerificationTime<'a> {
    /// The reader's time.
    pub now: Time,
    /// When the statement reached the reader. Earlier than `now`, if it had to wait.
    pub arrived: Time,
    /// What the next outer statement states. `None` for the outermost signature.
    pub stated: Option<Stated<'a>>,
}

/// When a statement was first logged, and who says so.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// The time.
    pub at: Time,
    /// The organisation that states it.
    pub by: &'a TrustDomain,
    /// Whether the statement that says so counted by itself when it arrived. A statement by a key that had ended counts only by a time that
    /// another organisation states; the same then holds for what it says.
    pub is_firm: bool,
}

impl From<Time> for VerificationTime<'_> {
    fn from(now: Time) -> Self {
        Self { now, arrived: now, stated: None }
    }
}

impl<'a> VerificationTime<'a> {
    /// A signature inside a statement of `by` that says `at`.
    pub fn stated(self, at: Time, by: &'a TrustDomain) -> Self {
        Self { stated: Some(Stated { at, by, is_firm: true }), ..self }
    }

    /// The same time, with whether the statement that states it counts by itself.
    #[must_use]
    pub fn firm(mut self, is_firm: bool) -> Self {
        self.stated = self.stated.map(|stated| Stated { is_firm, ..stated });
        self
    }

    /// The time that certificates must have been valid at.
    pub fn at(&self) -> Time {
        self.stated.map_or(self.arrived, |stated| stated.at.min(self.now))
    }
}

/// A key that a valid chain has proved to be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Whose it is.
    pub id: SpiffeId,
    /// What it signs with.
    pub suite: Suite,
    /// The public key: 32 bytes for Ed25519, the uncompressed point for ECDSA (the bit string of the SPKI, RFC 5280).
    pub public_key: Vec<u8>,
    /// The fingerprint of the trust bundle that the chain leads to.
    pub roots: Sha256,
    /// The organisation on whose word alone the signature counts. In that case the chain ended long ago, and only an organisation other than the
    /// signer's states a time before its end.
    pub on_word_of: Option<TrustDomain>,
    /// Whether the chain was valid when the statement arrived.
    pub is_current: bool,
}

/// Turns certificate chains into signers.
pub trait Chains: Send + Sync {
    /// Returns the signer that `chain` (DER, leaf first) proves. The leaf must name exactly one SPIFFE id and have the usage for signing
    /// statements. It must lead to the bundle of *its own* domain, and no certificate on the way may be revoked.
    ///
    /// - A stated time saves a chain from expiry. It is never taken as earlier than the first day of the chain.
    /// - It saves a chain from revocation only if the signer's own organisation states it, by a statement that counts by itself, and if it is
    ///   earlier than the date since which the key is invalid (without such a date: the date of the revocation).
    ///
    /// # Errors
    /// `CHAIN_INVALID`, `CERTIFICATE_REVOKED`, or `NOT_A_PARTNER` if no bundle of the claimed domain is known.
    fn signer(&self, chain: &[Vec<u8>], when: &VerificationTime<'_>) -> Result<Signer, Fault>;
}
