//! Lists everything that expires, and logs a warning 30, 7 and 1 days before and at the end.

pub mod agreed;
pub mod certified;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        ending::Ending,
        fault::Fault,
        ids::TrustDomain,
        partner::PartnerState,
        time::Time,
        timer::{Timer, TimerKind},
    },
    identity::certificate::Leaf,
    node::monitor::{
        Monitor,
        expiry::certified::{of_list, of_node, of_people, of_roots},
    },
    seal::hash::sha256,
    wire,
};

/// After how many seconds at most the list is checked for the log. It is checked earlier if a stage is due earlier.
pub(in crate::node) const INTERVAL: i64 = 600;

/// For how many seconds it is remembered what the log has said. It is longer than from one stage to the next.
pub(in crate::node) const REMEMBERED: i64 = 60 * 86_400;

impl Monitor {
    /// Everything known here that expires, the earliest first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn endings(&self) -> Result<Vec<Ending>, Fault> {
        let own = self.identity.member.load();
        let (domain, elsewhere) = (self.identity.domain(), (self.certificates)());
        let ca = elsewhere.development_ca.as_deref();
        let mut all = of_node(domain, "tls", &elsewhere.tls, ca);
        all.extend(of_node(domain, "signing", self.identity.key.load().chain(), ca));
        all.extend(of_roots(domain, true, own.bundle.roots().iter().map(AsRef::as_ref)));
        all.extend(own.crls.iter().filter_map(|crl| of_list(domain, true, crl.der(), ca)));
        all.extend(of_people(&elsewhere.people, ca, |chain| self.trust.current.load().is_own_revoked(chain)));
        for partner in self.directory.current().all() {
            if partner.record.state != PartnerState::Forgotten {
                let domain = &partner.record.organisation.domain;
                all.extend(of_roots(domain, false, partner.record.roots.iter().map(Vec::as_slice)));
                all.extend(self.lists.of(domain).iter().filter_map(|crl| of_list(domain, false, crl.der(), None)));
            }
        }
        all.extend(
            elsewhere
                .partners
                .iter()
                .filter_map(|(domain, leaf)| crate::node::monitor::expiry::certified::of_seen(domain, "tls", leaf)),
        );
        all.extend(self.partners_signing().await?);
        all.extend(self.agreements_that_end().await?);
        all.extend(self.exceptions_that_end().await?);
        Ok(sorted(all))
    }

    /// The certificates that partners' nodes sign with, and the CAs' certificates between those and a root. They are taken from the
    /// newest release of each partner, or from its newest agreement if it has released nothing. Certificates that have expired are left
    /// out: the partner may have a new one by now and just not have sent anything since.
    async fn partners_signing(&self) -> Result<Vec<Ending>, Fault> {
        let (now, directory) = (self.clock.now(), self.directory.current());
        let mut signed: BTreeMap<TrustDomain, Vec<Vec<Vec<u8>>>> = BTreeMap::new();
        let releases = self.store.newest_releases().await?;
        // The latest change comes first. An agreement that the partner has not signed yet holds no certificate of it.
        let agreements = self.store.agreements().await?.into_iter().map(|record| (record.partner, record.envelope));
        for (partner, statement) in releases.into_iter().chain(agreements) {
            // A statement that can't be read any more is skipped.
            let Ok(chains) = chains_of(&partner, &statement) else { continue };
            if !chains.is_empty() {
                signed.entry(partner).or_insert(chains);
            }
        }
        let mut all = vec![];
        for (partner, chains) in signed {
            let Ok(held) = directory.active(&partner) else { continue };
            let chains = chains.iter().map(Vec::as_slice);
            let seen = chains.flat_map(|chain| {
                crate::node::monitor::expiry::certified::of_seen_chain(&partner, chain, &held.record.roots)
            });
            all.extend(seen.filter(|e| !e.has_ended(now)));
        }
        Ok(all)
    }

    /// Logs each stage that has been reached on the way to an end. Each stage is logged once, even across restarts. Returns when to look
    /// again.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn tell_of_endings(&self) -> Result<Option<Time>, Fault> {
        let now = self.clock.now();
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
        // Marks of what still exists are renewed before they run out.
        let soon = now.plus_seconds(REMEMBERED / 2);
        let forgotten_soon = told.into_iter().filter(|t| t.due < soon && present.contains(&t.subject));
        set.extend(forgotten_soon.map(|t| Timer { due: now.plus_seconds(REMEMBERED), ..t }));
        if !set.is_empty() {
            self.store.set_timers(set).await?;
        }
        Ok(Some(again))
    }
}

/// The key under which a stage of an ending is remembered. A certificate that replaces another has another key.
pub(in crate::node) fn mark(ending: &Ending, stage: i64) -> Vec<u8> {
    let ends_at = ending.ends_at.parts().0.to_be_bytes();
    let fields = [ending.kind.as_str(), ending.domain.as_str(), ending.usage, &ending.name, &ending.subject];
    let mut parts: Vec<&[u8]> = fields.iter().flat_map(|f| [f.as_bytes(), b"\0"]).collect();
    let stage = stage.to_be_bytes();
    parts.extend([&ends_at[..], &stage[..]]);
    sha256(&parts).to_vec()
}

/// Sorts by the time of the end. What is the same in two places is listed once.
pub fn sorted(mut all: Vec<Ending>) -> Vec<Ending> {
    all.sort_by(|a, b| (a.ends_at, &a.name, &a.subject).cmp(&(b.ends_at, &b.name, &b.subject)));
    all.dedup_by(|a, b| (a.ends_at, &a.name, &a.subject, a.kind) == (b.ends_at, &b.name, &b.subject, b.kind));
    all
}

/// The chains with which an organisation has signed a statement.
pub(in crate::node) fn chains_of(organisation: &TrustDomain, statement: &[u8]) -> Result<Vec<Vec<Vec<u8>>>, Fault> {
    let chains = wire::envelope::decode(statement)?.signatures.into_iter().map(|s| s.certificates);
    let is_its = |chain: &Vec<Vec<u8>>| {
        let leaf = chain.first().and_then(|der| Leaf::parse(der).ok());
        leaf.is_some_and(|leaf| leaf.id.domain() == organisation)
    };
    Ok(chains.filter(is_its).collect())
}
