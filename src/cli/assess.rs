//! `watchfire assess`: write, publish and read assessments.

mod acknowledge;
mod answer;
mod attach;
mod beside;
mod correct;
mod endorse;
mod groups;
mod holders;
mod publish;
mod purge;
mod read;
mod recall;
mod release_again;
mod request;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use beside::Beside;

use super::{CliError, Global, output};
use crate::{
    app,
    config::Config,
    domain::{
        draft::Draft,
        lint::{Finding, Severity, lint, why_withheld},
        place::ControlTable,
        time::Clock,
    },
    draft,
    policy::HouseRules,
    render,
    telemetry::SystemClock,
};

/// Write, publish and read assessments.
#[derive(Subcommand)]
pub enum Assess {
    /// Write a commented draft
    New(New),
    /// Check a draft, and report what is wrong or missing with line numbers
    Lint(Lint),
    /// Sign and publish a draft, and print who gets what and why
    Publish(publish::Publish),
    /// List assessments, newest first
    List(read::List),
    /// Read an assessment
    Show(read::Show),
    /// Save an attachment that an assessment names
    Fetch(attach::Fetch),
    /// Endorse an assessment with a signed text, and print who gets it and why
    Endorse(endorse::Endorse),
    /// Ask the sender of an assessment for more of it
    Request(request::Request),
    /// List requests in both directions, with their state
    Requests(request::Requests),
    /// Answer a partner's request (officers only)
    Answer(answer::Answer),
    /// Publish the next version of an assessment
    Correct(correct::Correct),
    /// Recall an assessment from everybody who holds it
    Recall(recall::Recall),
    /// Show who holds an assessment, and their receipts
    Holders(holders::Holders),
    /// Release an assessment again to partners that were given it
    ReleaseAgain(release_again::ReleaseAgain),
    /// Tell the sender of an assessment that it is read, acted upon, or not acted upon
    Acknowledge(acknowledge::Acknowledge),
    /// Decide on a purge that another organisation asks for
    Purge(purge::Purge),
}

/// Writes a commented draft.
#[derive(Args)]
pub struct New {
    /// The file to write; default: stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Checks a draft.
#[derive(Args)]
pub struct Lint {
    /// The draft (TOML, or JSON if its name ends in .json)
    file: PathBuf,
}

impl Assess {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        match self {
            Self::New(new) => {
                let own = Config::load(&global.dir)?.organisation.domain;
                output::written(global, new.out.as_deref(), &draft::template(&own, SystemClock.now().day()))
            }
            Self::Lint(lint) => lint.run(global),
            Self::Publish(publish) => publish.run(global).await,
            Self::List(list) => list.run(global).await,
            Self::Show(show) => show.run(global).await,
            Self::Fetch(fetch) => fetch.run(global).await,
            Self::Endorse(endorse) => endorse.run(global).await,
            Self::Request(request) => request.run(global).await,
            Self::Requests(requests) => requests.run(global).await,
            Self::Answer(answer) => answer.run(global).await,
            Self::Correct(correct) => correct.run(global).await,
            Self::Recall(recall) => recall.run(global).await,
            Self::Holders(holders) => holders.run(global).await,
            Self::ReleaseAgain(again) => again.run(global).await,
            Self::Acknowledge(acknowledge) => acknowledge.run(global).await,
            Self::Purge(purge) => purge.run(global).await,
        }
    }
}

impl Lint {
    fn run(&self, global: &Global) -> Result<(), CliError> {
        let (draft, findings) = checked(global, &self.file)?;
        let own = own_control(global)?;
        let withheld = why_withheld(&draft, SystemClock.now(), &own);
        if global.json {
            findings.iter().for_each(output::print_json);
            withheld.into_iter().for_each(|withheld| output::print_json(&Told { withheld }));
        } else {
            show(&self.file, &findings);
            withheld
                .iter()
                .for_each(|why| output::print(&format!("withheld from states that no subject names: {why}")));
        }
        let errors = findings.iter().filter(|f| f.severity == Severity::Error).count();
        if errors > 0 {
            let what = format!("{errors} of {} findings block publication", findings.len());
            return Err(CliError::new(super::Exit::Failed, "LINT_FAILED", what));
        }
        if !global.json {
            groups::spelled_in(&draft).into_iter().for_each(|group| output::print(&render::group(group)));
            output::print(&format!("{} portions, {} warnings", draft.portions.len(), findings.len()));
        }
        Ok(())
    }
}

/// Why nothing goes to a state that no subject names.
#[derive(Serialize)]
struct Told {
    withheld: String,
}

/// The organisation's own rows on who controls a place, from its files; none if there is no node.
fn own_control(global: &Global) -> Result<ControlTable, CliError> {
    let Ok(config) = Config::load(&global.dir) else { return Ok(ControlTable::none()) };
    let files = app::rules::read(&config.rules).map(Option::unwrap_or_default);
    let rules = files.and_then(|files| HouseRules::compile(&files));
    rules.map(|rules| rules.control().clone()).map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        CliError::files(format!("the house rules have mistakes, see `watchfire policy check`: {}", all.join("; ")))
    })
}

/// A draft with its attachments' digests, and the findings of the lint.
fn checked(global: &Global, file: &std::path::Path) -> Result<(Draft, Vec<Finding>), CliError> {
    let (text, format) = super::files::read_written(file)?;
    let mut draft = draft::parse(&text, format).map_err(|e| CliError::files(e.in_file(&file.display().to_string())))?;
    // A draft can be checked without a node, too.
    let node = Config::load(&global.dir).ok();
    attach::digest(&mut draft, Beside { draft: file, node: node.as_ref() })?;
    let findings = lint(&draft, SystemClock.now());
    Ok((draft, findings))
}

/// Findings as compilers write them, so that editors find the place.
fn show(file: &std::path::Path, findings: &[Finding]) {
    for finding in findings {
        let line = finding.line.map(|l| format!(":{l}")).unwrap_or_default();
        let (severity, code, message) = (finding.severity, finding.code, &finding.message);
        output::print(&format!("{}{line}: {severity} {code}: {message}\n    {}", file.display(), finding.help));
    }
}
