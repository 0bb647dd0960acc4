//! `watchfire serve`: runs the node until SIGTERM or Ctrl-C.

use std::{io::IsTerminal, path::Path};

use clap::Args;

use super::{
    CliError, Global, output,
    signals::{ProcessSignal, Signals},
};
use crate::{
    app,
    config::{Config, OPEN_OPS},
    telemetry,
};

/// Runs the node. Partners reach it at the peer listener, and the organisation's own people at the desk.
/// SIGTERM or Ctrl-C stops it after the requests under way have ended. The node loads certificates, keys, lists and rules when they change.
/// SIGHUP makes it read all of them again.
#[derive(Args)]
pub struct Serve {
    /// Start without those of this organisation's own revocations that can't be read any more. Put the newest list of its CA in place first: a
    /// person who was revoked before and is not on it is admitted again
    #[arg(long)]
    forget_damaged_revocations: bool,
}

impl Serve {
    /// Runs until it is stopped.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        if !app::is_node_here(&config) {
            let what = "there are no files of a node here, neither certificates nor a store; this looks like a person's own machine, whose \
                        node runs elsewhere";
            return Err(CliError::files(format!("{}: {what}; `watchfire init` creates a node", global.dir.display())));
        }
        telemetry::start(&config.log).map_err(CliError::files)?;
        if let Some(address) = config.open_ops() {
            tracing::warn!(address, "{OPEN_OPS}");
        }
        let domain = config.organisation.domain.clone();
        // Before the node starts, so that an early signal does not kill the process.
        let mut signals = Signals::new();
        if self.forget_damaged_revocations {
            app::register::forget_damaged_revocations(&config).await.map_err(CliError::files)?;
        }
        let running = app::start(config).await?;
        let ready = serde_json::json!({
            "ready": true,
            "peer": running.peer.to_string(),
            "desk": running.desk.to_string(),
            "console": running.console,
            "ops": running.ops.map(|a| a.to_string()),
        });
        output::result(global, &ready, || {
            let console = running.console.as_ref().map(|origin| format!(", console at {origin}")).unwrap_or_default();
            format!("{domain} is up: partners at {}, own people at {}{console}", running.peer, running.desk)
        });
        while signals.next().await == ProcessSignal::HangUp && !std::io::stderr().is_terminal() {
            look_again(&running, &global.dir);
        }
        output::note(global, "stopping");
        running.stop().await;
        Ok(())
    }
}

/// Reads the files again after SIGHUP. The caller has checked that it does not mean a closed terminal. The node reads watchfire.toml only when it
/// starts, so this function only reports whether the next start would fail.
fn look_again(running: &app::Running, dir: &Path) {
    tracing::info!(
        "SIGHUP: reading certificates, keys, trust bundle, revocation lists, people and house rules again; watchfire.toml is read at the \
         next start"
    );
    if let Err(error) = Config::load(dir) {
        tracing::error!(%error, "watchfire.toml has faults: the next start would fail");
    }
    running.look_again();
}
