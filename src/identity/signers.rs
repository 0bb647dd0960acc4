//! Whose key signed a statement: the seam to `seal`, with a memory for chains that come again and again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use super::{
    certificate::{Leaf, invalid, window},
    chain::{check_size, names, revoked},
    crl::Revocation,
    trust::{Trust, not_a_partner},
};
use crate::{
    domain::{
        fault::{Fault, Reason},
        partner::PartnerState,
        time::Time,
    },
    seal::{
        chains::{Chains, Signer},
        hash::sha256,
    },
};

/// Thousands of statements a second share a few chains, so that a crowd beyond this is no loss.
const MAX_PROVED: usize = 4096;

/// Whose statements are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// Those of the own organisation and of active partners: whatever comes in now.
    Active,
    /// Those of organisations that are known only, too: what partners pass on.
    Carried,
    /// Those of suspended partners too: what is stored already.
    Held,
}

impl Accept {
    fn reads(self, state: PartnerState) -> bool {
        match state {
            PartnerState::Active => true,
            PartnerState::Known => self != Self::Active,
            PartnerState::Suspended | PartnerState::Forgotten => self == Self::Held,
        }
    }
}

/// A chain that was proved, and until when and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Whose key it is.
    pub signer: Signer,
    /// A revocation that came after the time asked for. Where it says that the key was lost before that time, the
    /// statement is in doubt.
    pub later_revocation: Option<Revocation>,
}

#[derive(Debug, Clone)]
struct Proved {
    signer: Signer,
    from: Time,
    until: Time,
    revocation: Option<Revocation>,
}

/// The chains proved under one snapshot of trust.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<[u8; 32], Proved>>);

impl Cache {
    fn get(&self, key: &[u8; 32], at: Time) -> Option<Proved> {
        let proved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proved.get(key).filter(|p| p.from <= at && at <= p.until).cloned()
    }

    fn put(&self, key: [u8; 32], proof: Proved) {
        let mut proved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if proved.len() >= MAX_PROVED {
            proved.clear();
        }
        proved.insert(key, proof);
    }
}

impl Trust {
    /// Whose key the chain (DER, leaf first) proves at the time `at`: for a statement, the time that it was first logged.
    /// A certificate that ran out since then, or was revoked since then, still proves what it proved.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, `CERTIFICATE_REVOKED`, or `NOT_A_PARTNER` where no bundle of the claimed domain is accepted.
    pub fn prove_signer(&self, chain: &[Vec<u8>], at: Time, accept: Accept) -> Result<Proof, Fault> {
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        check_size(&chain)?;
        let key = key(&chain);
        let proved = match self.proved.get(&key, at) {
            Some(proved) => proved,
            None => {
                let proved = self.prove_anew(&chain, at)?;
                self.proved.put(key, proved.clone());
                proved
            }
        };
        let domain = proved.signer.id.domain();
        if !self.member(domain).is_some_and(|member| accept.reads(member.state)) {
            return Err(not_a_partner(domain));
        }
        if proved.revocation.is_some_and(|revocation| revocation.at <= at) {
            return Err(revoked());
        }
        Ok(Proof { signer: proved.signer, later_revocation: proved.revocation })
    }

    /// By the lists of the organisation that the chain claims, whatever else may be wrong with it.
    fn revocation_of(&self, chain: &[Vec<u8>]) -> Option<Revocation> {
        let leaf = Leaf::parse(chain.first()?).ok()?;
        let held = self.held(leaf.id.domain())?;
        let of = |der: &Vec<u8>| {
            let (issuer, serial) = names(der)?;
            held.member.crls.iter().find_map(|crl| crl.revocation(&issuer, &serial))
        };
        chain.iter().filter_map(of).min_by_key(|r| r.at)
    }

    fn prove_anew(&self, chain: &[&[u8]], at: Time) -> Result<Proved, Fault> {
        let leaf = Leaf::parse(chain.first().copied().unwrap_or_default())?;
        let held = self.held(leaf.id.domain()).ok_or_else(|| not_a_partner(leaf.id.domain()))?;
        leaf.check_signing_usage(self.signing_usages())?;
        let suite = leaf.suite.ok_or_else(|| {
            invalid("the certificate's key signs no statements; issue one with Ed25519, ECDSA P-256 or P-384")
        })?;
        let path = held.prove_signer(chain, self.signing_usages(), at)?;
        let (mut from, mut until, mut revocation) = (leaf.not_before, leaf.not_after, None::<Revocation>);
        for link in &path {
            let (not_before, not_after) = window(&link.der)?;
            (from, until) = (from.max(not_before), until.min(not_after));
            let found = held.member.crls.iter().filter_map(|crl| crl.revocation(&link.issuer, &link.serial));
            revocation = revocation.into_iter().chain(found).min_by_key(|r| r.at);
        }
        let signer = Signer { id: leaf.id, suite, public_key: leaf.public_key };
        Ok(Proved { signer, from, until, revocation })
    }
}

/// The trust of the moment, for `seal`.
#[derive(Clone)]
pub struct Identities {
    trust: Arc<ArcSwap<Trust>>,
    accept: Accept,
}

impl Identities {
    /// Signers under whatever trust is in force when they are asked for.
    pub fn new(trust: Arc<ArcSwap<Trust>>, accept: Accept) -> Self {
        Self { trust, accept }
    }
}

impl Identities {
    /// Refuses a chain of which a certificate is revoked by `now`, whatever day is asked about. A chain that nothing is known of
    /// passes: it proves nothing anyhow.
    ///
    /// # Errors
    /// `CERTIFICATE_REVOKED`.
    pub fn require_unrevoked(&self, chain: &[Vec<u8>], now: Time) -> Result<(), Fault> {
        match self.trust.load().revocation_of(chain) {
            Some(revocation) if revocation.at <= now => Err(revoked()),
            _ => Ok(()),
        }
    }
}

impl Chains for Identities {
    fn signer(&self, chain: &[Vec<u8>], at: Time) -> Result<Signer, Fault> {
        self.trust.load().prove_signer(chain, at, self.accept).map(|proof| proof.signer)
    }
}

impl Proof {
    /// Whether a later revocation says that the key was lost by the time asked for.
    pub fn in_doubt(&self, at: Time) -> Option<Reason> {
        let since = self.later_revocation?.invalid_since?;
        (since <= at).then_some(Reason::CertificateRevoked)
    }
}

/// The SHA-256 of the chain, each certificate with its length, so that no two chains share a key.
fn key(chain: &[&[u8]]) -> [u8; 32] {
    let lengths: Vec<[u8; 8]> = chain.iter().map(|der| (der.len() as u64).to_be_bytes()).collect();
    let parts: Vec<&[u8]> = lengths.iter().zip(chain).flat_map(|(length, der)| [length.as_slice(), *der]).collect();
    sha256(&parts)
}
