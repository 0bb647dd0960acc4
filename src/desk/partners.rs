//! What an administrator changes about a partner by its name alone, as messages.

use std::sync::Arc;

use super::{argument::domain, view};
use crate::{
    domain::{fault::Fault, ids::SpiffeId},
    node::{Node, to_the_end},
    wire::proto,
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
