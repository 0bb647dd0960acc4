//! Drafts and previews: the service, and the forms in which it shows them.

use tonic::Request;

use super::{
    argument,
    assessment_view::view as assessment,
    call::{Desk, Reply, actor, answer, authorize, count},
    decisions::{Reasons, decisions, left_behind},
    page::RequestedPage,
};
use crate::{
    domain::{
        fault::Fault,
        ids::{Digest, DraftId},
        lint::{Finding, Passage},
        stored_draft::DraftRevision,
    },
    node::{
        assessments::preview::{Preview, ReadingStep, Unsigned},
        drafts::read::{DraftText, DraftView},
        task::to_the_end,
    },
    wire::{
        field::{texts, timestamp},
        proto::{self, draft_service_server::DraftService},
    },
};

#[tonic::async_trait]
impl DraftService for Desk {
    async fn create_draft(&self, request: Request<proto::CreateDraftRequest>) -> Reply<proto::CreateDraftResponse> {
        let (actor, proto::CreateDraftRequest { name, text }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let draft = to_the_end(async move { node.drafts.create(&actor, &name, &text).await }).await?;
            Ok(proto::CreateDraftResponse { draft: Some(whole(&draft)) })
        })
        .await
    }

    async fn save_draft(&self, request: Request<proto::SaveDraftRequest>) -> Reply<proto::SaveDraftResponse> {
        let (actor, proto::SaveDraftRequest { draft_id, based_on, text }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let id = id(&draft_id)?;
            let saved = to_the_end(async move { node.drafts.save(&actor, &id, &based_on, &text).await }).await?;
            Ok(proto::SaveDraftResponse {
                draft: Some(whole(&saved.view)),
                revision: saved.revision,
                is_new: saved.is_new,
                unseen: saved.unseen.iter().map(revision).collect(),
            })
        })
        .await
    }

    async fn get_draft(&self, request: Request<proto::GetDraftRequest>) -> Reply<proto::GetDraftResponse> {
        let (actor, message) = authorize(request)?;
        answer(async {
            let wanted = argument::version(message.revision);
            let DraftText { view, revision, text } =
                self.node.drafts.read(&actor, &id(&message.draft_id)?, wanted).await?;
            Ok(proto::GetDraftResponse { draft: Some(whole(&view)), revision: revision.number, text })
        })
        .await
    }

    async fn list_drafts(&self, request: Request<proto::ListDraftsRequest>) -> Reply<proto::ListDraftsResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let page = RequestedPage::<DraftId>::of(self, &mut message)?;
            let all = self.node.drafts.list(&actor, page.after.as_ref(), page.size).await?;
            let (drafts, next_page_token) = page.cut(all, |view| view.draft.id, |view| listed(&view));
            Ok(proto::ListDraftsResponse { drafts, next_page_token })
        })
        .await
    }

    async fn rename_draft(&self, request: Request<proto::RenameDraftRequest>) -> Reply<proto::RenameDraftResponse> {
        let (actor, proto::RenameDraftRequest { draft_id, name }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let id = id(&draft_id)?;
            let draft = to_the_end(async move { node.drafts.rename(&actor, &id, &name).await }).await?;
            Ok(proto::RenameDraftResponse { draft: Some(whole(&draft)) })
        })
        .await
    }

    async fn hand_over_draft(
        &self,
        request: Request<proto::HandOverDraftRequest>,
    ) -> Reply<proto::HandOverDraftResponse> {
        let (actor, proto::HandOverDraftRequest { draft_id, person }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let id = id(&draft_id)?;
            let draft = to_the_end(async move { node.drafts.hand_over(&actor, &id, &person).await }).await?;
            Ok(proto::HandOverDraftResponse { draft: Some(whole(&draft)) })
        })
        .await
    }

    async fn take_back_draft(
        &self,
        request: Request<proto::TakeBackDraftRequest>,
    ) -> Reply<proto::TakeBackDraftResponse> {
        let (actor, proto::TakeBackDraftRequest { draft_id, person }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let id = id(&draft_id)?;
            let draft = to_the_end(async move { node.drafts.take_back(&actor, &id, &person).await }).await?;
            Ok(proto::TakeBackDraftResponse { draft: Some(whole(&draft)) })
        })
        .await
    }

    async fn delete_draft(&self, request: Request<proto::DeleteDraftRequest>) -> Reply<proto::DeleteDraftResponse> {
        let (actor, proto::DeleteDraftRequest { draft_id }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let id = id(&draft_id)?;
            to_the_end(async move { node.drafts.delete(&actor, &id).await }).await?;
            Ok(proto::DeleteDraftResponse {})
        })
        .await
    }

    async fn preview_assessment(
        &self,
        request: Request<proto::PreviewAssessmentRequest>,
    ) -> Reply<proto::PreviewAssessmentResponse> {
        let reasons = Reasons::for_caller(&actor(&request)?);
        let (actor, message) = authorize(request)?;
        let proto::PreviewAssessmentRequest { manifest, portions, certificates, partner } = message;
        answer(async {
            let unsigned = Unsigned {
                manifest: manifest.into(),
                portions: portions.into_iter().map(Into::into).collect(),
                certificates: certificates.into_iter().map(Into::into).collect(),
            };
            let partner = argument::optional_domain("partner", &partner)?;
            Ok(preview(&self.node.assessments.preview(&actor, unsigned, partner).await?, reasons))
        })
        .await
    }
}

