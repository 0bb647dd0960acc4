//! Proves to whom the key of a certificate chain belongs, against the present and former roots of its organisation.

use super::{
    certificate::{Leaf, invalid, window},
    chain::{ChainParameters, ProvedCertificate, check_size, prove},
    chain_cache::{ProvedChain, key},
    crl::Revocation,
    former::{AnchoredRoot, FormerRoot},
    trust::{KnownOrganisation, Trust, not_a_partner},
};
use crate::{
    domain::{fault::Fault, ids::Sha256, partner::PartnerState, statement::Suite, time::Time},
    seal::chains::{Signer, VerificationTime},
};

/// The organisations whose statements are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accept {
    /// This organisation and active partners. For what arrives from partners.
    Active,
    /// Also known organisations. For what partners pass on.
    Carried,
    /// Also suspended partners. For what is stored already.
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

impl Trust {
    /// Returns whose key the chain (DER, leaf first) proves at the time `at`, and which revocation of it is known. A certificate that has ended
    /// since then still counts.
    ///
    /// # Errors
    /// `CHAIN_INVALID`, or `NOT_A_PARTNER` if no bundle of the claimed domain is accepted.
    pub fn prove_signer(&self, chain: &[Vec<u8>], at: Time, accept: Accept) -> Result<ProvedChain, Fault> {
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
        Ok(proved)
    }

    fn prove_anew(&self, chain: &[&[u8]], at: Time) -> Result<ProvedChain, Fault> {
        let leaf = Leaf::parse(chain.first().copied().unwrap_or_default())?;
        let held = self.held(leaf.id.domain()).ok_or_else(|| not_a_partner(leaf.id.domain()))?;
        let suite = self.suite_of(&leaf)?;
        let path = held.prove_signer(chain, &self.accepted_usages(), at)?;
        self.proof(leaf, suite, &path, &held.member)
    }

    /// The suite with which a certificate's key signs statements.
    fn suite_of(&self, leaf: &Leaf) -> Result<Suite, Fault> {
        leaf.check_signing_usage(self.signing_usages())?;
        leaf.suite.ok_or_else(|| {
            invalid("the certificate's key can't sign statements; issue one with Ed25519, ECDSA P-256 or P-384")
        })
    }

    /// The result of a path to a root of the member.
    fn proof(
        &self,
        leaf: Leaf,
        suite: Suite,
        path: &[ProvedCertificate],
        member: &KnownOrganisation,
    ) -> Result<ProvedChain, Fault> {
        let (mut from, mut until, mut revocation) = (leaf.not_before, leaf.not_after, None::<Revocation>);
        for link in path {
            let (not_before, not_after) = window(&link.der)?;
            (from, until) = (from.max(not_before), until.min(not_after));
            revocation = revocation.into_iter().chain(self.revocation(link)).reduce(Revocation::earlier);
        }
        let roots = Sha256(member.bundle.fingerprint().0);
        let signer =
            Signer { id: leaf.id, suite, public_key: leaf.public_key, roots, on_word_of: None, is_current: true };
        Ok(ProvedChain { signer, from, until, revocation })
    }

    /// Proves the chain under a root that its organisation has given up, for a statement that was logged before that. As with a certificate
    /// that has ended, another organisation may state the time of logging. Only the organisation itself may state it if the root was
    /// settled by comparing words, or if somebody else may have its key.
    pub(super) fn prove_former(
        &self,
        chain: &[Vec<u8>],
        when: &VerificationTime<'_>,
        accept: Accept,
    ) -> Option<ProvedChain> {
        let stated = when.stated?;
        let leaf = Leaf::parse(chain.first()?).ok()?;
        let suite = self.suite_of(&leaf).ok()?;
        let domain = leaf.id.domain().clone();
        let is_own_word = *stated.by == domain && stated.is_firm;
        let member = self.member(&domain).filter(|member| accept.reads(member.state))?;
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let first_day = chain.iter().filter_map(|der| window(der).ok()).map(|(from, _)| from).max()?;
        // A chain counts from its first day on.
        let at = when.at().max(first_day.min(when.now));
        let is_lost = |former: &FormerRoot| former.compromised_since.is_some_and(|day| when.at() >= day.end());
        let takes_own_word = |former: &FormerRoot| former.by_words || former.compromised_since.is_some();
        let counts = |former: &FormerRoot| {
            when.at() <= former.until && !is_lost(former) && (is_own_word || !takes_own_word(former))
        };
        let formers = self.formers.of(&domain);
        formers.iter().filter(|of| counts(&of.former)).find_map(|AnchoredRoot { former, anchors }| {
            let path = prove(&chain, &ChainParameters { anchors, usages: Some(&self.accepted_usages()), at }).ok()?;
            let proof = self.proof(leaf.clone(), suite, &path, member).ok()?;
            Some(ProvedChain { until: proof.until.min(former.until), ..proof })
        })
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose as Eku};

