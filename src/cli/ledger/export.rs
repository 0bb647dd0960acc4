//! `watchfire ledger export`.

use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt, path::PathBuf};

use clap::Args;

use super::{AUDITORS, CliError, Context, Global, output};
use crate::cli::files::not_written;
use crate::wire::proto;

/// Writes every entry up to a checkpoint, with what proves them. The file holds the entries in the clear: it is for auditors.
#[derive(Args)]
pub struct Export {
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Export {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let at = self.out.display();
        let failed = |e: std::io::Error| not_written(&self.out, &e);
        let mut desk = Context::load(global, AUDITORS)?.connect().await?;
        let mut parts = desk.export_ledger(proto::ExportLedgerRequest {}).await?.into_inner();
        // The owner's alone; what is there already stays.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.out).map_err(failed)?;
        let mut bytes = 0;
        let written = loop {
            match parts.message().await {
                Ok(Some(part)) => {
                    bytes += part.data.len();
                    if let Err(error) = file.write_all(&part.data) {
                        break Err(failed(error));
                    }
                }
                Ok(None) => break file.sync_all().map_err(failed),
                Err(status) => break Err(status.into()),
            }
        };
        if written.is_err() {
            // Half an export verifies as nothing.
            let _ = std::fs::remove_file(&self.out);
            return written;
        }
        let made = serde_json::json!({ "file": self.out, "bytes": bytes });
        output::result(global, &made, || format!("wrote {at}; verify it anywhere with `watchfire ledger verify {at}`"));
        Ok(())
    }
}
