//! The subjects of approvals that have no id of their own. Each is the digest of exactly what is approved.

use super::hash::sha256;
use crate::domain::ids::{Sha256, SpiffeId, StatementId, TrustDomain};

/// The subject for a statement.
pub fn statement(id: &StatementId) -> Sha256 {
    Sha256(id.0)
}

/// The subject for a partner's permission to introduce others.
pub fn introductions(partner: &TrustDomain) -> Sha256 {
    Sha256(sha256(&[b"watchfire.introductions.v1\0", partner.as_str().as_bytes()]))
}

/// The subject for adding a person to the organisation.
pub fn person(id: &SpiffeId) -> Sha256 {
    Sha256(sha256(&[b"watchfire.person.v1\0", id.to_string().as_bytes()]))
}

/// The subject for a revocation list (DER), or for the signed note of a ledger that is lost.
pub fn bytes(exact: &[u8]) -> Sha256 {
    Sha256(sha256(&[exact]))
}
