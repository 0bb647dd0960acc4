//! Dials a node. The connection fails unless the node has the expected SPIFFE id.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use arc_swap::ArcSwap;
use http::{Uri, uri::Authority};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::{DnsName, ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
    time,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};
use tonic::transport::{Channel, Endpoint};
use tracing::info;

use super::{
    addresses,
    limits::Limits,
    peer_monitor::{PeerAccess, PeerMonitor},
    rate_limit::{Metered, RateLimit},
    socket::sends_what_can_go,
    tls_config::{Credentials, TlsConfig, TlsConfigError},
};
use crate::{
    domain::{fault::Fault, ids::TrustDomain, time::Clock},
    identity::trust::{AdmittedPeers, KnownOrganisation, Lapse, TlsUsage, Trust},
};

/// How long the dialler waits for the server's first bytes after the handshake.
const FIRST_WORD: Duration = Duration::from_millis(500);

/// Why no channel can be made.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The endpoint can't be parsed.
    #[error("`{0}` is not an endpoint; write host:port, e.g. node.fr.example:7443")]
    Endpoint(String),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsConfigError),
    /// The bundle of the node's own organisation is invalid.
    #[error(transparent)]
    Trust(#[from] Fault),
}

/// A channel to a node of `expect` at `endpoint` (`host:port`). It connects at the first call and reconnects after a break. A call fails
/// if another organisation answers. The connection is closed when that organisation is no longer trusted.
///
/// With TLS 1.3 the server's refusal of *our* certificate shows in the first call only, so the first call should be a cheap one.
///
/// # Errors
/// [`DialError`], if the endpoint or the settings are invalid. A failed connection shows at the first call.
pub fn connect(
    endpoint: &str,
    expect: TrustDomain,
    tls_config: &Arc<TlsConfig>,
    limits: &Limits,
) -> Result<Channel, DialError> {
    connect_as(endpoint, expect, tls_config, limits, None)
}

/// A channel as from [`connect`], to a partner's node. The partner's rate limit applies to what it sends, except for answers to this node's
/// requests.
///
/// # Errors
/// [`DialError`], as for [`connect`].
pub fn connect_partner(
    endpoint: &str,
    expect: TrustDomain,
    tls_config: &Arc<TlsConfig>,
    limits: &Limits,
) -> Result<RefundedChannel, DialError> {
    let (rate_limit, access) = (RateLimit::dialled(limits), Arc::new(ArcSwap::from_pointee(PeerAccess::default())));
    let channel = connect_as(endpoint, expect, tls_config, limits, Some((rate_limit.clone(), access.clone())))?;
    Ok(RefundedChannel { channel, rate_limit, access })
}

fn connect_as(
    endpoint: &str,
    expect: TrustDomain,
    tls_config: &Arc<TlsConfig>,
    limits: &Limits,
    partner: Option<(RateLimit, Arc<ArcSwap<PeerAccess>>)>,
) -> Result<Channel, DialError> {
    let authority = endpoint.parse::<Authority>().ok().filter(|a| a.port_u16().is_some() && !a.as_str().contains('@'));
    let wrong = || DialError::Endpoint(crate::domain::ids::shorten(endpoint));
    let authority = authority.ok_or_else(wrong)?;
    let uri = |scheme: &str| format!("{scheme}://{authority}").parse::<Uri>().map_err(|_| wrong());
    let audience = AdmittedPeers::NodeOf(expect);
    let dial = Arc::new(Dial {
        tls: tls_config.client(audience.clone())?,
        tls_config: tls_config.clone(),
        audience,
        address: authority.as_str().to_owned(),
        limits: limits.clone(),
        partner,
    });
    // tonic sees `http`, because it has no TLS of its own here. The server sees `https`.
    let channel = Endpoint::from(uri("http")?)
        .origin(uri("https")?)
        // The dialler has its own time limit, with a better error message.
        .connect_timeout(limits.handshake() + Duration::from_secs(1))
        // Half of the usual time, so that a silent link is given up and dialled again within 40 seconds.
        .http2_keep_alive_interval(limits.keepalive() / 2)
        .keep_alive_timeout(limits.keepalive_answer())
        .keep_alive_while_idle(true)
        .http2_max_header_list_size(limits.header_bytes)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(2 << 20)
        .connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
            let dial = dial.clone();
            async move { dial.run().await.map(TokioIo::new) }
        }));
    Ok(channel)
}

/// A channel from a person or program to a node of their own organisation.
///
/// # Errors
/// [`DialError`], as for [`connect`].
pub fn connect_own(
    endpoint: &str,
    credentials: Credentials,
    own: KnownOrganisation,
    clock: Arc<dyn Clock>,
    limits: &Limits,
) -> Result<Channel, DialError> {
    let domain = own.bundle.domain().clone();
    let trust = Trust::new(own, Vec::new(), Vec::new())?;
    let tls_config = Arc::new(TlsConfig::new(credentials, Arc::new(ArcSwap::from_pointee(trust)), clock));
    connect(endpoint, domain, &tls_config, limits)
}

