//! Release decisions, as messages.

use crate::{
    domain::{
        actor::{Actor, Explain},
        event::PortionDecision,
        ids::TrustDomain,
    },
    node::{assessment_cache::loaded::LoadedAssessment, decisions::PartnerDecision},
    wire::{field::timestamp, proto},
};

/// The decision for each partner.
pub(super) fn decisions(prepared: &LoadedAssessment, all: &[PartnerDecision]) -> Vec<proto::PartnerDecision> {
    let one = |d: &PartnerDecision| proto::PartnerDecision {
        partner: d.partner.to_string(),
        release: d.release,
        not_before: d.not_before.and_then(timestamp),
        portions: d.portions.iter().map(|p| portion_decision(prepared, p)).collect(),
        because: d.because.clone(),
    };
    all.iter().map(one).collect()
}

/// What stands in place of reasons for a caller that may not see them. A decision without any would be none.
const NO_REASONS: &str = "reasons-not-shown: the role of the key that asked is not told why";

/// What a caller may see of reasons. Without the permission to see them, it is told only that there are some.
#[derive(Clone, Copy)]
pub(super) struct Reasons {
    are_shown: bool,
}

impl Reasons {
    /// What the caller may see.
    pub(super) fn for_caller(actor: &Actor) -> Self {
        Self { are_shown: actor.authorize::<Explain>().is_ok() }
    }

    /// The reasons for one decision.
    pub(super) fn told(self, because: Vec<String>) -> Vec<String> {
        if self.are_shown || because.is_empty() { because } else { vec![NO_REASONS.to_owned()] }
    }

    /// Decisions with the reasons that the caller may see.
    pub(super) fn told_in(self, mut decisions: Vec<proto::PartnerDecision>) -> Vec<proto::PartnerDecision> {
        for decision in &mut decisions {
            decision.because = self.told(std::mem::take(&mut decision.because));
            for portion in &mut decision.portions {
                portion.because = self.told(std::mem::take(&mut portion.because));
            }
        }
        decisions
    }
}

/// The partners that hold an earlier version and get nothing of a new one.
pub(super) fn left_behind(all: &[(TrustDomain, u32)]) -> Vec<proto::LeftBehind> {
    let one =
        |(partner, version): &(TrustDomain, u32)| proto::LeftBehind { partner: partner.to_string(), version: *version };
    all.iter().map(one).collect()
}

fn portion_decision(prepared: &LoadedAssessment, decision: &PortionDecision) -> proto::PortionDecision {
    let portion = prepared.all().find(|(digest, _)| *digest == decision.portion).map(|(_, portion)| portion);
    proto::PortionDecision {
        handle: portion.map(|p| p.handle.0.to_vec()).unwrap_or_default().into(),
        kind: portion.map(|p| p.kind().to_string()).unwrap_or_default(),
        release: decision.release,
        because: decision.because.clone(),
        not_before: decision.not_before.and_then(timestamp),
    }
}
