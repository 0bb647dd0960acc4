//! Agreements: the service, and the form in which it shows one.

use std::sync::Arc;

use tonic::Request;

use super::{
    approvals::{approved, done},
    argument::{self, approval, optional_line},
    call::{Desk, Reply, actor, answer, authorize, count},
    page::RequestedPage,
};
use crate::{
    domain::{
        agreement::{AgreementState, End, Side},
        event::Deed,
        fault::{Fault, Reason},
        ids::StatementId,
    },
    node::{Node, task::to_the_end},
    store::AgreementRecord,
    wire::{
        envelope,
        field::timestamp,
        proto::{self, agreement_service_server::AgreementService},
    },
};

#[tonic::async_trait]
impl AgreementService for Desk {
    async fn propose_agreement(
        &self,
        request: Request<proto::ProposeAgreementRequest>,
    ) -> Reply<proto::ProposeAgreementResponse> {
        let (actor, message) = authorize(request)?;
        let proto::ProposeAgreementRequest { agreement, approval: approved, beside } = message;
        let step = async move |node: Arc<Node>| {
            node.agreements.propose(&actor, agreement.into(), &approval(approved)?, beside).await
        };
        answer(async { Ok(proto::ProposeAgreementResponse { agreement: self.change_agreement(step).await? }) }).await
    }

    async fn sign_agreement(
        &self,
        request: Request<proto::SignAgreementRequest>,
    ) -> Reply<proto::SignAgreementResponse> {
        let (actor, message) = authorize(request)?;
        let proto::SignAgreementRequest { id, approval: approved, beside } = message;
        let step = async move |node: Arc<Node>| {
            node.agreements.sign_agreement(&actor, &argument::bytes("id", &id)?, &approval(approved)?, beside).await
        };
        answer(async { Ok(proto::SignAgreementResponse { agreement: self.change_agreement(step).await? }) }).await
    }

    async fn suspend_agreement(
        &self,
        request: Request<proto::SuspendAgreementRequest>,
    ) -> Reply<proto::SuspendAgreementResponse> {
        let (actor, message) = authorize(request)?;
        let proto::SuspendAgreementRequest { id, reason } = message;
        let step = async move |node: Arc<Node>| {
            node.agreements
                .suspend_agreement(&actor, &argument::bytes("id", &id)?, &optional_line("reason", reason)?)
                .await
        };
        answer(async { Ok(proto::SuspendAgreementResponse { agreement: self.change_agreement(step).await? }) }).await
    }

    async fn resume_agreement(
        &self,
        request: Request<proto::ResumeAgreementRequest>,
    ) -> Reply<proto::ResumeAgreementResponse> {
        let (actor, message) = authorize(request)?;
        let proto::ResumeAgreementRequest { id, approval: approved } = message;
        let step = async move |node: Arc<Node>| {
            node.agreements.resume_agreement(&actor, &argument::bytes("id", &id)?, &approval(approved)?).await
        };
        answer(async { Ok(proto::ResumeAgreementResponse { agreement: self.change_agreement(step).await? }) }).await
    }

    async fn terminate_agreement(
        &self,
        request: Request<proto::TerminateAgreementRequest>,
    ) -> Reply<proto::TerminateAgreementResponse> {
        let (actor, message) = authorize(request)?;
        let proto::TerminateAgreementRequest { id, reason } = message;
        let step = async move |node: Arc<Node>| {
            node.agreements
                .terminate_agreement(&actor, &argument::bytes("id", &id)?, &optional_line("reason", reason)?)
                .await
        };
        answer(async { Ok(proto::TerminateAgreementResponse { agreement: self.change_agreement(step).await? }) }).await
    }

    async fn import_agreement(
        &self,
        request: Request<proto::ImportAgreementRequest>,
    ) -> Reply<proto::ImportAgreementResponse> {
        let (actor, message) = authorize(request)?;
        let step = async move |node: Arc<Node>| {
            node.agreements.import_agreement(&actor, &argument::statement("agreement", message.agreement)?).await
        };
        answer(async { Ok(proto::ImportAgreementResponse { agreement: self.change_agreement(step).await? }) }).await
    }

    async fn export_agreement(&self, request: Request<proto::ExportAgreementRequest>) -> Reply<proto::AgreementView> {
        let actor = actor(&request)?;
        answer(async {
            let id: StatementId = argument::bytes("id", &request.get_ref().id)?;
            let found = self.node.agreements.agreements().await?.into_iter().find(|a| a.id == id);
            let record = found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no agreement `{id}`")))?;
            self.node.ledger.took_out(&actor, Deed::AgreementExported { agreement: id }).await?;
            Ok(view(&self.node, &record))
        })
        .await
    }

    async fn list_agreements(
        &self,
        request: Request<proto::ListAgreementsRequest>,
    ) -> Reply<proto::ListAgreementsResponse> {
        answer(async {
            let page = RequestedPage::of(self, &mut request.into_inner())?;
            let all = self.node.agreements.agreements().await?;
            let (agreements, next_page_token) = page.cut(all, |a| a.id, |a| view(&self.node, &a));
            Ok(proto::ListAgreementsResponse { agreements, next_page_token })
        })
        .await
    }
}

impl Desk {
    /// Runs a change to its end, even if the caller goes away, and shows the agreement after it.
    async fn change_agreement<F>(
        &self,
        step: impl FnOnce(Arc<Node>) -> F,
    ) -> Result<Option<proto::AgreementView>, Fault>
    where
        F: Future<Output = Result<AgreementRecord, Fault>> + Send + 'static,
    {
        let record = to_the_end(step(self.node.clone())).await?;
        Ok(Some(view(&self.node, &record)))
    }
}

fn view(node: &Node, record: &AgreementRecord) -> proto::AgreementView {
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
        envelope: envelope::decode_draft(&record.envelope).ok().as_ref().map(envelope::to_proto),
        state: record.state(now).to_string(),
        changed: timestamp(record.changed_at),
        approvals: standing.approvals.iter().map(approved).collect(),
        approvals_needed: count(node.agreements.approvals_needed(&record.agreement).max(standing.needed)),
        suspended_here: standing.suspended_here.as_ref().map(done),
        suspended_there: standing.suspended_there.and_then(timestamp),
        ended: ended.to_owned(),
        followed_by: followed_by.into(),
        ends_at: ends_at.and_then(timestamp),
        partner_reason: standing.heard.as_ref().map(|h| h.reason.clone()).unwrap_or_default(),
    }
}