    use super::*;
    use crate::{
        domain::{fault::Reason, ids::TrustDomain},
        identity::{
            bundle::TrustBundle,
            crl::Seen,
            former::FormerRoot,
            test_ca::{Ca, bundle, now},
            trust::KnownOrganisation,
        },
    };

    /// The old root issued the analyst's certificate. The organisation has only the new root.
    fn trust(fr: &TrustBundle, gb: &TrustBundle, former: FormerRoot) -> Trust {
        let member = |bundle: &TrustBundle| KnownOrganisation {
            bundle: bundle.clone(),
            crls: vec![],
            state: PartnerState::Active,
        };
        let trust = Trust::remembering(member(gb), vec![member(fr)], vec![], Seen::default()).unwrap();
        trust.with_former(vec![former]).unwrap()
    }

    #[test]
    fn what_was_logged_before_a_root_was_given_up_counts_and_what_came_later_does_not() {
        let (old, new, own) = (Ca::root("old"), Ca::root("new"), Ca::root("own"));
        let (fr, gb) = (bundle("fr.example", &[&new]), bundle("gb.example", &[&own]));
        let signs = |params: &mut CertificateParams| {
            params.extended_key_usages = vec![Eku::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
        };
        let chain = vec![old.issue("spiffe://fr.example/analyst/a", 7, signs)];
        let until = now().plus_seconds(-3 * 86_400);
        let former =
            FormerRoot { bundle: bundle("fr.example", &[&old]), until, by_words: false, compromised_since: None };
        let (fr_says, hub_says) = ("fr.example".parse().unwrap(), "hub.example".parse().unwrap());
        let judged = |former: &FormerRoot, stated: Option<(i64, &TrustDomain, bool)>| {
            let when = VerificationTime::from(now());
            let when =
                stated.map_or(when, |(before, by, is_firm)| when.stated(until.plus_seconds(before), by).firm(is_firm));
            let judged = trust(&fr, &gb, former.clone()).judge_signer(&chain, &when, Accept::Active);
            judged.map(|signer| signer.id.to_string()).map_err(|fault| fault.reason)
        };
        let analyst = Ok("spiffe://fr.example/analyst/a".to_owned());
        let refused = Err(Reason::ChainInvalid);
        // If it was logged before, anybody may state the time. If it was logged after, or no time is stated, it does not count.
        for by in [&fr_says, &hub_says] {
            assert_eq!(judged(&former, Some((-60, by, true))), analyst, "{by}");
            assert_eq!(judged(&former, Some((60, by, true))), refused, "{by}");
        }
        assert_eq!(judged(&former, None), refused);
        // If comparing words settled it, only the organisation's own statement counts, and only a firm one.
        let by_words = FormerRoot { by_words: true, ..former.clone() };
        assert_eq!(judged(&by_words, Some((-60, &fr_says, true))), analyst);
        assert_eq!(judged(&by_words, Some((-60, &fr_says, false))), refused);
        assert_eq!(judged(&by_words, Some((-60, &hub_says, true))), refused);
        // The same applies if the key may be known to others. What was logged after that day does not count.
        let day = until.plus_seconds(-86_400).day();
        let lost = FormerRoot { compromised_since: Some(day), ..former };
        let before = day.end().seconds_since(until) - 1;
        assert_eq!(judged(&lost, Some((before, &fr_says, true))), analyst);
        assert_eq!(judged(&lost, Some((before, &hub_says, true))), refused);
        assert_eq!(judged(&lost, Some((before + 1, &fr_says, true))), refused);
    }
}
