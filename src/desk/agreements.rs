//! Changing agreements, each change carried through to its end.

use std::sync::Arc;

use super::{
    argument::{approval, argument, told},
    view,
};
use crate::{
    domain::{actor::Actor, fault::Fault},
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
    actor: Actor,
    request: proto::ProposeAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::ProposeAgreementRequest { agreement, approval: approved, beside } = request;
    let (own, approved) = (node.clone(), approval(approved)?);
    change(node, async move { own.propose(&actor.authorize()?, agreement.into(), &approved, beside).await }).await
}

pub(super) async fn sign(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::SignAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::SignAgreementRequest { id, approval: approved, beside } = request;
    let (own, id, approved) = (node.clone(), argument(field::bytes("id", &id))?, approval(approved)?);
    change(node, async move { own.sign_agreement(&actor.authorize()?, &id, &approved, beside).await }).await
}

pub(super) async fn suspend(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::SuspendAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::SuspendAgreementRequest { id, reason } = request;
    let (own, id, reason) = (node.clone(), argument(field::bytes("id", &id))?, told("reason", reason)?);
    change(node, async move { own.suspend_agreement(&actor.authorize()?, &id, &reason).await }).await
}

pub(super) async fn terminate(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::TerminateAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::TerminateAgreementRequest { id, reason } = request;
    let (own, id, reason) = (node.clone(), argument(field::bytes("id", &id))?, told("reason", reason)?);
    change(node, async move { own.terminate_agreement(&actor.authorize()?, &id, &reason).await }).await
}

pub(super) async fn resume(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::ResumeAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let proto::ResumeAgreementRequest { id, approval: approved } = request;
    let (own, id, approved) = (node.clone(), argument(field::bytes("id", &id))?, approval(approved)?);
    change(node, async move { own.resume_agreement(&actor.authorize()?, &id, &approved).await }).await
}

pub(super) async fn import(
    node: &Arc<Node>,
    actor: Actor,
    request: proto::ImportAgreementRequest,
) -> Result<proto::AgreementView, Fault> {
    let envelope = field::present("agreement", request.agreement)?;
    let envelope = wire::envelope::from_proto(envelope).map_err(|f| f.within("agreement"))?;
    let own = node.clone();
    change(node, async move { own.import_agreement(&actor.authorize()?, &envelope).await }).await
}

pub(super) async fn list(node: &Arc<Node>) -> Result<Vec<proto::AgreementView>, Fault> {
    Ok(node.agreements().await?.iter().map(|a| view::agreement(node, a)).collect())
}
