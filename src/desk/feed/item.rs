//! The items of a feed, as messages: entries, recalls, and requests with their answers.

use crate::{
    domain::recall::RecallState,
    node::{monitor::status::Arrival, recalls::issue::RecallView, requests::make::RequestView},
    wire::{
        field::{text_of, texts, timestamp},
        proto,
    },
};

/// An entry of a partner's feed.
pub(super) fn of_arrival(arrival: &Arrival) -> proto::FeedItem {
    let record = &arrival.record;
    proto::FeedItem {
        partner: record.partner.to_string(),
        sequence: record.sequence,
        kind: match record.kind {
            Some(kind) => kind.to_string(),
            None if record.is_endorsement => "endorsement".to_owned(),
            None => if record.quarantined { "refused" } else { "void" }.to_owned(),
        },
        assessment_id: record.assessment.map(|(id, _)| id.0.to_vec()).unwrap_or_default().into(),
        version: record.assessment.map(|(_, version)| version).unwrap_or_default(),
        state: arrival.state.clone(),
        headline: arrival.headline.clone().unwrap_or_default(),
        received: timestamp(record.at),
        exercise: arrival.manifest.as_ref().is_some_and(|m| m.exercise),
        level: arrival.level.map(|level| u8::from(level).into()).unwrap_or_default(),
        places: texts(&arrival.places),
        tlp: text_of(arrival.tlp.as_ref()),
        acknowledge_by: arrival.acknowledge_by.and_then(timestamp),
    }
}

/// A recall from a partner.
pub(super) fn of_recall(view: &RecallView) -> proto::FeedItem {
    let record = &view.record;
    proto::FeedItem {
        partner: text_of(record.from.as_ref()),
        sequence: 0,
        kind: "recall".to_owned(),
        assessment_id: record.assessment.0.to_vec().into(),
        version: 0,
        // What readers see: a sealed assessment is withdrawn, even while a purge waits for an officer.
        state: match record.standing.state {
            RecallState::Withdrawn | RecallState::AwaitingApproval | RecallState::Declined => "withdrawn",
            RecallState::Purged => "purged",
        }
        .to_owned(),
        headline: String::new(),
        received: timestamp(record.at),
        exercise: view.recall.exercise,
        ..proto::FeedItem::default()
    }
}

/// A request from a partner, or a partner's answer to a request of this organisation.
pub(super) fn of_request(view: &RequestView) -> proto::FeedItem {
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
        ..proto::FeedItem::default()
    }
}
