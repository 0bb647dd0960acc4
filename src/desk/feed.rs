//! The feed from partners: following it, and pulling it now.

mod item;
pub(super) mod status;
pub(super) mod waiting;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    argument, filter,
    page::Tokens,
    stream::{Sender, send},
};
use crate::{
    domain::{
        actor::{Authorized, Write},
        fault::{Fault, Reason},
        ids::TrustDomain,
        summary::Filter,
        time::Time,
    },
    node::{
        Node,
        assessments::search::{ArrivalFilter, NewestChanges, VersionFilter},
        monitor::status::Arrival,
    },
    wire::proto,
};

/// How long a follower waits for news of this process before it looks into the store, for entries that another process of the node has
/// stored.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often a pull looks for progress.
const PULL_EVERY: Duration = Duration::from_millis(100);

/// How far a follower has come. What arrives is of three kinds, each with an order of its own.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowPosition {
    /// The last entry of a partner's feed.
    arrival: u64,
    /// The last change of a recall.
    recall: u64,
    /// The last change of a request.
    request: u64,
}

impl From<NewestChanges> for FollowPosition {
    fn from(NewestChanges { arrival, recall, request }: NewestChanges) -> Self {
        Self { arrival, recall, request }
    }
}

/// A caller that follows the feed.
pub(super) struct Following {
    node: Arc<Node>,
    actor: Authorized<Write>,
    /// Only what concerns this partner.
    partner: Option<TrustDomain>,
    /// Only these arrivals; `None`: all.
    filter: Option<ArrivalFilter>,
    tokens: Tokens,
    /// Where to begin; `None`: after everything that the node has now.
    begin: Option<FollowPosition>,
}

impl Following {
    /// Reads the request.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`
    pub(super) fn new(
        node: Arc<Node>,
        actor: Authorized<Write>,
        request: proto::FollowFeedRequest,
    ) -> Result<Self, Fault> {
        let filters = proto::FollowFeedRequest { new_only: false, cursor: String::new(), ..request.clone() };
        let tokens = Tokens::new(&node.ledger.ledger_origin(), "cursor", &filters);
        let proto::FollowFeedRequest { partner, new_only, cursor, originator, filter } = request;
        let partner = argument::optional_domain("partner", &partner)?;
        let filter = arrival_filter(&originator, filter, node.clock.now())?;
        let begin = tokens.place(&cursor)?.or_else(|| (!new_only).then(FollowPosition::default));
        Ok(Self { node, actor, partner, filter, tokens, begin })
    }

    /// Sends everything that arrives, without an end.
    pub(super) async fn run(self, to: Sender<proto::FollowFeedResponse>) -> Result<(), Fault> {
        let Self { node, actor, .. } = &self;
        let mut arrivals = node.sessions.arrivals();
        let mut position = match self.begin {
            Some(position) => position,
            None => {
                let position = node.assessments.newest_changes(actor).await?.into();
                // A caller that is cut off before anything arrives goes on from here, and misses nothing.
                send(&to, proto::FollowFeedResponse { item: None, cursor: self.tokens.at(&position) }).await?;
                position
            }
        };
        loop {
            arrivals.mark_unchanged();
            let recalls = node.recalls.recalls_after(position.recall).await?;
            let page = node.monitor.arrivals(actor, position.arrival).await?;
            let news = node.requests.request_news(actor, position.request).await?;
            let is_quiet = page.is_empty() && recalls.is_empty() && news.is_empty();
            for recall in &recalls {
                position.recall = recall.record.turn;
                // A recall that was issued here did not arrive.
                if let Some(partner) = &recall.record.from {
                    self.send(&to, &position, partner, || item::of_recall(recall)).await?;
                }
            }
            self.send_arrivals(&to, &mut position, &page).await?;
            for request in &news {
                position.request = request.record.turn;
                self.send(&to, &position, &request.record.partner, || item::of_request(request)).await?;
            }
            if is_quiet {
                let _ = tokio::time::timeout(LOOK_EVERY, arrivals.changed()).await;
            }
        }
    }

