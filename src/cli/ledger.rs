//! `watchfire ledger`: the verifiable record of what this node has decided and done.

mod alarms;
mod check;
mod entry;
mod export;
mod head;
mod list;
mod prove;
mod rotate;
mod settle;
mod verify;

use clap::Subcommand;

use super::{
    CliError, Exit, Global,
    context::{ADMINS, ANYBODY, AUDITORS, Context},
    output,
};

/// Verify and prove the record of decisions, and watch partners' ledgers.
#[derive(Subcommand)]
pub enum Ledger {
    /// Show the newest checkpoint, and who has cosigned it
    Head,
    /// Verify the node's own ledger row by row, or an export without keys and without a node
    Verify(verify::Verify),
    /// Prove one entry to somebody else
    Prove(prove::Prove),
    /// Check a proof that somebody else has written
    Check(check::Check),
    /// Write the whole ledger to a file that anybody can verify
    Export(export::Export),
    /// List entries
    List(list::List),
    /// Show alarms about partners' ledgers and this node's own, including past ones
    Alarms,
    /// Start a new epoch of the ledger, after an older store was put in the place of a newer one
    Settle(settle::Settle),
    /// Sign the ledger with a new key, if a copy of this node ran or the key was stolen
    RotateKey(rotate::RotateKey),
}

impl Ledger {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::Head => head::run(global).await,
            Self::Verify(command) => command.run(global).await,
            Self::Prove(command) => command.run(global).await,
            Self::Check(command) => command.run(global).await,
            Self::Export(command) => command.run(global).await,
            Self::List(command) => command.run(global).await,
            Self::Alarms => alarms::run(global).await,
            Self::Settle(command) => command.run(global).await,
            Self::RotateKey(command) => command.run(global).await,
        }
    }
}
