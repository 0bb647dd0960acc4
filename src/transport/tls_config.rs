//! What a listener or dialler shows and whom it believes, both replaceable while it runs.

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
        trust::{Audience, TlsPeer, TlsUsage, Trust},
        verifier::{PeerVerifier, TlsClock, provider},
    },
};

/// Why a certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsConfigError {
    /// A file is at fault.
    #[error(transparent)]
    File(#[from] FileError),
    /// The two do not go together, or the library does not take them.
    #[error("the TLS certificate and key cannot be used together: {0}")]
    Keys(rustls::Error),
    /// The key of one file is not that of the certificate in the other.
    #[error("`{key}` is not the key of the certificate in `{certificate}`; put the two there that were made together")]
    Mismatch {
        /// The certificate's file.
        certificate: std::path::PathBuf,
        /// The key's file.
        key: std::path::PathBuf,
    },
    /// The library refused the settings.
    #[error("TLS cannot be set up: {0}")]
    Settings(rustls::Error),
}

/// A TLS certificate chain and its key.
#[derive(Clone)]
pub struct Credentials(Arc<CertifiedKey>);

impl Credentials {
    /// The chain (leaf first) and its key.
    ///
    /// # Errors
    /// [`TlsConfigError::Keys`]
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, TlsConfigError> {
        CertifiedKey::from_der(chain, key, &provider()).map(|key| Self(Arc::new(key))).map_err(TlsConfigError::Keys)
    }

    /// From PEM files.
    ///
    /// # Errors
    /// [`TlsConfigError`]
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

/// The own certificate and the trust of the moment, for any number of listeners and diallers.
pub struct TlsConfig {
    shown: Arc<Shown>,
    trust: Arc<ArcSwap<Trust>>,
    clock: Arc<dyn Clock>,
    /// The certificate that each organisation has shown last, of those that were let in or have ended.
    seen: Arc<Mutex<BTreeMap<TrustDomain, CertificateDer<'static>>>>,
    /// Counts the changes of trust; live connections look at it.
    changes: watch::Sender<u64>,
}

impl TlsConfig {
    /// A tls_config that shows `credentials` and believes in `trust`. The trust is shared with whoever checks statements; change
    /// it through [`Self::reload`] only, so that live connections are judged again.
    pub fn new(credentials: Credentials, trust: Arc<ArcSwap<Trust>>, clock: Arc<dyn Clock>) -> Self {
        let shown = Arc::new(Shown(ArcSwap::new(credentials.0)));
        Self { shown, trust, clock, seen: Arc::default(), changes: watch::Sender::new(0) }
    }

    /// New trust, a new certificate, or both. Live connections are judged again at once; the certificate is shown from the
    /// next handshake on.
    pub fn reload(&self, trust: Option<Trust>, credentials: Option<Credentials>) {
        if let Some(credentials) = credentials {
            self.shown.0.store(credentials.0);
        }
        if let Some(trust) = trust {
            self.trust.store(Arc::new(trust));
            self.changes.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// The trust, as shared.
    pub fn trust(&self) -> &Arc<ArcSwap<Trust>> {
        &self.trust
    }

    /// The chain that is shown, in DER, leaf first.
    pub fn shown(&self) -> Vec<Vec<u8>> {
        self.shown.0.load().cert.iter().map(|der| der.to_vec()).collect()
    }

    /// Whether the own organisation's bundle stands behind the certificate that is shown: no partner takes it otherwise.
    ///
    /// # Errors
    /// As [`Trust::tls_peer`].
    pub fn check_own(&self) -> Result<TlsPeer, Fault> {
        let shown = self.shown.0.load();
        let chain: Vec<&[u8]> = shown.cert.iter().map(AsRef::as_ref).collect();
        let trust = self.trust.load();
        trust.tls_peer(&chain, TlsUsage::Client, &Audience::Own, self.clock.now())
    }

    /// The certificate (DER) that each other organisation has shown last, of those that were let in or have ended.
    pub fn seen(&self) -> Vec<(TrustDomain, Vec<u8>)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter().map(|(domain, der)| (domain.clone(), der.to_vec())).collect()
    }

    /// Remembers what a peer has shown. One's own people are known from elsewhere.
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

    /// TLS 1.3 only, a client certificate always, nothing remembered between connections.
    pub(super) fn server(&self, audience: Audience) -> Result<Arc<ServerConfig>, TlsConfigError> {
        let mut config = ServerConfig::builder_with_details(provider(), Arc::new(TlsClock(self.clock.clone())))
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsConfigError::Settings)?
            .with_client_cert_verifier(self.verifier(audience))
            .with_cert_resolver(self.shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A resumed session never asks the verifier: a revoked partner would walk in.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok(Arc::new(config))
    }

    /// The same for the one that dials.
    pub(super) fn client(&self, audience: Audience) -> Result<Arc<ClientConfig>, TlsConfigError> {
        let mut config = ClientConfig::builder_with_details(provider(), Arc::new(TlsClock(self.clock.clone())))
            .with_protocol_versions(&[&TLS13])
            .map_err(TlsConfigError::Settings)?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(audience))
            .with_client_cert_resolver(self.shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        // The name would cross the network in the clear, and the partner is known by its SPIFFE id.
        config.enable_sni = false;
        Ok(Arc::new(config))
    }

    fn verifier(&self, audience: Audience) -> Arc<PeerVerifier> {
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

/// Whatever certificate is current, to everybody.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }

    fn has_certs(&self) -> bool {
        true
    }
}
