//! Organisations with a CA, a clock that is set by hand, listeners on their own ports, and clients of any kind.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::{Router, body::Body, extract::Extension, routing::get};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose as Eku, Issuer, KeyPair, SanType, date_time_ymd};
use rustls::{ClientConfig, RootCertStore, client::danger::ServerCertVerifier, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tower::ServiceExt;
use watchfire::{
    domain::time::{Clock, Time},
    identity::{
        bundle::TrustBundle,
        crl::{Crl, Revocation},
        devca::{DevCa, Purpose},
        files::certificates,
        trust::{AdmittedPeers, KnownOrganisation, Trust},
        verifier::{PeerVerifier, provider},
    },
    transport::{
        dialler::connect,
        limits::Limits,
        listener::{PeerIdentity, serve},
        tls_config::{Credentials, TlsConfig},
    },
};

/// The longest wait. Nothing here should take long; it only keeps a fault from hanging the tests.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const DAY: i64 = 86_400;

pub fn now() -> Time {
    "2026-05-01T00:00:00Z".parse().unwrap()
}

/// A clock that shows the same time until it is set.
pub struct TestClock(pub Mutex<Time>);

impl Clock for TestClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap()
    }
}

pub struct Org {
    pub domain: String,
    pub ca: DevCa,
}

