//! The desk service. The caller's role is the one in its certificate.

use std::sync::Arc;

use tonic::{Request, Response, Streaming};

use super::{
    agreements,
    argument::{argument, optional_domain},
    assessments, attachments, bundles,
    call::{Answer, actor, answer, authorized},
    endings, evidence, explain,
    feed::{self, Sending},
    introductions, ledger, lists,
    partners::{self, PartnerStep},
    people, recall, requests, rules, view, waiting,
};
use crate::{
    node::Node,
    wire::{
        self, field,
        proto::{
            self,
            desk_service_server::{DeskService, DeskServiceServer},
        },
        status::from_fault,
    },
};

/// The service, over a node.
pub struct Desk {
    node: Arc<Node>,
}

/// The service. A whole assessment comes in one message: up to 1,024 portions of 256 KiB would be more than any
/// listener should take, so the limit of a message holds here too.
pub fn service(node: Arc<Node>, message_bytes: usize) -> DeskServiceServer<Desk> {
    DeskServiceServer::new(Desk { node })
        .max_decoding_message_size(message_bytes)
        .max_encoding_message_size(message_bytes)
}

#[tonic::async_trait]
impl DeskService for Desk {
    async fn get_node(&self, request: Request<proto::GetNodeRequest>) -> Answer<proto::GetNodeResponse> {
        let actor = actor(&request)?;
        let trouble = self.node.store_trouble(request.into_inner().check_store).await;
        Ok(Response::new(view::node(&self.node, &actor, trouble).await))
    }

    async fn publish_assessment(
        &self,
        request: Request<proto::PublishAssessmentRequest>,
    ) -> Answer<proto::PublishAssessmentResponse> {
        let published = assessments::publish(&self.node, &actor(&request)?, request.into_inner()).await;
        answer(published, |p| view::published(&p))
    }

    async fn upload_attachment(
        &self,
        request: Request<Streaming<proto::UploadAttachmentRequest>>,
    ) -> Answer<proto::UploadAttachmentResponse> {
        let stored = attachments::upload(&self.node, &actor(&request)?, request.into_inner()).await?;
        Ok(Response::new(proto::UploadAttachmentResponse { stored }))
    }

    async fn get_attachment_status(
        &self,
        request: Request<proto::GetAttachmentStatusRequest>,
    ) -> Answer<proto::GetAttachmentStatusResponse> {
        answer(attachments::status(&self.node, request.into_inner()).await, |s| s)
    }

    type DownloadAttachmentStream = Sending<proto::DownloadAttachmentResponse>;

    async fn download_attachment(
        &self,
        request: Request<proto::DownloadAttachmentRequest>,
    ) -> Answer<Self::DownloadAttachmentStream> {
        let (actor, node) = (actor(&request)?, self.node.clone());
        let wanted = argument(attachments::wanted(request.into_inner())).map_err(from_fault)?;
        Ok(Response::new(feed::stream(move |to| attachments::download(node, actor, wanted, to))))
    }

    type ListAssessmentsStream = Sending<proto::ListAssessmentsResponse>;

    async fn list_assessments(
        &self,
        request: Request<proto::ListAssessmentsRequest>,
    ) -> Answer<Self::ListAssessmentsStream> {
        let actor = actor(&request)?;
        answer(assessments::list(self.node.clone(), actor, request.into_inner()).await, |messages| messages)
    }

    async fn get_assessment(
        &self,
        request: Request<proto::GetAssessmentRequest>,
    ) -> Answer<proto::GetAssessmentResponse> {
        let actor = actor(&request)?;
        let proto::GetAssessmentRequest { assessment_id, version, quarantined } = request.into_inner();
        let work = async {
            let id = argument(field::bytes("assessment_id", &assessment_id))?;
            self.node.read(&actor.authorize()?, &id, (version > 0).then_some(version), quarantined).await
        };
        answer(work.await, |v| proto::GetAssessmentResponse { assessment: Some(view::assessment(&v)) })
    }

    async fn find_assessments(
        &self,
        request: Request<proto::FindAssessmentsRequest>,
    ) -> Answer<proto::FindAssessmentsResponse> {
        let actor = authorized(&request)?;
        let found = self.node.find(&actor, &request.into_inner().beginning).await;
        answer(found, |ids| proto::FindAssessmentsResponse {
            assessment_ids: ids.iter().map(|id| id.0.to_vec().into()).collect(),
        })
    }

