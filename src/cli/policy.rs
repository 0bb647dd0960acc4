//! `watchfire policy`: who may have what, and why.

mod explain;

use clap::Subcommand;

use super::{CliError, Global};

/// Ask who may have what, and why.
#[derive(Subcommand)]
pub enum Policy {
    /// Show, portion by portion and partner by partner, what goes and which clause or rule decided: then and now
    Explain(explain::Explain),
}

impl Policy {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Explain(explain) => explain.run(global).await,
        }
    }
}
