//! Answers rustls when a peer shows its certificate. The answer always uses the current trust.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls13_signature},
    server::danger::{ClientCertVerified, ClientCertVerifier},
    time_provider::TimeProvider,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{
    certificate::invalid,
    chain,
    trust::{AdmittedPeers, TlsUsage, Trust},
};
use crate::domain::{
    fault::{Fault, Reason},
    time::{Clock, Time},
};

/// The cryptography that every TLS configuration names: aws-lc-rs, with the post-quantum hybrid group first.
pub fn provider() -> Arc<CryptoProvider> {
    chain::provider()
}

/// Verifies the other end of a connection.
pub struct PeerVerifier {
    /// The trust in force. A second process would have its own.
    trust: Arc<ArcSwap<Trust>>,
    audience: AdmittedPeers,
    ended: Option<SeeEnded>,
}

/// A callback that gets each certificate that was refused only because it has ended.
pub type SeeEnded = Box<dyn Fn(&CertificateDer<'_>) + Send + Sync>;

impl PeerVerifier {
    /// A verifier that admits that audience, under the trust in force at each call.
    pub fn new(trust: Arc<ArcSwap<Trust>>, audience: AdmittedPeers) -> Self {
        Self { trust, audience, ended: None }
    }

    /// The same verifier with a callback for certificates that have ended.
    pub fn showing(self, ended: SeeEnded) -> Self {
        Self { ended: Some(ended), ..self }
    }

    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        usage: TlsUsage,
        now: UnixTime,
    ) -> Result<(), Error> {
        let chain: Vec<&[u8]> = std::iter::once(leaf).chain(rest).map(AsRef::as_ref).collect();
        let now = i64::try_from(now.as_secs()).ok().and_then(|seconds| Time::from_parts(seconds, 0));
        let now = now.ok_or(Error::FailedToGetCurrentTime)?;
        match self.trust.load().tls_peer(&chain, usage, &self.audience, now) {
            // A peer whose revocation list is past its next update is admitted here, so that it can hand over a new one. The connection's owner
            // permits it nothing else: see `TlsPeer::lapsed`.
            Ok(_) => Ok(()),
            Err(fault) => Err(self.refuse(fault, &chain, leaf)),
        }
    }

    fn refuse(&self, fault: Fault, chain: &[&[u8]], leaf: &CertificateDer<'_>) -> Error {
        if !fault.message.starts_with(chain::EXPIRED) {
            return refusal(fault, &self.audience);
        }
        if let Some(ended) = &self.ended {
            ended(leaf);
        }
        let ends =
            chain.iter().filter_map(|der| super::certificate::window(der).ok()).map(|(_, until)| chain::unix(until));
        let not_after = ends.min().unwrap_or(UnixTime::since_unix_epoch(std::time::Duration::ZERO));
        Error::InvalidCertificate(CertificateError::ExpiredContext { time: not_after, not_after })
    }
}

impl ClientCertVerifier for PeerVerifier {
    /// Empty: the names of the trusted CAs would reveal the partners to anybody who connects.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify(end_entity, intermediates, TlsUsage::Client, now).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is supported".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for PeerVerifier {
    /// The dialled name is not checked: the SPIFFE id must be one of the audience.
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify(end_entity, intermediates, TlsUsage::Server, now).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ClientCertVerifier::verify_tls12_signature(self, message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ClientCertVerifier::verify_tls13_signature(self, message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ClientCertVerifier::supported_verify_schemes(self)
    }
}

impl fmt::Debug for PeerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerVerifier").field("audience", &self.audience).finish()
    }
}

/// Makes our clock available to rustls.
pub struct TlsClock(pub Arc<dyn Clock>);

impl TimeProvider for TlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(chain::unix(self.0.now()))
    }
}

impl fmt::Debug for TlsClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsClock")
    }
}

/// The TLS error for a fault. The alert tells the peer about its own certificate only. The whole fault stays here, for the log. If TLS has an
/// alert for the cause, rustls has no place for our message; [`fault_of`] finds it again.
///
/// The partners' listener answers "not a partner" and "not issued under the roots held here" with the same alert. Anybody can make a node
/// certificate with any name, and two different alerts would reveal who the partners are.
fn refusal(fault: Fault, audience: &AdmittedPeers) -> Error {
    Error::InvalidCertificate(match (fault.reason, fault.message.as_str()) {
        (Reason::CertificateRevoked, _) => CertificateError::Revoked,
        (_, chain::NOT_YET) => CertificateError::NotValidYet,
        (_, chain::UNKNOWN_ROOT) if *audience != AdmittedPeers::Partners => CertificateError::UnknownIssuer,
        _ => CertificateError::Other(OtherError(Arc::new(fault))),
    })
}

/// The fault for which we refused the peer, if `error` (of rustls, tokio, hyper or tonic) was caused by one.
pub fn fault_of(error: &(dyn std::error::Error + 'static)) -> Option<Fault> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // An `io::Error` is not its own source, so the error inside it must be asked for.
        let inner: &(dyn std::error::Error + 'static) =
            error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()).map_or(error, |inner| inner);
        if let Some(fault) = inner.downcast_ref::<Fault>() {
            return Some(fault.clone());
        }
        if let Some(Error::InvalidCertificate(error)) = inner.downcast_ref() {
            return match error {
                CertificateError::Other(OtherError(fault)) => fault.downcast_ref().cloned(),
                CertificateError::Revoked => Some(chain::revoked()),
                CertificateError::ExpiredContext { not_after, .. } => Some(chain::expired(*not_after)),
                CertificateError::NotValidYet => Some(invalid(chain::NOT_YET)),
                CertificateError::UnknownIssuer => Some(invalid(chain::UNKNOWN_ROOT)),
                _ => None,
            };
        }
        cause = error.source();
    }
    None
}

/// Why a handshake failed: our own message, if it was we who refused.
pub fn reason_of(error: &(dyn std::error::Error + 'static)) -> String {
    fault_of(error).map_or_else(|| error.to_string(), |fault| format!("{}: {fault}", fault.reason))
}
