//! `watchfire assess new`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    cli::{CliError, Global, output},
    config::Config,
    domain::time::Clock,
    draft,
    telemetry::SystemClock,
};

/// Writes a commented draft.
#[derive(Args)]
pub struct New {
    /// The file to write; default: stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl New {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let own = Config::load(&global.dir)?.organisation.domain;
        output::written(global, self.out.as_deref(), &draft::template(&own, SystemClock.now().day()))
    }
}
