//! Everything that ends, in one list, and the log's word of it 30, 7 and 1 days before and at the end.

mod agreed;
mod certified;

use std::collections::{BTreeMap, BTreeSet};

pub use certified::{of_list, of_node, of_persons, of_roots};

use super::Node;
use crate::{
    domain::{
        ending::Ending,
        fault::Fault,
        ids::{SpiffeId, TrustDomain},
        partner::PartnerState,
        time::Time,
        timer::{Timer, TimerKind},
    },
    identity::certificate::Leaf,
    seal::hash::sha256,
    wire,
};

/// How often the list is gone through for the log, where nothing is due earlier; seconds.
const INTERVAL: i64 = 600;
/// For how long it is remembered what the log has told; seconds. Longer than from one stage to the next.
pub(super) const REMEMBERED: i64 = 60 * 86_400;

/// A person's certificate chain, DER, leaf first.
#[derive(Debug, Clone)]
pub struct PersonChain {
    /// Whose.
    pub id: SpiffeId,
    /// `tls` or `signing`.
    pub usage: &'static str,
    /// The chain.
    pub chain: Vec<Vec<u8>>,
}

/// Certificates that are kept or seen outside of the node's use cases. Chains in DER, leaf first.
#[derive(Debug, Clone, Default)]
pub struct Certificates {
    /// What this node shows on connections.
    pub tls: Vec<Vec<u8>>,
    /// The people's, as the node's directory has them.
    pub persons: Vec<PersonChain>,
    /// What partners' nodes have shown last.
    pub partners: Vec<(TrustDomain, Vec<u8>)>,
    /// The name of the development CA in the node's directory, where there is one: what it issued is renewed by a command.
    pub development_ca: Option<String>,
}

/// Reads them at the moment of asking.
pub type ReadCertificates = Box<dyn Fn() -> Certificates + Send + Sync>;

