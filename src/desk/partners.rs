//! What an administrator changes about a partner, as messages.

use std::sync::Arc;

use super::{argument::domain, view};
use crate::{
    domain::{fault::Fault, ids::SpiffeId},
    node::{Node, partners::Invited, to_the_end},
    wire::{self, field, proto},
};

/// What is to be changed.
pub(super) enum Change {
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
    caller: SpiffeId,
    request: proto::AcceptPartnerRequest,
) -> Result<proto::PartnerView, Fault> {
    let proto::AcceptPartnerRequest { invitation, fingerprint, change_confirmed, only_know } = request;
    let work = async move {
        let invitation = wire::envelope::from_proto(field::present("invitation", invitation)?)?;
        let invited = Invited { invitation, fingerprint, change_confirmed };
        if only_know { node.know(&caller, &invited).await } else { node.accept(&caller, &invited).await }
    };
    to_the_end(work).await.map(|partner| view::partner(&partner))
}

/// Changes what needs no invitation.
pub(super) async fn change(
    node: &Arc<Node>,
    caller: SpiffeId,
    name: &str,
    change: Change,
) -> Result<proto::PartnerView, Fault> {
    let (node, name) = (node.clone(), name.to_owned());
    let work = async move {
        let partner = domain("domain", &name)?;
        match change {
            Change::Suspend => node.suspend(&caller, &partner).await,
            Change::Resume => node.resume(&caller, &partner).await,
            Change::Forget => node.forget(&caller, &partner).await,
        }
    };
    to_the_end(work).await.map(|partner| view::partner(&partner))
}
