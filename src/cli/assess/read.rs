//! `watchfire assess list` and `show`.

use clap::Args;
use serde::Serialize;

use crate::{
    cli::{
        CliError, Global,
        context::{Context, WRITERS},
        id_prefix, output,
        quarantine::QuarantinedEntry,
        recall_details::RecallDetails,
        show::OpenedAssessment,
    },
    domain::{ids::TrustDomain, language::Language, lexicon::Lexicon},
    render::{self, AssessmentText, Options},
    wire::proto,
};

/// Lists assessments, newest first.
#[derive(Args)]
pub struct List {
    /// List only assessments of this originator
    #[arg(long, value_name = "DOMAIN")]
    from: Option<TrustDomain>,
    /// Also list earlier versions
    #[arg(long)]
    all_versions: bool,
    /// Also list what is in quarantine (officers only)
    #[arg(long)]
    quarantined: bool,
    /// The most assessments to list
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

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

#[derive(Serialize)]
struct Row {
    assessment: String,
    version: u32,
    originator: String,
    issued: String,
    level: Option<u8>,
    headline: Option<String>,
    state: String,
    exercise: bool,
    /// The partner on whose introduction alone the originator is known here.
    introduced_by: Option<String>,
    /// The day after which statements under the signer's CA are doubtful.
    doubtful_since: Option<String>,
    /// Why it is in quarantine. Filled for officers who asked for it.
    quarantines: Vec<QuarantinedEntry>,
    /// The recall, if it was recalled.
    recall: Option<RecallDetails>,
    /// The subjects about which its originator has signed two different statements.
    signed_twice: Vec<String>,
}

impl Row {
    fn new(held: &OpenedAssessment) -> Self {
        Self {
            assessment: held.manifest.assessment.to_string(),
            version: held.manifest.version,
            originator: held.manifest.originator.to_string(),
            issued: held.manifest.issued.to_string(),
            level: crate::domain::assessment::level(&held.portions).map(u8::from),
            headline: held.headline().map(str::to_owned),
            state: held.state.clone(),
            exercise: held.manifest.exercise,
            introduced_by: held.introduced_by.clone(),
            doubtful_since: held.doubtful_since.clone(),
            quarantines: held.quarantines.clone(),
            recall: held.recall.clone(),
            signed_twice: held.signed_twice.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Row {
    /// Its state, and what a reader must know before reading. `assess show` says it in full.
    fn standing(&self) -> String {
        let doubtful = self.doubtful_since.as_ref().map(|_| ", DOUBTFUL").unwrap_or_default();
        let introduced = self.introduced_by.as_ref().map(|_| ", by introduction").unwrap_or_default();
        let twice = if self.signed_twice.is_empty() { "" } else { ", SIGNED TWICE" };
        format!("{}{doubtful}{introduced}{twice}", self.state)
    }
}

impl List {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, WRITERS)?.connect().await?;
        let request = proto::ListAssessmentsRequest {
            originator: self.from.as_ref().map(ToString::to_string).unwrap_or_default(),
            all_versions: self.all_versions,
            quarantined: self.quarantined,
            limit: self.limit,
            cursor: String::new(),
        };
        let mut answers = desk.assessments.list_assessments(request).await?.into_inner();
        let mut rows = vec![];
        // What came before an error is shown before the error. One damaged assessment must not hide others.
        let ended = loop {
            match answers.message().await {
                Ok(Some(answer)) => match OpenedAssessment::new(answer.assessment) {
                    Ok(held) => rows.push(Row::new(&held)),
                    Err(error) => break Err(error),
                },
                Ok(None) => break Ok(()),
                Err(status) => break Err(status.into()),
            }
        };
        if global.json {
            rows.iter().for_each(output::print_json);
        } else if rows.is_empty() && ended.is_ok() {
            output::print("there are no assessments yet; use `watchfire assess publish` or `watchfire feed pull`");
        } else if !rows.is_empty() {
            let cells = rows.iter().map(|r| {
                let exercise = if r.exercise { "EXERCISE " } else { "" };
                let absent = if r.recall.is_some() { "(recalled)" } else { "(withheld)" };
                let headline = format!("{exercise}{}", r.headline.as_deref().unwrap_or(absent));
                let level = r.level.map_or_else(|| "-".to_owned(), |l| l.to_string());
                let day = r.issued.get(..10).unwrap_or_default().to_owned();
                vec![r.assessment.clone(), day, r.originator.clone(), level, r.standing(), headline]
            });
            let cells: Vec<_> = cells.collect();
            output::print(&output::table(&["ASSESSMENT", "ISSUED", "FROM", "LEVEL", "STATE", "HEADLINE"], &cells));
            self.print_quarantines(&rows, ended.is_ok());
        }
        crate::cli::waiting::warn(global, &mut desk).await?;
        ended
    }
}

impl List {
    /// Prints why each is in quarantine, if that was asked for.
    fn print_quarantines(&self, rows: &[Row], is_all: bool) {
        if !self.quarantined {
            return;
        }
        for row in rows.iter().filter(|r| !r.quarantines.is_empty()) {
            output::print(&format!("\n{} version {} is in quarantine:", row.assessment, row.version));
            row.quarantines.iter().for_each(|kept| output::print(&format!("    {}", kept.words())));
        }
        if is_all && rows.iter().all(|r| r.quarantines.is_empty()) {
            output::print("\nnothing is in quarantine");
        }
    }
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