    async fn explain(&self, request: Request<proto::ExplainRequest>) -> Answer<proto::ExplainResponse> {
        answer(explain::explain(&self.node, &actor(&request)?, request.into_inner()).await, |r| r)
    }

    type FollowFeedStream = Sending<proto::FollowFeedResponse>;

    async fn follow_feed(&self, request: Request<proto::FollowFeedRequest>) -> Answer<Self::FollowFeedStream> {
        let actor = actor(&request)?;
        let proto::FollowFeedRequest { partner, new_only } = request.into_inner();
        let partner = optional_domain("partner", &partner).map_err(from_fault)?;
        let node = self.node.clone();
        Ok(Response::new(feed::stream(move |to| feed::follow(node, actor, partner, new_only, to))))
    }

    type PullFeedStream = Sending<proto::PullFeedResponse>;

    async fn pull_feed(&self, request: Request<proto::PullFeedRequest>) -> Answer<Self::PullFeedStream> {
        let actor = actor(&request)?;
        let partner = optional_domain("partner", &request.into_inner().partner).map_err(from_fault)?;
        let node = self.node.clone();
        Ok(Response::new(feed::stream(move |to| feed::pull(node, actor, partner, to))))
    }

    async fn get_feed_status(&self, _: Request<proto::GetFeedStatusRequest>) -> Answer<proto::GetFeedStatusResponse> {
        answer(self.node.feed_status().await, |all| proto::GetFeedStatusResponse {
            feeds: all.iter().map(view::status).collect(),
        })
    }

    async fn create_invitation(
        &self,
        request: Request<proto::CreateInvitationRequest>,
    ) -> Answer<proto::CreateInvitationResponse> {
        let actor = actor(&request)?;
        let endpoint = argument(field::parsed_optional("endpoint", &request.into_inner().endpoint));
        let work = async { self.node.invite(&actor.authorize()?, endpoint?).await };
        answer(work.await, |envelope| proto::CreateInvitationResponse {
            invitation: Some(wire::envelope::to_proto(&envelope)),
        })
    }

    async fn accept_partner(
        &self,
        request: Request<proto::AcceptPartnerRequest>,
    ) -> Answer<proto::AcceptPartnerResponse> {
        let accepted = partners::accept(self.node.clone(), actor(&request)?, request.into_inner()).await;
        answer(accepted, |accepted| accepted)
    }

    async fn list_partners(&self, _: Request<proto::ListPartnersRequest>) -> Answer<proto::ListPartnersResponse> {
        answer(partners::list(&self.node).await, |list| list)
    }

    async fn suspend_partner(
        &self,
        request: Request<proto::SuspendPartnerRequest>,
    ) -> Answer<proto::SuspendPartnerResponse> {
        let partner =
            partners::change(&self.node, actor(&request)?, &request.get_ref().domain, PartnerStep::Suspend).await;
        answer(partner, |p| proto::SuspendPartnerResponse { partner: Some(p) })
    }

    async fn resume_partner(
        &self,
        request: Request<proto::ResumePartnerRequest>,
    ) -> Answer<proto::ResumePartnerResponse> {
        let partner =
            partners::change(&self.node, actor(&request)?, &request.get_ref().domain, PartnerStep::Resume).await;
        answer(partner, |p| proto::ResumePartnerResponse { partner: Some(p) })
    }

    async fn forget_partner(
        &self,
        request: Request<proto::ForgetPartnerRequest>,
    ) -> Answer<proto::ForgetPartnerResponse> {
        let partner =
            partners::change(&self.node, actor(&request)?, &request.get_ref().domain, PartnerStep::Forget).await;
        answer(partner, |p| proto::ForgetPartnerResponse { partner: Some(p) })
    }

    async fn get_invitation_of(
        &self,
        request: Request<proto::GetInvitationOfRequest>,
    ) -> Answer<proto::GetInvitationOfResponse> {
        let actor = actor(&request)?;
        answer(introductions::invitation(&self.node, &actor, request.into_inner()).await, |r| r)
    }

    async fn sign_introductions(
        &self,
        request: Request<proto::SignIntroductionsRequest>,
    ) -> Answer<proto::SignIntroductionsResponse> {
        let actor = actor(&request)?;
        answer(introductions::sign(self.node.clone(), actor, request.into_inner()).await, |r| r)
    }

