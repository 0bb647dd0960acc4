//! Whether the other end of a live connection is still welcome.

use std::{sync::Arc, time::Duration};

use rustls_pki_types::CertificateDer;
use tokio::{sync::watch, time};

use super::gate::TlsGate;
use crate::{
    domain::fault::Fault,
    identity::trust::{Audience, Moment, TlsPeer, TlsUsage},
};

/// How often expiry is looked at. A change of trust is seen at once.
const TICK: Duration = Duration::from_secs(1);

/// The other end of a connection, judged again whenever trust changes.
pub(super) struct Live {
    gate: Arc<TlsGate>,
    /// The whole chain: the intermediates are needed to judge it again.
    chain: Vec<CertificateDer<'static>>,
    usage: TlsUsage,
    audience: Audience,
    changes: watch::Receiver<u64>,
}

impl Live {
    /// `changes` must be older than the handshake, or a change during it would go unseen.
    pub(super) fn new(
        gate: Arc<TlsGate>,
        chain: Option<&[CertificateDer<'static>]>,
        usage: TlsUsage,
        audience: Audience,
        changes: watch::Receiver<u64>,
    ) -> Self {
        Self { gate, chain: chain.unwrap_or_default().to_vec(), usage, audience, changes }
    }

    /// Who it is, if still welcome.
    pub(super) fn check(&self) -> Result<TlsPeer, Fault> {
        let chain: Vec<&[u8]> = self.chain.iter().map(AsRef::as_ref).collect();
        let (trust, now) = (self.gate.trust().load(), self.gate.clock().now());
        trust.tls_peer(&chain, self.usage, &self.audience, now, Moment::Live)
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
                    // INVARIANT: `gate` holds the sender, so that `Ok(Err(_))` never comes.
                    _ if self.gate.clock().now() > end => break,
                    _ => {}
                }
            }
        }
    }
}
