//! The list of assessments, read page by page as the caller takes it.

use std::{collections::HashSet, sync::Arc};

use futures_util::{StreamExt, stream};
use tonic::Status;

use super::{argument, assessment_view::view, filter, page::Tokens, stream::ResponseStream};
use crate::{
    domain::{
        actor::{Authorized, Write},
        fault::{Fault, Reason},
        ids::StatementId,
        marking::Tlp,
        summary::Filter,
    },
    node::{
        Node,
        assessments::{
            read::{AssessmentView, ListedAssessment, Unreadable, unreadable},
            search::VersionFilter,
        },
    },
    store::ListFilter,
    wire::{field::text_of, proto, status::from_fault},
};

/// How many assessments are listed if the caller does not say, and at most.
const LISTED: u32 = 50;
const MAX_LISTED: u32 = 10_000;
/// How many pages of the store a call with a filter reads at most. Each page looks at some thousand assessments.
const MAX_PAGES: u32 = 16;

type Message = Result<proto::ListAssessmentsResponse, Status>;

/// The list that a caller asks for.
struct AssessmentListing {
    node: Arc<Node>,
    actor: Authorized<Write>,
    tokens: Tokens,
    /// Which of the assessments are wanted; `None`: all.
    wanted: Option<VersionFilter>,
}

/// How far a list has come.
struct ListProgress {
    /// What is read next; `None`: nothing.
    next: Option<ListFilter>,
    /// A page that was read already.
    read: Option<ListedAssessment>,
    /// How many pages may still be read.
    pages: u32,
    /// What can't be read. A stream's error is its end, so what can be read comes first.
    damaged: Vec<Unreadable>,
}

/// The list as a stream.
///
/// # Errors
/// `INVALID_ARGUMENT`, `ROLE_REQUIRED`, store faults.
pub(super) async fn list(
    node: Arc<Node>,
    actor: Authorized<Write>,
    request: proto::ListAssessmentsRequest,
) -> Result<ResponseStream<proto::ListAssessmentsResponse>, Fault> {
    let filters = proto::ListAssessmentsRequest { limit: 0, cursor: String::new(), ..request.clone() };
    let tokens = Tokens::new(&node.ledger.ledger_origin(), "cursor", &filters);
    let proto::ListAssessmentsRequest { originator, all_versions, quarantined, limit, cursor, filter, unread } =
        request;
    let has = |state: &str| filter.as_ref().is_some_and(|filter| filter.states.iter().any(|wanted| wanted == state));
    let (superseded, in_quarantine) = (has("superseded"), has("quarantined"));
    let now = node.clock.now();
    let mut wanted = filter::version_filter(filter, now)?;
    if unread {
        let all = || VersionFilter::new(Filter::default(), vec![], now);
        wanted.get_or_insert_with(all).unread_by = Some(actor.id().clone());
    }
    let filter = ListFilter {
        originator: argument::optional_domain("originator", &originator)?,
        current_only: !(all_versions || superseded),
        quarantined: quarantined || in_quarantine,
        limit: if limit == 0 { LISTED } else { limit.min(MAX_LISTED) },
        before: tokens.place(&cursor)?,
        ..ListFilter::default()
    };
    if let Some(last) = filter.before
        && !node.assessments.can_list(&actor, &last, filter.quarantined).await?
    {
        let what = "the assessment that this cursor names is not here; leave the cursor out to begin anew";
        return Err(Fault::at(Reason::InvalidArgument, "cursor", what));
    }
    let list = Arc::new(AssessmentListing { node, actor, tokens, wanted });
    let first = list.page(&filter).await?;
    let begin = ListProgress { next: None, read: Some(first), pages: MAX_PAGES - 1, damaged: vec![] };
    let pages = stream::unfold(Some(begin), move |progress| {
        let list = list.clone();
        async move { Some(list.step(progress?).await) }
    });
    Ok(Box::pin(pages.flat_map(stream::iter)))
}

impl AssessmentListing {
    async fn page(&self, filter: &ListFilter) -> Result<ListedAssessment, Fault> {
        match &self.wanted {
            Some(wanted) => self.node.assessments.search(&self.actor, filter, wanted).await,
            None => self.node.assessments.list(&self.actor, filter).await,
        }
    }

    /// The messages of the next page, and how it goes on.
    async fn step(&self, mut progress: ListProgress) -> (Vec<Message>, Option<ListProgress>) {
        let page = match (progress.read.take(), progress.next.take()) {
            (Some(page), _) => Ok(page),
            (None, Some(filter)) => self.page(&filter).await,
            (None, None) => return (vec![], None),
        };
        let ListedAssessment { views, damaged, next, read, tlp } = match page {
            Ok(page) => page,
            Err(fault) => return (vec![Err(from_fault(fault))], None),
        };
        progress.damaged.extend(damaged);
        let mut messages: Vec<Message> =
            views.iter().map(|found| Ok(self.listed(found, &read, tlp.get(&found.record.manifest_id)))).collect();
        match next {
            Some(filter) if self.wanted.is_none() || progress.pages > 0 => {
                progress.pages = progress.pages.saturating_sub(1);
                return (messages, Some(ListProgress { next: Some(filter), ..progress }));
            }
            Some(filter) => messages.extend(filter.before.map(|last| {
                Ok(proto::ListAssessmentsResponse { cursor: self.tokens.at(&last), ..Default::default() })
            })),
            None => {}
        }
        messages.extend(unreadable(&progress.damaged).map(|fault| Err::<_, Status>(from_fault(fault))));
        (messages, None)
    }

    fn listed(
        &self,
        found: &AssessmentView,
        read: &HashSet<StatementId>,
        tlp: Option<&Tlp>,
    ) -> proto::ListAssessmentsResponse {
        let cursor = self.tokens.at(&found.record.manifest_id);
        let unread = !read.contains(&found.record.manifest_id);
        proto::ListAssessmentsResponse { assessment: Some(view(found)), cursor, unread, tlp: text_of(tlp) }
    }
}
