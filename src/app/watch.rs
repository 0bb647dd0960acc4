//! Certificates, keys, bundle and revocation lists, renewed without a restart: files are looked at every second, and
//! new ones are put in force only where they hold. The old ones stay otherwise, and the log says why.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio_util::sync::CancellationToken;

use super::own::{OwnError, load_key, load_member};
use crate::{
    config::Config,
    domain::{fault::Fault, time::Clock},
    node::Node,
    transport::gate::{Credentials, TlsGate},
};

/// Revocation is felt within 2 seconds: half of that is for noticing the file.
const INTERVAL: Duration = Duration::from_secs(1);

/// The state of a file, as far as a change would show: when and how long.
type Stamp = Option<(SystemTime, u64)>;

fn stamps(files: &[&PathBuf]) -> Vec<Stamp> {
    let stamp = |file: &&PathBuf| {
        let meta = std::fs::metadata(file).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    };
    files.iter().map(stamp).collect()
}

/// Watches until `stop`.
pub(super) async fn watch(
    config: Config,
    node: Arc<Node>,
    gate: Arc<TlsGate>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let files = [
        [&config.bundle, &config.crl].to_vec(),
        [&config.tls.certificate, &config.tls.key].to_vec(),
        [&config.signing.certificate, &config.signing.key].to_vec(),
    ];
    let mut seen = files.each_ref().map(|group| stamps(group));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
        for ((group, seen), part) in files.iter().zip(&mut seen).zip([Part::Member, Part::Tls, Part::Signing]) {
            let now = stamps(group);
            if now == *seen {
                continue;
            }
            *seen = now;
            match renew(&part, &config, &node, &gate, &*clock).await {
                Ok(()) => tracing::info!(what = part.words(), "renewed"),
                Err(error) => tracing::error!(what = part.words(), error, "not renewed; what was in force stays"),
            }
        }
    }
}

enum Part {
    Member,
    Tls,
    Signing,
}

impl Part {
    fn words(&self) -> &'static str {
        match self {
            Self::Member => "trust bundle and revocation lists",
            Self::Tls => "TLS certificate",
            Self::Signing => "signing key",
        }
    }
}

async fn renew(part: &Part, config: &Config, node: &Node, gate: &TlsGate, clock: &dyn Clock) -> Result<(), String> {
    let own = |e: OwnError| e.to_string();
    let fault = |f: Fault| f.to_string();
    match part {
        Part::Member => node.renew_own(load_member(config, clock.now()).map_err(own)?).await.map_err(fault),
        Part::Tls => {
            let credentials = Credentials::load(&config.tls.certificate, &config.tls.key).map_err(|e| e.to_string())?;
            gate.reload(None, Some(credentials));
            Ok(())
        }
        Part::Signing => node.renew_key(load_key(config).map_err(own)?).map(|_| ()).map_err(fault),
    }
}
