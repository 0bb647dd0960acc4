//! `watchfire assess show`.

use clap::{Args, ValueEnum};

use crate::{
    cli::{
        CliError, Global, complete,
        context::{Context, WRITERS},
        deadline, id_prefix, output,
        recall_details::RecallDetails,
        show::OpenedAssessment,
    },
    domain::{language::Language, lexicon::Lexicon, time::Clock},
    render::{self, AssessmentText, Options},
    telemetry::SystemClock,
    wire::proto,
};

/// Shows an assessment as far as this node has it: who signed it, what it says, what is withheld.
#[derive(Args)]
pub struct Show {
    /// The assessment's id, or its beginning
    #[arg(add = complete::assessments())]
    id: String,
    /// The version; default: the latest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    version: Option<u32>,
    /// The reader's lexicon of likelihood words
    #[arg(long, value_name = "LEXICON", default_value = output::LEXICON, env = "WATCHFIRE_LEXICON")]
    lexicon: String,
    /// The language to show first, e.g. fr, if there are translations
    #[arg(long, value_name = "TAG", env = "WATCHFIRE_LANGUAGE")]
    language: Option<Language>,
    /// Show one that is in quarantine (officers only)
    #[arg(long)]
    quarantined: bool,
    /// The form; a page for print is one file, without script and without anything that is fetched from elsewhere
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The form in which an assessment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// Text for the terminal
    #[default]
    Text,
    /// A page for print, e.g. `--format html > warning.html`
    Html,
}

impl Show {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        if self.format == Format::Html && global.json {
            return Err(CliError::usage("--json and --format html are two forms; give one of them"));
        }
        let lexicon = Lexicon::by_id(&self.lexicon).map_err(CliError::usage)?;
        let context = Context::load(global, WRITERS)?;
        let mut desk = context.connect().await?;
        let id = id_prefix::assessment(&mut desk, &self.id).await?;
        let request = proto::GetAssessmentRequest {
            assessment_id: id.0.to_vec().into(),
            version: self.version.unwrap_or_default(),
            quarantined: self.quarantined,
        };
        let held = OpenedAssessment::new(desk.assessments.get_assessment(request).await?.into_inner().assessment)?;
        let id = held.manifest.assessment.to_string();
        let by = held.acknowledge_by.map(|by| deadline::sentence(by, SystemClock.now(), id.get(..8).unwrap_or(&id)));
        let view = AssessmentText { language: self.language.as_ref(), acknowledge: by.as_deref(), ..held.view() };
        let options = Options { lexicon, ..output::options() };
        if self.format == Format::Html {
            let printed = format!("made by {} at {}", context.person.id, SystemClock.now());
            let page = render::assessment_page(&view, &options, &printed);
            output::print(page.map_err(|e| CliError::files(e.to_string()))?.trim_end());
            return Ok(());
        }
        output::result(global, &held.json(), || {
            let text = render::assessment(&view, &options);
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
