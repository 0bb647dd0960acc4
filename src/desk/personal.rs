//! What concerns the caller as a person: the service, and the forms in which it shows things.

use prost::Message;
use tonic::Request;

use super::{
    argument::{self, optional_line},
    call::{Desk, Reply, answer, authorize},
    filter,
    page::RequestedPage,
};
use crate::{
    domain::{
        action_item::{ActionItem, ActionOrder, Gist},
        fault::{Fault, Reason},
    },
    node::{assessments::personal::SavedSearch, task::to_the_end},
    wire::{
        field::{present, text_of, texts, timestamp},
        proto::{self, personal_service_server::PersonalService},
    },
};

/// The longest name of a saved search, in bytes.
const LONGEST_NAME: usize = 100;

#[tonic::async_trait]
impl PersonalService for Desk {
    async fn list_action_items(
        &self,
        request: Request<proto::ListActionItemsRequest>,
    ) -> Reply<proto::ListActionItemsResponse> {
        let (actor, mut message) = authorize(request)?;
        answer(async {
            let page = RequestedPage::<ActionOrder>::of(self, &mut message)?;
            let all = self.node.today.action_items(&actor).await?;
            let (items, next_page_token) = page.cut(all, ActionItem::order, item);
            Ok(proto::ListActionItemsResponse { items, next_page_token })
        })
        .await
    }

    async fn mark_assessment(
        &self,
        request: Request<proto::MarkAssessmentRequest>,
    ) -> Reply<proto::MarkAssessmentResponse> {
        let (actor, message) = authorize(request)?;
        let proto::MarkAssessmentRequest { assessment_id, version, read } = message;
        let node = self.node.clone();
        answer(async {
            let id = argument::bytes("assessment_id", &assessment_id)?;
            let version = argument::version(version);
            let version = to_the_end(async move { node.assessments.mark(&actor, &id, version, read).await }).await?;
            Ok(proto::MarkAssessmentResponse { version })
        })
        .await
    }

    async fn save_search(&self, request: Request<proto::SaveSearchRequest>) -> Reply<proto::SaveSearchResponse> {
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let name = name(message.name)?;
            let search = present("search", message.search)?;
            // A search that would be refused is refused now.
            filter::version_filter(search.filter.clone(), node.clock.now()).map_err(|f| f.within("search"))?;
            let search = proto::ListAssessmentsRequest { limit: 0, cursor: String::new(), ..search };
            let search = search.encode_to_vec();
            to_the_end(async move { node.assessments.save_search(&actor, name, search).await }).await?;
            Ok(proto::SaveSearchResponse {})
        })
        .await
    }

    async fn list_saved_searches(
        &self,
        request: Request<proto::ListSavedSearchesRequest>,
    ) -> Reply<proto::ListSavedSearchesResponse> {
        let (actor, _) = authorize(request)?;
        answer(async {
            let all = self.node.assessments.saved_searches(&actor).await?;
            Ok(proto::ListSavedSearchesResponse { searches: all.into_iter().map(saved).collect() })
        })
        .await
    }

    async fn delete_saved_search(
        &self,
        request: Request<proto::DeleteSavedSearchRequest>,
    ) -> Reply<proto::DeleteSavedSearchResponse> {
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let name = name(message.name)?;
            to_the_end(async move { node.assessments.delete_search(&actor, &name).await }).await?;
            Ok(proto::DeleteSavedSearchResponse {})
        })
        .await
    }
}

/// The name of a saved search.
fn name(text: String) -> Result<String, Fault> {
    let name = optional_line("name", text)?;
    if name.trim().is_empty() || name.len() > LONGEST_NAME {
        let what = format!("a search has a name of one line and at most {LONGEST_NAME} bytes");
        return Err(Fault::at(Reason::InvalidArgument, "name", what));
    }
    Ok(name)
}

fn saved(saved: SavedSearch) -> proto::SavedSearchView {
    let SavedSearch { name, search, saved_at } = saved;
    proto::SavedSearchView {
        name,
        search: proto::ListAssessmentsRequest::decode(search.as_slice()).ok(),
        saved_at: timestamp(saved_at),
    }
}

fn item(item: ActionItem) -> proto::ActionItemView {
    let ActionItem { kind, organisation, subject, version, summary, fix, due_at, since, gist, rest } = item;
    let (not_listed, not_listed_of, list_command) =
        rest.map(|rest| (rest.number, rest.of.to_string(), rest.command)).unwrap_or_default();
    proto::ActionItemView {
        kind: kind.to_string(),
        organisation: organisation.to_string(),
        subject,
        version: version.unwrap_or_default(),
        summary,
        fix,
        due_at: due_at.and_then(timestamp),
        since: since.and_then(timestamp),
        gist: gist.map(gist_view),
        not_listed,
        not_listed_of,
        list_command,
    }
}

fn gist_view(gist: Gist) -> proto::AssessmentGist {
    let Gist { originator, level, places, tlp, headline, exercise } = gist;
    proto::AssessmentGist {
        originator: originator.to_string(),
        level: level.map(|level| u8::from(level).into()).unwrap_or_default(),
        places: texts(&places),
        tlp: text_of(tlp.as_ref()),
        headline: headline.unwrap_or_default(),
        exercise,
    }
}