pub type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Org {
    pub fn new(domain: &str) -> Self {
        Self { domain: domain.to_owned(), ca: DevCa::create(&domain.parse().unwrap(), now()).unwrap() }
    }

    pub fn bundle(&self) -> TrustBundle {
        TrustBundle::new(self.domain.parse().unwrap(), vec![self.ca.certificate().clone()]).unwrap()
    }

    pub fn member(&self) -> KnownOrganisation {
        KnownOrganisation {
            bundle: self.bundle(),
            crls: Vec::new(),
            state: watchfire::domain::partner::PartnerState::Active,
        }
    }

    pub fn revoking(&self, serial: &[u8], number: u64) -> KnownOrganisation {
        let revoked = [(serial.to_vec(), Revocation { at: now(), invalid_since: None })];
        let list = self.ca.revocation_list(number, &revoked, now(), 30).unwrap();
        let list = Crl::verify(&list, &self.bundle(), &[], now()).unwrap();
        KnownOrganisation { crls: vec![list], ..self.member() }
    }

    /// A certificate for `days`, its key and its serial number.
    pub fn issue(&self, path: &str, purpose: Purpose, days: u32) -> (Pair, Vec<u8>) {
        let id = format!("spiffe://{}/{path}", self.domain).parse().unwrap();
        let issued = self.ca.issue(&id, purpose, now(), days).unwrap();
        let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
        ((certificates(issued.certificate_pem.as_bytes()).unwrap(), key), issued.serial)
    }

    pub fn node(&self) -> Pair {
        self.issue("node/n1", Purpose::NodeTls, 365).0
    }

    /// A certificate of this CA, changed by `bend`, with any name.
    pub fn bent(&self, id: &str, bend: impl FnOnce(&mut CertificateParams)) -> Pair {
        let ca_key = KeyPair::from_pem(&self.ca.key_pem()).unwrap();
        let issuer = Issuer::from_ca_cert_pem(&self.ca.certificate_pem(), ca_key).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
        params.extended_key_usages = vec![Eku::ServerAuth, Eku::ClientAuth];
        bend(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
        (vec![certificate], key.into())
    }
}

pub fn trust(own: &Org, partners: Vec<KnownOrganisation>) -> Trust {
    Trust::new(own.member(), partners, Vec::new()).unwrap()
}

/// One organisation's side of a connection.
pub struct Side {
    pub tls_config: Arc<TlsConfig>,
    pub clock: Arc<TestClock>,
}

impl Side {
    pub fn new(own: &Org, partners: Vec<KnownOrganisation>) -> Self {
        Self::with(own.node(), trust(own, partners))
    }

    pub fn with((chain, key): Pair, trust: Trust) -> Self {
        let clock = Arc::new(TestClock(Mutex::new(now())));
        let credentials = Credentials::new(chain, key).unwrap();
        let tls_config = TlsConfig::new(credentials, Arc::new(ArcSwap::from_pointee(trust)), clock.clone());
        Self { tls_config: Arc::new(tls_config), clock }
    }

    pub fn dial(&self, server: &Server, expect: &str) -> Channel {
        connect(&server.address.to_string(), expect.parse().unwrap(), &self.tls_config, &Limits::default()).unwrap()
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub stop: CancellationToken,
    /// The waiting page was requested. It may end.
    pub slow: Arc<(Notify, Notify)>,
    pub ended: JoinHandle<()>,
}

impl Server {
    pub async fn start(side: &Side, audience: AdmittedPeers, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop, slow) =
            (listener.local_addr().unwrap(), CancellationToken::new(), Arc::<(Notify, Notify)>::default());
        let router = router(slow.clone());
        let serving = serve(listener, side.tls_config.clone(), audience, router, limits, stop.clone());
        let ended = tokio::spawn(async move { serving.await.unwrap() });
        Self { address, stop, slow, ended }
    }

    pub async fn partners(side: &Side) -> Self {
        Self::start(side, AdmittedPeers::Partners, Limits::default()).await
    }
}

/// Health as in every node, and pages that say who asks, that wait, and that never end.
fn router(slow: Arc<(Notify, Notify)>) -> Router {
    let (_, health) = tonic_health::server::health_reporter();
    let who = |Extension(peer): Extension<PeerIdentity>| async move { format!("{} {}", peer.id, peer.key_exchange) };
    let access = |Extension(peer): Extension<PeerIdentity>| async move {
        if peer.access.lapse().is_some() { "limited" } else { "full" }
    };
    let wait = move || async move {
        slow.0.notify_one();
        slow.1.notified().await;
        "done"
    };
    let flood = || async {
        let chunk = || Ok::<_, std::io::Error>(vec![0u8; 64 << 10]);
        Body::from_stream(tokio_stream::iter(std::iter::repeat_with(chunk)))
    };
    tonic::service::Routes::new(health)
        .prepare()
        .into_axum_router()
        .route("/who", get(who))
        .route("/access", get(access))
        .route("/wait", get(wait))
        .route("/flood", get(flood))
}

pub async fn page(channel: Channel, path: &str) -> Result<http::Response<tonic::body::Body>, tonic::transport::Error> {
    channel.oneshot(http::Request::get(path).body(tonic::body::Body::empty()).unwrap()).await
}

pub async fn text(channel: Channel, path: &str) -> String {
    let answer = page(channel, path).await.unwrap();
    let bytes = axum::body::to_bytes(Body::new(answer.into_body()), 4096).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A unary call.
pub async fn call(channel: Channel) -> Result<(), tonic::Status> {
    HealthClient::new(channel).check(HealthCheckRequest::default()).await.map(|_| ())
}

/// A stream that stays open. Its first message has arrived.
pub async fn watch(channel: Channel) -> tonic::Streaming<tonic_health::pb::HealthCheckResponse> {
    let mut stream = HealthClient::new(channel).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    stream
}

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("nothing arrived in time")
}

/// A TLS client of our own that trusts any server of `believed`, with or without a certificate.
pub fn raw_client(believed: &Org, shown: Option<Pair>) -> ClientConfig {
    let everyone = Org::new("any.example");
    let trust = Arc::new(ArcSwap::from_pointee(trust(&everyone, vec![believed.member()])));
    let audience = AdmittedPeers::NodeOf(believed.domain.parse().unwrap());
    let verifier: Arc<dyn ServerCertVerifier> = Arc::new(PeerVerifier::new(trust, audience));
    let clock = watchfire::identity::verifier::TlsClock(Arc::new(TestClock(Mutex::new(now()))));
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(clock))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(RootCertStore::empty());
    let mut config = match shown {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.dangerous().set_certificate_verifier(verifier);
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Connects, and reads until the server has either sent something (HTTP/2 settings, so the client was admitted) or closed the connection.
pub async fn knock(
    address: SocketAddr,
    config: Arc<ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, String> {
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("node.invalid").unwrap();
    let mut stream = TlsConnector::from(config).connect(name, tcp).await.map_err(|e| e.to_string())?;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.map_err(|e| e.to_string())?;
    match stream.read(&mut [0; 9]).await {
        Ok(0) => Err("closed".to_owned()),
        Ok(_) => Ok(stream),
        Err(error) => Err(error.to_string()),
    }
}
