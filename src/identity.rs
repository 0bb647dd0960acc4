//! Identities: certificates and their SPIFFE ids, trust bundles of organisations, chains and revocation, the development CA. This layer has no
//! network I/O and no clock of its own. Only [`files`] reads and writes files.

pub mod bundle;
pub mod certificate;
mod chain;
mod chain_cache;
pub mod crl;
pub mod devca;
pub mod files;
pub mod fingerprint;
pub mod former;
pub mod leaf_cache;
mod pem;
mod prove_signer;
pub mod signers;
#[cfg(test)]
pub(crate) mod test_ca;
pub mod trust;
pub mod validity;
pub mod verifier;
