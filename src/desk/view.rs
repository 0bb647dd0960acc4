//! What the node answers, as messages.

use crate::{
    domain::{
        actor::Actor,
        agreement::{AgreementState, End, Side},
        approval::{Approved, Done},
        event::PortionDecision,
        fault::Fault,
        partner::PartnerKind,
    },
    node::{
        Node,
        directory::Partner,
        partners::{Retired, bundle_of},
        prepared::Prepared,
        publish::{PartnerDecision, Published},
        read::View,
        status::{Arrival, FeedStatus},
    },
    store::{
        AgreementRecord,
        receipts::{AnswerRecord, OverdueRecord, QuarantineRecord},
    },
    wire::{
        envelope,
        field::{number_of, text_of, timestamp},
        proto,
    },
};

pub(super) async fn node(node: &Node, actor: &Actor, trouble: Option<Fault>) -> proto::GetNodeResponse {
    let organisation = node.organisation();
    proto::GetNodeResponse {
        domain: organisation.domain.to_string(),
        country: text_of(organisation.country.as_ref()),
        kind: number_of(PartnerKind::ALL, &organisation.kind),
        bundle_fingerprint: node.bundle().fingerprint().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        caller: actor.id().to_string(),
        store_trouble: trouble.map(|f| proto::StoreTrouble { reason: f.reason.to_string(), message: f.message }),
        withheld: node.good_key().err().map(|f| f.message).unwrap_or_default(),
        lost_note: node.lost_note().await.unwrap_or_default(),
    }
}

pub(super) fn published(published: &Published) -> proto::PublishAssessmentResponse {
    proto::PublishAssessmentResponse {
        assessment_id: published.assessment.0.to_vec().into(),
        version: published.version,
        manifest_id: published.manifest.0.to_vec().into(),
        decisions: decisions(&published.prepared, &published.decisions),
        is_new: published.is_new,
        left_behind: published
            .left_behind
            .iter()
            .map(|(partner, version)| proto::LeftBehind { partner: partner.to_string(), version: *version })
            .collect(),
    }
}

/// What each partner gets.
pub(super) fn decisions(prepared: &Prepared, all: &[PartnerDecision]) -> Vec<proto::PartnerDecision> {
    let one = |d: &PartnerDecision| proto::PartnerDecision {
        partner: d.partner.to_string(),
        release: d.release,
        not_before: d.not_before.and_then(timestamp),
        portions: d.portions.iter().map(|p| portion_decision(prepared, p)).collect(),
        because: d.because.clone(),
    };
    all.iter().map(one).collect()
}

fn portion_decision(prepared: &Prepared, decision: &PortionDecision) -> proto::PortionDecision {
    let portion = prepared.all().find(|(digest, _)| *digest == decision.portion).map(|(_, portion)| portion);
    proto::PortionDecision {
        handle: portion.map(|p| p.handle.0.to_vec()).unwrap_or_default().into(),
        kind: portion.map(|p| p.kind().to_string()).unwrap_or_default(),
        release: decision.release,
        because: decision.because.clone(),
        not_before: decision.not_before.and_then(timestamp),
    }
}

