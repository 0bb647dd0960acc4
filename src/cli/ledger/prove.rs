//! `watchfire ledger prove`.

use std::path::PathBuf;

use clap::Args;

use super::{AUDITORS, CliError, Context, Global, output};
use crate::{
    domain::ids::TrustDomain,
    wire::{field::text_of, proto},
};

/// Proves that an entry is in this node's ledger, under a signed checkpoint. The proof contains the entry itself, so its recipient can read
/// it. It names no partner except the one that it is for.
#[derive(Args)]
pub struct Prove {
    /// The entry's index, or the beginning of an id that no other entry names; see `ledger list`
    event: String,
    /// Prove it to this partner, under the newest checkpoint that it has cosigned itself, if that covers the entry
    #[arg(long = "for", value_name = "PARTNER")]
    partner: Option<TrustDomain>,
    /// The file to write; default: stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Prove {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, AUDITORS)?.connect().await?;
        let request =
            proto::ProveLedgerEventRequest { event: self.event.clone(), partner: text_of(self.partner.as_ref()) };
        let proof = desk.ledger.prove_ledger_event(request).await?.into_inner().proof;
        if self.out.is_none() && global.json {
            // One JSON object in one line.
            let value: serde_json::Value = serde_json::from_str(&proof).unwrap_or_default();
            output::print_json(&value);
            return Ok(());
        }
        output::written(global, self.out.as_deref(), &format!("{proof}\n"))
    }
}
