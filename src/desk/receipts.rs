//! Receipts: the service, and the form in which it shows holders.

use tonic::Request;

use super::{
    argument::{self, argument, optional_line},
    call::{Desk, Reply, answer, authorize},
    page::RequestedPage,
    recalls,
};
use crate::{
    domain::receipt::ReceiptKind,
    node::{
        assessments::holders::{HeldVersion, Holder, HolderAnswer, Holders},
        task::to_the_end,
    },
    wire::{
        field::{number_of, text_of, texts, timestamp, word},
        proto::{self, receipt_service_server::ReceiptService},
    },
};

#[tonic::async_trait]
impl ReceiptService for Desk {
    async fn get_holders(&self, request: Request<proto::GetHoldersRequest>) -> Reply<proto::GetHoldersResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let page = RequestedPage::of(self, &mut message)?;
            let id = argument::bytes("assessment_id", &message.assessment_id)?;
            let Holders { record, exercise, recall, all } = self.node.assessments.holders(&actor, &id).await?;
            let key = |h: &Holder| (h.organisation.clone(), h.through.clone());
            let (holders, next_page_token) = page.cut(all, key, |h| holder(&h));
            Ok(proto::GetHoldersResponse {
                originator: record.originator.to_string(),
                version: record.version,
                state: record.state.to_string(),
                exercise,
                recall: recall.as_ref().map(recalls::view),
                holders,
                next_page_token,
            })
        })
        .await
    }

    async fn acknowledge_assessment(
        &self,
        request: Request<proto::AcknowledgeAssessmentRequest>,
    ) -> Reply<proto::AcknowledgeAssessmentResponse> {
        let (actor, message) = authorize(request)?;
        let proto::AcknowledgeAssessmentRequest { assessment_id, kind, text } = message;
        let node = self.node.clone();
        answer(async {
            let id = argument::bytes("assessment_id", &assessment_id)?;
            let kind = argument(word("kind", ReceiptKind::ALL, kind))?;
            let text = optional_line("text", text)?;
            let text = (!text.is_empty()).then_some(text);
            let record =
                to_the_end(async move { node.assessments.acknowledge_assessment(&actor, &id, kind, text).await })
                    .await?;
            Ok(proto::AcknowledgeAssessmentResponse { version: record.version })
        })
        .await
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
        through: texts(&holder.through),
        versions: holder.versions.iter().map(held).collect(),
        words: holder.words.iter().map(said).collect(),
        state: holder.state.to_string(),
        since: holder.since.and_then(timestamp),
        answer: holder.answer.as_ref().map(said),
        not_yet: holder.not_yet.clone().unwrap_or_default(),
    }
}

fn said(said: &HolderAnswer) -> proto::HolderWord {
    proto::HolderWord {
        kind: number_of(ReceiptKind::ALL, &said.kind),
        role: text_of(said.role.as_ref()),
        at: timestamp(said.at),
        text: said.text.clone().unwrap_or_default(),
    }
}
