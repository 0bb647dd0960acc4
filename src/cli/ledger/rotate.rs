//! `watchfire ledger rotate-key`.

use clap::Args;

use super::{ADMINS, CliError, Context, Global, output};
use crate::{cli::Exit, wire::proto};

/// For a node of which a copy ran, or whose ledger key is known to others. The old key hands over to a new one, so partners raise no alarm.
/// Signatures by the old key count for nothing after that. Stop the copy first.
#[derive(Args)]
pub struct RotateKey {}

impl RotateKey {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ADMINS)?.connect().await?;
        if !output::confirm(global, "Sign this node's ledger with another key from now on?") {
            return Err(CliError::new(Exit::Failed, "NOT_CONFIRMED", "nothing was done; confirm, or give --yes"));
        }
        let origin = desk.ledger.rotate_ledger_key(proto::RotateLedgerKeyRequest {}).await?.into_inner().origin;
        let made = serde_json::json!({ "origin": origin });
        output::result(global, &made, || format!("the ledger continues as {origin}, signed with a new key"));
        Ok(())
    }
}
