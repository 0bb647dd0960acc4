//! `watchfire evidence export`.

use std::path::PathBuf;

use clap::Args;

use super::{AUDITORS, CliError, Context, Global, named, output};
use crate::{
    cli::armour::armour,
    wire::{self, proto},
};

/// Writes what proves that two different statements of one thing were signed: two versions of one number, or two recalls of one kind. The
/// statements hold no content, but they tell that the assessment exists. Nothing of it is sent to anybody by itself.
#[derive(Args)]
pub struct Export {
    /// The assessment's id, or enough of its beginning
    id: String,
    /// Where to write it; stdout where nothing is said
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    pub(super) async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, AUDITORS)?.connect().await?;
        let id = named::assessment(&mut desk, &self.id).await?;
        let request = proto::ExportEvidenceRequest { assessment_id: id.0.to_vec().into() };
        let statements = desk.ledger.export_evidence(request).await?.into_inner().statements;
        let mut text = format!(
            "What was signed twice of assessment {id}. Whoever has the roots of the organisation that signed it can check it anywhere:\n\
             watchfire evidence check FILE --bundle ROOTS.pem\n"
        );
        for statement in statements {
            text.push('\n');
            text.push_str(&armour(&wire::envelope::from_proto(statement)?));
        }
        output::written(global, self.out.as_deref(), &text)
    }
}
