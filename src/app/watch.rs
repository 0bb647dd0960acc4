//! Certificates, keys, bundle, revocation lists and house rules, renewed without a restart: files are looked at every second, and
//! new ones are put in force only where they hold. The old ones stay otherwise, and the log says why.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio_util::sync::CancellationToken;

use super::{
    own::{OwnError, load_key, load_member},
    rules,
};
use crate::{
    config::Config,
    domain::{fault::Fault, time::Clock},
    node::{
        Node,
        rules::{FoundRules, Renewal},
    },
    transport::gate::{Credentials, TlsGate},
};

/// Revocation is felt within 2 seconds: half of that is for noticing the file.
const INTERVAL: Duration = Duration::from_secs(1);
/// Rules are taken up once they have been the same for so long: a directory may be half written.
const SETTLED: Duration = Duration::from_millis(200);

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
    let mut seen_rules = None;
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
        renew_rules(&config, &node, &mut seen_rules).await;
    }
}

/// By their content: they are small, and a file may change within its timestamp's grain.
async fn renew_rules(config: &Config, node: &Node, seen: &mut Option<FoundRules>) {
    let found = rules::read(&config.rules);
    if seen.as_ref() == Some(&found) {
        return;
    }
    tokio::time::sleep(SETTLED).await;
    if rules::read(&config.rules) != found {
        return;
    }
    match node.renew_rules(found.clone()).await {
        Ok(Renewal::Same) => {}
        Ok(Renewal::InForce(version)) => tracing::info!(version, "house rules in force"),
        Ok(Renewal::Refused(faults)) => {
            for fault in faults {
                tracing::error!("the house rules on disk are NOT in force, those before still are: {fault}");
            }
        }
        Err(fault) => {
            tracing::error!(%fault, "the house rules on disk are NOT in force, those before still are; they are tried again");
            return;
        }
    }
    *seen = Some(found);
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
        Part::Signing => node.renew_key(load_key(config).map_err(own)?).await.map(|_| ()).map_err(fault),
    }
}
