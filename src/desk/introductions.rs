//! Introductions, as messages.

use std::sync::Arc;

use super::argument::{approval, domain};
use crate::{
    domain::{actor::Actor, fault::Fault},
    node::{Node, introductions::Introducing, to_the_end},
    wire::{
        self,
        field::{texts, timestamp},
        proto,
    },
};

fn view(of: &Introducing) -> proto::IntroductionView {
    proto::IntroductionView {
        introduction: Some(wire::envelope::to_proto(&of.envelope)),
        of: of.of.to_string(),
        to: texts(&of.to),
        signed: of.is_signed,
        at: timestamp(of.at),
    }
}

/// The invitation of an organisation whose words were compared here.
pub(super) async fn invitation(
    node: &Node,
    actor: &Actor,
    request: proto::GetInvitationOfRequest,
) -> Result<proto::GetInvitationOfResponse, Fault> {
    let invitation = node.invitation_of(&actor.authorize()?, &domain("domain", &request.domain)?).await?;
    Ok(proto::GetInvitationOfResponse { invitation: Some(wire::envelope::to_proto(&invitation)) })
}

/// Proposes or signs introductions.
pub(super) async fn sign(
    node: Arc<Node>,
    actor: Actor,
    request: proto::SignIntroductionsRequest,
) -> Result<proto::SignIntroductionsResponse, Fault> {
    let proto::SignIntroductionsRequest { introductions, to } = request;
    let envelopes = introductions.into_iter().map(wire::envelope::from_proto).collect::<Result<Vec<_>, _>>()?;
    let to = to.iter().map(|name| domain("to", name)).collect::<Result<Vec<_>, _>>()?;
    let work = async move { node.sign_introductions(&actor.authorize()?, &envelopes, &to).await };
    let all = to_the_end(work).await?;
    Ok(proto::SignIntroductionsResponse { introductions: all.iter().map(view).collect() })
}

/// The introductions that this organisation makes.
pub(super) async fn list(node: &Node, actor: &Actor) -> Result<proto::ListIntroductionsResponse, Fault> {
    let all = node.introductions(&actor.authorize()?).await?;
    Ok(proto::ListIntroductionsResponse { introductions: all.iter().map(view).collect() })
}

/// Lets a partner introduce others, or ends that.
pub(super) async fn permit(
    node: Arc<Node>,
    actor: Actor,
    request: proto::PermitIntroductionsRequest,
) -> Result<proto::PermitIntroductionsResponse, Fault> {
    let partner = domain("partner", &request.partner)?;
    let work = async move {
        if request.withdraw {
            let forgotten = node.withdraw_introductions(&actor.authorize()?, &partner).await?;
            return Ok(proto::PermitIntroductionsResponse { forgotten, ..Default::default() });
        }
        let count = node.allow_introductions(&actor.authorize()?, &partner, &approval(request.approval)?).await?;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (approvals, needed) = count.map_or((0, 0), |c| (number(c.approvals), number(c.needed)));
        Ok(proto::PermitIntroductionsResponse { approvals, needed, forgotten: 0 })
    };
    to_the_end(work).await
}