struct Dial {
    tls_config: Arc<TlsConfig>,
    tls: Arc<ClientConfig>,
    audience: AdmittedPeers,
    address: String,
    limits: Limits,
    /// For a connection to a partner: its rate limit, and where to store what it may do on the connection.
    partner: Option<(RateLimit, Arc<ArcSwap<PeerAccess>>)>,
}

impl Dial {
    async fn run(&self) -> io::Result<Metered<Guarded>> {
        let changes = self.tls_config.changes();
        let connecting = |to| async move {
            let tcp = TcpStream::connect::<SocketAddr>(to).await?;
            sends_what_can_go(&tcp)?;
            let mut stream = TlsConnector::from(self.tls.clone()).connect(nobody()?, tcp).await?;
            let first = first_word(&mut stream).await?;
            Ok((stream, first))
        };
        let (stream, first) = addresses::first(&self.address, self.limits.handshake(), connecting).await?;
        let tls = stream.get_ref().1;
        let monitor = PeerMonitor::new(
            self.tls_config.clone(),
            tls.peer_certificates(),
            TlsUsage::Server,
            self.audience.clone(),
            changes,
        );
        let peer = monitor.check().map_err(io::Error::other)?;
        self.tls_config.remember(peer.id.domain(), tls.peer_certificates());
        if let Some((_, access)) = &self.partner {
            access.store(Arc::new(monitor.access(&peer)));
        }
        let (cut, dropped) = (CancellationToken::new(), CancellationToken::new());
        let guarded = Guarded {
            stream,
            first,
            cut: Box::pin(cut.clone().cancelled_owned()),
            _dropped: dropped.clone().drop_guard(),
        };
        tokio::spawn(async move {
            tokio::select! {
                () = dropped.cancelled() => {}
                fault = monitor.unwelcome() => {
                    info!(peer = %peer.id, reason = %fault.reason, %fault, "cut a live connection");
                    cut.cancel();
                }
            }
        });
        let mut metered = Metered::new(guarded);
        self.partner.iter().for_each(|(rate_limit, _)| metered.belongs_to(rate_limit.clone()));
        Ok(metered)
    }
}

/// A channel to a partner's node that refunds the partner's answers to its rate limit.
#[derive(Debug, Clone)]
pub struct RefundedChannel {
    channel: Channel,
    rate_limit: RateLimit,
    access: Arc<ArcSwap<PeerAccess>>,
}

/// What the node at the other end of the latest connection may do. A second process would have its own, for its own connection.
#[derive(Debug, Clone)]
pub struct CurrentAccess(Arc<ArcSwap<PeerAccess>>);

impl CurrentAccess {
    /// The revocation list that is past its next update, if there is one.
    pub fn lapse(&self) -> Option<Lapse> {
        self.0.load().lapse()
    }
}

impl RefundedChannel {
    /// What the dialled node may do. It is known from the first call on.
    pub fn access(&self) -> CurrentAccess {
        CurrentAccess(self.access.clone())
    }
}

impl tower::Service<http::Request<tonic::body::Body>> for RefundedChannel {
    type Response = http::Response<tonic::body::Body>;
    type Error = tonic::transport::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let (answer, rate_limit) = (self.channel.call(request), self.rate_limit.clone());
        Box::pin(async move { Ok(answer.await?.map(|body| tonic::body::Body::new(RefundedBody { body, rate_limit }))) })
    }
}

/// The body of an answer to a request of this node. Its bytes are refunded to the partner's rate limit.
struct RefundedBody {
    body: tonic::body::Body,
    rate_limit: RateLimit,
}

impl hyper::body::Body for RefundedBody {
    type Data = axum::body::Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<hyper::body::Frame<Self::Data>, tonic::Status>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.rate_limit.refund(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

/// A server name for rustls. It is neither sent nor checked, because the verifier checks the SPIFFE id.
fn nobody() -> io::Result<ServerName<'static>> {
    DnsName::try_from("node.invalid").map(ServerName::DnsName).map_err(io::Error::other)
}

/// Waits for the server's first bytes: its HTTP/2 settings, or the alert by which it refuses the client's certificate. With TLS 1.3 the
/// client's handshake ends before the server has checked the client's certificate. Data that is sent before the alert arrives can make the
/// operating system discard it.
///
/// The wait is limited, because another implementation may wait for the client to send first.
async fn first_word(stream: &mut TlsStream<TcpStream>) -> io::Result<VecDeque<u8>> {
    let mut first = [0; 512];
    match time::timeout(FIRST_WORD, stream.read(&mut first)).await {
        Ok(Ok(0)) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the other side closed the connection at once")),
        Ok(read) => Ok(first.iter().take(read?).copied().collect()),
        Err(_) => Ok(VecDeque::new()),
    }
}

/// A connection that fails when its peer is no longer trusted.
struct Guarded {
    stream: TlsStream<TcpStream>,
    /// Bytes that were read already.
    first: VecDeque<u8>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Ends the monitoring task when the connection is dropped.
    _dropped: DropGuard,
}

impl Guarded {
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => {
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the peer is no longer trusted; see the log"))
            }
            Poll::Pending => Ok(()),
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        if !self.first.is_empty() {
            let length = self.first.len().min(buf.remaining());
            buf.put_slice(&self.first.drain(..length).collect::<Vec<u8>>());
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
