//! `watchfire policy`: explains who gets what and why, and checks house rules.

mod check;
mod explain;
mod rules;

use clap::Subcommand;

use super::{CliError, Global};

/// Explain who gets what and why, and check house rules.
#[derive(Subcommand)]
pub enum Policy {
    /// Show for each portion and partner what is released, and which clause or rule decided, then and now
    Explain(explain::Explain),
    /// Check house rules before they are in force; report every mistake with file, line and column
    Check(check::Check),
    /// Show the house rules in force, their versions, and why the files on disk are not in force
    Rules(rules::Rules),
    /// Print the schema: the names that house rules may use
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
