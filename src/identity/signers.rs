//! Whose key signed a statement: the seam to `seal`, with a memory for chains that come again and again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use super::{
    certificate::{Leaf, invalid, window},
    chain::{Link, check_size, revoked},
    crl::Revocation,
    trust::{Member, Trust, not_a_partner},
};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::Sha256,
        partner::PartnerState,
        statement::Suite,
        time::Time,
    },
    seal::{
        chains::{Chains, Signer, When},
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
    pub(super) fn reads(self, state: PartnerState) -> bool {
        match state {
            PartnerState::Active => true,
            PartnerState::Known => self != Self::Active,
            PartnerState::Suspended | PartnerState::Forgotten => self == Self::Held,
        }
    }
}

/// For so long after a chain has ended another organisation's word on the time is as good as the own one's, seconds.
const FOREIGN_WORD_SECONDS: i64 = 30 * 86_400;

const NOT_FIRM: &str = "the key is revoked, and its organisation says by a key that has ended that it was used before";

/// A chain that was proved at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Whose key it is.
    pub signer: Signer,
    /// When the last certificate of the chain begins.
    pub from: Time,
    /// When the first certificate of the chain ends.
    pub until: Time,
    /// The revocations of certificates of the chain, whenever they were, as one.
    pub revocation: Option<Revocation>,
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
    /// Whose key the chain (DER, leaf first) proves as of a time, for a signature that is judged by the rules of
    /// [`Chains::signer`].
    ///
    /// # Errors
    /// `CHAIN_INVALID`, `CERTIFICATE_REVOKED`, or `NOT_A_PARTNER` where no bundle of the claimed domain is accepted.
    pub fn judge_signer(&self, chain: &[Vec<u8>], when: &When<'_>, accept: Accept) -> Result<Signer, Fault> {
        let proved = match self.prove_signer(chain, when.at(), accept) {
            Err(fault) if fault.reason == Reason::ChainInvalid && when.at() < when.now => {
                // A signature may be newer than the statement that it is over, and a reader's clock may have been behind: a
                // chain counts from its first day on.
                let first_day = chain.iter().filter_map(|der| window(der).ok()).map(|(from, _)| from).max();
                match first_day.filter(|day| *day > when.at()) {
                    Some(day) => self.prove_signer(chain, day.min(when.now), accept),
                    None => Err(fault),
                }
            }
            proved => proved,
        };
        let proved = match proved {
            Err(fault) if fault.reason == Reason::ChainInvalid => self.prove_former(chain, when, accept).ok_or(fault),
            proved => proved,
        };
        let Proof { mut signer, from, until, revocation } = proved?;
        let own_word = when.stated.filter(|stated| stated.by == signer.id.domain());
        if let Some(revocation) = revocation.filter(|revocation| revocation.at <= when.now) {
            let invalid_since = revocation.invalid_since.unwrap_or(revocation.at);
            // A key signs nothing before its chain begins, so that an earlier time says nothing of when it was lost.
            match own_word {
                Some(stated) if stated.at.max(from) < invalid_since && stated.is_firm => {}
                // Its organisation may say so again under a key that is good.
                Some(stated) if stated.at.max(from) < invalid_since => return Err(invalid(NOT_FIRM)),
                _ => return Err(revoked()),
            }
        }
        if let Some(stated) = when.stated.filter(|_| own_word.is_none()) {
            let is_long_ago = when.arrived > until.plus_seconds(FOREIGN_WORD_SECONDS);
            signer.on_word_of = is_long_ago.then(|| stated.by.clone());
        }
        signer.is_current = when.arrived <= until;
        Ok(signer)
    }

    /// Whose key the chain (DER, leaf first) proves at the time `at`, and which revocation of it is known. A certificate that
    /// has run out since then still proves what it proved.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, or `NOT_A_PARTNER` where no bundle of the claimed domain is accepted.
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
        let Proved { signer, from, until, revocation } = proved;
        Ok(Proof { signer, from, until, revocation })
    }

    fn prove_anew(&self, chain: &[&[u8]], at: Time) -> Result<Proved, Fault> {
        let leaf = Leaf::parse(chain.first().copied().unwrap_or_default())?;
        let held = self.held(leaf.id.domain()).ok_or_else(|| not_a_partner(leaf.id.domain()))?;
        let suite = self.suite_of(&leaf)?;
        let path = held.prove_signer(chain, &self.accepted_usages(), at)?;
        let Proof { signer, from, until, revocation } = self.proof((leaf, suite), &path, &held.member)?;
        Ok(Proved { signer, from, until, revocation })
    }

    /// What a certificate for signing statements signs with.
    pub(super) fn suite_of(&self, leaf: &Leaf) -> Result<Suite, Fault> {
        leaf.check_signing_usage(self.signing_usages())?;
        leaf.suite.ok_or_else(|| {
            invalid("the certificate's key signs no statements; issue one with Ed25519, ECDSA P-256 or P-384")
        })
    }

    /// What a path to a root of the member proves.
    pub(super) fn proof(&self, (leaf, suite): (Leaf, Suite), path: &[Link], member: &Member) -> Result<Proof, Fault> {
        let (mut from, mut until, mut revocation) = (leaf.not_before, leaf.not_after, None::<Revocation>);
        for link in path {
            let (not_before, not_after) = window(&link.der)?;
            (from, until) = (from.max(not_before), until.min(not_after));
            revocation = revocation.into_iter().chain(self.revocation(link)).reduce(Revocation::earlier);
        }
        let roots = Sha256(member.bundle.fingerprint().0);
        let signer =
            Signer { id: leaf.id, suite, public_key: leaf.public_key, roots, on_word_of: None, is_current: true };
        Ok(Proof { signer, from, until, revocation })
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
    /// The trust of the moment.
    pub fn trust(&self) -> Arc<Trust> {
        self.trust.load_full()
    }
}

impl Chains for Identities {
    fn signer(&self, chain: &[Vec<u8>], when: &When<'_>) -> Result<Signer, Fault> {
        self.trust.load().judge_signer(chain, when, self.accept)
    }
}

/// The SHA-256 of the chain, each certificate with its length, so that no two chains share a key.
fn key(chain: &[&[u8]]) -> [u8; 32] {
    let lengths: Vec<[u8; 8]> = chain.iter().map(|der| (der.len() as u64).to_be_bytes()).collect();
    let parts: Vec<&[u8]> = lengths.iter().zip(chain).flat_map(|(length, der)| [length.as_slice(), *der]).collect();
    sha256(&parts)
}
