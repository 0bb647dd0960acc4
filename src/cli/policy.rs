//! `watchfire policy`: who may have what, and why.

mod check;
mod explain;
mod rules;

use clap::Subcommand;

use super::{CliError, Global};

/// Ask who may have what, and why.
#[derive(Subcommand)]
pub enum Policy {
    /// Show, portion by portion and partner by partner, what goes and which clause or rule decided: then and now
    Explain(explain::Explain),
    /// Check house rules before they are in force: every mistake with file, line and column
    Check(check::Check),
    /// Show the house rules in force, their versions, and why the files on disk are not in force
    Rules(rules::Rules),
    /// Print the schema: what house rules may speak of
    Schema(rules::Schema),
}

impl Policy {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Explain(explain) => explain.run(global).await,
            Self::Check(check) => check.run(global).await,
            Self::Rules(rules) => rules.run(global).await,
            Self::Schema(schema) => schema.run(global),
        }
    }
}
