//! Release decisions, as messages.

use crate::{
    domain::{event::PortionDecision, ids::TrustDomain},
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
