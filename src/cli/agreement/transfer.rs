//! `watchfire agreement export` and `import`: agreements as files, for partners without a link.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    details::AgreementDetails,
    lookup::{self, Which, find},
};
use crate::{
    cli::{
        CliError, Exit, Global,
        armour::{armour, read_armoured},
        context::{ADMINS, ANYBODY, Context},
        files::{FOR_ALL, write_new},
        output,
    },
    wire::{self, proto},
};

/// Writes an agreement with its signatures to a file.
#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    which: Which,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Loads an agreement from a file.
#[derive(Args)]
pub struct Import {
    /// A file that the partner has written with `agreement export`
    file: PathBuf,
}

impl Export {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        let agreement = find(&mut desk, &self.which.id).await?;
        if agreement.envelope.signatures.is_empty() {
            let what = "nobody has signed it yet, so there is nothing to send; see `watchfire agreement show`";
            return Err(CliError::new(Exit::Failed, "CONFLICT", what));
        }
        // This is a separate call, so that the export is recorded in the ledger.
        let id = hex::decode(&agreement.id).unwrap_or_default().into();
        let taken = desk.agreements.export_agreement(proto::ExportAgreementRequest { id }).await?.into_inner();
        let envelope = wire::envelope::from_proto(taken.envelope.unwrap_or_default())?;
        write_new(&self.out, FOR_ALL, &armour(&envelope))?;
        let made = serde_json::json!({ "file": self.out, "id": agreement.id });
        output::result(global, &made, || format!("wrote {}; send it to the partner", self.out.display()));
        Ok(())
    }
}

impl Import {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let envelope = read_armoured(&self.file)?;
        let mut desk = Context::load(global, ADMINS)?.connect().await?;
        let request = proto::ImportAgreementRequest { agreement: Some(wire::envelope::to_proto(&envelope)) };
        lookup::print(global, desk.agreements.import_agreement(request).await?.into_inner().agreement).map(|_| ())
    }
}

/// Writes the file for `--out` of `propose` and `sign`, if the node has signed.
pub(super) fn write_signed(global: &Global, agreement: &AgreementDetails, out: Option<&Path>) -> Result<(), CliError> {
    let Some(out) = out else { return Ok(()) };
    if agreement.approvals.len() < agreement.approvals_needed {
        output::note(global, &format!("{} is not written yet: the node has not signed", out.display()));
        return Ok(());
    }
    write_new(out, FOR_ALL, &armour(&agreement.envelope))?;
    output::note(global, &format!("wrote {}; send it to the partner", out.display()));
    Ok(())
}
