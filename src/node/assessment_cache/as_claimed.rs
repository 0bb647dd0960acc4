//! Reads signatures without verifying them.

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::Sha256,
    },
    identity::leaf_cache::claimed_leaf,
    seal::chains::{Chains, Signer, VerificationTime},
};

/// Believes every certificate. It serves to check whether a signature fits the key that it names, whoever's key that is.
pub(in crate::node) struct AsClaimed;

impl Chains for AsClaimed {
    fn signer(&self, chain: &[Vec<u8>], _: &VerificationTime<'_>) -> Result<Signer, Fault> {
        let leaf = claimed_leaf(chain)?;
        let suite = leaf.suite.ok_or_else(|| Fault::new(Reason::ChainInvalid, "the key signs no statements"))?;
        let (id, public_key, roots) = (leaf.id.clone(), leaf.public_key.clone(), Sha256([0; 32]));
        Ok(Signer { id, suite, public_key, roots, on_word_of: None, is_current: true })
    }
}
