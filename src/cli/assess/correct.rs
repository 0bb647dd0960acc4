//! `watchfire assess correct`.

use std::path::PathBuf;

use clap::Args;

use super::{
    lint::checked,
    publish::{Before, Publish},
};
use crate::{
    cli::{
        CliError, Exit, Global,
        context::{Context, WRITERS},
        id_prefix,
        show::OpenedAssessment,
    },
    domain::statement::StatementKind,
    seal::statement::id_of,
    wire::proto,
};

/// Publishes the next version of an assessment. It replaces the version before it at everybody who may have it.
#[derive(Args)]
pub struct Correct {
    /// The assessment's id, or its beginning
    id: String,
    /// The complete draft of the new version (TOML, or JSON if its name ends in .json)
    file: PathBuf,
    /// Publish in spite of this warning; may be given several times; it is recorded
    #[arg(long, value_name = "FINDING")]
    accept: Vec<String>,
}

impl Correct {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let publish = Publish { file: self.file.clone(), accept: self.accept.clone() };
        let (draft, findings) = checked(global, &self.file)?;
        publish.refuse(global, &findings)?;
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request =
            proto::GetAssessmentRequest { assessment_id: id.0.to_vec().into(), version: 0, quarantined: false };
        let view = desk.assessments.get_assessment(request).await?.into_inner().assessment;
        let payload = view.as_ref().and_then(|v| v.manifest.as_ref()).map(|m| m.payload.clone()).unwrap_or_default();
        let held = OpenedAssessment::new(view)?;
        if held.manifest.originator != context.config.organisation.domain {
            let what =
                format!("`{id}` is an assessment of {}; only its originator can correct it", held.manifest.originator);
            return Err(CliError::new(Exit::Denied, "WRONG_DOMAIN", what));
        }
        if held.recall.is_some() {
            let what = format!("`{id}` was recalled; publish a new assessment");
            return Err(CliError::new(Exit::Failed, "RECALLED", what));
        }
        let manifest = id_of(StatementKind::Manifest, &payload);
        let before = Before { assessment: id, version: held.manifest.version, manifest };
        publish.send(global, &context, &mut desk, &draft, Some(before)).await
    }
}
