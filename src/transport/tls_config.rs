//! The TLS configuration of listeners and diallers: the certificate that they show and the trust by which they verify peers. Both can be
//! replaced while they run.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use rustls::{
    ClientConfig, ServerConfig, SignatureScheme,
    client::{ResolvesClientCert, Resumption},
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;

use crate::{
    domain::{fault::Fault, ids::TrustDomain, time::Clock},
    identity::{
        certificate::Leaf,
        files::{FileError, read_chain, read_key},
        trust::{AdmittedPeers, TlsPeer, TlsUsage, Trust},
        verifier::{PeerVerifier, TlsClock, provider},
    },
};

/// Why a certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsConfigError {
    /// A file can't be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Certificate and key do not belong together, or rustls refuses them.
    #[error("the TLS certificate and key cannot be used together: {0}")]
    Keys(rustls::Error),
    /// The key of one file is not that of the certificate in the other.
    #[error(
        "`{key}` is not the key of the certificate in `{certificate}`; use a certificate and a key that were made together"
    )]
    Mismatch {
        /// The certificate's file.
        certificate: std::path::PathBuf,
        /// The key's file.
        key: std::path::PathBuf,
    },
    /// rustls refused the settings.
    #[error("TLS cannot be set up: {0}")]
    Settings(rustls::Error),
}

/// A TLS certificate chain and its key.
#[derive(Clone)]
pub struct Credentials(Arc<CertifiedKey>);

impl Credentials {
    /// Takes a chain (leaf first) and its key.
    ///
    /// # Errors
    /// [`TlsConfigError::Keys`], if they do not belong together.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, TlsConfigError> {
        CertifiedKey::from_der(chain, key, &provider()).map(|key| Self(Arc::new(key))).map_err(TlsConfigError::Keys)
    }

    /// Reads a chain and its key from PEM files.
    ///
    /// # Errors
    /// [`TlsConfigError`], if a file can't be read or the two do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsConfigError> {
        Self::new(read_chain(certificate)?, read_key(key)?).map_err(|error| match error {
            TlsConfigError::Keys(rustls::Error::InconsistentKeys(_)) => {
                TlsConfigError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
            }
            other => other,
        })
    }

    /// The chain in DER, leaf first.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        self.0.cert.iter().map(|der| der.to_vec()).collect()
    }
}

/// This node's certificate and the current trust. Any number of listeners and diallers share it.
pub struct TlsConfig {
    /// The certificate that this node shows. A second process would have its own, from the files of its own host. That is intended.
    shown: Arc<CurrentCertificate>,
    /// The trust in force. `node` replaces it, and says what a second process would lack.
    trust: Arc<ArcSwap<Trust>>,
    clock: Arc<dyn Clock>,
    /// The last certificate of each organisation that was accepted or had ended. A second process would have its own, of the peers that it
    /// met. People only are told of it.
    seen: Arc<Mutex<BTreeMap<TrustDomain, CertificateDer<'static>>>>,
    /// Counts the changes of trust. Live connections subscribe to it. A second process would have its own, which counts when it has loaded the
    /// trust anew: within a second.
    changes: watch::Sender<u64>,
}

impl TlsConfig {
    /// A configuration that shows `credentials` and verifies peers by `trust`. The trust is shared with the verification of statements.
    /// Change it only through [`Self::reload`], so that live connections are verified again.
    pub fn new(credentials: Credentials, trust: Arc<ArcSwap<Trust>>, clock: Arc<dyn Clock>) -> Self {
        let shown = Arc::new(CurrentCertificate::new(credentials));
        Self { shown, trust, clock, seen: Arc::default(), changes: watch::Sender::new(0) }
    }

