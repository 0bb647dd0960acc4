//! Taking back, what became of it, who holds what, and acknowledging.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::{
    argument::{approval, argument, told},
    feed::Sending,
};
use crate::{
    domain::{actor::Actor, fault::Fault, receipt::ReceiptKind},
    node::{
        Node,
        holders::{HeldVersion, Holder, Word},
        recall::RecallView,
        to_the_end,
    },
    wire::{
        self, field,
        field::{number_of, text_of, timestamp, word},
        proto,
        status::from_fault,
    },
};

pub(super) async fn issue(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::RecallAssessmentRequest,
) -> Result<proto::RecallAssessmentResponse, Fault> {
    let proto::RecallAssessmentRequest { recall, keep_own } = request;
    let envelope = wire::envelope::from_proto(field::present("recall", recall)?).map_err(|f| f.within("recall"))?;
    let own = node.clone();
    let issued = to_the_end(async move { own.recall(&actor.authorize()?, &envelope, keep_own).await }).await?;
    Ok(proto::RecallAssessmentResponse { recall: Some(view(&issued.view)), told: field::texts(&issued.told) })
}

/// Page by page, as they are taken.
pub(super) async fn list(
    node: Arc<Node>,
    actor: Actor,
    request: proto::ListRecallsRequest,
) -> Result<Sending<proto::ListRecallsResponse>, Fault> {
    let proto::ListRecallsRequest { waiting_only } = request;
    let reader = actor.authorize()?;
    let first = node.recalls(&reader, waiting_only, 0).await?;
    let pages = stream::unfold(Some(Ok(first)), move |page| {
        let (node, reader) = (node.clone(), reader.clone());
        async move {
            let page = match page? {
                Ok(page) => page,
                Err(fault) => return Some((vec![Err(from_fault(fault))], None)),
            };
            let last = page.last()?.record.turn;
            let messages = page.iter().map(|r| Ok(proto::ListRecallsResponse { recall: Some(view(r)) })).collect();
            Some((messages, Some(node.recalls(&reader, waiting_only, last).await)))
        }
    });
    Ok(Box::pin(pages.flat_map(stream::iter)))
}

pub(super) async fn decide(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::DecidePurgeRequest,
) -> Result<proto::DecidePurgeResponse, Fault> {
    let proto::DecidePurgeRequest { assessment_id, decline, approval: approved } = request;
    let (own, id) = (node.clone(), argument(field::bytes("assessment_id", &assessment_id))?);
    let decline = told("decline", decline)?;
    let work = async move {
        if decline.is_empty() {
            own.approve_purge(&actor.authorize()?, &id, &approval(approved)?).await
        } else {
            own.decline_purge(&actor.authorize()?, &id, decline).await
        }
    };
    Ok(proto::DecidePurgeResponse { recall: Some(view(&to_the_end(work).await?)) })
}

pub(super) async fn holders(
    node: &Node,
    actor: &Actor,
    request: proto::GetHoldersRequest,
) -> Result<proto::GetHoldersResponse, Fault> {
    let id = argument(field::bytes("assessment_id", &request.assessment_id))?;
    let holders = node.holders(&actor.authorize()?, &id).await?;
    Ok(proto::GetHoldersResponse {
        originator: holders.record.originator.to_string(),
        version: holders.record.version,
        state: holders.record.state.to_string(),
        exercise: holders.exercise,
        recall: holders.recall.as_ref().map(view),
        holders: holders.all.iter().map(holder).collect(),
    })
}

pub(super) async fn acknowledge(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::AcknowledgeAssessmentRequest,
) -> Result<proto::AcknowledgeAssessmentResponse, Fault> {
    let proto::AcknowledgeAssessmentRequest { assessment_id, kind, text } = request;
    let (own, id) = (node.clone(), argument(field::bytes("assessment_id", &assessment_id))?);
    let kind = argument(word("kind", ReceiptKind::ALL, kind))?;
    let text = told("text", text)?;
    let text = (!text.is_empty()).then_some(text);
    let record =
        to_the_end(async move { own.acknowledge_assessment(&actor.authorize()?, &id, kind, text).await }).await?;
    Ok(proto::AcknowledgeAssessmentResponse { version: record.version })
}

pub(super) fn view(view: &RecallView) -> proto::RecallView {
    let (record, recall) = (&view.record, &view.recall);
    proto::RecallView {
        id: record.id.0.to_vec().into(),
        envelope: wire::envelope::decode(&record.envelope).ok().map(|e| wire::envelope::to_proto(&e)),
        originator: record.originator.to_string(),
        assessment_id: record.assessment.0.to_vec().into(),
        kind: recall.kind.to_string(),
        reason: recall.reason.clone(),
        recalled_at: timestamp(recall.recalled_at),
        by: text_of(view.by.as_ref()),
        exercise: recall.exercise,
        state: record.standing.state.to_string(),
        changed: timestamp(record.at),
        from: text_of(record.from.as_ref()),
        approvals: record.standing.approvals.iter().map(super::view::approved).collect(),
        declined: record.standing.declined.as_ref().map(super::view::done),
    }
}

/// A recall among what arrives.
pub(super) fn item(view: &RecallView) -> proto::FeedItem {
    use crate::domain::recall::RecallState::{AwaitingApproval, Declined, Purged, Withdrawn};
    let record = &view.record;
    proto::FeedItem {
        partner: text_of(record.from.as_ref()),
        sequence: 0,
        kind: "recall".to_owned(),
        assessment_id: record.assessment.0.to_vec().into(),
        version: 0,
        // What readers have of it: sealed is withdrawn, whatever else waits.
        state: match record.standing.state {
            Withdrawn | AwaitingApproval | Declined => "withdrawn",
            Purged => "purged",
        }
        .to_owned(),
        headline: String::new(),
        received: timestamp(record.at),
        exercise: view.recall.exercise,
    }
}

fn holder(holder: &Holder) -> proto::HolderView {
    let held = |v: &HeldVersion| proto::HeldVersion {
        version: v.version,
        portions: v.portions,
        stored: v.stored.and_then(timestamp),
        refused: v.refused.clone().unwrap_or_default(),
    };
    proto::HolderView {
        organisation: holder.organisation.to_string(),
        through: field::texts(&holder.through),
        versions: holder.versions.iter().map(held).collect(),
        words: holder.words.iter().map(said).collect(),
        state: holder.state.to_string(),
        since: holder.since.and_then(timestamp),
        answer: holder.answer.as_ref().map(said),
        not_yet: holder.not_yet.clone().unwrap_or_default(),
    }
}

fn said(said: &Word) -> proto::HolderWord {
    proto::HolderWord {
        kind: number_of(ReceiptKind::ALL, &said.kind),
        role: text_of(said.role.as_ref()),
        at: timestamp(said.at),
        text: said.text.clone().unwrap_or_default(),
    }
}
