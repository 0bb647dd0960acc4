//! What an administrator changes about a partner, as messages.

use std::sync::Arc;

use super::{
    argument::{approval, domain},
    view,
};
use crate::{
    domain::{actor::Actor, approval::ApprovalRecord, fault::Fault},
    node::{
        Node,
        approve::Count,
        partners::{Accepted, Invited},
        to_the_end,
    },
    wire::{
        self,
        field::{self, timestamp},
        proto,
    },
};

/// What is to be changed.
pub(super) enum PartnerStep {
    /// Nothing is exchanged until it is resumed.
    Suspend,
    /// The exchange goes on.
    Resume,
    /// What it has signed counts for nothing from now on.
    Forget,
}

/// Accepts an invitation that the administrator has confirmed.
pub(super) async fn accept(
    node: Arc<Node>,
    actor: Actor,
    request: proto::AcceptPartnerRequest,
) -> Result<proto::AcceptPartnerResponse, Fault> {
    let proto::AcceptPartnerRequest { invitation, fingerprint, change_confirmed, only_know, approval: approved } =
        request;
    let work = async move {
        let invitation = wire::envelope::from_proto(field::present("invitation", invitation)?)?;
        let invited = Invited { invitation, fingerprint, change_confirmed, approval: approval(approved)? };
        if only_know {
            node.know(&actor.authorize()?, &invited).await
        } else {
            node.accept(&actor.authorize()?, &invited).await
        }
    };
    let Accepted { partner, count } = to_the_end(work).await?;
    let number = |of: fn(Count) -> usize| count.map_or(0, |count| u32::try_from(of(count)).unwrap_or(u32::MAX));
    let (approvals, needed) = (number(|count| count.approvals), number(|count| count.needed));
    Ok(proto::AcceptPartnerResponse { partner: Some(view::partner(&partner)), approvals, needed })
}

/// All partners, and what waits for another administrator.
pub(super) async fn list(node: &Node) -> Result<proto::ListPartnersResponse, Fault> {
    let (directory, retired) = (node.directory(), node.retired_roots().await?);
    let awaited = |a: ApprovalRecord| proto::AwaitedApproval {
        what: a.matter.to_string(),
        of: a.of.to_string(),
        by: a.approved.iter().map(|approved| approved.by.to_string()).collect(),
        since: timestamp(a.since),
    };
    Ok(proto::ListPartnersResponse {
        partners: directory.all().map(|p| view::partner_with(p, &retired)).collect(),
        awaited: node.awaited().await?.into_iter().map(awaited).collect(),
    })
}

/// Changes what needs no invitation.
pub(super) async fn change(
    node: &Arc<Node>,
    actor: Actor,
    name: &str,
    step: PartnerStep,
) -> Result<proto::PartnerView, Fault> {
    let (node, name) = (node.clone(), name.to_owned());
    let work = async move {
        let partner = domain("domain", &name)?;
        match step {
            PartnerStep::Suspend => node.suspend(&actor.authorize()?, &partner).await,
            PartnerStep::Resume => node.resume(&actor.authorize()?, &partner).await,
            PartnerStep::Forget => node.forget(&actor.authorize()?, &partner).await,
        }
    };
    to_the_end(work).await.map(|partner| view::partner(&partner))
}
