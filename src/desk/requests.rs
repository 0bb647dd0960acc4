//! Requests for more of an assessment: the service, and the form in which it shows one.

use std::cmp::Reverse;

use tonic::Request;

use super::{
    argument::{self, argument},
    call::{Desk, Reply, answer, authorize},
    decisions::decisions,
    page::RequestedPage,
};
use crate::{
    domain::{
        ids::StatementId,
        request::AnswerKind,
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::{
        requests::{
            answer::GivenAnswer,
            make::{NewRequest, RequestView},
        },
        task::to_the_end,
    },
    wire::{
        envelope,
        field::{self, text_of, timestamp},
        proto::{self, request_service_server::RequestService},
        request as wire_request,
    },
};

#[tonic::async_trait]
impl RequestService for Desk {
    async fn request_more(&self, request: Request<proto::RequestMoreRequest>) -> Reply<proto::RequestMoreResponse> {
        let (actor, message) = authorize(request)?;
        let proto::RequestMoreRequest { assessment_id, version, kinds, question } = message;
        let node = self.node.clone();
        answer(async {
            let question = NewRequest {
                assessment: argument::bytes("assessment_id", &assessment_id)?,
                version: argument::version(version),
                kinds: argument(field::parsed_all("kinds", &kinds))?,
                text: question,
            };
            let asked = to_the_end(async move { node.requests.ask(&actor, question).await }).await?;
            Ok(proto::RequestMoreResponse { request: Some(view(&asked)) })
        })
        .await
    }

    async fn list_requests(&self, request: Request<proto::ListRequestsRequest>) -> Reply<proto::ListRequestsResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let page = RequestedPage::<(Reverse<Time>, StatementId)>::of(self, &mut message)?;
            let after = page.after.map(|(Reverse(at), id)| (at, id));
            // One more than the page holds, so that there is a next page only if it has requests.
            let limit = u32::try_from(page.size.saturating_add(1)).unwrap_or(u32::MAX);
            let found = self.node.requests.requests(&actor, message.open_only, after, limit).await?;
            let key = |r: &RequestView| (Reverse(r.record.at), r.record.id);
            let (requests, next_page_token) = page.cut(found, key, |r| view(&r));
            Ok(proto::ListRequestsResponse { requests, next_page_token })
        })
        .await
    }

    async fn weigh_exception(
        &self,
        request: Request<proto::WeighExceptionRequest>,
    ) -> Reply<proto::WeighExceptionResponse> {
        let (actor, message) = authorize(request)?;
        answer(async {
            let weighed = self.node.requests.weigh(&actor, &message.exception).await?;
            let decision = decisions(&weighed.prepared, std::slice::from_ref(&weighed.decision)).pop();
            Ok(proto::WeighExceptionResponse { decision })
        })
        .await
    }

    async fn answer_request(
        &self,
        request: Request<proto::AnswerRequestRequest>,
    ) -> Reply<proto::AnswerRequestResponse> {
        let (actor, message) = authorize(request)?;
        let proto::AnswerRequestRequest { request_id, kind, text, exception } = message;
        let node = self.node.clone();
        answer(async {
            let exception = exception.map(envelope::from_proto).transpose().map_err(|f| f.within("exception"))?;
            let given = GivenAnswer {
                request: argument::bytes("request_id", &request_id)?,
                kind: argument(field::word("kind", AnswerKind::ALL, kind))?,
                text,
                exception,
            };
            let answered = to_the_end(async move { node.requests.answer(&actor, given).await }).await?;
            Ok(proto::AnswerRequestResponse { request: Some(view(&answered)) })
        })
        .await
    }
}

fn view(view: &RequestView) -> proto::RequestView {
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

/// A request whose text was purged with its assessment: what is still known of it, without a signature.
fn unsigned(view: &RequestView) -> proto::Envelope {
    let payload = wire_request::encode(&view.request);
    envelope::to_proto(&Envelope::new(StatementKind::Request, payload, vec![]))
}
