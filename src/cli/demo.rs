//! `watchfire demo`.

use clap::Args;

use super::{CliError, Global};

/// Runs the demo.
#[derive(Args)]
pub struct Demo {}

impl Demo {
    /// Runs it.
    pub async fn run(&self, _global: &Global) -> Result<(), CliError> {
        Ok(())
    }
}
