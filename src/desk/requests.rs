//! Endorsements and requests for more, as messages.

use std::sync::Arc;

use super::{argument::argument, view::decisions};
use crate::{
    domain::{
        actor::Actor,
        fault::Fault,
        request::AnswerKind,
        statement::{Envelope, StatementKind},
    },
    node::{
        Node,
        endorse::EndorsementCheck,
        requests::{Given, Question, RequestView},
        to_the_end,
    },
    wire::{
        envelope,
        field::{self, text_of, timestamp},
        proto, request,
    },
};

pub(super) fn endorsement(check: &EndorsementCheck) -> proto::EndorsementView {
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

pub(super) async fn endorse(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::EndorseAssessmentRequest,
) -> Result<proto::EndorseAssessmentResponse, Fault> {
    let message = field::present("endorsement", request.endorsement)?;
    let envelope = envelope::from_proto(message).map_err(|f| f.within("endorsement"))?;
    let own = node.clone();
    let endorsed = to_the_end(async move { own.endorse(&actor.authorize()?, envelope).await }).await?;
    Ok(proto::EndorseAssessmentResponse {
        endorsement_id: endorsed.id.0.to_vec().into(),
        is_new: endorsed.is_new,
        decisions: decisions(&endorsed.prepared, &endorsed.decisions),
    })
}

pub(super) async fn ask(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::RequestMoreRequest,
) -> Result<proto::RequestView, Fault> {
    let proto::RequestMoreRequest { assessment_id, version, kinds, question } = request;
    let question = Question {
        assessment: argument(field::bytes("assessment_id", &assessment_id))?,
        version: (version > 0).then_some(version),
        kinds: argument(field::parsed_all("kinds", &kinds))?,
        text: question,
    };
    let own = node.clone();
    to_the_end(async move { own.ask(&actor.authorize()?, question).await }).await.map(|v| view(&v))
}

pub(super) async fn weigh(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::WeighExceptionRequest,
) -> Result<Option<proto::PartnerDecision>, Fault> {
    let weighed = node.weigh(&actor.authorize()?, &request.exception).await?;
    Ok(decisions(&weighed.prepared, std::slice::from_ref(&weighed.decision)).pop())
}

pub(super) async fn answer(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::AnswerRequestRequest,
) -> Result<proto::RequestView, Fault> {
    let proto::AnswerRequestRequest { request_id, kind, text, exception } = request;
    let exception = exception.map(envelope::from_proto).transpose().map_err(|f| f.within("exception"))?;
    let given = Given {
        request: argument(field::bytes("request_id", &request_id))?,
        kind: argument(field::word("kind", AnswerKind::ALL, kind))?,
        text,
        exception,
    };
    let own = node.clone();
    to_the_end(async move { own.answer(&actor.authorize()?, given).await }).await.map(|v| view(&v))
}

pub(super) fn view(view: &RequestView) -> proto::RequestView {
    let record = &view.record;
    let signed = |bytes: &Vec<u8>| envelope::decode(bytes).ok().map(|e| envelope::to_proto(&e));
    proto::RequestView {
        id: record.id.0.to_vec().into(),
        partner: record.partner.to_string(),
        outgoing: record.outgoing,
        request: signed(&record.envelope).or_else(|| Some(unsigned(view))),
        state: view.state.to_string(),
        at: timestamp(record.at),
        by: text_of(record.by.as_ref()),
        answer: record.answer.as_ref().and_then(signed),
        until: view.until.and_then(timestamp),
        reason: record.reason.clone().unwrap_or_default(),
    }
}

/// Of a request whose words went with a purge: what is still known of it, by nobody's signature.
fn unsigned(view: &RequestView) -> proto::Envelope {
    let payload = request::encode(&view.request);
    envelope::to_proto(&Envelope::new(StatementKind::Request, payload, vec![]))
}

/// A line for a follower: a request that came, or what became of one that was made here.
pub(super) fn item(view: &RequestView) -> proto::FeedItem {
    let RequestView { record, request, answer, state, .. } = view;
    let (kind, text, at) = match answer {
        _ if !record.outgoing => ("request", request.question.clone(), Some(record.at)),
        Some(answer) => ("answer", answer.text.clone(), Some(answer.answered_at)),
        None => ("refusal", record.reason.clone().unwrap_or_default(), None),
    };
    let kinds: Vec<String> = request.kinds.iter().map(ToString::to_string).collect();
    let asked = if kinds.is_empty() { String::new() } else { format!("[{}] ", kinds.join(", ")) };
    proto::FeedItem {
        partner: record.partner.to_string(),
        sequence: 0,
        kind: kind.to_owned(),
        assessment_id: request.assessment.0.to_vec().into(),
        version: request.version,
        state: state.to_string(),
        headline: format!("{asked}{text}").trim_end().to_owned(),
        received: at.and_then(timestamp),
        exercise: false,
    }
}
