//! `watchfire assess show`.

use clap::Args;

use crate::{
    cli::{
        CliError, Global,
        context::{Context, WRITERS},
        id_prefix, output,
        recall_details::RecallDetails,
        show::OpenedAssessment,
    },
    domain::{language::Language, lexicon::Lexicon},
    render::{self, AssessmentText, Options},
    wire::proto,
};

/// Shows an assessment as far as this node has it: who signed it, what it says, what is withheld.
#[derive(Args)]
pub struct Show {
    /// The assessment's id, or its beginning
    id: String,
    /// The version; default: the latest
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
    /// The reader's lexicon of likelihood words
    #[arg(long, value_name = "LEXICON", default_value = "uk-phia-2025", env = "WATCHFIRE_LEXICON")]
    lexicon: String,
    /// The language to show first, e.g. fr, if there are translations
    #[arg(long, value_name = "TAG", env = "WATCHFIRE_LANGUAGE")]
    language: Option<Language>,
    /// Show one that is in quarantine (officers only)
    #[arg(long)]
    quarantined: bool,
}

impl Show {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let lexicon = Lexicon::by_id(&self.lexicon).map_err(CliError::usage)?;
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request = proto::GetAssessmentRequest {
            assessment_id: id.0.to_vec().into(),
            version: self.version,
            quarantined: self.quarantined,
        };
        let held = OpenedAssessment::new(desk.assessments.get_assessment(request).await?.into_inner().assessment)?;
        output::result(global, &held.json(), || {
            let text = render::assessment(
                &AssessmentText { language: self.language.as_ref(), ..held.view() },
                &Options { lexicon, ..output::options() },
            );
            let kept = held.quarantines.iter().map(|kept| format!("in quarantine: {}", kept.words()));
            let twice = held.signed_twice.iter().map(|twice| {
                let id = held.manifest.assessment;
                format!("{}; `watchfire evidence export {id}` writes the proof", twice.words())
            });
            let kept = kept.chain(held.recall.iter().map(RecallDetails::words)).chain(twice);
            kept.chain([text.trim_end().to_owned()]).collect::<Vec<_>>().join("\n")
        });
        Ok(())
    }
}
