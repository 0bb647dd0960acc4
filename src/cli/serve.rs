//! `watchfire serve`: the node, until SIGTERM or Ctrl-C.

use clap::Args;

use super::{CliError, Global, output};
use crate::{app, config::Config, telemetry};

/// Runs the node: partners reach it at the peer listener, the organisation's own people at the desk.
/// SIGTERM or Ctrl-C ends it once the requests under way have ended.
#[derive(Args)]
pub struct Serve {}

impl Serve {
    /// Runs until told to stop.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        telemetry::start(&config.log).map_err(CliError::files)?;
        if let Some(address) = &config.console {
            tracing::warn!(address, "this version serves no console; listen.console is passed over");
        }
        let domain = config.organisation.domain.clone();
        let running = app::start(config).await?;
        let ready = serde_json::json!({
            "ready": true,
            "peer": running.peer.to_string(),
            "desk": running.desk.to_string(),
            "console": null,
            "ops": running.ops.map(|a| a.to_string()),
        });
        output::result(global, &ready, || {
            format!("{domain} is up: partners at {}, own people at {}", running.peer, running.desk)
        });
        wait_for_the_end().await;
        output::note(global, "stopping");
        running.stop().await;
        Ok(())
    }
}

async fn wait_for_the_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without the signal there is still Ctrl-C.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
