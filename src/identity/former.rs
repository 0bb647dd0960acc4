//! Roots that an organisation has given up: what was logged before that still counts under them.

use std::{collections::BTreeMap, sync::Arc};

use rustls_pki_types::TrustAnchor;

use super::{
    bundle::TrustBundle,
    certificate::{Leaf, window},
    chain::{Question, prove},
    signers::{Accept, Proof},
    trust::Trust,
};
use crate::{
    domain::{
        fault::Fault,
        ids::TrustDomain,
        time::{Day, Time},
    },
    seal::chains::When,
};

/// A root that an organisation has given up.
#[derive(Debug, Clone)]
pub struct Former {
    /// The root alone.
    pub bundle: TrustBundle,
    /// The last moment at which it counted: the date of the bundle that left it out, or when words settled it here.
    pub until: Time,
    /// Whether words settled it. Then nobody but the organisation itself says what was logged before.
    pub by_words: bool,
    /// Somebody else may have its key since this day.
    pub compromised_since: Option<Day>,
}

/// The roots that organisations have given up.
#[derive(Clone, Default)]
pub(super) struct Formers(BTreeMap<TrustDomain, Vec<Anchored>>);

/// A root, as paths are proved by it.
#[derive(Clone)]
struct Anchored {
    former: Former,
    anchors: Arc<Vec<TrustAnchor<'static>>>,
}

impl Formers {
    pub(super) fn new(all: Vec<Former>) -> Result<Self, Fault> {
        let mut formers = Self::default();
        for former in all {
            let anchors = Arc::new(former.bundle.anchors()?);
            let of = formers.0.entry(former.bundle.domain().clone()).or_default();
            of.push(Anchored { former, anchors });
        }
        Ok(formers)
    }
}

impl Trust {
    /// Whose key the chain proves under a root that its organisation has given up, where the statement was logged before that. A root is
    /// given up like a certificate ends: another organisation's word on the time counts. Where only words say that the root was this
    /// organisation's, or somebody else may have its key, nobody's word counts but the organisation's own.
    pub(super) fn prove_former(&self, chain: &[Vec<u8>], when: &When<'_>, accept: Accept) -> Option<Proof> {
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
        let formers = self.formers.0.get(&domain)?;
        let is_lost = |former: &Former| former.compromised_since.is_some_and(|day| when.at() >= day.end());
        let takes_own_word = |former: &Former| former.by_words || former.compromised_since.is_some();
        let counts =
            |former: &Former| when.at() <= former.until && !is_lost(former) && (is_own_word || !takes_own_word(former));
        formers.iter().filter(|of| counts(&of.former)).find_map(|Anchored { former, anchors }| {
            let path = prove(&chain, &Question { anchors, usages: Some(&self.accepted_usages()), at }).ok()?;
            let proof = self.proof((leaf.clone(), suite), &path, member).ok()?;
            Some(Proof { until: proof.until.min(former.until), ..proof })
        })
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose as Eku};

    use super::*;
    use crate::{
        domain::{fault::Reason, partner::PartnerState},
        identity::{
            crl::Seen,
            test_ca::{Ca, bundle, now},
            trust::Member,
        },
    };

    /// The old root issued the analyst's certificate; the organisation has the new one only.
    fn trust(fr: &TrustBundle, gb: &TrustBundle, former: Former) -> Trust {
        let member =
            |bundle: &TrustBundle| Member { bundle: bundle.clone(), crls: vec![], state: PartnerState::Active };
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
        let former = Former { bundle: bundle("fr.example", &[&old]), until, by_words: false, compromised_since: None };
        let (fr_says, hub_says) = ("fr.example".parse().unwrap(), "hub.example".parse().unwrap());
        let judged = |former: &Former, stated: Option<(i64, &TrustDomain, bool)>| {
            let when = When::from(now());
            let when =
                stated.map_or(when, |(before, by, is_firm)| when.stated(until.plus_seconds(before), by).firm(is_firm));
            let judged = trust(&fr, &gb, former.clone()).judge_signer(&chain, &when, Accept::Active);
            judged.map(|signer| signer.id.to_string()).map_err(|fault| fault.reason)
        };
        let analyst = Ok("spiffe://fr.example/analyst/a".to_owned());
        let refused = Err(Reason::ChainInvalid);
        // Before: by anybody's word. After, or without a word: by nobody's.
        for by in [&fr_says, &hub_says] {
            assert_eq!(judged(&former, Some((-60, by, true))), analyst, "{by}");
            assert_eq!(judged(&former, Some((60, by, true))), refused, "{by}");
        }
        assert_eq!(judged(&former, None), refused);
        // Where words settled it, by the own word alone, and only by a firm one.
        let by_words = Former { by_words: true, ..former.clone() };
        assert_eq!(judged(&by_words, Some((-60, &fr_says, true))), analyst);
        assert_eq!(judged(&by_words, Some((-60, &fr_says, false))), refused);
        assert_eq!(judged(&by_words, Some((-60, &hub_says, true))), refused);
        // The same where somebody else may have its key; and not for what was logged after that day.
        let day = until.plus_seconds(-86_400).day();
        let lost = Former { compromised_since: Some(day), ..former };
        let before = day.end().seconds_since(until) - 1;
        assert_eq!(judged(&lost, Some((before, &fr_says, true))), analyst);
        assert_eq!(judged(&lost, Some((before, &hub_says, true))), refused);
        assert_eq!(judged(&lost, Some((before + 1, &fr_says, true))), refused);
    }
}
