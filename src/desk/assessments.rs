//! Assessments: the service.

use tonic::{Request, Response};

use super::{
    argument,
    assessment_list::list,
    assessment_view::view,
    call::{Desk, Reply, actor, answer, authorize},
    decisions::{Reasons, decisions, left_behind},
    explain::explain,
    feed::{self, Following, status, waiting},
    page::RequestedPage,
    stream::{ResponseStream, response_stream},
};
use crate::{
    domain::ids::TrustDomain,
    node::{
        assessments::publish::{Published, Submission},
        task::to_the_end,
    },
    wire::{
        field,
        proto::{self, desk_service_server::DeskService},
        status::from_fault,
    },
};

#[tonic::async_trait]
impl DeskService for Desk {
    async fn publish_assessment(
        &self,
        request: Request<proto::PublishAssessmentRequest>,
    ) -> Reply<proto::PublishAssessmentResponse> {
        let reasons = Reasons::for_caller(&actor(&request)?);
        let (actor, message) = authorize(request)?;
        let proto::PublishAssessmentRequest { manifest, portions, accepted_findings } = message;
        answer(async {
            let manifest = argument::statement("manifest", manifest)?;
            let portions = portions.into_iter().map(Into::into).collect();
            let submission = Submission { manifest, portions, accepted: accepted_findings };
            Ok(published(&self.node.assessments.publish(&actor, submission).await?, reasons))
        })
        .await
    }

    type ListAssessmentsStream = ResponseStream<proto::ListAssessmentsResponse>;

    async fn list_assessments(
        &self,
        request: Request<proto::ListAssessmentsRequest>,
    ) -> Reply<Self::ListAssessmentsStream> {
        let (actor, message) = authorize(request)?;
        answer(list(self.node.clone(), actor, message)).await
    }

    async fn get_assessment(
        &self,
        request: Request<proto::GetAssessmentRequest>,
    ) -> Reply<proto::GetAssessmentResponse> {
        let (actor, message) = authorize(request)?;
        let proto::GetAssessmentRequest { assessment_id, version, quarantined } = message;
        answer(async {
            let id = argument::bytes("assessment_id", &assessment_id)?;
            let found = self.node.assessments.read(&actor, &id, argument::version(version), quarantined).await?;
            Ok(proto::GetAssessmentResponse { assessment: Some(view(&found)) })
        })
        .await
    }

    async fn find_assessments(
        &self,
        request: Request<proto::FindAssessmentsRequest>,
    ) -> Reply<proto::FindAssessmentsResponse> {
        let (actor, message) = authorize(request)?;
        answer(async {
            let found = self.node.assessments.find(&actor, &message.beginning).await?;
            let assessment_ids = found.iter().map(|id| id.0.to_vec().into()).collect();
            Ok(proto::FindAssessmentsResponse { assessment_ids })
        })
        .await
    }

    async fn explain(&self, request: Request<proto::ExplainRequest>) -> Reply<proto::ExplainResponse> {
        let (actor, message) = authorize(request)?;
        answer(explain(&self.node, &actor, message)).await
    }

    async fn endorse_assessment(
        &self,
        request: Request<proto::EndorseAssessmentRequest>,
    ) -> Reply<proto::EndorseAssessmentResponse> {
        let reasons = Reasons::for_caller(&actor(&request)?);
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let envelope = argument::statement("endorsement", message.endorsement)?;
            let endorsed = to_the_end(async move { node.assessments.endorse(&actor, envelope).await }).await?;
            Ok(proto::EndorseAssessmentResponse {
                endorsement_id: endorsed.id.0.to_vec().into(),
                is_new: endorsed.is_new,
                decisions: reasons.told_in(decisions(&endorsed.prepared, &endorsed.decisions)),
            })
        })
        .await
    }

    async fn release_again(&self, request: Request<proto::ReleaseAgainRequest>) -> Reply<proto::ReleaseAgainResponse> {
        let (actor, proto::ReleaseAgainRequest { assessment_id, partner }) = authorize(request)?;
        answer(async {
            let id = argument::bytes("assessment_id", &assessment_id)?;
            let partner = argument::optional_domain("partner", &partner)?;
            let queued = self.node.outbound.release_again(&actor, &id, partner.as_ref()).await?;
            Ok(proto::ReleaseAgainResponse { partners: field::texts(&queued) })
        })
        .await
    }

    type FollowFeedStream = ResponseStream<proto::FollowFeedResponse>;

    async fn follow_feed(&self, request: Request<proto::FollowFeedRequest>) -> Reply<Self::FollowFeedStream> {
        let (actor, message) = authorize(request)?;
        let following = Following::new(self.node.clone(), actor, message).map_err(from_fault)?;
        Ok(Response::new(response_stream(move |to| following.run(to))))
    }

    type PullFeedStream = ResponseStream<proto::PullFeedResponse>;

    async fn pull_feed(&self, request: Request<proto::PullFeedRequest>) -> Reply<Self::PullFeedStream> {
        let (actor, message) = authorize(request)?;
        let partner = argument::optional_domain("partner", &message.partner).map_err(from_fault)?;
        let node = self.node.clone();
        Ok(Response::new(response_stream(move |to| feed::pull(node, actor, partner, to))))
    }

    async fn get_feed_status(
        &self,
        request: Request<proto::GetFeedStatusRequest>,
    ) -> Reply<proto::GetFeedStatusResponse> {
        answer(async {
            let page = RequestedPage::<(TrustDomain, bool)>::of(self, &mut request.into_inner())?;
            // Each partner has two feeds. The last partner of the page before may have one left.
            let (from, partners) = (page.after.as_ref().map(|(partner, _)| partner), page.size / 2 + 2);
            let all = self.node.monitor.feed_status(from, partners).await?;
            let (feeds, next_page_token) = page.cut(all, |f| (f.partner.clone(), f.outgoing), |f| status::view(&f));
            Ok(proto::GetFeedStatusResponse { feeds, next_page_token })
        })
        .await
    }

    async fn list_waiting(&self, request: Request<proto::ListWaitingRequest>) -> Reply<proto::ListWaitingResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let (page, directory) = (RequestedPage::of(self, &mut message)?, self.node.directory.current());
            let all = self.node.inbound.held(&actor).await?;
            let key = |u: &waiting::Usage| (u.partner.clone(), u.waits_for.clone());
            let (waiting, next_page_token) = page.cut(all, key, |usage| waiting::view(&directory, usage));
            Ok(proto::ListWaitingResponse { waiting, next_page_token })
        })
        .await
    }
}

fn published(published: &Published, reasons: Reasons) -> proto::PublishAssessmentResponse {
    proto::PublishAssessmentResponse {
        assessment_id: published.assessment.0.to_vec().into(),
        version: published.version,
        manifest_id: published.manifest.0.to_vec().into(),
        decisions: reasons.told_in(decisions(&published.prepared, &published.decisions)),
        is_new: published.is_new,
        left_behind: left_behind(&published.left_behind),
    }
}
