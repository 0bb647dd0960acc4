//! Builds a node from its configuration and runs it: the one place that knows the concrete types.

pub mod devca;
mod door;
pub mod endings;
mod ledger;
mod ops;
mod own;
pub mod persons;
pub mod register;
pub mod rules;
mod seen_lists;
mod set;
mod watch;

use std::{net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use tokio::{net::TcpListener, sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub use own::{Own, OwnError, is_node_here, is_secret, signing_key};
pub use set::Notice;

use crate::{
    config::Config,
    desk,
    domain::{fault::Fault, time::Clock},
    identity::trust::{Audience, Trust},
    node::{Node, Parts},
    peer::{self, follower::Follower},
    store::{Store, StoreError, sqlite::SqliteStore},
    telemetry::SystemClock,
    transport::{
        gate::{GateError, TlsGate},
        limits::Limits,
        listener,
    },
};

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Keys, certificates, bundle or revocation lists.
    #[error(transparent)]
    Own(#[from] OwnError),
    /// TLS settings.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store holds.
    #[error("the node can't start: {0}")]
    Node(#[from] Fault),
    /// An address is taken or can't be had.
    #[error("can't listen on {address} ({key} in watchfire.toml): {error}")]
    Listen {
        /// Which.
        address: String,
        /// Its key.
        key: &'static str,
        /// What the system said.
        error: std::io::Error,
    },
}

/// A node that is up.
pub struct Running {
    /// The node.
    pub node: Arc<Node>,
    /// Where partners reach it.
    pub peer: SocketAddr,
    /// Where the own people reach it.
    pub desk: SocketAddr,
    /// Health and metrics.
    pub ops: Option<SocketAddr>,
    look: Arc<Notify>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Running {
    /// Has the files that are watched read anew, at once.
    pub fn look_again(&self) {
        self.look.notify_one();
    }

    /// Stops: requests under way end, then everything else. Returns when all is still.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.node.live().end_streams();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts a node. On return its listeners are open.
///
/// # Errors
/// [`StartError`]; nothing is left running then.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // Before the files are read, so that what changes meanwhile is noticed.
    let files = watch::Files::as_they_are(&config);
    let own = Own::load(&config, clock.now())?;
    own.tell_notices();
    // The lock is the store's: a second node in the directory is told so, whatever addresses it listens on.
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.store, &own.storage_key)?);
    let peer_listener = bind("listen.peer", &config.peer).await?;
    let desk_listener = bind("listen.desk", &config.desk).await?;
    let ops_listener = bind_ops(&config).await?;
    let trust = Trust::new(own.member.clone(), vec![], config.signing_usages.clone())?;
    let trust = Arc::new(ArcSwap::from_pointee(trust));
    let gate = Arc::new(TlsGate::new(own.credentials, trust.clone(), clock.clone()));
    let setter = gate.clone();
    let ledger = ledger::parts(&config, own.ledger_key)?;
    let node = Node::start(Parts {
        organisation: config.organisation.clone(),
        endpoint: config.advertise.clone(),
        house_rules: own.house_rules,
        approvals: config.approvals,
        budgets: config.budgets.clone(),
        readings_every_seconds: config.readings_every_seconds,
        ledger,
        keep_bundle: own::keep_bundle(&config),
        store,
        clock: clock.clone(),
        key: own.key,
        own: own.member,
        own_lists: config.crl.clone(),
        signing_usages: config.signing_usages.clone(),
        certificates: endings::certificates(&config, &gate),
        trust,
        set_trust: Box::new(move |trust| setter.reload(Some(trust), None)),
    })
    .await?;
    first_steps(&node, own.waiting_lists).await?;
    let (peer, desk, ops) = (address(&peer_listener), address(&desk_listener), ops_listener.as_ref().map(address));
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let door = Door { gate: &gate, limits: &config.limits, stop: &stop };
    let bytes = config.limits.message_bytes as usize;
    let exchange = peer::service::service(node.clone(), bytes);
    let exchange = tonic::service::Routes::new(exchange).add_service(health(&[]).await);
    door.open(&mut tasks, peer_listener, Audience::Partners, shared(exchange, node.clone()));
    door.open(&mut tasks, desk_listener, Audience::Own, desk_routes(&node, bytes).await);
    if let Some(tcp) = ops_listener {
        tasks.spawn(ops::serve(tcp, node.clone(), gate.clone(), stop.clone()));
    }
    let follower = Follower { node: node.clone(), gate: gate.clone(), limits: config.limits.clone() };
    tasks.spawn(follower.run(stop.clone()));
    tasks.spawn(ledger::sign(node.clone(), config.ledger.interval_seconds, stop.clone()));
    keep_working(&mut tasks, &stop, &node);
    tasks.spawn(devca::keep(config.clone(), clock.clone(), stop.clone()));
    let look = Arc::new(Notify::new());
    let watched = watch::Watched { config, node: node.clone(), gate, clock, look: look.clone() };
    tasks.spawn(watched.watch(files, stop.clone()));
    Ok(Running { node, peer, desk, ops, look, stop, tasks })
}

/// What the organisation's own people can call. The middleware sees each call first.
async fn desk_routes(node: &Arc<Node>, message_bytes: usize) -> axum::Router {
    let routes = desk::service::routes(node.clone(), message_bytes)
        .add_service(health(desk::service::NAMES).await)
        .add_service(reflection());
    let asked = node.clone();
    let first = axum::middleware::from_fn(move |request, next| door::desk(asked.clone(), request, next));
    routes.prepare().into_axum_router().layer(first)
}

/// What a node does before anybody can reach it. `waiting_lists` are own revocation lists whose issuers are not known yet.
async fn first_steps(node: &Node, waiting_lists: Vec<Vec<u8>>) -> Result<(), Fault> {
    node.await_issuers(waiting_lists).await?;
    if let Err(fault) = node.look_for_people().await {
        tracing::error!(reason = %fault.reason, "the people in the directory could not be registered at the start");
    }
    // On a full disk reading goes on, and so do feeds; the next turn tries again.
    if let Err(fault) = node.sign_checkpoint().await {
        tracing::error!(reason = %fault.reason, "no checkpoint could be signed at the start");
    }
    Ok(())
}

/// Each partner's calls by its share.
fn shared(exchange: tonic::service::Routes, node: Arc<Node>) -> axum::Router {
    let first = axum::middleware::from_fn(move |request, next| door::peer(node.clone(), request, next));
    exchange.prepare().into_axum_router().layer(first)
}

/// What a node does by itself.
fn keep_working(tasks: &mut JoinSet<()>, stop: &CancellationToken, node: &Arc<Node>) {
    until_stopped(tasks, stop, node.clone().readmit_for_ever());
    until_stopped(tasks, stop, node.clone().forward_for_ever());
    until_stopped(tasks, stop, node.clone().answer_for_ever());
    until_stopped(tasks, stop, node.clone().fire_timers_for_ever());
}

/// What a node does for as long as it runs.
fn until_stopped(tasks: &mut JoinSet<()>, stop: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    let stop = stop.clone();
    tasks.spawn(async move { _ = stop.run_until_cancelled(work).await });
}

/// What all listeners have in common.
struct Door<'a> {
    gate: &'a Arc<TlsGate>,
    limits: &'a Limits,
    stop: &'a CancellationToken,
}

impl Door<'_> {
    fn open(&self, tasks: &mut JoinSet<()>, tcp: TcpListener, audience: Audience, router: axum::Router) {
        let router = router.layer(axum::middleware::map_response(documented));
        let (gate, limits, stop) = (self.gate.clone(), self.limits.clone(), self.stop.clone());
        tasks.spawn(async move {
            if let Err(error) = listener::serve(tcp, gate, audience, router, limits, stop).await {
                tracing::error!(%error, "a listener ended");
            }
        });
    }
}

