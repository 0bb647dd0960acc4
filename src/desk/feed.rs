//! Following and pulling, as streams.

use std::{pin::Pin, sync::Arc};

use futures_util::Stream;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::{recall, requests, view};
use crate::{
    domain::{
        actor::{Actor, Authorized, Write},
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    node::{Node, status::Arrival},
    wire::{proto, status::from_fault},
};

pub(super) type Sending<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// A stream that a task feeds; it ends when nobody listens.
pub(super) fn stream<T, F, W>(work: W) -> Sending<T>
where
    T: Send + 'static,
    F: Future<Output = Result<(), Fault>> + Send,
    W: FnOnce(mpsc::Sender<Result<T, Status>>) -> F + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(32);
    tokio::spawn(async move {
        let ends = sender.clone();
        let listener_gone = sender.clone();
        tokio::select! {
            done = work(sender) => if let Err(fault) = done {
                let _ = ends.send(Err(from_fault(fault))).await;
            },
            () = listener_gone.closed() => {}
        }
    });
    Box::pin(ReceiverStream::new(receiver))
}

/// Tells a listener something; a listener that is gone ends the work.
pub(super) async fn tell<T>(to: &mpsc::Sender<Result<T, Status>>, what: T) -> Result<(), Fault> {
    to.send(Ok(what)).await.map_err(|_| Fault::new(Reason::Unavailable, "nobody listens any more"))
}

/// Everything that arrives, for ever.
pub(super) async fn follow(
    node: Arc<Node>,
    actor: Actor,
    partner: Option<TrustDomain>,
    new_only: bool,
    to: mpsc::Sender<Result<proto::FollowFeedResponse, Status>>,
) -> Result<(), Fault> {
    let reader = actor.authorize()?;
    let mut arrivals = node.live().arrivals();
    let mut after = if new_only { latest(&node, &reader).await? } else { 0 };
    let mut turn = if new_only { latest_turn(&node, &reader).await? } else { 0 };
    let mut recalled = if new_only { last_turn(&node).await? } else { 0 };
    loop {
        arrivals.mark_unchanged();
        let recalls = node.recalls_after(recalled).await?;
        let page = node.arrivals(&reader, after).await?;
        let news = node.request_news(&reader, turn).await?;
        for view in &recalls {
            recalled = view.record.turn;
            if view.record.from.is_some() && (partner.is_none() || partner == view.record.from) {
                tell(&to, proto::FollowFeedResponse { item: Some(recall::item(view)) }).await?;
            }
        }
        if page.is_empty() && recalls.is_empty() && news.is_empty() {
            // The poll is for arrivals at another replica.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(5), arrivals.changed()).await;
        }
        for arrival in page {
            after = arrival.record.arrival;
            if is_asked(&arrival, partner.as_ref()) {
                tell(&to, proto::FollowFeedResponse { item: Some(view::item(&arrival)) }).await?;
            }
        }
        for request in news {
            turn = request.record.turn;
            if partner.as_ref().is_none_or(|p| *p == request.record.partner) {
                tell(&to, proto::FollowFeedResponse { item: Some(requests::item(&request)) }).await?;
            }
        }
    }
}

async fn latest_turn(node: &Node, reader: &Authorized<Write>) -> Result<u64, Fault> {
    let mut turn = 0;
    loop {
        match node.request_news(reader, turn).await?.last() {
            Some(last) => turn = last.record.turn,
            None => return Ok(turn),
        }
    }
}

fn is_asked(arrival: &Arrival, partner: Option<&TrustDomain>) -> bool {
    partner.is_none_or(|p| *p == arrival.record.partner)
}

async fn last_turn(node: &Node) -> Result<u64, Fault> {
    let mut turn = 0;
    while let Some(last) = node.recalls_after(turn).await?.last() {
        turn = last.record.turn;
    }
    Ok(turn)
}

async fn latest(node: &Node, reader: &Authorized<Write>) -> Result<u64, Fault> {
    let mut after = 0;
    loop {
        match node.arrivals(reader, after).await?.last() {
            Some(last) => after = last.record.arrival,
            None => return Ok(after),
        }
    }
}

/// Catches up with one partner or all, telling how far it is, and ends.
pub(super) async fn pull(
    node: Arc<Node>,
    actor: Actor,
    partner: Option<TrustDomain>,
    to: mpsc::Sender<Result<proto::PullFeedResponse, Status>>,
) -> Result<(), Fault> {
    let reader = actor.authorize()?;
    let mut after = latest(&node, &reader).await?;
    let mut waiting = asked(&node, partner.as_ref())?;
    while !waiting.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let mut still = vec![];
        // The standing first: what arrived before it is then in the page below.
        let standing: Vec<_> = waiting.iter().map(|w| node.live().of(&w.partner).inbound().borrow().clone()).collect();
        let mut page = vec![];
        loop {
            let more = node.arrivals(&reader, after).await?;
            let Some(last) = more.last() else { break };
            after = last.record.arrival;
            page.extend(more);
        }
        for (mut wait, standing) in waiting.into_iter().zip(standing) {
            let items: Vec<_> = page.iter().filter(|a| a.record.partner == wait.partner).map(view::item).collect();
            wait.stored += items.len() as u64;
            let caught_up = standing.caught_up >= wait.request;
            let failed = !caught_up && standing.failed >= wait.request;
            let error = if failed { standing.problem.unwrap_or_default() } else { String::new() };
            let partner = wait.partner.to_string();
            tell(&to, proto::PullFeedResponse { partner, stored: wait.stored, caught_up, error, items }).await?;
            if !caught_up && !failed {
                still.push(wait);
            }
        }
        waiting = still;
    }
    Ok(())
}

/// A partner that is being caught up with. A look that was under way when it was asked for may have missed what is there now, so it does
/// not count.
struct Waiting {
    partner: TrustDomain,
    request: u64,
    stored: u64,
}

/// Asks for it; those who are asked.
fn asked(node: &Node, partner: Option<&TrustDomain>) -> Result<Vec<Waiting>, Fault> {
    let directory = node.directory();
    let is_asked = |domain: &TrustDomain| partner.is_none_or(|p| p == domain);
    let diallable = directory.all_active().filter(|p| p.record.endpoint.is_some());
    let waiting: Vec<Waiting> = diallable
        .map(|p| p.record.organisation.domain.clone())
        .filter(is_asked)
        .map(|partner| {
            let request = node.live().of(&partner).pull_now();
            Waiting { partner, request, stored: 0 }
        })
        .collect();
    match partner {
        Some(partner) if waiting.is_empty() => {
            let what =
                format!("`{partner}` is no active partner that this node can dial; see `watchfire partner list`");
            Err(Fault::new(Reason::NotFound, what))
        }
        _ => Ok(waiting),
    }
}