    async fn list_introductions(
        &self,
        request: Request<proto::ListIntroductionsRequest>,
    ) -> Answer<proto::ListIntroductionsResponse> {
        answer(introductions::list(&self.node, &actor(&request)?).await, |r| r)
    }

    async fn permit_introductions(
        &self,
        request: Request<proto::PermitIntroductionsRequest>,
    ) -> Answer<proto::PermitIntroductionsResponse> {
        answer(introductions::permit(self.node.clone(), actor(&request)?, request.into_inner()).await, |r| r)
    }

    async fn get_bundle(&self, request: Request<proto::GetBundleRequest>) -> Answer<proto::GetBundleResponse> {
        answer(bundles::status(&self.node, &actor(&request)?).await, |status| status)
    }

    async fn propose_bundle(
        &self,
        request: Request<proto::ProposeBundleRequest>,
    ) -> Answer<proto::ProposeBundleResponse> {
        let actor = actor(&request)?;
        let proposed = bundles::propose(self.node.clone(), actor, request.into_inner()).await;
        answer(proposed, |()| proto::ProposeBundleResponse {})
    }

    async fn sign_bundle(&self, request: Request<proto::SignBundleRequest>) -> Answer<proto::SignBundleResponse> {
        let actor = actor(&request)?;
        answer(bundles::sign(self.node.clone(), actor, request.into_inner()).await, |()| proto::SignBundleResponse {})
    }

    async fn take_bundles(&self, request: Request<proto::TakeBundlesRequest>) -> Answer<proto::TakeBundlesResponse> {
        let actor = actor(&request)?;
        let taken = bundles::take(self.node.clone(), actor, request.into_inner()).await;
        answer(taken, |partner| proto::TakeBundlesResponse { partner: Some(partner) })
    }

    async fn list_people(&self, request: Request<proto::ListPeopleRequest>) -> Answer<proto::ListPeopleResponse> {
        answer(people::list(&self.node, &actor(&request)?).await, |list| list)
    }

    async fn confirm_person(
        &self,
        request: Request<proto::ConfirmPersonRequest>,
    ) -> Answer<proto::ConfirmPersonResponse> {
        let person = people::confirm(self.node.clone(), actor(&request)?, request.into_inner()).await;
        answer(person, |person| proto::ConfirmPersonResponse { person: Some(person) })
    }

    async fn give_revocation_list(
        &self,
        request: Request<Streaming<proto::GiveRevocationListRequest>>,
    ) -> Answer<proto::GiveRevocationListResponse> {
        lists::give(self.node.clone(), actor(&request)?, request.into_inner()).await.map(Response::new)
    }

    async fn propose_agreement(
        &self,
        request: Request<proto::ProposeAgreementRequest>,
    ) -> Answer<proto::ProposeAgreementResponse> {
        let agreement = agreements::propose(&self.node, actor(&request)?, request.into_inner()).await;
        answer(agreement, |a| proto::ProposeAgreementResponse { agreement: Some(a) })
    }

    async fn sign_agreement(
        &self,
        request: Request<proto::SignAgreementRequest>,
    ) -> Answer<proto::SignAgreementResponse> {
        let agreement = agreements::sign(&self.node, actor(&request)?, request.into_inner()).await;
        answer(agreement, |a| proto::SignAgreementResponse { agreement: Some(a) })
    }

    async fn suspend_agreement(
        &self,
        request: Request<proto::SuspendAgreementRequest>,
    ) -> Answer<proto::SuspendAgreementResponse> {
        let agreement = agreements::suspend(&self.node, actor(&request)?, request.into_inner()).await;
        answer(agreement, |a| proto::SuspendAgreementResponse { agreement: Some(a) })
    }

    async fn terminate_agreement(
        &self,
        request: Request<proto::TerminateAgreementRequest>,
    ) -> Answer<proto::TerminateAgreementResponse> {
        let agreement = agreements::terminate(&self.node, actor(&request)?, request.into_inner()).await;
        answer(agreement, |a| proto::TerminateAgreementResponse { agreement: Some(a) })
    }

    async fn resume_agreement(
        &self,
        request: Request<proto::ResumeAgreementRequest>,
    ) -> Answer<proto::ResumeAgreementResponse> {
        let agreement = agreements::resume(&self.node, actor(&request)?, request.into_inner()).await;
        answer(agreement, |a| proto::ResumeAgreementResponse { agreement: Some(a) })
    }

