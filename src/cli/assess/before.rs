//! The version that a new version of an assessment follows.

use super::draft_portions::portions_of;
use crate::{
    cli::{CliError, Exit, context::Context, id_prefix, output, show::OpenedAssessment},
    desk::client::DeskClient,
    domain::{
        assessment::Portion,
        draft::Draft,
        ids::{AssessmentId, StatementId},
        statement::StatementKind,
    },
    render::{self, Change},
    seal::statement::id_of,
    wire::proto,
};

/// The version that a new version follows.
pub(super) struct Before {
    /// The assessment.
    pub assessment: AssessmentId,
    /// The latest version so far.
    pub version: u32,
    /// Its manifest.
    pub manifest: StatementId,
    /// Its portions.
    portions: Vec<Portion>,
}

impl Before {
    /// What a draft of the next version changes.
    pub fn changes(&self, next: &Draft) -> Vec<Change> {
        render::changes(&self.portions, &portions_of(next), output::options().lexicon)
    }
}

/// The latest version of an assessment, for a version that follows it.
pub(super) async fn version_before(context: &Context, desk: &mut DeskClient, id: &str) -> Result<Before, CliError> {
    let id = id_prefix::assessment(desk, id).await?;
    let request = proto::GetAssessmentRequest { assessment_id: id.0.to_vec().into(), version: 0, quarantined: false };
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
    Ok(Before { assessment: id, version: held.manifest.version, manifest, portions: held.portions })
}
