//! Whether the other end of a live connection is still welcome.

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
    identity::trust::{Audience, Lapse, TlsPeer, TlsUsage},
};

/// How often expiry is looked at. A change of trust is seen at once.
const TICK: Duration = Duration::from_secs(1);

/// What the other end of a connection may do: everything, or only say hello and hand over lists, where a revocation list of its
/// organisation was past its next update when it connected.
#[derive(Clone, Default)]
pub struct Standing(Option<Arc<Limited>>);

struct Limited {
    tls_config: Arc<TlsConfig>,
    chain: Vec<CertificateDer<'static>>,
    usage: TlsUsage,
    audience: Audience,
    lapse: Lapse,
    /// Whether a current list came meanwhile.
    is_lifted: AtomicBool,
}

impl Standing {
    /// Who shows the chain (leaf first), and what it may do: what follows a handshake. For connections that are not made by this
    /// module's listener and dialler, such as simulated ones.
    ///
    /// # Errors
    /// As [`Trust::tls_peer`](crate::identity::trust::Trust::tls_peer).
    pub fn judge(
        tls_config: &Arc<TlsConfig>,
        chain: &[CertificateDer<'static>],
        usage: TlsUsage,
        audience: Audience,
    ) -> Result<(TlsPeer, Self), Fault> {
        let live = Live::new(tls_config.clone(), Some(chain), usage, audience, tls_config.changes());
        let peer = live.check()?;
        let standing = live.standing(&peer);
        Ok((peer, standing))
    }

    /// The list that is past its next update, as long as no current one has come. A list that runs out later does not limit a
    /// connection that stands already.
    pub fn lapse(&self) -> Option<Lapse> {
        let limited = self.0.as_ref().filter(|limited| !limited.is_lifted.load(Ordering::Relaxed))?;
        let judged = judge(&limited.tls_config, &limited.chain, limited.usage, &limited.audience);
        match judged {
            Ok(TlsPeer { lapsed: None, .. }) => {
                limited.is_lifted.store(true, Ordering::Relaxed);
                None
            }
            Ok(TlsPeer { lapsed, .. }) => lapsed,
            // The connection is about to be cut.
            Err(_) => Some(limited.lapse.clone()),
        }
    }
}

impl std::fmt::Debug for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "Standing(limited)" } else { "Standing(full)" })
    }
}

fn judge(
    tls_config: &TlsConfig,
    chain: &[CertificateDer<'static>],
    usage: TlsUsage,
    audience: &Audience,
) -> Result<TlsPeer, Fault> {
    let chain: Vec<&[u8]> = chain.iter().map(AsRef::as_ref).collect();
    tls_config.trust().load().tls_peer(&chain, usage, audience, tls_config.clock().now())
}

/// The other end of a connection, judged again whenever trust changes.
pub(super) struct Live {
    tls_config: Arc<TlsConfig>,
    /// The whole chain: the intermediates are needed to judge it again.
    chain: Vec<CertificateDer<'static>>,
    usage: TlsUsage,
    audience: Audience,
    changes: watch::Receiver<u64>,
}

impl Live {
    /// `changes` must be older than the handshake, or a change during it would go unseen.
    pub(super) fn new(
        tls_config: Arc<TlsConfig>,
        chain: Option<&[CertificateDer<'static>]>,
        usage: TlsUsage,
        audience: Audience,
        changes: watch::Receiver<u64>,
    ) -> Self {
        Self { tls_config, chain: chain.unwrap_or_default().to_vec(), usage, audience, changes }
    }

    /// Who it is, if still welcome.
    pub(super) fn check(&self) -> Result<TlsPeer, Fault> {
        judge(&self.tls_config, &self.chain, self.usage, &self.audience)
    }

    /// The certificates as they were shown, the end certificate first.
    pub(super) fn chain(&self) -> Vec<Vec<u8>> {
        self.chain.iter().map(|der| der.to_vec()).collect()
    }

    /// What `peer`, who was just judged, may do on this connection.
    pub(super) fn standing(&self, peer: &TlsPeer) -> Standing {
        Standing(peer.lapsed.clone().map(|lapse| {
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

    /// Returns when it is no longer welcome, with the reason.
    pub(super) async fn unwelcome(mut self) -> Fault {
        loop {
            let end = match self.check() {
                Ok(peer) => peer.not_after,
                Err(fault) => return fault,
            };
            // Proving a chain is dear: between two changes only the clock is looked at.
            loop {
                match time::timeout(TICK, self.changes.changed()).await {
                    Ok(Ok(())) => break,
                    // INVARIANT: `tls_config` holds the sender, so that `Ok(Err(_))` never comes.
                    _ if self.tls_config.clock().now() > end => break,
                    _ => {}
                }
            }
        }
    }
}
