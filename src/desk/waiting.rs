//! What waits until it can be verified, and releasing again, for the own people.

use crate::{
    domain::{
        actor::Actor,
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    node::Node,
    store::unverified::UnverifiedUsage,
    wire::{field, proto},
};

pub(super) async fn list(node: &Node, actor: &Actor) -> Result<proto::ListWaitingResponse, Fault> {
    let directory = node.directory();
    let one = |usage: UnverifiedUsage| {
        let UnverifiedUsage { partner, waits_for, entries, over_budget, since, .. } = usage;
        let is_known = directory.get(&waits_for).is_some();
        proto::WaitingView {
            fix: fix(&partner, &waits_for, is_known),
            partner: partner.to_string(),
            organisation: waits_for.to_string(),
            entries,
            over_budget,
            since: field::timestamp(since),
        }
    };
    Ok(proto::ListWaitingResponse { waiting: node.held(&actor.authorize()?).await?.into_iter().map(one).collect() })
}

/// What somebody can do about it, as a command.
fn fix(partner: &TrustDomain, organisation: &TrustDomain, is_known: bool) -> String {
    match (is_known, partner == organisation) {
        (false, _) => format!(
            "ask {organisation} for an invitation, compare its twelve words by telephone, and run `watchfire partner know FILE`"
        ),
        (true, true) => format!(
            "ask {organisation} for a new invitation, compare its twelve words by telephone, and run `watchfire partner accept FILE`"
        ),
        (true, false) => format!(
            "ask {organisation} for a new invitation, compare its twelve words by telephone, and run `watchfire partner accept FILE` \
             where it is a partner, else `watchfire partner know FILE`"
        ),
    }
}

pub(super) async fn release_again(
    node: &Node,
    actor: &Actor,
    request: proto::ReleaseAgainRequest,
) -> Result<proto::ReleaseAgainResponse, Fault> {
    let proto::ReleaseAgainRequest { assessment_id, partner } = request;
    let argument = |fault: Fault| Fault { reason: Reason::InvalidArgument, ..fault };
    let id = field::bytes("assessment_id", &assessment_id).map_err(argument)?;
    let partner: Option<TrustDomain> = field::parsed_optional("partner", &partner).map_err(argument)?;
    let queued = node.release_again(&actor.authorize()?, &id, partner.as_ref()).await?;
    Ok(proto::ReleaseAgainResponse { partners: field::texts(&queued) })
}
