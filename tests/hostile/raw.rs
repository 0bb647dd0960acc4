//! Connections as an attacker makes them: TLS that verifies nothing, and any bytes over it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};
use tokio::{
    io::{AsyncWriteExt, WriteHalf},
    net::{TcpSocket, TcpStream},
    time,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use watchfire::identity::{devca::IssuedCertificate, verifier::provider};

use crate::{
    arena::NOTHING,
    frames::{PREFACE, Seen, listen, settings},
    hostile_kit::chain,
};

/// A verifier that accepts every server.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

pub type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

pub fn pair_of(issued: &IssuedCertificate) -> Pair {
    (chain(issued), PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap())
}

/// TLS with a certificate, or without.
pub fn client(shown: Option<Pair>) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13]).unwrap();
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody));
    let mut config = match shown {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

pub async fn dial(address: &str, config: &Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    tls(TcpStream::connect(address).await?, config).await
}

/// From an address of its own on loopback, because refusals count against an address.
pub async fn dial_from(last: u8, address: &str, config: &Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    tls(tcp_from(last, address).await?, config).await
}

pub async fn tcp_from(last: u8, address: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 1, last], 0).into())?;
    socket.connect(address.parse().unwrap()).await
}

async fn tls(tcp: TcpStream, config: &Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    tcp.set_nodelay(true)?;
    TlsConnector::from(config.clone()).connect(ServerName::try_from("node.invalid").unwrap(), tcp).await
}

/// A connection that has sent the preface and reads what the other side sends.
pub struct Raw {
    pub write: WriteHalf<TlsStream<TcpStream>>,
    pub seen: Arc<Mutex<Seen>>,
}

impl Raw {
    pub async fn open(address: &str, config: &Arc<ClientConfig>, own: &[(u16, u32)]) -> std::io::Result<Self> {
        let (read, mut write) = tokio::io::split(dial(address, config).await?);
        write.write_all(&[PREFACE, &settings(own)].concat()).await?;
        write.flush().await?;
        let seen = Arc::<Mutex<Seen>>::default();
        tokio::spawn(listen(read, seen.clone()));
        Ok(Self { write, seen })
    }

    pub async fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.write.write_all(bytes).await?;
        self.write.flush().await
    }
}

/// The bytes of an attack, one piece after the other. The number counts within a connection.
pub type Pieces = Arc<dyn Fn(u32) -> Vec<u8> + Send + Sync>;

/// The result of a flood.
#[derive(Default)]
struct Tally {
    pieces: u64,
    connections: u64,
    refused: u64,
    said: Seen,
}

/// This many connections at once send pieces as fast as they are read, and reconnect when they are cut.
pub async fn flood(address: &str, shown: Pair, connections: usize, length: Duration, pieces: Pieces) -> String {
    let config = Arc::new(client(Some(shown)));
    let until = Instant::now() + length;
    let tally = Arc::<Mutex<Tally>>::default();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (address, config, pieces, tally) = (address.to_owned(), config.clone(), pieces.clone(), tally.clone());
        tasks.spawn(async move {
            while Instant::now() < until {
                deluge((&address, &config), until, &pieces, &tally).await;
                // A connection that is cut at once reconnects, but not in a busy loop.
                time::sleep(Duration::from_millis(5)).await;
            }
        });
    }
    tasks.join_all().await;
    let tally = tally.lock().unwrap();
    let Tally { pieces, connections, refused, said } = &*tally;
    if *connections == 0 {
        return format!("{NOTHING}; {refused} connections refused");
    }
    format!("{said}; {pieces} pieces over {connections} connections, {refused} more refused")
}

/// One connection, from its opening until it is cut.
async fn deluge((address, config): (&str, &Arc<ClientConfig>), until: Instant, pieces: &Pieces, tally: &Mutex<Tally>) {
    let left = || until.saturating_duration_since(Instant::now());
    let Ok(Ok(mut raw)) = time::timeout(left(), Raw::open(address, config, &[])).await else {
        tally.lock().unwrap().refused += 1;
        return;
    };
    let mut number = 0;
    while raw.seen.lock().unwrap().end.is_none() && Instant::now() < until {
        let mut bytes = vec![];
        while bytes.len() < 8 << 10 {
            bytes.extend(pieces(number));
            number += 1;
        }
        let before = Instant::now();
        match time::timeout(left(), raw.send(&bytes)).await {
            Ok(Ok(())) if before.elapsed() < Duration::from_millis(1) => time::sleep(Duration::ZERO).await,
            Ok(Ok(())) | Err(_) => {}
            // What it sent before it cut the connection is still in transit.
            Ok(Err(_)) => {
                time::sleep(Duration::from_millis(100)).await;
                break;
            }
        }
    }
    let mut tally = tally.lock().unwrap();
    tally.pieces += u64::from(number);
    let seen = raw.seen.lock().unwrap();
    // A connection that was cut at once, by TLS or on accept, does not count as one.
    if seen.frames.is_empty() {
        tally.refused += 1;
    } else {
        tally.connections += 1;
        tally.said.add(&seen);
    }
}
