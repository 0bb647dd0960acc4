//! What is said of a revocation list before it is handed over.

use crate::{domain::ids::Sha256, identity::crl::Crl};

/// What a partner says of a list before it hands it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The id of the key that issued it.
    pub issuing_key: Sha256,
    /// The id of its scope.
    pub scope: Sha256,
    /// Its number, big-endian, without leading zeros.
    pub number: Vec<u8>,
    /// The SHA-256 of the list.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: usize,
}

impl Announced {
    pub(in crate::node) fn of(crl: &Crl) -> Self {
        Self {
            issuing_key: crl.issuing_key(),
            scope: crl.scope(),
            number: crl.number().to_vec(),
            sha256: crl.sha256(),
            size: crl.der().len(),
        }
    }
}
