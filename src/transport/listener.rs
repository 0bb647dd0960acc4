//! The accept loop. It does the TLS handshake, identifies the peer, serves HTTP/2 within limits, and closes a connection when its peer is
//! no longer trusted.

use std::{
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use tracing::{debug, info, warn};

use super::{
    connection_slots::{ConnectionSlot, ConnectionSlots},
    failed_handshakes::FailedHandshakes,
    limits::Limits,
    log_throttle::LogThrottle,
    peer_monitor::{PeerAccess, PeerMonitor},
    rate_limit::{HANDSHAKE, Metered, RateLimit, RateLimits},
    socket::sends_what_can_go,
    stall_detector::{CountedStream, StallDetector, WatchedBody},
    tls_config::{TlsConfig, TlsConfigError},
};
use crate::{
    domain::ids::SpiffeId,
    identity::{
        trust::{AdmittedPeers, TlsUsage},
        verifier::reason_of,
    },
};

/// The pause after a failed accept. Without file descriptors, trying again at once only wastes CPU time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How many bytes of an answer are taken from its producer before they can be written.
const UNSENT: usize = 64 << 10;
/// One address may have at most this fraction of all handshakes under way, rounded up.
const PART_OF_ONE: u32 = 4;

/// The verified identity of the peer. Every request carries it in its extensions.
#[derive(Debug, Clone)]
pub struct PeerIdentity {
    /// Whose certificate it is.
    pub id: SpiffeId,
    /// The key exchange that TLS agreed on, such as `X25519MLKEM768`.
    pub key_exchange: String,
    /// Cancelled when the connection ends, for tasks that run in parallel.
    pub ended: CancellationToken,
    /// Its rate limit, which all its connections share.
    pub rate_limit: RateLimit,
    /// Whether it may do everything, or only say hello and hand over lists.
    pub access: PeerAccess,
    /// The certificates that it showed (DER), the end certificate first.
    pub chain: Arc<Vec<Vec<u8>>>,
}

/// Serves `router` over mutual TLS and HTTP/2 to `audience` until `stop` is cancelled. Requests under way may then finish. Returns when
/// the last connection has ended.
///
/// # Errors
/// [`TlsConfigError::Settings`], before anything is accepted.
pub async fn serve(
    listener: TcpListener,
    tls_config: Arc<TlsConfig>,
    audience: AdmittedPeers,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> Result<(), TlsConfigError> {
    let tls = tls_config.server(audience.clone())?;
    let permits = |count: u32| Arc::new(Semaphore::new(count.try_into().unwrap_or(Semaphore::MAX_PERMITS)));
    let (handshakes, connections) = (permits(limits.handshakes), permits(limits.connections));
    let server = Arc::new(Server {
        tls_config,
        audience,
        tls,
        router,
        limits,
        connections,
        slots: Arc::default(),
        rate_limits: RateLimits::default(),
        failed_handshakes: FailedHandshakes::default(),
        refused_log: LogThrottle::default(),
        closed_log: LogThrottle::default(),
        handshakes_by_address: Arc::default(),
        stop,
    });
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = server.stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match (accepted, handshakes.clone().try_acquire_owned()) {
            (Ok((_, from)), _) if server.failed_handshakes.is_blocked(from.ip(), Instant::now()) => {
                server.refused(from, "too many connections from there were refused recently", false);
            }
            (Ok((tcp, from)), Ok(permit)) => {
                match server
                    .handshakes_by_address
                    .take(from.ip().to_string(), server.limits.handshakes.div_ceil(PART_OF_ONE))
                {
                    Some(slot) => drop(tasks.spawn(server.clone().admit(
                        tcp,
                        from,
                        HandshakeSlot { _permit: permit, _slot: slot },
                    ))),
                    None => server.refused(from, "too many handshakes from there are under way", false),
                }
            }
            (Ok((_, from)), Err(_)) => server.refused(from, "too many handshakes are under way", false),
            (Err(error), _) => {
                server.can_t_accept(&error);
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
    Ok(())
}

/// What all connections of one listener share. The limits protect one machine, so a second process would have its own: a partner gets as much
/// from each.
struct Server {
    tls_config: Arc<TlsConfig>,
    audience: AdmittedPeers,
    tls: Arc<ServerConfig>,
    router: Router,
    limits: Limits,
    /// All connections of the listener. A second process would have its own, for its own memory.
    connections: Arc<Semaphore>,
    /// The connections of each peer. A second process would have its own: a partner may have as many to each.
    slots: Arc<ConnectionSlots>,
    /// The rate limit of each peer. A second process would have its own: a partner may use the whole rate at each.
    rate_limits: RateLimits,
    /// Failed handshakes by address. A second process would have its own: a stranger may cause as many at each.
    failed_handshakes: FailedHandshakes,
    /// Log lines about connections that were refused, and about admitted ones that were closed. A second process would have its own, as it
    /// has a log of its own.
    refused_log: LogThrottle,
    closed_log: LogThrottle,
    /// Handshakes under way, by address. A second process would have its own, for its own cores.
    handshakes_by_address: Arc<ConnectionSlots>,
    stop: CancellationToken,
}

/// A connection whose peer is known.
struct Admitted {
    stream: TlsStream<Metered<TcpStream>>,
    peer: PeerIdentity,
    monitor: PeerMonitor,
    /// Held as long as the connection lives.
    slot: ConnectionSlot,
    /// Held as long as the connection lives.
    permit: OwnedSemaphorePermit,
}

/// Held during a handshake. It limits how many are under way at one time.
struct HandshakeSlot {
    _permit: OwnedSemaphorePermit,
    _slot: ConnectionSlot,
}

impl Server {
    async fn admit(self: Arc<Self>, tcp: TcpStream, from: SocketAddr, handshake: HandshakeSlot) {
        // Subscribed before the handshake, so that a change of trust during the handshake is noticed.
        let changes = self.tls_config.changes();
        let _ = sends_what_can_go(&tcp);
        let accepted = tokio::select! {
            () = self.stop.cancelled() => return,
            accepted = time::timeout(self.limits.handshake(), TlsAcceptor::from(self.tls.clone()).accept(Metered::new(tcp))) => accepted,
        };
        let admitted = match accepted {
            Err(_) => Err("the handshake took too long".to_owned()),
            Ok(Err(error)) => Err(reason_of(&error)),
            Ok(Ok(stream)) => self.authenticate(stream, from, changes),
        };
        drop(handshake);
        match admitted {
            Ok(admitted) => self.run(admitted).await,
            Err(reason) => self.refused(from, &reason, true),
        }
    }

    /// Logs a refused connection. After a handshake, which is expensive, the refusal also counts against the address.
    fn refused(&self, from: SocketAddr, reason: &str, after_handshake: bool) {
        if after_handshake {
            self.failed_handshakes.record_failure(from.ip(), Instant::now());
        }
        if let Some(before) = self.refused_log.permit(&from.ip().to_string(), reason, Instant::now()) {
            info!(%from, reason, before, "refused a connection");
        }
    }

    /// Logs that no connection can be accepted. The log throttle limits this, because the pause between two attempts is short.
    fn can_t_accept(&self, error: &std::io::Error) {
        if let Some(before) = self.refused_log.permit("", &error.to_string(), Instant::now()) {
            warn!(%error, before, "can't accept connections; if the limit of open files is reached, raise it (LimitNOFILE in systemd)");
        }
    }

    /// Logs why an admitted connection was closed.
    fn ended(&self, id: &SpiffeId, reason: &str) {
        if let Some(before) = self.closed_log.permit(&id.to_string(), reason, Instant::now()) {
            info!(peer = %id, reason, before, "closed a connection");
        }
    }

    fn authenticate(
        &self,
        mut stream: TlsStream<Metered<TcpStream>>,
        from: SocketAddr,
        changes: watch::Receiver<u64>,
    ) -> Result<Admitted, String> {
        let tls = stream.get_ref().1;
        if tls.alpn_protocol() != Some(b"h2") {
            return Err("the client does not speak HTTP/2".to_owned());
        }
        let key_exchange = tls.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name()));
        let monitor = PeerMonitor::new(
            self.tls_config.clone(),
            tls.peer_certificates(),
            TlsUsage::Client,
            self.audience.clone(),
            changes,
        );
        let peer = monitor.check().map_err(|fault| format!("{}: {fault}", fault.reason))?;
        self.tls_config.remember(peer.id.domain(), tls.peer_certificates());
        if !peer.revocation_known {
            debug!(peer = %peer.id, "no revocation list of that organisation is held");
        }
        // All nodes of a partner share its slots. At the desk each person has their own.
        let name = match self.audience {
            AdmittedPeers::Own => peer.id.to_string(),
            AdmittedPeers::Partners | AdmittedPeers::NodeOf(_) => peer.id.domain().to_string(),
        };
        let rate_limit = self.rate_limits.of(&name, &self.limits, self.audience == AdmittedPeers::Partners);
        rate_limit.spend(HANDSHAKE);
        self.failed_handshakes.record_success(&name, from.ip(), Instant::now());
        let slot = self.slots.take(name, self.limits.connections_per_peer);
        let slot = slot.ok_or_else(|| format!("`{}` has too many connections already", peer.id))?;
        let permit = self.connections.clone().try_acquire_owned();
        let permit = permit.map_err(|_| "the listener has too many connections already".to_owned())?;
        let ended = CancellationToken::new();
        stream.get_mut().0.belongs_to(rate_limit.clone());
        let (access, chain) = (monitor.access(&peer), Arc::new(monitor.chain()));
        let key_exchange = key_exchange.unwrap_or_default();
        let peer = PeerIdentity { id: peer.id, key_exchange, ended, rate_limit, access, chain };
        Ok(Admitted { stream, peer, monitor, slot, permit })
    }

    async fn run(&self, admitted: Admitted) {
        let Admitted { stream, peer, monitor, slot: _slot, permit: _permit } = admitted;
        let _ended = peer.ended.clone().drop_guard();
        let detector = Arc::new(StallDetector::default());
        let io = TokioIo::new(CountedStream::new(stream, detector.clone()));
        let service = service_fn(|request| answer(self.router.clone(), peer.clone(), detector.clone(), request));
        let builder = http2(&self.limits);
        let mut connection = pin!(builder.serve_connection(io, service));
        let mut unwelcome = pin!(monitor.unwelcome());
        let mut stopped = pin!(detector.wait_for_stall(self.limits.handshake(), self.limits.stalled_reader()));
        let mut drained = pin!(async {
            self.stop.cancelled().await;
            time::sleep(self.limits.drain()).await;
        });
        let mut draining = false;
        debug!(peer = %peer.id, key_exchange = peer.key_exchange, "connected");
        loop {
            tokio::select! {
                // Returning drops the connection, which ends the peer's streams.
                fault = &mut unwelcome => {
                    return info!(peer = %peer.id, reason = %fault.reason, %fault, "cut a live connection");
                }
                reason = &mut stopped => return self.ended(&peer.id, reason),
                () = &mut drained => return info!(peer = %peer.id, "closed a connection that did not end by itself"),
                () = self.stop.cancelled(), if !draining => {
                    draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                ended = &mut connection => {
                    let fault = ended.err().and_then(|error| fault_of_http2(&*error));
                    debug!(peer = %peer.id, fault, "disconnected");
                    return fault.into_iter().for_each(|fault| self.ended(&peer.id, &fault));
                }
            }
        }
    }
}

/// The fault in what the peer sent; `None` if it only closed the connection.
fn fault_of_http2(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return None;
        }
        if error.source().is_none() {
            return Some(error.to_string());
        }
        cause = error.source();
    }
    None
}

fn answer(
    router: Router,
    peer: PeerIdentity,
    detector: Arc<StallDetector>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<WatchedBody>, Infallible>> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(peer);
    async move { Ok(router.oneshot(request).await?.map(|body| WatchedBody::new(body, &detector))) }
}

fn http2(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(256 << 10)
        .initial_connection_window_size(1 << 20)
        .max_frame_size(16 << 10)
        // Rapid reset: a client that opens and resets requests faster than they are accepted is disconnected.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .max_send_buf_size(UNSENT)
        .keep_alive_interval(limits.keepalive())
        .keep_alive_timeout(limits.keepalive_answer());
    builder
}
