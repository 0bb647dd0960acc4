//! Explanations of release decisions, as messages.

use super::{argument, decisions::decisions};
use crate::{
    domain::{
        actor::{self, Authorized},
        assessment::Portion,
        fault::Fault,
        ids::{Digest, TrustDomain},
        lexicon::Lexicon,
        marking::Onward,
    },
    node::{
        Node,
        assessments::explain::{
            ExplainQuery, Explanation, Remedied,
            history::{Arrived, Released},
        },
    },
    render,
    wire::{envelope, field::timestamp, group, proto},
};

/// Who may have which portion of an assessment, and why.
pub(super) async fn explain(
    node: &Node,
    actor: &Authorized<actor::Explain>,
    request: proto::ExplainRequest,
) -> Result<proto::ExplainResponse, Fault> {
    let proto::ExplainRequest { assessment_id, version, partner } = request;
    let assessment = argument::bytes("assessment_id", &assessment_id)?;
    let partner = argument::optional_domain("partner", &partner)?;
    let asked = ExplainQuery { assessment, version: argument::version(version), partner };
    Ok(explained(&node.assessments.explain(actor, &asked).await?, asked.partner.as_ref()))
}

/// The whole answer. `asked` is the partner that the request names.
fn explained(e: &Explanation, asked: Option<&TrustDomain>) -> proto::ExplainResponse {
    let partner = asked.map(ToString::to_string).unwrap_or_default();
    proto::ExplainResponse {
        then: decisions(&e.prepared, &e.then),
        now: decisions(&e.prepared, &e.now),
        since: timestamp(e.since),
        asked: timestamp(e.asked),
        manifest: Some(envelope::to_proto(&e.prepared.envelope)),
        portions: labels(e),
        released: e.released.iter().map(released).collect(),
        remedies: e.remedies.iter().map(|r| remedy(e, &partner, r)).collect(),
        arrived: e.arrived.iter().map(arrived).collect(),
    }
}

fn labels(e: &Explanation) -> Vec<proto::PortionLabel> {
    let names = render::portion_names(e.prepared.all().map(|(_, portion)| portion));
    let label = |((digest, portion), name): ((Digest, &Portion), String)| proto::PortionLabel {
        handle: portion.handle.0.to_vec().into(),
        digest: digest.0.to_vec().into(),
        name,
        tlp: portion.marking.tlp.to_string(),
        text: if e.reads { beginning(portion) } else { String::new() },
        onward: match &portion.marking.onward {
            Onward::Named(names) => names.iter().map(ToString::to_string).collect(),
            Onward::None | Onward::WithinOrganisation => vec![],
        },
        kind: portion.kind().to_string(),
        releasable_to: portion.marking.releasable_to.iter().map(ToString::to_string).collect(),
        groups: portion.marking.groups.iter().map(group::encode).collect(),
    };
    e.prepared.all().zip(names).map(label).collect()
}

/// The first words of a portion. They contain no likelihood, so any lexicon will do.
fn beginning(portion: &Portion) -> String {
    Lexicon::by_id("uk-phia-2025").map(|lexicon| render::beginning(portion, lexicon)).unwrap_or_default()
}

fn digests(all: &[Digest]) -> Vec<prost::bytes::Bytes> {
    all.iter().map(|d| d.0.to_vec().into()).collect()
}

fn released(r: &Released) -> proto::ReleasedPart {
    proto::ReleasedPart {
        partner: r.partner.to_string(),
        sequence: r.sequence,
        at: timestamp(r.at),
        digests: digests(&r.digests),
        grants: r.grants.clone(),
        acknowledged: r.acknowledged,
        voided: r.voided.and_then(timestamp),
        dropped: r.dropped.clone(),
        kept_from_users: r.kept_from_users.clone().unwrap_or_default(),
    }
}

fn remedy(e: &Explanation, partner: &str, r: &Remedied) -> proto::Remedy {
    let portion = e.prepared.portions.iter().find(|p| p.digest == r.portion);
    let steps = r.steps.iter().map(|s| proto::RemedyStep { kind: s.kind.to_owned(), words: s.words.clone() });
    proto::Remedy {
        partner: partner.to_owned(),
        handle: portion.map(|p| p.portion.handle.0.to_vec()).unwrap_or_default().into(),
        possible: r.possible,
        steps: steps.collect(),
    }
}

fn arrived(a: &Arrived) -> proto::ArrivedPart {
    proto::ArrivedPart {
        partner: a.partner.to_string(),
        release: Some(envelope::to_proto(&a.release)),
        at: timestamp(a.at),
        quarantined: a.quarantined.clone().unwrap_or_default(),
    }
}
