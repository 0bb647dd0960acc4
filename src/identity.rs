//! Who is who: certificates and their SPIFFE ids, trust bundles per organisation, chains and revocation, the development
//! CA. No network I/O and no clock of its own; files only in [`files`].

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
