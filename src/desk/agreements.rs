//! Changing agreements, each change carried through to its end.

use std::sync::Arc;

use super::{
    argument::{approval, argument, told},
    view,
};
use crate::{
    domain::{fault::Fault, ids::SpiffeId},
    node::{Node, to_the_end},
    store::AgreementRecord,
    wire::{self, field, proto},
};

/// Runs a change, and shows the agreement as it is after it.
async fn change(
    node: &Arc<Node>,
    work: impl Future<Output = Result<AgreementRecord, Fault>> + Send + 'static,
) -> Result<proto::AgreementView, Fault> {
    to_the_end(work).await.map(|a| view::agreement(node, &a))
}

pub(super) async fn propose(
    node: &Arc<Node>,
    caller: SpiffeId,
    request: proto::ProposeAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::ProposeAgreementRequest { agreement, approval: approved, beside } = request;
    let (own, approved) = (node.clone(), approval(approved)?);
    change(node, async move { own.propose(&caller, agreement.into(), &approved, beside).await }).await
}

pub(super) async fn sign(
    node: &Arc<Node>,
    caller: SpiffeId,
    request: proto::SignAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::SignAgreementRequest { id, approval: approved, beside } = request;
    let (own, id, approved) = (node.clone(), argument(field::bytes("id", &id))?, approval(approved)?);
    change(node, async move { own.sign_agreement(&caller, &id, &approved, beside).await }).await
}

pub(super) async fn suspend(
    node: &Arc<Node>,
    caller: SpiffeId,
    request: proto::SuspendAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::SuspendAgreementRequest { id, reason } = request;
    let (own, id, reason) = (node.clone(), argument(field::bytes("id", &id))?, told("reason", reason)?);
    change(node, async move { own.suspend_agreement(&caller, &id, &reason).await }).await
}

pub(super) async fn terminate(
    node: &Arc<Node>,
    caller: SpiffeId,
    request: proto::TerminateAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::TerminateAgreementRequest { id, reason } = request;
    let (own, id, reason) = (node.clone(), argument(field::bytes("id", &id))?, told("reason", reason)?);
    change(node, async move { own.terminate_agreement(&caller, &id, &reason).await }).await
}

pub(super) async fn resume(
    node: &Arc<Node>,
    caller: SpiffeId,
    request: proto::ResumeAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::ResumeAgreementRequest { id, approval: approved } = request;
    let (own, id, approved) = (node.clone(), argument(field::bytes("id", &id))?, approval(approved)?);
    change(node, async move { own.resume_agreement(&caller, &id, &approved).await }).await
}

pub(super) async fn import(
    node: &Arc<Node>,
    caller: SpiffeId,
    request: proto::ImportAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let envelope = field::present("agreement", request.agreement)?;
    let envelope = wire::envelope::from_proto(envelope).map_err(|f| f.within("agreement"))?;
    let own = node.clone();
    change(node, async move { own.import_agreement(&caller, &envelope).await }).await
}

pub(super) async fn list(node: &Arc<Node>) -> Result<Vec<proto::AgreementView>, Fault> {
    Ok(node.agreements().await?.iter().map(|a| view::agreement(node, a)).collect())
}