    async fn import_agreement(
        &self,
        request: Request<proto::ImportAgreementRequest>,
    ) -> Answer<proto::ImportAgreementResponse> {
        let agreement = agreements::import(&self.node, actor(&request)?, request.into_inner()).await;
        answer(agreement, |a| proto::ImportAgreementResponse { agreement: Some(a) })
    }

    async fn list_agreements(&self, _: Request<proto::ListAgreementsRequest>) -> Answer<proto::ListAgreementsResponse> {
        answer(agreements::list(&self.node).await, |agreements| proto::ListAgreementsResponse { agreements })
    }

    async fn get_rules(&self, request: Request<proto::GetRulesRequest>) -> Answer<proto::GetRulesResponse> {
        let actor = authorized(&request)?;
        let version = request.into_inner().version;
        answer(self.node.rules(&actor, (version > 0).then_some(version)).await, |v| rules::view(&v))
    }

    type SimulateStream = Sending<proto::SimulateResponse>;

    async fn simulate(&self, request: Request<proto::SimulateRequest>) -> Answer<Self::SimulateStream> {
        let actor = actor(&request)?;
        let proto::SimulateRequest { change, last, limit } = request.into_inner();
        let proposal = argument(rules::proposal(change)).map_err(from_fault)?;
        let node = self.node.clone();
        Ok(Response::new(feed::stream(move |to| rules::simulate(node, actor, proposal, (last, limit), to))))
    }

    async fn endorse_assessment(
        &self,
        request: Request<proto::EndorseAssessmentRequest>,
    ) -> Answer<proto::EndorseAssessmentResponse> {
        let endorsed = requests::endorse(&self.node, actor(&request)?, request.into_inner()).await;
        answer(endorsed, |response| response)
    }

    async fn request_more(&self, request: Request<proto::RequestMoreRequest>) -> Answer<proto::RequestMoreResponse> {
        let asked = requests::ask(&self.node, actor(&request)?, request.into_inner()).await;
        answer(asked, |request| proto::RequestMoreResponse { request: Some(request) })
    }

    async fn list_requests(&self, request: Request<proto::ListRequestsRequest>) -> Answer<proto::ListRequestsResponse> {
        let actor = authorized(&request)?;
        let listed = self.node.requests(&actor, request.into_inner().open_only).await;
        answer(listed, |all| proto::ListRequestsResponse { requests: all.iter().map(requests::view).collect() })
    }

    async fn weigh_exception(
        &self,
        request: Request<proto::WeighExceptionRequest>,
    ) -> Answer<proto::WeighExceptionResponse> {
        let weighed = requests::weigh(&self.node, actor(&request)?, request.into_inner()).await;
        answer(weighed, |decision| proto::WeighExceptionResponse { decision })
    }

    async fn answer_request(
        &self,
        request: Request<proto::AnswerRequestRequest>,
    ) -> Answer<proto::AnswerRequestResponse> {
        let answered = requests::answer(&self.node, actor(&request)?, request.into_inner()).await;
        answer(answered, |request| proto::AnswerRequestResponse { request: Some(request) })
    }

    async fn get_ledger_head(
        &self,
        request: Request<proto::GetLedgerHeadRequest>,
    ) -> Answer<proto::GetLedgerHeadResponse> {
        answer(self.node.ledger_head(&authorized(&request)?).await, |v| ledger::head(&v))
    }

    type ListLedgerStream = Sending<proto::ListLedgerResponse>;

    async fn list_ledger(&self, request: Request<proto::ListLedgerRequest>) -> Answer<Self::ListLedgerStream> {
        let (node, actor, request) = (self.node.clone(), actor(&request)?, request.into_inner());
        Ok(Response::new(feed::stream(move |to| ledger::list(node, actor, request, to))))
    }

    type VerifyLedgerStream = Sending<proto::VerifyLedgerResponse>;

    async fn verify_ledger(&self, request: Request<proto::VerifyLedgerRequest>) -> Answer<Self::VerifyLedgerStream> {
        let (node, actor) = (self.node.clone(), actor(&request)?);
        Ok(Response::new(feed::stream(move |to| ledger::verify(node, actor, to))))
    }

    async fn prove_ledger_event(
        &self,
        request: Request<proto::ProveLedgerEventRequest>,
    ) -> Answer<proto::ProveLedgerEventResponse> {
        let proof = ledger::prove(&self.node, &actor(&request)?, request.into_inner()).await;
        answer(proof, |proof| proto::ProveLedgerEventResponse { proof })
    }