    /// Replaces the trust, the certificate, or both. Live connections are verified again at once. The certificate is shown from the next
    /// handshake on.
    pub fn reload(&self, trust: Option<Trust>, credentials: Option<Credentials>) {
        if let Some(credentials) = credentials {
            self.shown.replace(credentials);
        }
        if let Some(trust) = trust {
            self.trust.store(Arc::new(trust));
            self.changes.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// The shared trust.
    pub fn trust(&self) -> &Arc<ArcSwap<Trust>> {
        &self.trust
    }

    /// The chain that is shown to peers, in DER, leaf first.
    pub fn shown(&self) -> Vec<Vec<u8>> {
        self.shown.0.load().cert.iter().map(|der| der.to_vec()).collect()
    }

    /// Verifies the shown certificate against the bundle of the node's own organisation, as partners do.
    ///
    /// # Errors
    /// As [`Trust::tls_peer`].
    pub fn check_own(&self) -> Result<TlsPeer, Fault> {
        let shown = self.shown.0.load();
        let chain: Vec<&[u8]> = shown.cert.iter().map(AsRef::as_ref).collect();
        let trust = self.trust.load();
        trust.tls_peer(&chain, TlsUsage::Client, &AdmittedPeers::Own, self.clock.now())
    }

    /// The last certificate (DER) of each other organisation that was accepted or had ended.
    pub fn seen(&self) -> Vec<(TrustDomain, Vec<u8>)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(domain, der)| (domain.clone(), der.to_vec())).collect()
    }

    /// Remembers the certificate of a peer. Certificates of the organisation's own people are recorded elsewhere.
    pub(super) fn remember(&self, domain: &TrustDomain, chain: Option<&[CertificateDer<'static>]>) {
        let Some(leaf) = chain.and_then(<[_]>::first) else { return };
        if domain != self.trust.load().own() {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.insert(domain.clone(), leaf.clone());
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The server's configuration: TLS 1.3 only, always with a client certificate, without session resumption.
    pub(super) fn server(&self, audience: AdmittedPeers) -> Result<Arc<ServerConfig>, TlsConfigError> {
        let mut config = ServerConfig::builder_with_details(provider(), Arc::new(TlsClock(self.clock.clone())))
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsConfigError::Settings)?
            .with_client_cert_verifier(self.verifier(audience))
            .with_cert_resolver(self.shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A resumed session skips the verifier, so a revoked partner could get in.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(Arc::new(config))
    }

    /// The client's configuration, with the same settings.
    pub(super) fn client(&self, audience: AdmittedPeers) -> Result<Arc<ClientConfig>, TlsConfigError> {
        let mut config = ClientConfig::builder_with_details(provider(), Arc::new(TlsClock(self.clock.clone())))
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsConfigError::Settings)?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(audience))
            .with_client_cert_resolver(self.shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        // The name would cross the network in the clear. It isn't needed, because the partner is identified by its SPIFFE id.
        config.enable_sni = false;
        Ok(Arc::new(config))
    }

    fn verifier(&self, audience: AdmittedPeers) -> Arc<PeerVerifier> {
        let (seen, trust) = (self.seen.clone(), self.trust.clone());
        let see = move |leaf: &CertificateDer<'_>| {
            let domain = Leaf::parse(leaf).map(|leaf| leaf.id.domain().clone());
            if let Ok(domain) = domain
                && domain != *trust.load().own()
            {
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(domain, leaf.clone().into_owned());
            }
        };
        Arc::new(PeerVerifier::new(self.trust.clone(), audience).showing(Box::new(see)))
    }
}

/// Resolves to the current certificate for every peer.
#[derive(Debug)]
pub(super) struct CurrentCertificate(ArcSwap<CertifiedKey>);

impl CurrentCertificate {
    /// Shows this certificate.
    pub(super) fn new(credentials: Credentials) -> Self {
        Self(ArcSwap::new(credentials.0))
    }

    /// Shows another one from the next handshake on.
    pub(super) fn replace(&self, credentials: Credentials) {
        self.0.store(credentials.0);
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl ResolvesClientCert for CurrentCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
