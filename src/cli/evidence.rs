//! `watchfire evidence`: proof that an organisation has signed two different statements about one subject.

mod check;
mod export;

use clap::Subcommand;

use super::{
    CliError, Global,
    context::{AUDITORS, Context},
    id_prefix, output,
};

/// Prove to others that an organisation has signed two different statements about one subject.
#[derive(Subcommand)]
pub enum Evidence {
    /// Write the two statements to a file that anybody can check
    Export(export::Export),
    /// Check such a file, without a node
    Check(check::Check),
}

impl Evidence {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Export(command) => command.run(global).await,
            Self::Check(command) => command.run(global),
        }
    }
}
