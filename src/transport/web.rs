//! The listener for browsers: HTTP/1.1 and HTTP/2, over TLS 1.3 or, on a loopback address, without TLS.
//!
//! Anybody who reaches the address may connect, so every connection has a time for its handshake and for its headers, and one address may have
//! only some connections.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use rustls::{ServerConfig, server::NoServerSessionStorage, version::TLS13};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use tracing::{debug, warn};

use super::{
    connection_slots::ConnectionSlots,
    limits::Limits,
    tls_config::{Credentials, CurrentCertificate, TlsConfigError},
};
use crate::identity::verifier::provider;

/// The pause after a failed accept. Without file descriptors, trying again at once only wastes CPU time.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections of one address. A browser opens six to one host, and several people may share an address.
const CONNECTIONS_OF_ONE: u32 = 64;
/// Requests at one time on one connection.
const STREAMS: u32 = 32;
/// Bytes of the headers of a request.
const HEADER_BYTES: u32 = 16 << 10;

/// The address from which a request came. Every request has it in its extensions.
#[derive(Debug, Clone, Copy)]
pub struct BrowserAddress(pub SocketAddr);

/// How connections of browsers are protected.
#[derive(Clone)]
pub enum WebTls {
    /// Not at all. For loopback addresses only.
    Plain,
    /// TLS 1.3.
    Tls(Arc<ServerConfig>),
}

/// The certificate that browsers see. It can be replaced while the listener runs.
#[derive(Clone)]
pub struct WebCertificate(Arc<CurrentCertificate>);

impl WebCertificate {
    /// Shows this certificate.
    pub fn new(credentials: Credentials) -> Self {
        Self(Arc::new(CurrentCertificate::new(credentials)))
    }

    /// Shows another one from the next handshake on.
    pub fn replace(&self, credentials: Credentials) {
        self.0.replace(credentials);
    }
}

impl WebTls {
    /// TLS 1.3 with this certificate.
    ///
    /// # Errors
    /// [`TlsConfigError::Settings`].
    pub fn new(certificate: &WebCertificate) -> Result<Self, TlsConfigError> {
        let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(TlsConfigError::Settings)?.with_no_client_auth();
        let mut config = builder.with_cert_resolver(certificate.0.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Nothing of a session outlives its connection.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self::Tls(Arc::new(config)))
    }
}

/// Serves `router` to browsers until `stop` is cancelled. Requests under way may then finish.
pub async fn serve(tcp: TcpListener, tls: WebTls, router: Router, limits: Limits, stop: CancellationToken) {
    let server = Arc::new(WebServer {
        tls,
        router,
        connections: Arc::new(Semaphore::new(limits.connections.try_into().unwrap_or(Semaphore::MAX_PERMITS))),
        by_address: Arc::default(),
        limits,
        stop,
    });
    let tasks = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = server.stop.cancelled() => break,
            accepted = tcp.accept() => accepted,
        };
        match accepted {
            Ok((tcp, from)) => drop(tasks.spawn(server.clone().admit(tcp, from))),
            Err(error) => {
                warn!(%error, "can't accept connections of browsers");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    tasks.close();
    tasks.wait().await;
}

struct WebServer {
    tls: WebTls,
    router: Router,
    /// All connections of the listener. A second process would have its own, for its own memory.
    connections: Arc<Semaphore>,
    /// The connections of each address. A second process would have its own: an address may have as many to each.
    by_address: Arc<ConnectionSlots>,
    limits: Limits,
    stop: CancellationToken,
}

impl WebServer {
    async fn admit(self: Arc<Self>, tcp: TcpStream, from: SocketAddr) {
        let permit = self.connections.clone().try_acquire_owned();
        let slot = self.by_address.take(from.ip().to_string(), CONNECTIONS_OF_ONE);
        let (Ok(_permit), Some(_slot)) = (permit, slot) else {
            return debug!(%from, "refused a browser: too many connections");
        };
        match &self.tls {
            WebTls::Plain => self.run(tcp, from).await,
            WebTls::Tls(config) => {
                let accepted = TlsAcceptor::from(config.clone()).accept(tcp);
                match time::timeout(self.limits.handshake(), accepted).await {
                    Ok(Ok(stream)) => self.run(stream, from).await,
                    Ok(Err(error)) => debug!(%from, %error, "a browser's handshake failed"),
                    Err(_) => debug!(%from, "a browser's handshake took too long"),
                }
            }
        }
    }

    async fn run(&self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, from: SocketAddr) {
        let service = service_fn(|request| answer(self.router.clone(), from, request));
        let builder = http(&self.limits);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut drained = pin!(async {
            self.stop.cancelled().await;
            time::sleep(self.limits.drain()).await;
        });
        let mut is_draining = false;
        loop {
            tokio::select! {
                () = &mut drained => return,
                () = self.stop.cancelled(), if !is_draining => {
                    is_draining = true;
                    connection.as_mut().graceful_shutdown();
                }
                ended = &mut connection => {
                    if let Err(error) = ended {
                        debug!(%from, %error, "a browser's connection ended");
                    }
                    return;
                }
            }
        }
    }
}

async fn answer(router: Router, from: SocketAddr, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(BrowserAddress(from));
    router.oneshot(request).await
}

fn http(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.handshake())
        .max_buf_size(HEADER_BYTES as usize)
        .keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADER_BYTES)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .keep_alive_interval(limits.keepalive())
        .keep_alive_timeout(limits.keepalive_answer());
    builder
}
