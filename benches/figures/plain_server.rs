//! The other process of every limit: tonic with mutual TLS and a log file, nothing decided, signed or checked. This program
//! starts itself again as that process. The same calls can be served over our own transport, to see what that adds.

use std::{
    convert::Infallible,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{Stream, StreamExt, future::BoxFuture, stream};
use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{broadcast, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream};
use tonic::{Request, Response, Status, body::Body, server::Grpc, transport::server::Connected};
use tonic_prost::ProstCodec;
use watchfire::{
    identity::trust::AdmittedPeers,
    transport::{limits::Limits, listener},
    wire::proto,
};

use super::{bare, plain_log::Log, plain_tls};

/// Appends a request to the log. The answer is sent once it is on the disk.
pub const APPEND: &str = "/plain/Append";
/// The same, and then sends the first ready-made message to all open streams.
pub const PUSH: &str = "/plain/Push";
/// A stream of all ready-made messages.
pub const REPLAY: &str = "/plain/Replay";
/// A stream that stays open, of what is pushed. It begins with one message at once.
pub const FOLLOW: &str = "/plain/Follow";

/// The argument with which this program is that process; which transport and which directory follow.
pub const ARGUMENT: &str = "--plain-server";
/// The values of the argument after it: the plain transport, and our own.
pub const TRANSPORTS: [&str; 2] = ["plain", "own"];

type Messages = Pin<Box<dyn Stream<Item = Result<proto::FeedEntry, Status>> + Send>>;

#[derive(Clone)]
struct Service {
    entries: Arc<Vec<proto::FeedEntry>>,
    log: Log,
    pushed: broadcast::Sender<proto::FeedEntry>,
}

/// Serves until it is killed. The first line of its output is its address.
pub async fn run(transport: &str, dir: &Path) {
    let (pushed, _) = broadcast::channel(16);
    let service = Service { entries: Arc::new(read_entries(dir)), log: Log::create(&dir.join("log")), pushed };
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", tcp.local_addr().unwrap());
    if transport == TRANSPORTS[0] {
        serve_plain(service, tcp, dir).await;
    } else {
        let tls_config = bare::of_directory(dir);
        let router = axum::Router::new().fallback_service(service);
        let stop = tokio_util::sync::CancellationToken::new();
        listener::serve(tcp, tls_config, AdmittedPeers::Partners, router, Limits::default(), stop).await.unwrap();
    }
}

async fn serve_plain(service: Service, tcp: TcpListener, dir: &Path) {
    let (acceptor, (admit, admitted)) = (TlsAcceptor::from(plain_tls::server(dir)), mpsc::channel(64));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = tcp.accept().await {
            tcp.set_nodelay(true).unwrap();
            let (acceptor, admit) = (acceptor.clone(), admit.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(tcp).await {
                    let _ = admit.send(Ok::<_, std::io::Error>(Admitted(stream))).await;
                }
            });
        }
    });
    let server = tonic::transport::Server::builder().initial_stream_window_size(1 << 20);
    let server = server.initial_connection_window_size(2 << 20).max_concurrent_streams(64);
    server.serve_with_incoming(service, ReceiverStream::new(admitted)).await.unwrap();
}

/// The messages of a directory, as [`write_entries`] wrote them.
fn read_entries(dir: &Path) -> Vec<proto::FeedEntry> {
    let mut bytes = prost::bytes::Bytes::from(std::fs::read(dir.join("entries")).unwrap());
    let mut entries = vec![];
    while !bytes.is_empty() {
        entries.push(proto::FeedEntry::decode_length_delimited(&mut bytes).unwrap());
    }
    entries
}

/// Writes the messages that the process will send.
pub fn write_entries(dir: &Path, entries: &[proto::FeedEntry]) {
    let bytes: Vec<u8> = entries.iter().flat_map(Message::encode_length_delimited_to_vec).collect();
    std::fs::write(dir.join("entries"), bytes).unwrap();
}

impl Service {
    async fn append(&self, request: &proto::SubmitStatementsRequest) -> proto::SubmitStatementsResponse {
        self.log.append(request.encode_to_vec()).await;
        proto::SubmitStatementsResponse::default()
    }

    fn replay(&self) -> Messages {
        let entries = self.entries.clone();
        stream::iter((0..entries.len()).map(move |i| Ok(entries[i].clone()))).boxed()
    }

    fn follow(&self) -> Messages {
        let pushed = BroadcastStream::new(self.pushed.subscribe());
        let pushed = pushed.map(|entry| entry.map_err(|_| Status::data_loss("too slow")));
        stream::iter([Ok(proto::FeedEntry::default())]).chain(pushed).boxed()
    }

    async fn answer(self, request: http::Request<Body>) -> http::Response<Body> {
        match request.uri().path() {
            path @ (APPEND | PUSH) => {
                let pushes = path == PUSH;
                let append = tower::service_fn(move |request: Request<proto::SubmitStatementsRequest>| {
                    let service = self.clone();
                    async move {
                        let answer = service.append(request.get_ref()).await;
                        if pushes {
                            let _ = service.pushed.send(service.entries[0].clone());
                        }
                        Ok::<_, Status>(Response::new(answer))
                    }
                });
                let codec = ProstCodec::<proto::SubmitStatementsResponse, proto::SubmitStatementsRequest>::default();
                Grpc::new(codec).unary(append, request).await
            }
            path => {
                let messages = if path == REPLAY { self.replay() } else { self.follow() };
                let mut messages = Some(messages);
                let send = tower::service_fn(move |_: Request<proto::SubscribeRequest>| {
                    let messages = messages.take().unwrap();
                    async move { Ok::<_, Status>(Response::new(messages)) }
                });
                let codec = ProstCodec::<proto::FeedEntry, proto::SubscribeRequest>::default();
                Grpc::new(codec).server_streaming(send, request).await
            }
        }
    }
}

impl<B> tower::Service<http::Request<B>> for Service
where
    B: hyper::body::Body<Data = prost::bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request.map(Body::new)).await) })
    }
}

/// A connection in the form that tonic takes.
struct Admitted(TlsStream<TcpStream>);

impl Connected for Admitted {
    type ConnectInfo = ();
    fn connect_info(&self) {}
}

impl AsyncRead for Admitted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Admitted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
