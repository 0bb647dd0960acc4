//! What each partner gets of a version, and why.

use std::{collections::HashMap, sync::Arc};

use crate::{
    domain::{
        assessment::level,
        event::{Deed, Event, PortionDecision},
        ids::{Digest, StatementId, TrustDomain},
        lint::Readership,
        release::OnwardLimit,
        time::Time,
    },
    node::{
        assessment_cache::loaded::LoadedAssessment,
        directory::{Partner, Partners},
        parallel::on_all_cores,
    },
    policy::{Decision, FULLER_HEADLINE, PortionVerdict, plan, schedule},
};

/// What one partner gets, and why.
pub struct PartnerDecision {
    /// The partner.
    pub partner: TrustDomain,
    /// The decision for each portion.
    pub portions: Vec<PortionDecision>,
    /// Whether anything goes, now or later.
    pub release: bool,
    /// When the first of it goes, if nothing goes now.
    pub not_before: Option<Time>,
    /// Further reasons that are about the whole.
    pub because: Vec<String>,
    /// What the partner may pass on of each release, where it may pass anything on.
    pub(in crate::node) onward: Vec<OnwardLimit>,
}

/// When to look at the assessment again for a partner.
pub(in crate::node) type Queue = Vec<(TrustDomain, Time)>;

/// The partners for each thread. For fewer, at some 0.5 ms each, a further thread gains nothing.
pub(in crate::node) const PARTNERS_A_THREAD: usize = 16;

impl PartnerDecision {
    /// Makes it from a plan whose first time is now.
    pub(in crate::node) fn new(partner: &Partner, steps: &[(Time, Decision)]) -> Self {
        Self::about_partner(&partner.record.organisation.domain, steps)
    }

    /// As [`Self::new`], for a partner of that name.
    pub(in crate::node) fn about_partner(partner: &TrustDomain, steps: &[(Time, Decision)]) -> Self {
        let first = steps.iter().position(|(_, d)| d.release.is_some());
        let not_before = first.filter(|place| *place > 0).and_then(|place| steps.get(place)).map(|(at, _)| *at);
        let portions = schedule(steps).into_iter().map(|(decided, from)| in_ledger(decided, from)).collect();
        let mut onward: Vec<OnwardLimit> = vec![];
        for limit in steps.iter().filter_map(|(_, d)| d.release.as_ref()?.terms().onward.as_ref()) {
            if !onward.contains(limit) {
                onward.push(limit.clone());
            }
        }
        Self { partner: partner.clone(), portions, release: first.is_some(), not_before, because: vec![], onward }
    }

    /// The part of the decision that is about one portion or endorsement.
    pub(in crate::node) fn about(mut self, digest: &Digest) -> Self {
        self.portions.retain(|p| p.portion == *digest);
        self.release = self.portions.iter().any(|p| p.release);
        self.not_before = self.portions.iter().find_map(|p| p.not_before);
        self
    }

    /// The digests of what goes, now or later.
    pub(in crate::node) fn released(&self) -> impl Iterator<Item = Digest> {
        self.portions.iter().filter(|p| p.release).map(|p| p.portion)
    }
}

/// The highest level of its subjects. It decides what overtakes what on a slow link.
pub(in crate::node) fn urgency(prepared: &LoadedAssessment) -> u8 {
    level(prepared.portions.iter().map(|p| &p.portion)).map(u8::from).unwrap_or(1)
}

/// What each active partner gets, and the queue entries that follow from it. With many partners it uses all cores, because nothing
/// else in a publication grows with their number.
pub(in crate::node) fn plan_for_all(
    directory: &Partners,
    prepared: &LoadedAssessment,
    now: Time,
) -> (Vec<PartnerDecision>, Queue) {
    let facts = prepared.facts(now, directory);
    // What may go at once is due since its issue. If the due time came from this clock while it was ahead, it would wait once the
    // clock is right again.
    let due = |at: Time| if at == now { prepared.manifest.issued.min(now) } else { at };
    let partners: Vec<&Arc<Partner>> = directory.all_active().collect();
    let plan_for = |partner: &Arc<Partner>| {
        let name = &partner.record.organisation.domain;
        let steps = plan(&partner.outgoing, &facts, now);
        let queue: Queue =
            steps.iter().filter(|(_, d)| d.release.is_some()).map(|(at, _)| (name.clone(), due(*at))).collect();
        (PartnerDecision::new(partner, &steps), queue)
    };
    let planned = on_all_cores(partners, PARTNERS_A_THREAD, plan_for);
    let (decisions, queues): (Vec<_>, Vec<_>) = planned.into_iter().unzip();
    (decisions, queues.concat())
}

/// Which partners read each portion, at once or later. Who gets a fuller headline may have the lesser one.
pub(in crate::node) fn readership(prepared: &LoadedAssessment, decisions: &[PartnerDecision]) -> Readership {
    let places: HashMap<Digest, usize> = prepared.portions.iter().enumerate().map(|(i, p)| (p.digest, i)).collect();
    let mut readership = Readership::new(prepared.portions.len());
    let reads = |p: &&PortionDecision| p.release || p.because.iter().any(|reason| reason.starts_with(FULLER_HEADLINE));
    for decision in decisions.iter().filter(|d| d.release) {
        let read = decision.portions.iter().filter(reads).filter_map(|p| places.get(&p.portion).copied());
        readership.add(decision.partner.clone(), read);
    }
    readership
}

/// Every decision about a version for the ledger, denials included.
pub(in crate::node) fn decided(manifest: &StatementId, decisions: &[PartnerDecision], at: Time) -> Vec<Event> {
    let decisions = decisions.iter().map(|d| (&d.partner, d.portions.as_slice()));
    Deed::decided(*manifest, decisions).into_iter().map(|deed| Event::of_node(at, deed)).collect()
}

/// What the ledger keeps of a decision about one portion.
fn in_ledger(decided: &PortionVerdict, not_before: Option<Time>) -> PortionDecision {
    let because = decided.verdict.reasons().iter().map(ToString::to_string).collect();
    PortionDecision { portion: decided.item.to_digest(), release: decided.verdict.is_release(), because, not_before }
}
