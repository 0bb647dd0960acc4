//! `watchfire serve`: the node, until SIGTERM or Ctrl-C.

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

/// Runs the node: partners reach it at the peer listener, the organisation's own people at the desk.
/// SIGTERM or Ctrl-C ends it once the requests under way have ended. Certificates, keys, lists and rules are taken up as they change;
/// SIGHUP has all of them read anew.
#[derive(Args)]
pub struct Serve {
    /// Go on without what can't be read any more of this organisation's own revocations, after putting its CA's newest list into place; who
    /// was revoked before that and is not in it is let in again
    #[arg(long)]
    forget_damaged_revocations: bool,
}

impl Serve {
    /// Runs until told to stop.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        if !app::is_node_here(&config) {
            let what = "no file of a node is here, neither certificates nor a store: it looks like a person's own machine, whose node runs elsewhere";
            return Err(CliError::files(format!("{}: {what}; `watchfire init` makes a node", global.dir.display())));
        }
        telemetry::start(&config.log).map_err(CliError::files)?;
        if let Some(address) = &config.console {
            tracing::warn!(address, "this version serves no console; listen.console is passed over");
        }
        if let Some(address) = config.open_ops() {
            tracing::warn!(address, "{OPEN_OPS}");
        }
        let domain = config.organisation.domain.clone();
        // Before the node starts: a signal that comes early must not end it unasked.
        let mut signals = Signals::new();
        if self.forget_damaged_revocations {
            app::register::forget_damaged_revocations(&config).await.map_err(CliError::files)?;
        }
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
        while signals.next().await == ProcessSignal::HangUp && !std::io::stderr().is_terminal() {
            look_again(&running, &global.dir);
        }
        output::note(global, "stopping");
        running.stop().await;
        Ok(())
    }
}

/// Nobody's terminal is gone: somebody wants the files to be read anew. What watchfire.toml says counts at a start only, so all that can
/// be said of it now is whether the next one would fail.
fn look_again(running: &app::Running, dir: &Path) {
    tracing::info!(
        "SIGHUP: certificates, keys, trust bundle, revocation lists, people and house rules are read anew; watchfire.toml counts from the \
         next start on"
    );
    if let Err(error) = Config::load(dir) {
        tracing::error!(%error, "watchfire.toml can't be used as it stands: the next start would fail");
    }
    running.look_again();
}
