//! Assessments, as messages.

use std::sync::Arc;

use futures_util::{StreamExt, stream};

use super::{
    argument::{argument, optional_domain},
    feed::Sending,
    view,
};
use crate::{
    domain::{actor::Actor, fault::Fault},
    node::{
        Node,
        publish::{Published, Submission},
        read::{Listed, unreadable},
    },
    store::ListFilter,
    wire::{self, field, proto, status::from_fault},
};

pub(super) async fn publish(
    node: &Arc<Node>,
    actor: &Actor,
    request: proto::PublishAssessmentRequest,
) -> Result<Published, Fault> {
    let proto::PublishAssessmentRequest { manifest, portions, accepted_findings } = request;
    let manifest = field::present("manifest", manifest)?;
    let manifest = wire::envelope::from_proto(manifest).map_err(|f| f.within("manifest"))?;
    let portions = portions.into_iter().map(Into::into).collect();
    node.publish(&actor.authorize()?, Submission { manifest, portions, accepted: accepted_findings }).await
}

/// Page by page, as they are taken. What can be read first: a stream's error is its end.
pub(super) async fn list(
    node: Arc<Node>,
    actor: Actor,
    request: proto::ListAssessmentsRequest,
) -> Result<Sending<proto::ListAssessmentsResponse>, Fault> {
    let proto::ListAssessmentsRequest { originator, all_versions, quarantined, limit } = request;
    let originator = argument(optional_domain("originator", &originator))?;
    let limit = if limit == 0 { 50 } else { limit.min(10_000) };
    let filter = ListFilter { originator, current_only: !all_versions, quarantined, limit, ..ListFilter::default() };
    let reader = actor.authorize()?;
    let first = node.list(&reader, &filter).await?;
    let pages = stream::unfold((Some(Ok(first)), vec![]), move |(page, mut damaged)| {
        let (node, reader) = (node.clone(), reader.clone());
        async move {
            let Listed { views, damaged: more, next } = match page? {
                Ok(page) => page,
                Err(fault) => return Some((vec![Err(from_fault(fault))], (None, vec![]))),
            };
            damaged.extend(more);
            let message = |v| Ok(proto::ListAssessmentsResponse { assessment: Some(view::assessment(v)) });
            let mut messages: Vec<_> = views.iter().map(message).collect();
            let next = match next {
                Some(filter) => Some(node.list(&reader, &filter).await),
                None => {
                    messages.extend(unreadable(&damaged).map(|fault| Err(from_fault(fault))));
                    None
                }
            };
            Some((messages, (next, damaged)))
        }
    });
    Ok(Box::pin(pages.flat_map(stream::iter)))
}
