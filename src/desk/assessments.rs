//! Assessments: the service, and the form in which it shows one.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tonic::{Request, Response, Status};

use super::{
    argument,
    call::{Answer, Desk, answer, authorize},
    decisions::decisions,
    explain::explain,
    feed::{self, Following, status, waiting},
    page::{Page, Tokens},
    recalls,
    stream::{ResponseStream, response_stream},
};
use crate::{
    domain::{
        actor::{Authorized, Write},
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    node::{
        Node,
        assessments::{
            endorse::EndorsementCheck,
            publish::{Published, Submission},
            read::{AssessmentView, ListedAssessment, unreadable},
        },
        task::to_the_end,
    },
    store::{ListFilter, receipts::QuarantineRecord},
    wire::{
        envelope,
        field::{self, text_of, timestamp},
        proto::{self, desk_service_server::DeskService},
        status::from_fault,
    },
};

/// How many assessments are listed if the caller does not say, and at most.
const LISTED: u32 = 50;
const MAX_LISTED: u32 = 10_000;

#[tonic::async_trait]
impl DeskService for Desk {
    async fn publish_assessment(
        &self,
        request: Request<proto::PublishAssessmentRequest>,
    ) -> Answer<proto::PublishAssessmentResponse> {
        let (actor, message) = authorize(request)?;
        let proto::PublishAssessmentRequest { manifest, portions, accepted_findings } = message;
        answer(async {
            let manifest = argument::statement("manifest", manifest)?;
            let portions = portions.into_iter().map(Into::into).collect();
            let submission = Submission { manifest, portions, accepted: accepted_findings };
            Ok(published(&self.node.assessments.publish(&actor, submission).await?))
        })
        .await
    }

    type ListAssessmentsStream = ResponseStream<proto::ListAssessmentsResponse>;

    async fn list_assessments(
        &self,
        request: Request<proto::ListAssessmentsRequest>,
    ) -> Answer<Self::ListAssessmentsStream> {
        let (actor, message) = authorize(request)?;
        answer(list(self.node.clone(), actor, message)).await
    }

    async fn get_assessment(
        &self,
        request: Request<proto::GetAssessmentRequest>,
    ) -> Answer<proto::GetAssessmentResponse> {
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
    ) -> Answer<proto::FindAssessmentsResponse> {
        let (actor, message) = authorize(request)?;
        answer(async {
            let found = self.node.assessments.find(&actor, &message.beginning).await?;
            let assessment_ids = found.iter().map(|id| id.0.to_vec().into()).collect();
            Ok(proto::FindAssessmentsResponse { assessment_ids })
        })
        .await
    }

    async fn explain(&self, request: Request<proto::ExplainRequest>) -> Answer<proto::ExplainResponse> {
        let (actor, message) = authorize(request)?;
        answer(explain(&self.node, &actor, message)).await
    }

    async fn endorse_assessment(
        &self,
        request: Request<proto::EndorseAssessmentRequest>,
    ) -> Answer<proto::EndorseAssessmentResponse> {
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let envelope = argument::statement("endorsement", message.endorsement)?;
            let endorsed = to_the_end(async move { node.assessments.endorse(&actor, envelope).await }).await?;
            Ok(proto::EndorseAssessmentResponse {
                endorsement_id: endorsed.id.0.to_vec().into(),
                is_new: endorsed.is_new,
                decisions: decisions(&endorsed.prepared, &endorsed.decisions),
            })
        })
        .await
    }

    async fn release_again(&self, request: Request<proto::ReleaseAgainRequest>) -> Answer<proto::ReleaseAgainResponse> {
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

    async fn follow_feed(&self, request: Request<proto::FollowFeedRequest>) -> Answer<Self::FollowFeedStream> {
        let (actor, message) = authorize(request)?;
        let following = Following::new(self.node.clone(), actor, message).map_err(from_fault)?;
        Ok(Response::new(response_stream(move |to| following.run(to))))
    }

    type PullFeedStream = ResponseStream<proto::PullFeedResponse>;

    async fn pull_feed(&self, request: Request<proto::PullFeedRequest>) -> Answer<Self::PullFeedStream> {
        let (actor, message) = authorize(request)?;
        let partner = argument::optional_domain("partner", &message.partner).map_err(from_fault)?;
        let node = self.node.clone();
        Ok(Response::new(response_stream(move |to| feed::pull(node, actor, partner, to))))
    }

    async fn get_feed_status(
        &self,
        request: Request<proto::GetFeedStatusRequest>,
    ) -> Answer<proto::GetFeedStatusResponse> {
        answer(async {
            let page = Page::<(TrustDomain, bool)>::of(self, &mut request.into_inner())?;
            // Each partner has two feeds. The last partner of the page before may have one left.
            let (from, partners) = (page.after.as_ref().map(|(partner, _)| partner), page.size / 2 + 2);
            let all = self.node.monitor.feed_status(from, partners).await?;
            let (feeds, next_page_token) = page.cut(all, |f| (f.partner.clone(), f.outgoing), |f| status::view(&f));
            Ok(proto::GetFeedStatusResponse { feeds, next_page_token })
        })
        .await
    }

    async fn list_waiting(&self, request: Request<proto::ListWaitingRequest>) -> Answer<proto::ListWaitingResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let (page, directory) = (Page::of(self, &mut message)?, self.node.directory.current());
            let all = self.node.inbound.held(&actor).await?;
            let key = |u: &waiting::Usage| (u.partner.clone(), u.waits_for.clone());
            let (waiting, next_page_token) = page.cut(all, key, |usage| waiting::view(&directory, usage));
            Ok(proto::ListWaitingResponse { waiting, next_page_token })
        })
        .await
    }
}