impl Node {
    /// Everything that ends and is known here, the first end first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn endings(&self) -> Result<Vec<Ending>, Fault> {
        let own = self.own.load();
        let (domain, elsewhere) = (self.domain(), (self.certificates)());
        let ca = elsewhere.development_ca.as_deref();
        let mut all = of_node(domain, "tls", &elsewhere.tls, ca);
        all.extend(of_node(domain, "signing", self.key.load().chain(), ca));
        all.extend(of_roots(domain, true, own.bundle.roots().iter().map(AsRef::as_ref)));
        all.extend(own.crls.iter().filter_map(|crl| of_list(domain, true, crl.der(), ca)));
        all.extend(of_persons(&elsewhere.persons, ca, |chain| self.trust.load().is_own_revoked(chain)));
        for partner in self.directory().all() {
            if partner.record.state != PartnerState::Forgotten {
                let domain = &partner.record.organisation.domain;
                all.extend(of_roots(domain, false, partner.record.roots.iter().map(Vec::as_slice)));
                all.extend(self.lists.of(domain).iter().filter_map(|crl| of_list(domain, false, crl.der(), None)));
            }
        }
        all.extend(elsewhere.partners.iter().filter_map(|(domain, leaf)| certified::of_seen(domain, "tls", leaf)));
        all.extend(self.partners_signing().await?);
        all.extend(self.agreements_that_end().await?);
        all.extend(self.exceptions_that_end().await?);
        Ok(sorted(all))
    }

    /// What partners' nodes sign with, as their newest releases have it, or where they have released nothing their newest agreements,
    /// with the CAs' certificates between it and a root. One that has ended tells nothing: the partner may have another one by now, and has only had nothing to say.
    async fn partners_signing(&self) -> Result<Vec<Ending>, Fault> {
        let (now, directory) = (self.now(), self.directory());
        let mut signed: BTreeMap<TrustDomain, Vec<Vec<Vec<u8>>>> = BTreeMap::new();
        let releases = self.store.newest_releases().await?;
        // Latest change first; one that the partner has not signed yet tells nothing.
        let agreements = self.store.agreements().await?.into_iter().map(|record| (record.partner, record.envelope));
        for (partner, statement) in releases.into_iter().chain(agreements) {
            // What can't be read any more tells of no certificate.
            let Ok(chains) = chains_of(&partner, &statement) else { continue };
            if !chains.is_empty() {
                signed.entry(partner).or_insert(chains);
            }
        }
        let mut all = vec![];
        for (partner, chains) in signed {
            let Ok(held) = directory.active(&partner) else { continue };
            let chains = chains.iter().map(Vec::as_slice);
            let seen = chains.flat_map(|chain| certified::of_seen_chain(&partner, chain, &held.record.roots));
            all.extend(seen.filter(|e| !e.has_ended(now)));
        }
        Ok(all)
    }

    /// Logs what has come a stage nearer to its end, each stage once, over restarts too. Says when to look again.
    ///
    /// # Errors
    /// Store faults.
    pub(super) async fn tell_of_endings(&self) -> Result<Option<Time>, Fault> {
        let now = self.now();
        let told = self.store.timers(TimerKind::EndingTold).await?;
        let known: BTreeSet<&[u8]> = told.iter().map(|t| t.subject.as_slice()).collect();
        let (mut present, mut set) = (BTreeSet::new(), vec![]);
        let mut again = now.plus_seconds(INTERVAL);
        for ending in self.endings().await? {
            again = ending.next_stage_at(now).map_or(again, |at| again.min(at));
            let Some(stage) = ending.stage(now) else { continue };
            let subject = mark(&ending, stage);
            if !known.contains(subject.as_slice()) {
                let (kind, whose, ends_at, days_left) =
                    (ending.kind, &ending.domain, ending.ends_at, ending.days_left(now));
                tracing::warn!(%kind, %whose, %ends_at, days_left, "{}: {}", ending.words(now), ending.fix);
                set.push(Timer::new(TimerKind::EndingTold, subject.clone(), now.plus_seconds(REMEMBERED)));
            }
            present.insert(subject);
        }
        // What is still there is remembered for longer.
        let soon = now.plus_seconds(REMEMBERED / 2);
        let forgotten_soon = told.into_iter().filter(|t| t.due < soon && present.contains(&t.subject));
        set.extend(forgotten_soon.map(|t| Timer { due: now.plus_seconds(REMEMBERED), ..t }));
        if !set.is_empty() {
            self.store.set_timers(set).await?;
        }
        Ok(Some(again))
    }
}

/// What names a stage of an ending: another certificate in its place has another.
fn mark(ending: &Ending, stage: i64) -> Vec<u8> {
    let ends_at = ending.ends_at.parts().0.to_be_bytes();
    let fields = [ending.kind.as_str(), ending.domain.as_str(), ending.usage, &ending.name, &ending.subject];
    let mut parts: Vec<&[u8]> = fields.iter().flat_map(|f| [f.as_bytes(), b"\0"]).collect();
    let stage = stage.to_be_bytes();
    parts.extend([&ends_at[..], &stage[..]]);
    sha256(&parts).to_vec()
}

/// By when they end; what is the same in two places stands there once.
pub fn sorted(mut all: Vec<Ending>) -> Vec<Ending> {
    all.sort_by(|a, b| (a.ends_at, &a.name, &a.subject).cmp(&(b.ends_at, &b.name, &b.subject)));
    all.dedup_by(|a, b| (a.ends_at, &a.name, &a.subject, a.kind) == (b.ends_at, &b.name, &b.subject, b.kind));
    all
}

/// The chains by which an organisation has signed a statement.
fn chains_of(organisation: &TrustDomain, statement: &[u8]) -> Result<Vec<Vec<Vec<u8>>>, Fault> {
    let chains = wire::envelope::decode(statement)?.signatures.into_iter().map(|s| s.certificates);
    let is_its = |chain: &Vec<Vec<u8>>| {
        let leaf = chain.first().and_then(|der| Leaf::parse(der).ok());
        leaf.is_some_and(|leaf| leaf.id.domain() == organisation)
    };
    Ok(chains.filter(is_its).collect())
}
