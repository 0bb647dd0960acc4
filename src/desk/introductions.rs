//! Introductions: the service, and the form in which it shows one.

use tonic::Request;

use super::{
    argument::{approval, domain},
    call::{Desk, Reply, answer, authorize, count},
    page::RequestedPage,
};
use crate::{
    domain::ids::TrustDomain,
    node::{partnerships::introductions::own::Introducing, task::to_the_end},
    wire::{
        self,
        field::{texts, timestamp},
        proto::{self, introduction_service_server::IntroductionService},
    },
};

#[tonic::async_trait]
impl IntroductionService for Desk {
    async fn get_invitation_of(
        &self,
        request: Request<proto::GetInvitationOfRequest>,
    ) -> Reply<proto::GetInvitationOfResponse> {
        let (actor, message) = authorize(request)?;
        answer(async {
            let invitation = self.node.partnerships.invitation_of(&actor, &domain("domain", &message.domain)?).await?;
            Ok(proto::GetInvitationOfResponse { invitation: Some(wire::envelope::to_proto(&invitation)) })
        })
        .await
    }

    async fn sign_introductions(
        &self,
        request: Request<proto::SignIntroductionsRequest>,
    ) -> Reply<proto::SignIntroductionsResponse> {
        let (actor, proto::SignIntroductionsRequest { introductions, to }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let envelopes = introductions.into_iter().map(wire::envelope::from_proto).collect::<Result<Vec<_>, _>>()?;
            let to = to.iter().map(|name| domain("to", name)).collect::<Result<Vec<TrustDomain>, _>>()?;
            let all =
                to_the_end(async move { node.partnerships.sign_introductions(&actor, &envelopes, &to).await }).await?;
            Ok(proto::SignIntroductionsResponse { introductions: all.iter().map(view).collect() })
        })
        .await
    }

    async fn list_introductions(
        &self,
        request: Request<proto::ListIntroductionsRequest>,
    ) -> Reply<proto::ListIntroductionsResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let page = RequestedPage::of(self, &mut message)?;
            let all = self.node.partnerships.introductions(&actor).await?;
            let (introductions, next_page_token) = page.cut(all, |i| (i.of.clone(), i.id), |i| view(&i));
            Ok(proto::ListIntroductionsResponse { introductions, next_page_token })
        })
        .await
    }

    async fn permit_introductions(
        &self,
        request: Request<proto::PermitIntroductionsRequest>,
    ) -> Reply<proto::PermitIntroductionsResponse> {
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        let work = async move {
            let partner = domain("partner", &message.partner)?;
            if message.withdraw {
                let forgotten = node.partnerships.withdraw_introductions(&actor, &partner).await?;
                return Ok(proto::PermitIntroductionsResponse { forgotten, ..Default::default() });
            }
            let counted = node.partnerships.allow_introductions(&actor, &partner, &approval(message.approval)?).await?;
            let (approvals, needed) = counted.map_or((0, 0), |c| (count(c.approvals), count(c.needed)));
            Ok(proto::PermitIntroductionsResponse { approvals, needed, forgotten: 0 })
        };
        answer(to_the_end(work)).await
    }
}

fn view(of: &Introducing) -> proto::IntroductionView {
    proto::IntroductionView {
        introduction: Some(wire::envelope::to_proto(&of.envelope)),
        of: of.of.to_string(),
        to: texts(&of.to),
        signed: of.is_signed,
        at: timestamp(of.at),
    }
}