/// The library's own refusals get the documented codes and reasons.
async fn documented(answer: axum::response::Response) -> axum::response::Response {
    crate::wire::status::documented(answer.headers()).map_or(answer, |status| status.into_http())
}

async fn bind_ops(config: &Config) -> Result<Option<TcpListener>, StartError> {
    match &config.ops {
        Some(address) => bind("listen.ops", address).await.map(Some),
        None => Ok(None),
    }
}

async fn bind(key: &'static str, address: &str) -> Result<TcpListener, StartError> {
    let failed = |error| StartError::Listen { address: address.to_owned(), key, error };
    TcpListener::bind(address).await.map_err(failed)
}

/// A bound listener has an address.
fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
}

/// `grpc.health.v1`: the listener as a whole (the empty name) and each of its services are serving as long as the node answers.
async fn health(
    services: &[&str],
) -> tonic_health::pb::health_server::HealthServer<impl tonic_health::pb::health_server::Health + use<>> {
    let (reporter, service) = tonic_health::server::health_reporter();
    for name in services.iter().chain([&""]) {
        reporter.set_service_status(*name, tonic_health::ServingStatus::Serving).await;
    }
    service
}

/// Reflection, on the desk only.
fn reflection()
-> tonic_reflection::server::v1::ServerReflectionServer<impl tonic_reflection::server::v1::ServerReflection> {
    #[expect(clippy::expect_used, reason = "the descriptors are compiled in, and a test starts the service")]
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(crate::wire::proto::DESCRIPTORS)
        .build_v1()
        .expect("the compiled descriptors are whole")
}
