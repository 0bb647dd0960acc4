//! `watchfire assess correct`.

use clap::Args;

use super::{
    accepted::Accepted,
    lint::checked,
    publish::{Before, Publish},
};
use crate::{
    cli::{
        CliError, Exit, Global, complete,
        context::{Context, WRITERS},
        id_prefix,
        input::Input,
        show::OpenedAssessment,
    },
    domain::{
        body::{Body, Kind},
        draft::{Draft, DraftPortion},
        lint::lint,
        statement::StatementKind,
        time::Clock,
    },
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::proto,
};

/// Publishes the next version of an assessment. It replaces the version before it at everybody who may have it. On a terminal it first shows
/// what changes and who gets what, and asks.
#[derive(Args)]
pub struct Correct {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    accepted: Accepted,
    /// Why it is corrected; readers get it as a further limitation, marked as the headline is
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show what would change and who would get what, and why; publish nothing
    #[arg(long)]
    dry_run: bool,
}

impl Correct {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        self.accepted.check()?;
        let publish = Publish { input: self.input.clone(), accepted: self.accepted.clone(), dry_run: self.dry_run };
        let (mut draft, findings) = checked(global, self.input.path())?;
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
        if let Some(reason) = &self.reason {
            add_reason(&mut draft, held.manifest.version, reason)?;
            publish.refuse(global, &lint(&draft, SystemClock.now()))?;
        }
        let manifest = id_of(StatementKind::Manifest, &payload);
        let before = Before { assessment: id, version: held.manifest.version, manifest, portions: held.portions };
        publish.send(global, &context, &mut desk, &draft, Some(before)).await
    }
}

/// Adds the reason as a portion, so that it is marked, decided about and released as every other text is.
fn add_reason(draft: &mut Draft, version: u32, reason: &str) -> Result<(), CliError> {
    let reason = super::endorse::draft_text(reason);
    if reason.is_empty() {
        return Err(CliError::usage("--reason is empty; write why the assessment is corrected"));
    }
    let headlines = draft.of_kind(Kind::Headline).map(|(_, headline)| headline);
    let marking = headlines.max_by_key(|h| h.marking.tlp).map(|h| h.marking.clone());
    let marking = marking.ok_or_else(|| CliError::usage("the draft has no headline"))?;
    draft.portions.push(DraftPortion {
        key: None,
        marking,
        body: Body::Limitation { text: format!("Corrects version {version}: {reason}") },
        rests_on_keys: vec![],
        language: None,
        translates_key: None,
        file: None,
        line: None,
    });
    Ok(())
}
