//! Revocation lists that an administrator gives by hand. A list may belong to any organisation that is known here, and to several that
//! share a CA.

use crate::{
    domain::{
        actor::{Administer, Authorized},
        approval::Matter,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::TrustDomain,
        statement::Envelope,
    },
    identity::{
        bundle::TrustBundle,
        crl::{Crl, NOT_SIGNED, authorities},
    },
    node::{
        directory::roots::bundle_of,
        lock::lock,
        people::approvals::{Approvable, ApprovalCount},
        revocations::RevocationLists,
    },
};

/// What became of a list at one organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveOutcome {
    /// It is in force now.
    Taken,
    /// It was held already.
    Held,
    /// It would replace a list with a higher number, and more administrators must approve that.
    Waits,
}

impl GiveOutcome {
    /// The word for it on the wire and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Held => "held",
            Self::Waits => "waits",
        }
    }
}

/// What became of a list at one organisation, and which organisation that is.
#[derive(Debug, Clone)]
pub struct GivenListAt {
    /// The organisation.
    pub domain: TrustDomain,
    /// What became of it there.
    pub outcome: GiveOutcome,
}

/// What became of a list at all organisations whose CA issued it.
#[derive(Debug, Clone)]
pub struct GivenList {
    /// The list.
    pub crl: Crl,
    /// The organisations; at least one.
    pub at: Vec<GivenListAt>,
    /// How many administrators have approved that it replaces a list with a higher number; 0 if there is nothing to replace.
    pub approvals: usize,
    /// How many must approve it.
    pub needed: usize,
}

impl RevocationLists {
    /// Takes a list (DER) of any organisation that is known here. `issuers` are certificates that may include its CA's. With `replace`,
    /// the caller approves that the list replaces one with a higher number. It does so once as many administrators have approved the same
    /// list as must stand behind an agreement.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `CHAIN_INVALID` where no organisation stands behind it; `CONFLICT` where a newer list is held;
    /// `SECOND_PERSON_REQUIRED` where the caller has given it already; store faults.
    pub async fn give_list(
        &self,
        actor: &Authorized<Administer>,
        der: &[u8],
        issuers: &[Vec<u8>],
        replace: Option<&Envelope>,
    ) -> Result<GivenList, Fault> {
        // Registering somebody changes the catalogue, so it comes first.
        self.people.look_for_people().await?;
        let _changing = self.directory.begin_change().await?;
        let found = self.issued_for(der, issuers)?;
        let Some((_, crl)) = found.first().cloned() else {
            let what = "no organisation that is known here stands behind the revocation list; where an intermediate CA issued \
                        it, put the certificate of that CA into the file";
            return Err(Fault::new(Reason::ChainInvalid, what));
        };
        let is_held = |domain: &TrustDomain| self.lists.of(domain).iter().any(|held| held.sha256() == crl.sha256());
        let goes_back = |domain: &TrustDomain| self.lists.require_newer(domain, &crl).is_err();
        let is_replacing = found.iter().any(|(domain, _)| !is_held(domain) && goes_back(domain));
        let ApprovalCount { approvals, needed } = match (is_replacing, replace) {
            (false, _) => ApprovalCount { approvals: 0, needed: 0 },
            (true, None) => {
                let what = "a revocation list of that CA with this or a higher number is held already; where the CA lost its number, \
                            give the list with --replace";
                return Err(Fault::new(Reason::Conflict, what));
            }
            (true, Some(approval)) => {
                let (issuing_key, list) = (crl.issuing_key(), crl.sha256());
                let deed = |approval| Deed::ListReplacementApproved { issuing_key, list, approval };
                let of = found.first().map_or_else(|| self.identity.domain().clone(), |(domain, _)| domain.clone());
                let thing = Approvable { matter: Matter::RevocationList, subject: list, of };
                self.people.approve(actor, approval, thing, deed).await?
            }
        };
        let mut at = vec![];
        for (domain, crl) in found {
            let outcome = match (is_held(&domain), goes_back(&domain)) {
                (true, _) => GiveOutcome::Held,
                (_, true) if approvals < needed => GiveOutcome::Waits,
                (_, replaced) => {
                    let (list, issuing_key) = (crl.sha256(), crl.issuing_key());
                    let deed = Deed::ListTaken { organisation: domain.clone(), issuing_key, list, replaced };
                    let event = Event::by(actor, self.clock.now(), deed);
                    self.keep_list(&domain, crl, vec![event]).await?;
                    self.in_force_by_hand(&domain);
                    GiveOutcome::Taken
                }
            };
            at.push(GivenListAt { domain, outcome });
        }
        Ok(GivenList { crl, at, approvals, needed })
    }

    /// The organisations whose CA issued the list.
    fn issued_for(&self, der: &[u8], issuers: &[Vec<u8>]) -> Result<Vec<(TrustDomain, Crl)>, Fault> {
        let mut bundles: Vec<TrustBundle> = vec![self.identity.member.load().bundle.clone()];
        for partner in self.directory.current().all() {
            bundles.push(bundle_of(&partner.record)?);
        }
        let mut found = vec![];
        let mut fault = None;
        for bundle in &bundles {
            let held = self.lists.of(bundle.domain());
            let known = held.iter().flat_map(|crl| crl.issuers()).chain(issuers).map(Vec::as_slice);
            match Crl::verify(der, bundle, &authorities(known), self.clock.now()) {
                Ok(crl) => found.push((bundle.domain().clone(), crl)),
                Err(other) => fault = Some(other),
            }
        }
        match fault {
            // The signature is not the cause. The list itself can't be used, and the fault says why.
            Some(fault) if found.is_empty() && fault.message != NOT_SIGNED => Err(fault),
            _ => Ok(found),
        }
    }

    fn in_force_by_hand(&self, domain: &TrustDomain) {
        tracing::warn!(organisation = %domain, "took a revocation list that an administrator gave");
        if domain == self.identity.domain() {
            self.own_lists_changed();
            self.tell_partners();
        } else {
            self.lists_changed(domain);
        }
        lock(&self.lists.told).clear();
    }
}
