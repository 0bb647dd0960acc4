//! `watchfire config`.

use clap::Subcommand;

use super::{CliError, Global, output};
use crate::{app::Own, config::Config, domain::time::Clock, telemetry::SystemClock};

/// Check the node's configuration.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Check watchfire.toml and the files that it names, and report all faults at once
    Check,
}

impl ConfigCommand {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let config = Config::load(&global.dir)?;
        Own::check(&config, SystemClock.now())?;
        let file = config.dir.join(crate::config::FILE);
        output::result(global, &serde_json::json!({ "ok": true, "file": file }), || {
            format!("{} is well, and so are the files that it names", file.display())
        });
        Ok(())
    }
}
