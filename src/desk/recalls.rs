//! Recalls: the service, and the form in which it shows one.

use tonic::Request;

use super::{
    approvals::{approved, done},
    argument::{self, approval, optional_line},
    call::{Desk, Reply, answer, authorize},
    page::RequestedPage,
};
use crate::{
    node::{recalls::issue::RecallView, task::to_the_end},
    wire::{
        self,
        field::{self, text_of, timestamp},
        proto::{self, recall_service_server::RecallService},
    },
};

#[tonic::async_trait]
impl RecallService for Desk {
    async fn recall_assessment(
        &self,
        request: Request<proto::RecallAssessmentRequest>,
    ) -> Reply<proto::RecallAssessmentResponse> {
        let (actor, proto::RecallAssessmentRequest { recall, keep_own }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let envelope = argument::statement("recall", recall)?;
            let issued = to_the_end(async move { node.recalls.recall(&actor, &envelope, keep_own).await }).await?;
            Ok(proto::RecallAssessmentResponse { recall: Some(view(&issued.view)), told: field::texts(&issued.told) })
        })
        .await
    }

    async fn list_recalls(&self, request: Request<proto::ListRecallsRequest>) -> Reply<proto::ListRecallsResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let page = RequestedPage::<u64>::of(self, &mut message)?;
            let after = page.after.unwrap_or_default();
            let found = self.node.recalls.recalls(&actor, message.waiting_only, after).await?;
            // The node gives a page of its own. Only an empty one says that there are no more.
            let last = found.last().map(|recall| recall.record.turn);
            let (recalls, cut) = page.cut(found, |recall| recall.record.turn, |recall| view(&recall));
            let next_page_token = if cut.is_empty() { page.next(last) } else { cut };
            Ok(proto::ListRecallsResponse { recalls, next_page_token })
        })
        .await
    }

    async fn decide_purge(&self, request: Request<proto::DecidePurgeRequest>) -> Reply<proto::DecidePurgeResponse> {
        let (actor, message) = authorize(request)?;
        let proto::DecidePurgeRequest { assessment_id, decline, approval: approved } = message;
        let node = self.node.clone();
        answer(async {
            let id = argument::bytes("assessment_id", &assessment_id)?;
            let decline = optional_line("decline", decline)?;
            let work = async move {
                if decline.is_empty() {
                    node.recalls.approve_purge(&actor, &id, &approval(approved)?).await
                } else {
                    node.recalls.decline_purge(&actor, &id, decline).await
                }
            };
            Ok(proto::DecidePurgeResponse { recall: Some(view(&to_the_end(work).await?)) })
        })
        .await
    }
}

/// A recall.
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
        approvals: record.standing.approvals.iter().map(approved).collect(),
        declined: record.standing.declined.as_ref().map(done),
    }
}
