//! `watchfire config`.

use clap::Subcommand;

use super::{CliError, Global, output};
use crate::{
    app::{NodeFiles, is_node_here},
    config::{Config, OPEN_OPS},
    domain::time::Clock,
    telemetry::SystemClock,
};

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
        if !is_node_here(&config) {
            let file = config.dir.join(crate::config::FILE);
            let checked = serde_json::json!({ "ok": true, "file": file, "to_mend": [] });
            output::result(global, &checked, || format!("{} has no faults; there is no node here", file.display()));
            return Ok(());
        }
        let notices: Vec<String> =
            NodeFiles::check(&config, SystemClock.now())?.iter().map(ToString::to_string).collect();
        if config.open_ops().is_some() {
            output::note(global, OPEN_OPS);
        }
        let file = config.dir.join(crate::config::FILE);
        let checked = serde_json::json!({ "ok": true, "file": file, "to_mend": notices });
        output::result(global, &checked, || match notices.as_slice() {
            [] => format!("{} and the files that it names have no faults", file.display()),
            notices => {
                let what = "`watchfire serve` starts with these files; correct the following:";
                format!("{}: {what}\n{}", file.display(), notices.join("\n"))
            }
        });
        Ok(())
    }
}