    async fn check_ledger_note(
        &self,
        request: Request<proto::CheckLedgerNoteRequest>,
    ) -> Answer<proto::CheckLedgerNoteResponse> {
        let proto::CheckLedgerNoteRequest { note, key } = request.into_inner();
        answer(self.node.known_note(&note, &key).await, |known| ledger::known(&known))
    }

    type ExportLedgerStream = Sending<proto::ExportLedgerResponse>;

    async fn export_ledger(&self, request: Request<proto::ExportLedgerRequest>) -> Answer<Self::ExportLedgerStream> {
        let (node, actor) = (self.node.clone(), actor(&request)?);
        Ok(Response::new(feed::stream(move |to| ledger::export(node, actor, to))))
    }

    async fn list_ledger_alarms(
        &self,
        _: Request<proto::ListLedgerAlarmsRequest>,
    ) -> Answer<proto::ListLedgerAlarmsResponse> {
        answer(self.node.alarms().await, |all| ledger::alarms(&self.node, all))
    }

    async fn export_evidence(
        &self,
        request: Request<proto::ExportEvidenceRequest>,
    ) -> Answer<proto::ExportEvidenceResponse> {
        answer(evidence::export(&self.node, &actor(&request)?, request.into_inner()).await, |r| r)
    }

    async fn settle_ledger(&self, request: Request<proto::SettleLedgerRequest>) -> Answer<proto::SettleLedgerResponse> {
        let settled = ledger::settle(self.node.clone(), actor(&request)?, request.into_inner()).await;
        answer(settled, ledger::settled)
    }

    async fn rotate_ledger_key(
        &self,
        request: Request<proto::RotateLedgerKeyRequest>,
    ) -> Answer<proto::RotateLedgerKeyResponse> {
        answer(ledger::rotate_key(self.node.clone(), actor(&request)?).await, |r| r)
    }

    async fn export_agreement(&self, request: Request<proto::ExportAgreementRequest>) -> Answer<proto::AgreementView> {
        let actor = actor(&request)?;
        let work = async {
            let id = argument(field::bytes("id", &request.into_inner().id))?;
            ledger::agreement(&self.node, &actor, &id).await
        };
        answer(work.await, |a| view::agreement(&self.node, &a))
    }

    async fn recall_assessment(
        &self,
        request: Request<proto::RecallAssessmentRequest>,
    ) -> Answer<proto::RecallAssessmentResponse> {
        let actor = actor(&request)?;
        answer(recall::issue(&self.node, actor, request.into_inner()).await, |r| r)
    }

    async fn list_waiting(&self, request: Request<proto::ListWaitingRequest>) -> Answer<proto::ListWaitingResponse> {
        answer(waiting::list(&self.node, &actor(&request)?).await, |r| r)
    }
    async fn release_again(&self, request: Request<proto::ReleaseAgainRequest>) -> Answer<proto::ReleaseAgainResponse> {
        let actor = actor(&request)?;
        answer(waiting::release_again(&self.node, &actor, request.into_inner()).await, |r| r)
    }

    async fn list_endings(&self, request: Request<proto::ListEndingsRequest>) -> Answer<proto::ListEndingsResponse> {
        actor(&request)?;
        answer(self.node.endings().await, endings::listed)
    }

    type ListRecallsStream = Sending<proto::ListRecallsResponse>;

    async fn list_recalls(&self, request: Request<proto::ListRecallsRequest>) -> Answer<Self::ListRecallsStream> {
        let actor = actor(&request)?;
        answer(recall::list(self.node.clone(), actor, request.into_inner()).await, |messages| messages)
    }
    async fn decide_purge(&self, request: Request<proto::DecidePurgeRequest>) -> Answer<proto::DecidePurgeResponse> {
        let actor = actor(&request)?;
        answer(recall::decide(&self.node, actor, request.into_inner()).await, |r| r)
    }

    async fn get_holders(&self, request: Request<proto::GetHoldersRequest>) -> Answer<proto::GetHoldersResponse> {
        answer(recall::holders(&self.node, &actor(&request)?, request.into_inner()).await, |r| r)
    }

    async fn acknowledge_assessment(
        &self,
        request: Request<proto::AcknowledgeAssessmentRequest>,
    ) -> Answer<proto::AcknowledgeAssessmentResponse> {
        let actor = actor(&request)?;
        answer(recall::acknowledge(&self.node, actor, request.into_inner()).await, |r| r)
    }
}