    /// Sends the arrivals that the caller wants. If the last one is not wanted, the position after it is sent alone, so that a caller that
    /// is cut off does not begin before it again.
    async fn send_arrivals(
        &self,
        to: &Sender<proto::FollowFeedResponse>,
        position: &mut FollowPosition,
        page: &[Arrival],
    ) -> Result<(), Fault> {
        let wanted = match &self.filter {
            Some(filter) => self.node.assessments.wanted_arrivals(page, filter).await?,
            None => vec![true; page.len()],
        };
        for (arrival, is_wanted) in page.iter().zip(&wanted) {
            position.arrival = arrival.record.arrival;
            if *is_wanted {
                self.send(to, position, &arrival.record.partner, || item::of_arrival(arrival)).await?;
            }
        }
        if wanted.last() == Some(&false) {
            send(to, proto::FollowFeedResponse { item: None, cursor: self.tokens.at(position) }).await?;
        }
        Ok(())
    }

    /// Sends an item if the caller wants those of this partner.
    async fn send(
        &self,
        to: &Sender<proto::FollowFeedResponse>,
        position: &FollowPosition,
        partner: &TrustDomain,
        item: impl FnOnce() -> proto::FeedItem,
    ) -> Result<(), Fault> {
        if self.partner.as_ref().is_some_and(|wanted| wanted != partner) {
            return Ok(());
        }
        send(to, proto::FollowFeedResponse { item: Some(item()), cursor: self.tokens.at(position) }).await
    }
}

/// Which arrivals a request wants; `None`: all.
fn arrival_filter(
    originator: &str,
    filter: Option<proto::AssessmentFilter>,
    now: Time,
) -> Result<Option<ArrivalFilter>, Fault> {
    let originator = argument::optional_domain("originator", originator)?;
    let wanted = filter::version_filter(filter, now)?;
    if originator.is_none() && wanted.is_none() {
        return Ok(None);
    }
    let wanted = wanted.unwrap_or_else(|| VersionFilter::new(Filter::default(), vec![], now));
    Ok(Some(ArrivalFilter { originator, wanted }))
}

/// Catches up with one partner or all, reports the progress, and ends.
pub(super) async fn pull(
    node: Arc<Node>,
    actor: Authorized<Write>,
    partner: Option<TrustDomain>,
    to: Sender<proto::PullFeedResponse>,
) -> Result<(), Fault> {
    let mut after = node.assessments.newest_changes(&actor).await?.arrival;
    let mut pulls = begin_pulls(&node, partner.as_ref())?;
    while !pulls.is_empty() {
        tokio::time::sleep(PULL_EVERY).await;
        let mut unfinished = vec![];
        // The standing is read first. What arrived before it is then in the page below.
        let standing: Vec<_> = pulls.iter().map(|p| node.sessions.of(&p.partner).inbound().borrow().clone()).collect();
        let mut page = vec![];
        loop {
            let more = node.monitor.arrivals(&actor, after).await?;
            let Some(last) = more.last() else { break };
            after = last.record.arrival;
            page.extend(more);
        }
        for (mut pull, standing) in pulls.into_iter().zip(standing) {
            let of_partner = page.iter().filter(|a| a.record.partner == pull.partner);
            let items: Vec<_> = of_partner.map(item::of_arrival).collect();
            pull.stored += items.len() as u64;
            let caught_up = standing.caught_up >= pull.request;
            let failed = !caught_up && standing.failed >= pull.request;
            let error = if failed { standing.problem.unwrap_or_default() } else { String::new() };
            let partner = pull.partner.to_string();
            send(&to, proto::PullFeedResponse { partner, stored: pull.stored, caught_up, error, items }).await?;
            if !caught_up && !failed {
                unfinished.push(pull);
            }
        }
        pulls = unfinished;
    }
    Ok(())
}

/// A partner that the node is catching up with.
struct Pull {
    partner: TrustDomain,
    /// The number of this pull's request to the follower. An attempt that began before the request may have missed what the partner has now,
    /// so it does not count.
    request: u64,
    stored: u64,
}

/// Has the followers of one partner or all catch up.
fn begin_pulls(node: &Node, partner: Option<&TrustDomain>) -> Result<Vec<Pull>, Fault> {
    let directory = node.directory.current();
    let diallable = directory.all_active().filter(|p| p.record.endpoint.is_some());
    let pulls: Vec<Pull> = diallable
        .map(|p| p.record.organisation.domain.clone())
        .filter(|domain| partner.is_none_or(|p| p == domain))
        .map(|partner| {
            let request = node.sessions.of(&partner).pull_now();
            Pull { partner, request, stored: 0 }
        })
        .collect();
    match partner {
        Some(partner) if pulls.is_empty() => {
            let what =
                format!("`{partner}` is no active partner that this node can dial; see `watchfire partner list`");
            Err(Fault::new(Reason::NotFound, what))
        }
        _ => Ok(pulls),
    }
}
