//! The limit of every figure that crosses a connection: plain tonic with mutual TLS, one process on each side. This is the
//! side of the client; `plain_server` is the other process.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tonic::{
    Request, Streaming,
    body::Body,
    client::{Grpc, GrpcService},
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;
use watchfire::wire::proto;

use super::{
    content::Signed,
    plain_server::{APPEND, ARGUMENT, FOLLOW, PUSH, REPLAY, TRANSPORTS, write_entries},
    plain_tls,
};

/// A server as a process of its own; killed when dropped.
pub struct Plain {
    process: Child,
    pub address: String,
    tls: Arc<ClientConfig>,
    /// Its certificates, its messages and its log.
    dir: Option<tempfile::TempDir>,
}

impl Plain {
    /// With plain TLS. It has these ready-made messages. Its files go into `dir`, on the disk that the figure is about.
    pub fn start(dir: tempfile::TempDir, entries: &[proto::FeedEntry]) -> Self {
        let mut plain = Self::start_with(TRANSPORTS[0], dir.path(), entries);
        plain.dir = Some(dir);
        plain
    }

    /// The same over our own transport, as the publisher of the pair in `dir`.
    pub fn start_own(dir: &Path, entries: &[proto::FeedEntry]) -> Self {
        Self::start_with(TRANSPORTS[1], dir, entries)
    }

    fn start_with(transport: &str, dir: &Path, entries: &[proto::FeedEntry]) -> Self {
        plain_tls::make(dir);
        write_entries(dir, entries);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([ARGUMENT, transport]).arg(dir);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { process, address: address.trim().to_owned(), tls: plain_tls::client(dir), dir: None }
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A connection of its own, whose handshake is done.
    pub async fn client(&self) -> Client<Channel> {
        let (tls, address) = (self.tls.clone(), self.address.clone());
        let connect = tower::service_fn(move |_: http::Uri| {
            let (tls, address) = (tls.clone(), address.clone());
            async move { plain_tls::connect(tls, &address).await.map(TokioIo::new) }
        });
        let endpoint = Endpoint::from_static("http://localhost");
        let endpoint = endpoint.initial_stream_window_size(1 << 20).initial_connection_window_size(2 << 20);
        Client(Grpc::new(endpoint.connect_with_connector(connect).await.unwrap()))
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The calls of the server, over either transport.
#[derive(Clone)]
pub struct Client<T>(Grpc<T>);

impl<T> Client<T>
where
    T: GrpcService<Body>,
    T::ResponseBody: hyper::body::Body<Data = prost::bytes::Bytes> + Send + 'static,
    <T::ResponseBody as hyper::body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    T::Error: std::fmt::Debug,
{
    pub fn over(channel: T) -> Self {
        Self(Grpc::new(channel))
    }

    /// Returns once the request is on the server's disk.
    pub async fn append(&mut self, request: proto::SubmitStatementsRequest) {
        self.unary(APPEND, request).await;
    }

    /// The same; the server then sends its first message to all that follow.
    pub async fn push(&mut self, request: proto::SubmitStatementsRequest) {
        self.unary(PUSH, request).await;
    }

    async fn unary(&mut self, path: &'static str, request: proto::SubmitStatementsRequest) {
        self.0.ready().await.map_err(|_| "not ready").unwrap();
        let codec = ProstCodec::<_, proto::SubmitStatementsResponse>::default();
        self.0.unary(Request::new(request), path.parse().unwrap(), codec).await.unwrap();
    }

    /// All the server's messages.
    pub async fn replay(&mut self) -> Streaming<proto::FeedEntry> {
        self.stream(REPLAY).await
    }

    /// What the server will push.
    pub async fn follow(&mut self) -> Streaming<proto::FeedEntry> {
        let mut stream = self.stream(FOLLOW).await;
        stream.message().await.unwrap().unwrap();
        stream
    }

    async fn stream(&mut self, path: &'static str) -> Streaming<proto::FeedEntry> {
        self.0.ready().await.map_err(|_| "not ready").unwrap();
        let codec = ProstCodec::default();
        let request = Request::new(proto::SubscribeRequest::default());
        self.0.server_streaming(request, path.parse().unwrap(), codec).await.unwrap().into_inner()
    }
}

/// A request of as many bytes as the publication has.
pub fn as_long_as(signed: &Signed) -> proto::SubmitStatementsRequest {
    let portions: usize = signed.portions.iter().map(Vec::len).sum();
    of_length(signed.manifest.payload.len() + portions)
}

/// A request with so many bytes in it.
pub fn of_length(bytes: usize) -> proto::SubmitStatementsRequest {
    let envelope = proto::Envelope { payload: vec![7; bytes].into(), ..proto::Envelope::default() };
    proto::SubmitStatementsRequest { statements: vec![envelope] }
}

/// A ready-made message of about the length of an entry.
pub fn message() -> proto::FeedEntry {
    proto::FeedEntry { portions: vec![vec![7; 4500].into()], ..proto::FeedEntry::default() }
}

/// The times of calls one after the other, each answered once it is on the server's disk, with a pause between two.
pub async fn durable_calls(dir: tempfile::TempDir, bytes: usize, n: usize, pause: Duration) -> Vec<Duration> {
    let plain = Plain::start(dir, &[]);
    let mut client = plain.client().await;
    let mut took = vec![];
    for _ in 0..n {
        let start = Instant::now();
        client.append(of_length(bytes)).await;
        took.push(start.elapsed());
        tokio::time::sleep(pause).await;
    }
    took
}
