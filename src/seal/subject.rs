//! What an approval names where its subject has no id of its own: the digest of exactly that.

use super::hash::sha256;
use crate::domain::ids::{Sha256, SpiffeId, StatementId, TrustDomain};

/// A statement.
pub fn statement(id: &StatementId) -> Sha256 {
    Sha256(id.0)
}

/// A partner's permission to introduce others.
pub fn introductions(partner: &TrustDomain) -> Sha256 {
    Sha256(sha256(&[b"watchfire.introductions.v1\0", partner.as_str().as_bytes()]))
}

/// Somebody as a person of the organisation.
pub fn person(id: &SpiffeId) -> Sha256 {
    Sha256(sha256(&[b"watchfire.person.v1\0", id.to_string().as_bytes()]))
}

/// A revocation list (DER), or the signed note of a ledger that is lost.
pub fn bytes(exact: &[u8]) -> Sha256 {
    Sha256(sha256(&[exact]))
}
