//! Builds a node from its configuration and runs it. Only this module knows the concrete types.

mod certificate_set;
mod console;
pub mod devca;
pub mod endings;
mod error;
mod keys;
mod ledger;
mod listening;
mod lists_in_force;
mod middleware;
mod node_files;
mod ops;
mod own_lists;
mod paths;
pub mod persons;
pub mod register;
pub mod rules;
pub mod services;
mod tasks;
mod watch;

use std::{net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use tokio::{net::TcpListener, sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

pub use error::{NodeFilesError, StartError, StartupNotice};
pub use keys::signing_key;
use listening::{address, bind};
pub use node_files::NodeFiles;
pub use paths::{is_node_here, is_secret};
use tasks::until_stopped;

use crate::{
    app::{console::BoundConsole, services::NodeParts},
    config::Config,
    desk,
    domain::{fault::Fault, time::Clock},
    identity::trust::{AdmittedPeers, Trust},
    node::Node,
    peer::{self, follower::Follower},
    store::{Store, search::SearchStore as _, sqlite::SqliteStore},
    telemetry::SystemClock,
    transport::{limits::Limits, listener, tls_config::TlsConfig},
};

/// A node that runs.
pub struct Running {
    /// The node.
    pub node: Arc<Node>,
    /// The address of the listener for partners.
    pub peer: SocketAddr,
    /// The address of the listener for the organisation's own people.
    pub desk: SocketAddr,
    /// The address that browsers open for the console. `None` if it is not served.
    pub console: Option<String>,
    /// The address of health and metrics. `None` if they are not served.
    pub ops: Option<SocketAddr>,
    /// Has the watched files read again. A second process would have its own, for the files of its own host.
    look: Arc<Notify>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Running {
    /// Reads the watched files again at once.
    pub fn look_again(&self) {
        self.look.notify_one();
    }

    /// Stops the node: requests under way finish, then everything else ends. Returns when all tasks have ended.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.node.sessions.end_streams();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts a node. When this returns, its listeners are open.
///
/// # Errors
/// [`StartError`]. Nothing is left running then.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // Recorded before the files are read, so that later changes are noticed.
    let files = watch::FilesAtStart::read(&config);
    let own = NodeFiles::load(&config, clock.now())?;
    own.tell_notices();
    // Opening the store takes its lock. A second node in the directory is refused here, whatever addresses it listens on.
    let store = open_store(&config, &own.storage_key).await?;
    let bound = BoundListeners::bind(&config).await?;
    let trust = Trust::new(own.member.clone(), vec![], config.signing_usages.clone())?;
    let trust = Arc::new(ArcSwap::from_pointee(trust));
    let tls_config = Arc::new(TlsConfig::new(own.credentials, trust.clone(), clock.clone()));
    let setter = tls_config.clone();
    let ledger = ledger::parts(&config, own.ledger_key)?;
    let node = services::start(
        NodeParts {
            organisation: config.organisation.clone(),
            endpoint: config.advertise.clone(),
            house_rules: own.house_rules,
            approvals: config.approvals,
            budgets: config.budgets.clone(),
            readings_every_seconds: config.readings_every_seconds,
            console: console::parts(&config, bound.console.as_ref()),
            keep_bundle: node_files::keep_bundle(&config),
            store,
            clock: clock.clone(),
            key: own.key,
            own: own.member,
            own_lists: config.crl.clone(),
            signing_usages: config.signing_usages.clone(),
            certificates: endings::certificates(&config, &tls_config),
            trust,
            set_trust: Box::new(move |trust| setter.reload(Some(trust), None)),
        },
        ledger,
    )
    .await?;
    first_steps(&node, own.waiting_lists).await?;
    let (peer, desk, ops) = (address(&bound.peer), address(&bound.desk), bound.ops.as_ref().map(address));
    let console = bound.console.as_ref().map(BoundConsole::origin);
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let listeners = Listeners { tls_config: &tls_config, limits: &config.limits, stop: &stop };
    listeners.open_all(&mut tasks, bound, &node).await;
    let follower = Follower { node: node.clone(), tls_config: tls_config.clone(), limits: config.limits.clone() };
    tasks.spawn(follower.run(stop.clone()));
    tasks.spawn(ledger::sign(node.clone(), config.ledger.interval_seconds, stop.clone()));
    keep_working(&mut tasks, &stop, &node);
    tasks.spawn(devca::keep(config.clone(), clock.clone(), stop.clone()));
    let look = Arc::new(Notify::new());
    let watcher = watch::FileWatcher { config, node: node.clone(), tls_config, clock, look: look.clone() };
    tasks.spawn(watcher.watch(files, stop.clone()));
    Ok(Running { node, peer, desk, console, ops, look, stop, tasks })
}

/// The listeners, bound to their addresses and not served yet.
struct BoundListeners {
    peer: TcpListener,
    desk: TcpListener,
    ops: Option<TcpListener>,
    console: Option<BoundConsole>,
}

impl BoundListeners {
    async fn bind(config: &Config) -> Result<Self, StartError> {
        Ok(Self {
            peer: bind("listen.peer", &config.peer).await?,
            desk: bind("listen.desk", &config.desk).await?,
            ops: bind_ops(config).await?,
            console: console::bind_console(config).await?,
        })
    }
}

async fn open_store(config: &Config, key: &[u8; 32]) -> Result<Arc<dyn Store>, StartError> {
    let store = SqliteStore::open(&config.store, key)?;
    // On a full disk the index stays as it is, and searches read what it lacks.
    if let Err(error) = store.prepare_word_index(config.word_index).await {
        tracing::error!(%error, "the index of words could not be made or deleted; the next start tries again");
    }
    Ok(Arc::new(store))
}

/// The desk's services, behind the middleware.
async fn desk_routes(node: &Arc<Node>, message_bytes: usize) -> axum::Router {
    let routes = desk::service::routes(node.clone(), message_bytes)
        .add_service(health(desk::service::NAMES).await)
        .add_service(reflection());
    let asked = node.clone();
    let first = axum::middleware::from_fn(move |request, next| middleware::desk(asked.clone(), request, next));
    routes.prepare().into_axum_router().layer(first)
}

/// Runs before anybody can reach the node. `waiting_lists` are own revocation lists whose issuers are not known yet.
async fn first_steps(node: &Node, waiting_lists: Vec<Vec<u8>>) -> Result<(), Fault> {
    node.revocations.await_issuers(waiting_lists).await?;
    if let Err(fault) = node.people.look_for_people().await {
        tracing::error!(reason = %fault.reason, "the people in the directory could not be registered at the start");
    }
    // On a full disk, reading and feeds go on. The next checkpoint is tried at its time.
    if let Err(fault) = node.ledger.sign_checkpoint().await {
        tracing::error!(reason = %fault.reason, "no checkpoint could be signed at the start");
    }
    Ok(())
}

/// The partners' service, behind the middleware that charges each partner's rate limit.
fn exchange_routes(exchange: tonic::service::Routes, node: Arc<Node>) -> axum::Router {
    let first = axum::middleware::from_fn(move |request, next| middleware::peer(node.clone(), request, next));
    exchange.prepare().into_axum_router().layer(first)
}

/// Starts the background work of a node.
fn keep_working(tasks: &mut JoinSet<()>, stop: &CancellationToken, node: &Arc<Node>) {
    until_stopped(tasks, stop, node.inbound.clone().readmit_for_ever());
    until_stopped(tasks, stop, node.outbound.clone().forward_for_ever());
    until_stopped(tasks, stop, node.receipts.clone().answer_for_ever());
    until_stopped(tasks, stop, node.timers.clone().fire_timers_for_ever());
    until_stopped(tasks, stop, node.directory.clone().catch_up_for_ever());
}

/// What the listeners share.
struct Listeners<'a> {
    tls_config: &'a Arc<TlsConfig>,
    limits: &'a Limits,
    stop: &'a CancellationToken,
}

impl Listeners<'_> {
    /// Opens all of them.
    async fn open_all(&self, tasks: &mut JoinSet<()>, bound: BoundListeners, node: &Arc<Node>) {
        let bytes = self.limits.message_bytes as usize;
        let exchange = peer::service::service(node.clone(), bytes);
        let exchange = tonic::service::Routes::new(exchange).add_service(health(&[]).await);
        self.open(tasks, bound.peer, AdmittedPeers::Partners, exchange_routes(exchange, node.clone()));
        self.open(tasks, bound.desk, AdmittedPeers::Own, desk_routes(node, bytes).await);
        if let Some(tcp) = bound.ops {
            tasks.spawn(ops::serve(tcp, node.clone(), self.tls_config.clone(), self.stop.clone()));
        }
        if let Some(console) = bound.console {
            console.open(tasks, node, self.limits, self.stop);
        }
    }

    fn open(&self, tasks: &mut JoinSet<()>, tcp: TcpListener, audience: AdmittedPeers, router: axum::Router) {
        let router = router.layer(axum::middleware::map_response(documented));
        let (tls_config, limits, stop) = (self.tls_config.clone(), self.limits.clone(), self.stop.clone());
        tasks.spawn(async move {
            if let Err(error) = listener::serve(tcp, tls_config, audience, router, limits, stop).await {
                tracing::error!(%error, "a listener ended");
            }
        });
    }
}

/// Gives tonic's own refusals the documented codes and reasons.
async fn documented(answer: axum::response::Response) -> axum::response::Response {
    crate::wire::status::documented(answer.headers()).map_or(answer, |status| status.into_http())
}

async fn bind_ops(config: &Config) -> Result<Option<TcpListener>, StartError> {
    match &config.ops {
        Some(address) => bind("listen.ops", address).await.map(Some),
        None => Ok(None),
    }
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
