//! Decides whether a signature counts, and as whose. It implements the trait [`Chains`] of `seal`.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{
    certificate::{invalid, window},
    chain::revoked,
    trust::Trust,
};
use crate::{
    domain::fault::{Fault, Reason},
    seal::chains::{Chains, Signer, VerificationTime},
};

pub use super::{chain_cache::ProvedChain, prove_signer::Accept};

/// For this long after a chain has ended, another organisation's statement of the time counts as much as the signer's own organisation's. In
/// seconds.
const FOREIGN_WORD_SECONDS: i64 = 30 * 86_400;

const NOT_FIRM: &str =
    "the key is revoked, and the only statement that it was used before is by a key of its organisation that has ended";

impl Trust {
    /// Returns whose key the chain (DER, leaf first) proves as of a time, by the rules of [`Chains::signer`].
    ///
    /// # Errors
    /// `CHAIN_INVALID`, `CERTIFICATE_REVOKED`, or `NOT_A_PARTNER` if no bundle of the claimed domain is accepted.
    pub fn judge_signer(
        &self,
        chain: &[Vec<u8>],
        when: &VerificationTime<'_>,
        accept: Accept,
    ) -> Result<Signer, Fault> {
        let proved = match self.prove_signer(chain, when.at(), accept) {
            Err(fault) if fault.reason == Reason::ChainInvalid && when.at() < when.now => {
                // A signature may be newer than its statement, and a reader's clock may have been behind. So a chain counts from its
                // first day on.
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
        let ProvedChain { mut signer, from, until, revocation } = proved?;
        let own_word = when.stated.filter(|stated| stated.by == signer.id.domain());
        if let Some(revocation) = revocation.filter(|revocation| revocation.at <= when.now) {
            let invalid_since = revocation.invalid_since.unwrap_or(revocation.at);
            // A key signs nothing before its chain begins, so an earlier stated time says nothing about when it was compromised.
            match own_word {
                Some(stated) if stated.at.max(from) < invalid_since && stated.is_firm => {}
                // Its organisation may state the time again with a valid key.
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
}

/// Makes the current trust available to `seal`.
#[derive(Clone)]
pub struct Identities {
    /// The trust in force. A second process would have its own.
    trust: Arc<ArcSwap<Trust>>,
    accept: Accept,
}

impl Identities {
    /// Judges signers by the trust in force at the time of the call.
    pub fn new(trust: Arc<ArcSwap<Trust>>, accept: Accept) -> Self {
        Self { trust, accept }
    }

    /// The current trust.
    pub fn trust(&self) -> Arc<Trust> {
        self.trust.load_full()
    }
}

impl Chains for Identities {
    fn signer(&self, chain: &[Vec<u8>], when: &VerificationTime<'_>) -> Result<Signer, Fault> {
        self.trust.load().judge_signer(chain, when, self.accept)
    }
}
