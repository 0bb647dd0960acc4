//! `watchfire assess acknowledge`.

use clap::Args;

use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        id_prefix, output,
    },
    domain::receipt::ReceiptKind,
    wire::{field::number_of, proto},
};

/// Tells the sender of an assessment that it is read here, that it is acted upon, or that it is not. The names of persons are not sent.
#[derive(Args)]
pub struct Acknowledge {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// Say that it is acted upon
    #[arg(long, conflicts_with = "decline")]
    acting: bool,
    /// What is done, in one line
    #[arg(long, value_name = "TEXT", requires = "acting")]
    note: Option<String>,
    /// Say that it is not acted upon, and why, in one line
    #[arg(long, value_name = "REASON")]
    decline: Option<String>,
}

impl Acknowledge {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (kind, text) = match (&self.decline, self.acting) {
            (Some(reason), _) => (ReceiptKind::Declined, Some(reason)),
            (None, true) => (ReceiptKind::Acting, self.note.as_ref()),
            (None, false) => (ReceiptKind::Read, None),
        };
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request = proto::AcknowledgeAssessmentRequest {
            assessment_id: id.0.to_vec().into(),
            kind: number_of(ReceiptKind::ALL, &kind),
            text: text.cloned().unwrap_or_default(),
        };
        let version = desk.receipts.acknowledge_assessment(request).await?.into_inner().version;
        let said = serde_json::json!({ "assessment": id, "version": version, "acknowledged": kind });
        output::result(global, &said, || format!("acknowledged {id} (version {version}): {kind}"));
        Ok(())
    }
}