/// The list, read page by page as the caller takes it. A stream's error is its end, so what can be read comes first.
async fn list(
    node: Arc<Node>,
    actor: Authorized<Write>,
    request: proto::ListAssessmentsRequest,
) -> Result<ResponseStream<proto::ListAssessmentsResponse>, Fault> {
    let filters = proto::ListAssessmentsRequest { limit: 0, cursor: String::new(), ..request.clone() };
    let tokens = Arc::new(Tokens::new(&node.ledger.ledger_origin(), "cursor", &filters));
    let proto::ListAssessmentsRequest { originator, all_versions, quarantined, limit, cursor } = request;
    let originator = argument::optional_domain("originator", &originator)?;
    let limit = if limit == 0 { LISTED } else { limit.min(MAX_LISTED) };
    let before = tokens.place(&cursor)?;
    if let Some(last) = before
        && !node.assessments.can_list(&actor, &last, quarantined).await?
    {
        let what = "the assessment that this cursor names is not here; leave the cursor out to begin anew";
        return Err(Fault::at(Reason::InvalidArgument, "cursor", what));
    }
    let filter =
        ListFilter { originator, current_only: !all_versions, quarantined, limit, before, ..ListFilter::default() };
    let first = node.assessments.list(&actor, &filter).await?;
    let pages = stream::unfold((Some(Ok(first)), vec![]), move |(page, mut damaged)| {
        let (node, actor, tokens) = (node.clone(), actor.clone(), tokens.clone());
        async move {
            let ListedAssessment { views, damaged: more, next } = match page? {
                Ok(page) => page,
                Err(fault) => return Some((vec![Err(from_fault(fault))], (None, vec![]))),
            };
            damaged.extend(more);
            let mut messages: Vec<_> = views.iter().map(|found| Ok(listed(found, &tokens))).collect();
            let next = match next {
                Some(filter) => Some(node.assessments.list(&actor, &filter).await),
                None => {
                    messages.extend(unreadable(&damaged).map(|fault| Err::<_, Status>(from_fault(fault))));
                    None
                }
            };
            Some((messages, (next, damaged)))
        }
    });
    Ok(Box::pin(pages.flat_map(stream::iter)))
}

fn listed(found: &AssessmentView, tokens: &Tokens) -> proto::ListAssessmentsResponse {
    let cursor = tokens.at(&found.record.manifest_id);
    proto::ListAssessmentsResponse { assessment: Some(view(found)), cursor }
}

fn published(published: &Published) -> proto::PublishAssessmentResponse {
    proto::PublishAssessmentResponse {
        assessment_id: published.assessment.0.to_vec().into(),
        version: published.version,
        manifest_id: published.manifest.0.to_vec().into(),
        decisions: decisions(&published.prepared, &published.decisions),
        is_new: published.is_new,
        left_behind: published
            .left_behind
            .iter()
            .map(|(partner, version)| proto::LeftBehind { partner: partner.to_string(), version: *version })
            .collect(),
    }
}

fn view(view: &AssessmentView) -> proto::AssessmentView {
    let signatures = view.signatures.iter().map(|s| proto::SignatureView {
        id: text_of(s.id.as_ref()),
        suite: s.suite.to_string(),
        valid: s.fault.is_none(),
        reason: text_of(s.fault.as_ref()),
        doubtful_since: text_of(s.doubtful_since.as_ref()),
    });
    proto::AssessmentView {
        manifest: Some(envelope::to_proto(&view.manifest)),
        portions: view.record.portions.iter().map(|p| p.clone().into()).collect(),
        releases: view.ways.iter().filter_map(|way| way.last()).map(envelope::to_proto).collect(),
        state: view.record.state.to_string(),
        signatures: signatures.collect(),
        since: timestamp(view.record.since),
        quarantines: view.quarantines.iter().map(quarantine).collect(),
        ways: view
            .ways
            .iter()
            .map(|way| proto::Way { releases: way.iter().map(envelope::to_proto).collect() })
            .collect(),
        endorsements: view.endorsements.iter().map(endorsement).collect(),
        recall: view.recall.as_ref().map(recalls::view),
        verified_at: view.record.verified.as_ref().and_then(|v| timestamp(v.at)),
        on_word_of: text_of(view.record.verified.as_ref().and_then(|v| v.on_word_of.as_ref())),
        introduced_by: text_of(view.introduced_by.as_ref()),
        signed_twice: view.signed_twice.iter().map(ToString::to_string).collect(),
    }
}

fn quarantine(quarantine: &QuarantineRecord) -> proto::QuarantineView {
    proto::QuarantineView {
        partner: quarantine.partner.to_string(),
        sequence: quarantine.sequence,
        release_id: quarantine.release_id.0.to_vec().into(),
        reason: quarantine.reason.clone().unwrap_or_default(),
        since: timestamp(quarantine.at),
    }
}

fn endorsement(check: &EndorsementCheck) -> proto::EndorsementView {
    proto::EndorsementView {
        envelope: Some(envelope::to_proto(&check.envelope)),
        id: check.id.0.to_vec().into(),
        by: text_of(check.by.as_ref()),
        valid: check.fault.is_none(),
        reason: text_of(check.fault.as_ref()),
        via: field::texts(&check.via),
        introduced_by: text_of(check.introduced_by.as_ref()),
    }
}