fn id(bytes: &[u8]) -> Result<DraftId, Fault> {
    argument::bytes("draft_id", bytes)
}

fn revision(revision: &DraftRevision) -> proto::DraftRevision {
    proto::DraftRevision {
        number: revision.number,
        based_on: revision.based_on.clone(),
        by: revision.by.to_string(),
        at: timestamp(revision.at),
        bytes: revision.bytes,
    }
}

/// A draft with all its revisions.
fn whole(view: &DraftView) -> proto::DraftView {
    let draft = &view.draft;
    proto::DraftView {
        id: draft.id.0.to_vec().into(),
        name: draft.name.clone(),
        author: draft.author.to_string(),
        handed_to: texts(&draft.handed_to),
        current: draft.current,
        revisions: draft.revisions.iter().map(revision).collect(),
        beside: draft.beside().map(|r| r.number).collect(),
        is_published: view.is_published,
    }
}

/// A draft with the revisions that a list shows.
fn listed(view: &DraftView) -> proto::DraftView {
    let mut listed = whole(view);
    listed.revisions.retain(|r| r.number == listed.current || listed.beside.contains(&r.number));
    listed
}

fn finding(finding: &Finding) -> proto::PreviewFinding {
    let passage = |passage: &Passage| proto::PreviewPassage {
        portion: count(passage.portion),
        readers: passage.readers.clone(),
        text: passage.text.clone(),
    };
    proto::PreviewFinding {
        code: finding.code.to_owned(),
        portion: finding.portion.map(count),
        message: finding.message.clone(),
        help: finding.help.clone(),
        passages: finding.passages.iter().map(passage).collect(),
    }
}

fn preview(preview: &Preview, reasons: Reasons) -> proto::PreviewAssessmentResponse {
    let place = |digest: &Digest| preview.prepared.portions.iter().position(|p| p.digest == *digest).map(count);
    let step = |step: &ReadingStep| proto::PreviewStep {
        from: step.from.and_then(timestamp),
        portions: step.digests.iter().filter_map(place).collect(),
    };
    let readers = preview.readers.iter().map(|readers| proto::PreviewReaders {
        partners: texts(&readers.partners),
        steps: readers.steps.iter().map(step).collect(),
    });
    let nothing = preview.nothing.iter().map(|(partner, because)| proto::PreviewNothing {
        partner: partner.to_string(),
        because: reasons.told(because.clone()),
    });
    proto::PreviewAssessmentResponse {
        readers: readers.collect(),
        nothing: nothing.collect(),
        decisions: reasons.told_in(decisions(&preview.prepared, &preview.decisions)),
        left_behind: left_behind(&preview.left_behind),
        findings: preview.findings.iter().map(finding).collect(),
        view: Some(assessment(&preview.view(&[]))),
    }
}