pub(super) fn assessment(view: &View) -> proto::AssessmentView {
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
        releases: view.ways.iter().filter_map(|way| way.last()).map(envelope::to_proto).collect(),
        state: view.record.state.to_string(),
        signatures: signatures.collect(),
        since: timestamp(view.record.since),
        quarantines: view.quarantines.iter().map(quarantine).collect(),
        ways: view
            .ways
            .iter()
            .map(|way| proto::Way { releases: way.iter().map(envelope::to_proto).collect() })
            .collect(),
        endorsements: view.endorsements.iter().map(super::requests::endorsement).collect(),
        recall: view.recall.as_ref().map(super::recall::view),
        verified_at: view.record.verified.as_ref().and_then(|v| timestamp(v.at)),
        on_word_of: text_of(view.record.verified.as_ref().and_then(|v| v.on_word_of.as_ref())),
        introduced_by: text_of(view.introduced_by.as_ref()),
        signed_twice: view.signed_twice.iter().map(ToString::to_string).collect(),
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

pub(super) fn partner(partner: &Partner) -> proto::PartnerView {
    let record = &partner.record;
    proto::PartnerView {
        domain: record.organisation.domain.to_string(),
        kind: number_of(PartnerKind::ALL, &record.organisation.kind),
        country: text_of(record.organisation.country.as_ref()),
        endpoint: text_of(record.endpoint.as_ref()),
        fingerprint: bundle_of(record).map(|b| b.fingerprint().to_string()).unwrap_or_default(),
        state: match (partner.damage(), &record.bundle.rival) {
            (Some(_), _) => "damaged".to_owned(),
            (None, Some(_)) => "contested".to_owned(),
            (None, None) => record.state.to_string(),
        },
        bundle_sequence: record.bundle.sequence,
        introduced_by: text_of(record.bundle.introduced_by.as_ref()),
        introduces: record.introduces,
        persons_needed: record.bundle.persons_needed,
        retired_roots: vec![],
    }
}

/// The same, with the roots that it had once.
pub(super) fn partner_with(partner_here: &Partner, retired: &[Retired]) -> proto::PartnerView {
    let of_it = retired.iter().filter(|root| root.of == partner_here.record.organisation.domain);
    let root = |root: &Retired| proto::RetiredRoot {
        name: root.name.clone(),
        sha256: root.sha256.to_string(),
        retired_at: timestamp(root.at),
    };
    proto::PartnerView { retired_roots: of_it.map(root).collect(), ..partner(partner_here) }
}

pub(super) fn agreement(node: &Node, record: &AgreementRecord) -> proto::AgreementView {
    let envelope = crate::wire::envelope::decode_draft(&record.envelope).ok();
    let (now, standing) = (node.now(), &record.standing);
    let (ended, ends_at) = match &standing.end {
        Some(End::Terminated { side: Side::Here, at }) => ("terminated-here", Some(*at)),
        Some(End::Terminated { side: Side::There, at }) => ("terminated-there", Some(*at)),
        Some(End::Followed { from, .. }) => (if *from <= now { "followed" } else { "" }, Some(*from)),
        Some(End::Expired { at }) => ("expired", Some(*at)),
        None if record.state(now) == AgreementState::Ended => ("expired", Some(record.agreement.until.end())),
        None => ("", None),
    };
    let followed_by = match &standing.end {
        Some(End::Followed { by, .. }) => by.0.to_vec(),
        Some(End::Terminated { .. } | End::Expired { .. }) | None => vec![],
    };
    proto::AgreementView {
        id: record.id.0.to_vec().into(),
        envelope: envelope.as_ref().map(envelope::to_proto),
        state: record.state(now).to_string(),
        changed: timestamp(record.changed_at),
        approvals: standing.approvals.iter().map(approved).collect(),
        approvals_needed: u32::try_from(node.approvals_needed(&record.agreement).max(standing.needed))
            .unwrap_or(u32::MAX),
        suspended_here: standing.suspended_here.as_ref().map(done),
        suspended_there: standing.suspended_there.and_then(timestamp),
        ended: ended.to_owned(),
        followed_by: followed_by.into(),
        ends_at: ends_at.and_then(timestamp),
        partner_reason: standing.heard.as_ref().map(|h| h.reason.clone()).unwrap_or_default(),
    }
}

/// Who has approved something, and by which statement.
pub(super) fn approved(approved: &Approved) -> proto::AgreementApproval {
    let statement = envelope::decode(&approved.statement).ok().map(|e| envelope::to_proto(&e));
    proto::AgreementApproval { id: approved.by.to_string(), at: timestamp(approved.at), statement }
}

/// Who did what needs no approval.
pub(super) fn done(done: &Done) -> proto::AgreementApproval {
    proto::AgreementApproval { id: done.by.to_string(), at: timestamp(done.at), statement: None }
}

pub(super) fn status(status: &FeedStatus) -> proto::FeedStatus {
    proto::FeedStatus {
        partner: status.partner.to_string(),
        outgoing: status.outgoing,
        last_sequence: status.last_sequence,
        acknowledged: status.acknowledged,
        queued: status.queued,
        live: status.live,
        overdue: status.overdue,
        last_at: status.last_at.and_then(timestamp),
        problem: status.problem.clone().unwrap_or_default(),
        clock_ahead_seconds: status.clock_ahead,
        quarantined_there: status.quarantined_there,
        quarantined_newest: status.quarantined_newest.iter().map(quarantined_there).collect(),
        open_requests: status.open_requests,
        overdue_oldest: status.overdue_oldest.iter().map(overdue).collect(),
    }
}

fn overdue(duty: &OverdueRecord) -> proto::OverdueDuty {
    proto::OverdueDuty {
        assessment_id: duty.assessment.0.0.to_vec().into(),
        version: duty.assessment.1,
        due: timestamp(duty.due_at),
    }
}

fn quarantined_there(answer: &AnswerRecord) -> proto::QuarantinedThere {
    proto::QuarantinedThere {
        sequence: answer.sequence,
        assessment_id: answer.assessment.0.0.to_vec().into(),
        version: answer.assessment.1,
        reason: answer.reason.clone().unwrap_or_default(),
        at: timestamp(answer.at),
    }
}

pub(super) fn item(arrival: &Arrival) -> proto::FeedItem {
    let record = &arrival.record;
    proto::FeedItem {
        partner: record.partner.to_string(),
        sequence: record.sequence,
        kind: match record.kind {
            Some(kind) => kind.to_string(),
            None => if record.quarantined { "refused" } else { "void" }.to_owned(),
        },
        assessment_id: record.assessment.map(|(id, _)| id.0.to_vec()).unwrap_or_default().into(),
        version: record.assessment.map(|(_, version)| version).unwrap_or_default(),
        state: arrival.state.clone(),
        headline: arrival.headline.clone().unwrap_or_default(),
        received: timestamp(record.at),
        exercise: arrival.manifest.as_ref().is_some_and(|m| m.exercise),
    }
}
