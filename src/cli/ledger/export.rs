//! `watchfire ledger export`.

use std::path::PathBuf;

use clap::Args;

use super::{AUDITORS, CliError, Context, Global, output};
use crate::{
    cli::{
        files::{FOR_OWNER, NewFile},
        signals::unless_ended,
    },
    wire::proto,
};

/// Writes every entry up to a checkpoint, with the proofs. The file contains the entries in the clear: it is for auditors.
#[derive(Args)]
pub struct Export {
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Export {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let at = self.out.display();
        let mut desk = Context::load(global, AUDITORS)?.connect().await?;
        let mut parts = desk.ledger.export_ledger(proto::ExportLedgerRequest {}).await?.into_inner();
        let mut file = NewFile::begin(&self.out, FOR_OWNER)?;
        let bytes = unless_ended(async {
            let mut bytes = 0;
            while let Some(part) = parts.message().await? {
                bytes += part.data.len();
                file.add(&part.data)?;
            }
            file.finish().map(|()| bytes)
        })
        .await?;
        let made = serde_json::json!({ "file": self.out, "bytes": bytes });
        output::result(global, &made, || format!("wrote {at}; verify it anywhere with `watchfire ledger verify {at}`"));
        Ok(())
    }
}
