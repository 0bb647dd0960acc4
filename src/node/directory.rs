//! Partners with the agreements in force, compiled for the decision. A snapshot: replaced whole, read without a lock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::Node;
use crate::{
    domain::{
        agreement::Agreement,
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        partner::PartnerState,
    },
    identity::{
        bundle::TrustBundle,
        crl::Crl,
        trust::{Member, Trust},
    },
    policy::{HouseRules, PartnerPolicy},
    store::{AgreementState, PartnerRecord},
};

/// All partners, by name.
#[derive(Default)]
pub struct Directory {
    partners: BTreeMap<TrustDomain, Arc<Partner>>,
}

/// One partner.
pub struct Partner {
    /// As kept.
    pub record: PartnerRecord,
    /// What it may have.
    pub outgoing: Arc<PartnerPolicy>,
    /// What it may send.
    pub incoming: Arc<PartnerPolicy>,
    /// What both were compiled from.
    agreements: Vec<StatementId>,
}

impl Directory {
    /// An active partner.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`, for unknown and suspended ones alike.
    pub fn active(&self, domain: &TrustDomain) -> Result<&Arc<Partner>, Fault> {
        let active = self.partners.get(domain).filter(|p| p.record.state == PartnerState::Active);
        active.ok_or_else(|| Fault::new(Reason::NotAPartner, "there is no active partner of that name"))
    }

    /// Any partner.
    pub fn get(&self, domain: &TrustDomain) -> Option<&Arc<Partner>> {
        self.partners.get(domain)
    }

    /// All active partners, by name.
    pub fn all_active(&self) -> impl Iterator<Item = &Arc<Partner>> {
        self.partners.values().filter(|p| p.record.state == PartnerState::Active)
    }

    /// All partners, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Partner>> {
        self.partners.values()
    }
}

impl Node {
    /// The partners of the moment.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Reads partners and agreements anew, puts them in force, and has every live stream look again: what lost its
    /// permission ends or is withheld from the next item on.
    ///
    /// # Errors
    /// Where the store can't be read. What was in force stays so then.
    pub async fn reload_directory(&self) -> Result<(), Fault> {
        let records = self.store.partners().await?;
        let mut in_force: HashMap<TrustDomain, Vec<(StatementId, Agreement)>> = HashMap::new();
        for record in self.store.agreements().await? {
            if record.state == AgreementState::InForce {
                in_force.entry(record.partner).or_default().push((record.id, record.agreement));
            }
        }
        let mut partners = BTreeMap::new();
        for record in &records {
            let domain = &record.organisation.domain;
            let partner = self.compile(record, in_force.remove(domain).unwrap_or_default())?;
            partners.insert(domain.clone(), Arc::new(partner));
        }
        self.reload_trust(&records)?;
        let before = self.directory.swap(Arc::new(Directory { partners }));
        let now = self.directory.load();
        for domain in before.partners.keys().chain(now.partners.keys()) {
            let live = self.live.of(domain);
            if now.active(domain).is_err() {
                live.end_stream();
            }
            live.wake();
        }
        self.live.turned();
        Ok(())
    }

    /// A partner with its policies; those of the moment, where nothing has changed for it: compiling takes milliseconds,
    /// and of a thousand partners one has changed.
    fn compile(&self, record: &PartnerRecord, in_force: Vec<(StatementId, Agreement)>) -> Result<Partner, Fault> {
        let organisation = &record.organisation;
        let agreements: Vec<StatementId> = in_force.iter().map(|(id, _)| *id).collect();
        let before = self.directory.load().get(&organisation.domain).cloned();
        let same = before.filter(|b| b.agreements == agreements && b.record.organisation == *organisation);
        let (outgoing, incoming) = match same {
            Some(same) => (same.outgoing.clone(), same.incoming.clone()),
            None => {
                let outgoing = PartnerPolicy::compile(self.domain(), organisation, &in_force, &self.house)?;
                // The sender's house rules are its own; here only the agreement's terms and the built-in rules count.
                let sender = &organisation.domain;
                let incoming = PartnerPolicy::compile(sender, &self.organisation, &in_force, &HouseRules::none())?;
                (Arc::new(outgoing), Arc::new(incoming))
            }
        };
        Ok(Partner { record: record.clone(), outgoing, incoming, agreements })
    }

    fn reload_trust(&self, records: &[PartnerRecord]) -> Result<(), Fault> {
        let members = records.iter().map(|r| self.member(r).or_else(|fault| self.without_lists(r, &fault)));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let own = (**self.own.load()).clone();
        (self.set_trust)(Trust::new(own, members, self.signing_usages.clone())?);
        Ok(())
    }

    /// A partner whose revocation lists can't be used is kept out, and nobody else with it.
    fn without_lists(&self, record: &PartnerRecord, fault: &Fault) -> Result<Member, Fault> {
        let partner = &record.organisation.domain;
        tracing::error!(%partner, reason = %fault.reason, "the partner's revocation lists can't be used; it is kept out");
        Ok(Member { active: false, ..self.member(&PartnerRecord { crls: vec![], ..record.clone() })? })
    }

    pub(super) fn member(&self, record: &PartnerRecord) -> Result<Member, Fault> {
        let roots = record.roots.iter().map(|r| r.clone().into()).collect();
        let bundle = TrustBundle::new(record.organisation.domain.clone(), roots)?;
        let now = self.now();
        let crls = record.crls.iter().map(|der| Crl::verify(der, &bundle, &[], now)).collect::<Result<_, _>>()?;
        Ok(Member { bundle, crls, active: record.state == PartnerState::Active })
    }
}
