//! Partners with the agreements in force, compiled for the decision. A snapshot: replaced whole, read without a lock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::Node;
use crate::{
    domain::{
        agreement::{Agreement, AgreementState, End},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        partner::PartnerState,
        time::{Day, Time},
    },
    identity::{
        bundle::TrustBundle,
        crl::Crl,
        trust::{Member, Trust},
    },
    policy::{HouseRules, PartnerPolicy},
    store::PartnerRecord,
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
    compiled_from: Vec<(StatementId, Day, bool)>,
    /// Versions that a later one has followed, with when it did.
    followed: Vec<(StatementId, Time)>,
}

/// For how long a release under a version that was followed is still taken, seconds: its giver learns of the next version by
/// the partner's signature, which reaches it when the two are linked again.
const HANDOVER_SECONDS: i64 = 86_400;

impl Partner {
    /// Whether what was released at that time could still stand on the agreement, which is signed by both.
    pub fn could_stand_on(&self, agreement: &StatementId, released_at: Time) -> bool {
        let followed = self.followed.iter().find(|(id, _)| id == agreement);
        followed.is_none_or(|(_, at)| released_at < at.plus_seconds(HANDOVER_SECONDS))
    }
}

/// A partner's agreements, as they count for decisions.
#[derive(Default)]
struct Terms {
    /// In force, each until the last day on which it is.
    in_force: Vec<(StatementId, Agreement)>,
    /// Followed by a later version, and when.
    followed: Vec<(StatementId, Agreement, Time)>,
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
        let now = self.now();
        let mut terms: HashMap<TrustDomain, Terms> = HashMap::new();
        for record in self.store.agreements().await? {
            let state = record.state(now);
            let terms = terms.entry(record.partner).or_default();
            match (state, &record.standing.end) {
                (AgreementState::InForce, _) => {
                    let until = record.standing.last_day(record.agreement.until);
                    terms.in_force.push((record.id, Agreement { until, ..record.agreement }));
                }
                (AgreementState::Ended, Some(End::Followed { from, .. })) if record.standing.was_in_force() => {
                    terms.followed.push((record.id, record.agreement, *from));
                }
                _ => {}
            }
        }
        let mut partners = BTreeMap::new();
        for record in &records {
            let domain = &record.organisation.domain;
            let partner = self.compile(record, terms.remove(domain).unwrap_or_default())?;
            partners.insert(domain.clone(), Arc::new(partner));
        }
        self.reload_trust(&records)?;
        let before = self.directory.swap(Arc::new(Directory { partners }));
        let after = self.directory.load();
        for domain in before.partners.keys().chain(after.partners.keys()) {
            let live = self.live.of(domain);
            if after.active(domain).is_err() {
                live.end_stream();
            }
            live.wake();
        }
        self.live.turned();
        Ok(())
    }

    /// A partner with its policies; those of the moment, where nothing has changed for it: compiling takes milliseconds,
    /// and of a thousand partners one has changed.
    fn compile(&self, record: &PartnerRecord, terms: Terms) -> Result<Partner, Fault> {
        let Terms { in_force, followed } = terms;
        let organisation = &record.organisation;
        let now = self.now();
        // Only while the version that follows is in force: what ends or suspends that one ends the handover too.
        let is_handed_over = |agreement: &Agreement, at: &Time| {
            now < at.plus_seconds(HANDOVER_SECONDS) && in_force.iter().any(|(_, a)| a.series == agreement.series)
        };
        let before = followed.iter().filter(|(_, agreement, at)| is_handed_over(agreement, at));
        let taken: Vec<(StatementId, Agreement)> =
            in_force.iter().cloned().chain(before.map(|(id, agreement, _)| (*id, agreement.clone()))).collect();
        let compiled_from: Vec<(StatementId, Day, bool)> =
            taken.iter().enumerate().map(|(n, (id, a))| (*id, a.until, n < in_force.len())).collect();
        let before = self.directory.load().get(&organisation.domain).cloned();
        let same = before.filter(|b| b.compiled_from == compiled_from && b.record.organisation == *organisation);
        let (outgoing, incoming) = match same {
            Some(same) => (same.outgoing.clone(), same.incoming.clone()),
            None => {
                let outgoing = PartnerPolicy::compile(self.domain(), organisation, &in_force, &self.house)?;
                // The sender's house rules are its own; here only the agreement's terms and the built-in rules count.
                let sender = &organisation.domain;
                let incoming = PartnerPolicy::compile(sender, &self.organisation, &taken, &HouseRules::none())?;
                (Arc::new(outgoing), Arc::new(incoming))
            }
        };
        let followed = followed.into_iter().map(|(id, _, at)| (id, at)).collect();
        Ok(Partner { record: record.clone(), outgoing, incoming, compiled_from, followed })
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
