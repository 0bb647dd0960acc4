//! `watchfire evidence export`.

use std::path::PathBuf;

use clap::Args;

use super::{AUDITORS, CliError, Context, Global, id_prefix, output};
use crate::{
    cli::{armour::armour, complete},
    wire::{self, proto},
};

/// Writes the proof that two different statements about one subject were signed: two manifests of one version, or two recalls of one kind. The
/// statements contain no content, but they show that the assessment exists. The node does not send them to anybody by itself.
#[derive(Args)]
pub struct Export {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// The file to write; default: stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, AUDITORS)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request = proto::ExportEvidenceRequest { assessment_id: id.0.to_vec().into() };
        let statements = desk.ledger.export_evidence(request).await?.into_inner().statements;
        let mut text = format!(
            "Two different signed statements about assessment {id}. Anybody who has the roots of the organisation that signed them can check them:\n\
             watchfire evidence check FILE --bundle ROOTS.pem\n"
        );
        for statement in statements {
            text.push('\n');
            text.push_str(&armour(&wire::envelope::from_proto(statement)?));
        }
        output::written(global, self.out.as_deref(), &text)
    }
}
