//! Verifies again and again that the peer of a live connection is still trusted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustls_pki_types::CertificateDer;
use tokio::{sync::watch, time};

use super::tls_config::TlsConfig;
use crate::{
    domain::fault::Fault,
    identity::trust::{AdmittedPeers, Lapse, TlsPeer, TlsUsage},
};

/// How often the end of certificates is checked. A change of trust is noticed at once.
const TICK: Duration = Duration::from_secs(1);

/// What the peer of a connection may do. If a revocation list of its organisation was past its next update when it connected, it may
/// only say hello and hand over lists; otherwise it may do everything.
#[derive(Clone, Default)]
pub struct PeerAccess(Option<Arc<Limited>>);

struct Limited {
    tls_config: Arc<TlsConfig>,
    chain: Vec<CertificateDer<'static>>,
    usage: TlsUsage,
    audience: AdmittedPeers,
    lapse: Lapse,
    /// Whether a current list has arrived since. It belongs to one connection, so a second process would have its own.
    is_lifted: AtomicBool,
}

impl PeerAccess {
    /// Returns who shows the chain (leaf first), and what it may do. The listener and the dialler do the same after a handshake. This function
    /// is for other connections, such as simulated ones.
    ///
    /// # Errors
    /// As [`Trust::tls_peer`](crate::identity::trust::Trust::tls_peer).
    pub fn judge(
        tls_config: &Arc<TlsConfig>,
        chain: &[CertificateDer<'static>],
        usage: TlsUsage,
        audience: AdmittedPeers,
    ) -> Result<(TlsPeer, Self), Fault> {
        let monitor = PeerMonitor::new(tls_config.clone(), Some(chain), usage, audience, tls_config.changes());
        let peer = monitor.check()?;
        let access = monitor.access(&peer);
        Ok((peer, access))
    }

    /// The list that is past its next update, until a current one arrives. A list that runs out later does not limit an existing
    /// connection.
    pub fn lapse(&self) -> Option<Lapse> {
        let limited = self.0.as_ref().filter(|limited| !limited.is_lifted.load(Ordering::Relaxed))?;
        let judged = judge(&limited.tls_config, &limited.chain, limited.usage, &limited.audience);
        match judged {
            Ok(TlsPeer { lapsed: None, .. }) => {
                limited.is_lifted.store(true, Ordering::Relaxed);
                None
            }
            Ok(TlsPeer { lapsed, .. }) => lapsed,
            // The connection is about to be closed.
            Err(_) => Some(limited.lapse.clone()),
        }
    }
}

impl std::fmt::Debug for PeerAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Standing(limited)" } else { "Standing(full)" })
    }
}

fn judge(
    tls_config: &TlsConfig,
    chain: &[CertificateDer<'static>],
    usage: TlsUsage,
    audience: &AdmittedPeers,
) -> Result<TlsPeer, Fault> {
    let chain: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
    tls_config.trust().load().tls_peer(&chain, usage, audience, tls_config.clock().now())
}

/// Verifies the peer of a connection again whenever trust changes.
pub(super) struct PeerMonitor {
    tls_config: Arc<TlsConfig>,
    /// The whole chain. The intermediates are needed to verify it again.
    chain: Vec<CertificateDer<'static>>,
    usage: TlsUsage,
    audience: AdmittedPeers,
    changes: watch::Receiver<u64>,
}

impl PeerMonitor {
    /// `changes` must be older than the handshake. Otherwise a change during the handshake is missed.
    pub(super) fn new(
        tls_config: Arc<TlsConfig>,
        chain: Option<&[CertificateDer<'static>]>,
        usage: TlsUsage,
        audience: AdmittedPeers,
        changes: watch::Receiver<u64>,
    ) -> Self {
        Self { tls_config, chain: chain.unwrap_or_default().to_vec(), usage, audience, changes }
    }

    /// Returns the peer, if it is still trusted.
    pub(super) fn check(&self) -> Result<TlsPeer, Fault> {
        judge(&self.tls_config, &self.chain, self.usage, &self.audience)
    }

    /// The certificates as the peer showed them, the end certificate first.
    pub(super) fn chain(&self) -> Vec<Vec<u8>> {
        self.chain.iter().map(|der| der.to_vec()).collect()
    }

    /// What `peer`, which was just verified, may do on this connection.
    pub(super) fn access(&self, peer: &TlsPeer) -> PeerAccess {
        PeerAccess(peer.lapsed.clone().map(|lapse| {
            let (tls_config, chain, audience) = (self.tls_config.clone(), self.chain.clone(), self.audience.clone());
            Arc::new(Limited {
                tls_config,
                chain,
                usage: self.usage,
                audience,
                lapse,
                is_lifted: AtomicBool::new(false),
            })
        }))
    }

    /// Returns when the peer is no longer trusted, with the reason.
    pub(super) async fn unwelcome(mut self) -> Fault {
        loop {
            let end = match self.check() {
                Ok(peer) => peer.not_after,
                Err(fault) => return fault,
            };
            // Verifying a chain is expensive, so between two changes of trust only the clock is checked.
            loop {
                match time::timeout(TICK, self.changes.changed()).await {
                    Ok(Ok(())) => break,
                    // INVARIANT: `tls_config` holds the sender, so `Ok(Err(_))` never occurs.
                    _ if self.tls_config.clock().now() > end => break,
                    _ => {}
                }
            }
        }
    }
}
