//! A cache of proved chains, because the same few chains come again and again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::crl::Revocation;
use crate::{
    domain::time::Time,
    seal::{chains::Signer, hash::sha256},
};

/// The most chains in the cache. When there are more, the cache is cleared.
const MAX_PROVED: usize = 4096;

/// The result of proving a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedChain {
    /// Whose key it is.
    pub signer: Signer,
    /// When the last certificate of the chain begins.
    pub from: Time,
    /// When the first certificate of the chain ends.
    pub until: Time,
    /// The earliest revocation of any certificate of the chain, if there is one.
    pub revocation: Option<Revocation>,
}

/// The chains proved under one snapshot of trust. A cache: staleness is harmless because it ends with its snapshot. Whoever replaces the
/// snapshot decides how old it may be.
#[derive(Debug, Default)]
pub(super) struct ChainCache(Mutex<HashMap<[u8; 32], ProvedChain>>);

impl ChainCache {
    /// The proof for this key, if it holds at that time.
    pub fn get(&self, key: &[u8; 32], at: Time) -> Option<ProvedChain> {
        let proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proofs.get(key).filter(|p| p.from <= at && at <= p.until).cloned()
    }

    /// Remembers a proof.
    pub fn put(&self, key: [u8; 32], proof: ProvedChain) {
        let mut proofs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if proofs.len() >= MAX_PROVED {
            proofs.clear();
        }
        proofs.insert(key, proof);
    }
}

/// The key of a chain: the SHA-256 of its certificates, each with its length, so that no two chains share a key.
pub(super) fn key(chain: &[&[u8]]) -> [u8; 32] {
    let lengths: Vec<[u8; 8]> = chain.iter().map(|der| (der.len() as u64).to_be_bytes()).collect();
    let parts: Vec<&[u8]> = lengths.iter().zip(chain).flat_map(|(length, der)| [length.as_slice(), *der]).collect();
    sha256(&parts)
}
