//! Follows every active partner that can be dialled. Each has a task, which starts and ends as partners change.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

use super::link::Link;
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        partner::Endpoint,
    },
    feed::backoff::Backoff,
    node::Node,
    seal::random,
    transport::{dialler, limits::Limits, tls_config::TlsConfig},
};

/// How often a live link repeats the hello, which exchanges clocks and revocations.
const HELLO_AGAIN: Duration = Duration::from_secs(30);
/// How often the list of partners is compared with the tasks, in addition to each change.
const REVIEW: Duration = Duration::from_secs(1);

/// What a follower needs.
#[derive(Clone)]
pub struct Follower {
    /// The node whose partners are followed, and which stores the feeds.
    pub node: Arc<Node>,
    /// The certificate that is shown, and the trust by which partners are verified.
    pub tls_config: Arc<TlsConfig>,
    /// The limits of the links.
    pub limits: Limits,
}

impl Follower {
    /// Follows until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks: HashMap<TrustDomain, (Endpoint, JoinHandle<()>)> = HashMap::new();
        loop {
            let mut wanted: HashMap<TrustDomain, Endpoint> = HashMap::new();
            for partner in self.node.directory.current().all_active() {
                if let Some(endpoint) = &partner.record.endpoint {
                    wanted.insert(partner.record.organisation.domain.clone(), endpoint.clone());
                }
            }
            tasks.retain(|domain, (endpoint, task)| {
                let stays = wanted.get(domain) == Some(endpoint) && !task.is_finished();
                if !stays {
                    task.abort();
                    self.node.sessions.of(domain).inbound().send_modify(|i| i.live = false);
                }
                stays
            });
            for (domain, endpoint) in wanted {
                tasks.entry(domain).or_insert_with_key(|domain| {
                    let task = tokio::spawn(self.clone().follow(domain.clone(), endpoint.clone()));
                    (endpoint, task)
                });
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = time::sleep(REVIEW) => {}
            }
        }
        tasks.into_values().for_each(|(_, task)| task.abort());
    }

    /// Follows one partner until the task is aborted.
    async fn follow(self, partner: TrustDomain, endpoint: Endpoint) {
        let live = self.node.sessions.of(&partner);
        let mut pulls = live.pulls();
        let mut backoff = Backoff::default();
        loop {
            let asked = *pulls.borrow_and_update();
            let fault = match self.session(&partner, &endpoint, &mut pulls, asked, &mut backoff).await {
                // A pull was requested. Begin again at once.
                Ok(()) => continue,
                Err(fault) => fault,
            };
            let mut is_news = false;
            live.inbound().send_modify(|i| {
                i.live = false;
                i.failed = asked;
                let problem = Some(fault.with_reason());
                is_news = i.problem != problem;
                i.problem = problem;
            });
            if is_news {
                tell(&partner, &fault);
            }
            let random = random::bytes().map_or(u32::MAX, u32::from_le_bytes);
            tokio::select! {
                () = time::sleep(backoff.wait(random)) => {}
                _ = pulls.changed() => {}
            }
        }
    }

    /// Runs one connection, from hello to its end. `asked` is how many pulls had been requested when it began. `Ok` means that the caller should
    /// begin again at once.
    async fn session(
        &self,
        partner: &TrustDomain,
        endpoint: &Endpoint,
        pulls: &mut watch::Receiver<u64>,
        asked: u64,
        backoff: &mut Backoff,
    ) -> Result<(), Fault> {
        let channel = dialler::connect_partner(endpoint.as_str(), partner.clone(), &self.tls_config, &self.limits)
            .map_err(|e| Fault::new(Reason::Unavailable, e.to_string()))?;
        let access = channel.access();
        let mut link = Link::new(self.node.clone(), partner.clone(), channel, self.limits.message_bytes as usize)
            .judged_by(move || access.lapse());
        let live = self.node.sessions.of(partner);
        // Subscribed before the first look, so that what is posted or arrives during it is not missed.
        let (posts, arrivals) = (live.posts(), self.node.sessions.arrivals());
        link.begin().await?;
        live.inbound().send_modify(|i| i.live = true);
        link.follow(true).await?;
        backoff.reset();
        live.inbound().send_modify(|i| {
            i.caught_up = asked;
            // This is not cleared before the feed has caught up. Otherwise each new attempt would hide a fault of the feed itself.
            i.problem = None;
        });
        let (mut statements_link, mut attachments_link, mut collecting_link) =
            (link.clone(), link.clone(), link.clone());
        let more = arrivals.clone();
        tokio::select! {
            ended = link.follow(false) => match ended {
                Ok(()) => Err(Fault::new(Reason::Unavailable, "the partner ended the feed")),
                Err(fault) => Err(fault),
            },
            fault = exchange_statements(&mut statements_link, posts) => Err(fault),
            fault = fetch_attachments(&mut attachments_link, more) => Err(fault),
            ended = collecting_link.collect(true) => ended,
            _ = pulls.changed() => Ok(()),
        }
    }
}

/// Fetches attachments in parallel to the feed, so that urgent warnings don't wait for them. Returns the fault that ends it.
async fn fetch_attachments(link: &mut Link, mut arrivals: watch::Receiver<u64>) -> Fault {
    loop {
        arrivals.mark_unchanged();
        if let Err(fault) = link.fetch_attachments().await {
            return fault;
        }
        if arrivals.changed().await.is_err() {
            return Fault::new(Reason::Unavailable, "the node is stopping");
        }
    }
}

/// Repeats the hello and delivers statements in parallel to the feed. Returns the fault that ends it.
async fn exchange_statements(link: &mut Link, mut posts: watch::Receiver<u64>) -> Fault {
    let mut again = time::interval_at(time::Instant::now() + HELLO_AGAIN, HELLO_AGAIN);
    loop {
        tokio::select! {
            _ = again.tick() => {}
            _ = posts.changed() => {}
        }
        let done = match link.hello().await {
            Ok(()) => link.deliver().await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = done {
            return fault;
        }
    }
}

/// Logs why there is no link. A partner that can't be reached is a warning, because it usually passes; any other fault is an error.
fn tell(partner: &TrustDomain, fault: &Fault) {
    let Fault { reason, message, .. } = fault;
    match reason {
        Reason::Unavailable => tracing::warn!(%partner, %reason, what = %message, "no link to the partner"),
        _ => tracing::error!(%partner, %reason, what = %message, "no link to the partner"),
    }
}
