//! The form in which the desk shows an assessment.

use super::recalls;
use crate::{
    node::assessments::{endorse::EndorsementCheck, read::AssessmentView},
    store::receipts::QuarantineRecord,
    wire::{
        envelope,
        field::{self, text_of, timestamp},
        proto,
    },
};

/// A version as this node holds it.
pub(super) fn view(view: &AssessmentView) -> proto::AssessmentView {
    let signatures = view.signatures.iter().map(|s| proto::SignatureView {
        id: text_of(s.id.as_ref()),
        suite: s.suite.to_string(),
        valid: s.fault.is_none(),
        reason: text_of(s.fault.as_ref()),
        doubtful_since: text_of(s.doubtful_since.as_ref()),
    });
    proto::AssessmentView {
        manifest: Some(envelope::to_proto(&view.manifest)),
        portions: view.record.portions.iter().map(|p| p.clone().into()).collect(),
        releases: view.routes.iter().filter_map(|route| route.last()).map(envelope::to_proto).collect(),
        state: view.record.state.to_string(),
        signatures: signatures.collect(),
        since: timestamp(view.record.since),
        quarantines: view.quarantines.iter().map(quarantine).collect(),
        ways: view
            .routes
            .iter()
            .map(|route| proto::Way { releases: route.iter().map(envelope::to_proto).collect() })
            .collect(),
        endorsements: view.endorsements.iter().map(endorsement).collect(),
        recall: view.recall.as_ref().map(recalls::view),
        verified_at: view.record.verified.as_ref().and_then(|v| timestamp(v.at)),
        on_word_of: text_of(view.record.verified.as_ref().and_then(|v| v.on_word_of.as_ref())),
        introduced_by: text_of(view.introduced_by.as_ref()),
        signed_twice: view.signed_twice.iter().map(ToString::to_string).collect(),
        acknowledge_by: view.acknowledge_by.and_then(timestamp),
    }
}

fn quarantine(quarantine: &QuarantineRecord) -> proto::QuarantineView {
    proto::QuarantineView {
        partner: quarantine.partner.to_string(),
        sequence: quarantine.sequence,
        release_id: quarantine.release_id.0.to_vec().into(),
        reason: quarantine.reason.clone().unwrap_or_default(),
        since: timestamp(quarantine.at),
    }
}

fn endorsement(check: &EndorsementCheck) -> proto::EndorsementView {
    proto::EndorsementView {
        envelope: Some(envelope::to_proto(&check.envelope)),
        id: check.id.0.to_vec().into(),
        by: text_of(check.by.as_ref()),
        valid: check.fault.is_none(),
        reason: text_of(check.fault.as_ref()),
        via: field::texts(&check.via),
        introduced_by: text_of(check.introduced_by.as_ref()),
    }
}
