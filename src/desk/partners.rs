//! Partners: the service, and the form in which it shows one.

use std::sync::Arc;

use tonic::Request;

use super::{
    argument::{self, approval, argument},
    call::{Desk, Reply, answer, authorize, count},
    page::RequestedPage,
};
use crate::{
    domain::{approval::ApprovalRecord, fault::Fault, partner::PartnerKind},
    node::{
        Node,
        directory::{Partner, roots::bundle_of},
        partnerships::accept::{Accepted, Invited, Retired},
        task::to_the_end,
    },
    wire::{
        self,
        field::{self, number_of, text_of, timestamp},
        proto::{self, partner_service_server::PartnerService},
    },
};

#[tonic::async_trait]
impl PartnerService for Desk {
    async fn create_invitation(
        &self,
        request: Request<proto::CreateInvitationRequest>,
    ) -> Reply<proto::CreateInvitationResponse> {
        let (actor, message) = authorize(request)?;
        answer(async {
            let endpoint = argument(field::parsed_optional("endpoint", &message.endpoint))?;
            let envelope = self.node.partnerships.invite(&actor, endpoint).await?;
            Ok(proto::CreateInvitationResponse { invitation: Some(wire::envelope::to_proto(&envelope)) })
        })
        .await
    }

    async fn accept_partner(
        &self,
        request: Request<proto::AcceptPartnerRequest>,
    ) -> Reply<proto::AcceptPartnerResponse> {
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        let work = async move {
            let proto::AcceptPartnerRequest {
                invitation,
                fingerprint,
                change_confirmed,
                only_know,
                approval: approved,
            } = message;
            let invitation = wire::envelope::from_proto(field::present("invitation", invitation)?)?;
            let invited = Invited { invitation, fingerprint, change_confirmed, approval: approval(approved)? };
            if only_know {
                node.partnerships.know(&actor, &invited).await
            } else {
                node.partnerships.accept(&actor, &invited).await
            }
        };
        answer(async {
            let Accepted { partner, count: counted } = to_the_end(work).await?;
            let (approvals, needed) = counted.map_or((0, 0), |c| (count(c.approvals), count(c.needed)));
            Ok(proto::AcceptPartnerResponse { partner: Some(view(&partner)), approvals, needed })
        })
        .await
    }

    async fn list_partners(&self, request: Request<proto::ListPartnersRequest>) -> Reply<proto::ListPartnersResponse> {
        answer(async {
            let page = RequestedPage::of(self, &mut request.into_inner())?;
            let (directory, retired) = (self.node.directory.current(), self.node.partnerships.retired_roots().await?);
            let awaited = match page.after {
                None => self.node.people.awaited().await?.into_iter().map(awaited).collect(),
                Some(_) => vec![],
            };
            let key = |p: &&Arc<Partner>| p.record.organisation.domain.clone();
            let (partners, next_page_token) = page.cut(directory.all(), key, |p| view_with_retired(p, &retired));
            Ok(proto::ListPartnersResponse { partners, awaited, next_page_token })
        })
        .await
    }

    async fn suspend_partner(
        &self,
        request: Request<proto::SuspendPartnerRequest>,
    ) -> Reply<proto::SuspendPartnerResponse> {
        let (actor, message) = authorize(request)?;
        let step = async move |node: Arc<Node>| {
            node.partnerships.suspend(&actor, &argument::domain("domain", &message.domain)?).await
        };
        answer(async { Ok(proto::SuspendPartnerResponse { partner: self.change_partner(step).await? }) }).await
    }

    async fn resume_partner(
        &self,
        request: Request<proto::ResumePartnerRequest>,
    ) -> Reply<proto::ResumePartnerResponse> {
        let (actor, message) = authorize(request)?;
        let step = async move |node: Arc<Node>| {
            node.partnerships.resume(&actor, &argument::domain("domain", &message.domain)?).await
        };
        answer(async { Ok(proto::ResumePartnerResponse { partner: self.change_partner(step).await? }) }).await
    }

    async fn forget_partner(
        &self,
        request: Request<proto::ForgetPartnerRequest>,
    ) -> Reply<proto::ForgetPartnerResponse> {
        let (actor, message) = authorize(request)?;
        let step = async move |node: Arc<Node>| {
            node.partnerships.forget(&actor, &argument::domain("domain", &message.domain)?).await
        };
        answer(async { Ok(proto::ForgetPartnerResponse { partner: self.change_partner(step).await? }) }).await
    }
}

impl Desk {
    /// Runs a change to its end, even if the caller goes away, and shows the partner after it.
    async fn change_partner<F>(&self, step: impl FnOnce(Arc<Node>) -> F) -> Result<Option<proto::PartnerView>, Fault>
    where
        F: Future<Output = Result<Arc<Partner>, Fault>> + Send + 'static,
    {
        let partner = to_the_end(step(self.node.clone())).await?;
        Ok(Some(view(&partner)))
    }
}

fn awaited(record: ApprovalRecord) -> proto::AwaitedApproval {
    proto::AwaitedApproval {
        what: record.matter.to_string(),
        of: record.of.to_string(),
        by: record.approved.iter().map(|approved| approved.by.to_string()).collect(),
        since: timestamp(record.since),
    }
}

/// A partner, without the roots that its bundle used to hold.
pub(super) fn view(partner: &Partner) -> proto::PartnerView {
    let record = &partner.record;
    proto::PartnerView {
        domain: record.organisation.domain.to_string(),
        kind: number_of(PartnerKind::ALL, &record.organisation.kind),
        country: text_of(record.organisation.country.as_ref()),
        endpoint: text_of(record.endpoint.as_ref()),
        fingerprint: bundle_of(record).map(|b| b.fingerprint().to_string()).unwrap_or_default(),
        state: match (partner.damage(), &record.bundle.rival) {
            (Some(_), _) => "damaged".to_owned(),
            (None, Some(_)) => "contested".to_owned(),
            (None, None) => record.state.to_string(),
        },
        bundle_sequence: record.bundle.sequence,
        introduced_by: text_of(record.bundle.introduced_by.as_ref()),
        introduces: record.introduces,
        persons_needed: record.bundle.persons_needed,
        retired_roots: vec![],
    }
}

fn view_with_retired(partner: &Partner, retired: &[Retired]) -> proto::PartnerView {
    let of_partner = retired.iter().filter(|root| root.of == partner.record.organisation.domain);
    let root = |root: &Retired| proto::RetiredRoot {
        name: root.name.clone(),
        sha256: root.sha256.to_string(),
        retired_at: timestamp(root.at),
    };
    proto::PartnerView { retired_roots: of_partner.map(root).collect(), ..view(partner) }
}
