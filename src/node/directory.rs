//! Partners with the agreements in force, compiled for the decision. A snapshot: replaced whole, read without a lock.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Node, fault::lost, rules::House};
use crate::{
    domain::{
        agreement::Agreement,
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        partner::{Organisation, PartnerState},
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
    /// The version of the house rules that the outgoing one was compiled with.
    rules: u32,
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
        let house = self.house.load_full();
        let partners = self.compile_all(&house).await?;
        self.reload_trust(&partners.iter().map(|p| p.record.clone()).collect::<Vec<_>>())?;
        self.put_in_force(partners);
        Ok(())
    }

    /// All partners as the store has them, compiled with these rules.
    pub(super) async fn compile_all(&self, house: &Arc<House>) -> Result<Vec<Partner>, Fault> {
        let records = self.store.partners().await?;
        let mut in_force: HashMap<TrustDomain, Vec<(StatementId, Agreement)>> = HashMap::new();
        for record in self.store.agreements().await? {
            if record.state == AgreementState::InForce {
                in_force.entry(record.partner).or_default().push((record.id, record.agreement));
            }
        }
        let with_agreements = |record: PartnerRecord| {
            let agreements = in_force.remove(&record.organisation.domain).unwrap_or_default();
            (record, agreements)
        };
        let work: Vec<_> = records.into_iter().map(with_agreements).collect();
        let own = (self.organisation.clone(), self.directory(), house.clone());
        let compiled = tokio::task::spawn_blocking(move || {
            let (own, before, house) = &own;
            on_all_cores(work, |(record, agreements)| compile(own, before, house, record, agreements))
        });
        compiled.await.map_err(lost)?.into_iter().collect()
    }

    /// Every decision from here on is theirs, on live streams too.
    pub(super) fn put_in_force(&self, partners: Vec<Partner>) {
        let named = |p: Partner| (p.record.organisation.domain.clone(), Arc::new(p));
        let partners = partners.into_iter().map(named).collect();
        let before = self.directory.swap(Arc::new(Directory { partners }));
        let now = self.directory.load();
        for domain in before.partners.keys().chain(now.partners.keys()) {
            let live = self.live.of(domain);
            if now.active(domain).is_err() {
                live.end_stream();
            }
            live.wake();
        }
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

/// A partner with its policies; those of the moment, where nothing has changed for it: compiling takes milliseconds,
/// and of a thousand partners one has changed.
fn compile(
    own: &Organisation,
    before: &Directory,
    house: &House,
    record: PartnerRecord,
    in_force: Vec<(StatementId, Agreement)>,
) -> Result<Partner, Fault> {
    let organisation = &record.organisation;
    let agreements: Vec<StatementId> = in_force.iter().map(|(id, _)| *id).collect();
    let is_same = |b: &&Arc<Partner>| b.agreements == agreements && b.record.organisation == *organisation;
    let same = before.get(&organisation.domain).filter(is_same);
    let outgoing = match same.filter(|b| b.rules == house.version) {
        Some(same) => same.outgoing.clone(),
        None => Arc::new(PartnerPolicy::compile(&own.domain, organisation, &in_force, &house.rules)?),
    };
    let incoming = match same {
        Some(same) => same.incoming.clone(),
        // The sender's house rules are its own; here only the agreement's terms and the built-in rules count.
        None => Arc::new(PartnerPolicy::compile(&organisation.domain, own, &in_force, &HouseRules::none())?),
    };
    Ok(Partner { record, outgoing, incoming, agreements, rules: house.version })
}

/// The same work on each item, on as many threads as there are cores; the answers in the items' order.
pub(super) fn on_all_cores<T: Send, A: Send>(items: Vec<T>, work: impl Fn(T) -> A + Sync) -> Vec<A> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(1);
    let mut items = items.into_iter();
    let shares: Vec<Vec<T>> = std::iter::from_fn(|| {
        let next: Vec<T> = items.by_ref().take(share).collect();
        (!next.is_empty()).then_some(next)
    })
    .collect();
    let work = &work;
    std::thread::scope(|scope| {
        let run = |share: Vec<T>| scope.spawn(move || share.into_iter().map(work).collect::<Vec<A>>());
        let running: Vec<_> = shares.into_iter().map(run).collect();
        // A thread that panicked takes its caller along: half of an answer is none.
        let answer =
            |t: std::thread::ScopedJoinHandle<'_, Vec<A>>| t.join().unwrap_or_else(|p| std::panic::resume_unwind(p));
        running.into_iter().flat_map(answer).collect()
    })
}
