//! `watchfire agreement export` and `import`: agreements as files, for partners without a link.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{View, Which, finish, named};
use crate::{
    cli::{
        CliError, Exit, Global,
        armour::{armour, read_armoured},
        context::{ADMINS, ANYBODY, Context},
        files::write_new,
        output,
    },
    wire::{self, proto},
};

/// Writes an agreement with its signatures to a file.
#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    which: Which,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Takes an agreement from a file.
#[derive(Args)]
pub struct Import {
    /// A file that the partner has made with `agreement export`
    file: PathBuf,
}

impl Export {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        let view = named(&mut desk, &self.which.id).await?;
        if view.envelope.signatures.is_empty() {
            let what = "nobody has signed it yet, so there is nothing to send; see `watchfire agreement show`";
            return Err(CliError::new(Exit::Failed, "CONFLICT", what));
        }
        // Asked for by itself, so that it goes on record.
        let id = hex::decode(&view.id).unwrap_or_default().into();
        let taken = desk.agreements.export_agreement(proto::ExportAgreementRequest { id }).await?.into_inner();
        let envelope = wire::envelope::from_proto(taken.envelope.unwrap_or_default())?;
        write_new(&self.out, &armour(&envelope))?;
        let made = serde_json::json!({ "file": self.out, "id": view.id });
        output::result(global, &made, || format!("wrote {}; send it to the partner", self.out.display()));
        Ok(())
    }
}

impl Import {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let envelope = read_armoured(&self.file)?;
        let mut desk = Context::load(global, ADMINS)?.connect().await?;
        let request = proto::ImportAgreementRequest { agreement: Some(wire::envelope::to_proto(&envelope)) };
        finish(global, desk.agreements.import_agreement(request).await?.into_inner().agreement).map(|_| ())
    }
}

/// Writes the file that was asked for beside proposing or signing, once there is a signature on it.
pub(super) fn write_signed(global: &Global, view: &View, out: Option<&Path>) -> Result<(), CliError> {
    let Some(out) = out else { return Ok(()) };
    if view.approvals.len() < view.approvals_needed {
        output::note(global, &format!("{} is not written yet: the node has not signed", out.display()));
        return Ok(());
    }
    write_new(out, &armour(&view.envelope))?;
    output::note(global, &format!("wrote {}; send it to the partner", out.display()));
    Ok(())
}
