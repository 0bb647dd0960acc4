//! `watchfire assess lint`, and the check of a draft before it is published.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::{attach, draft_files::DraftFiles, groups, traces};
use crate::{
    app,
    cli::{
        CliError, Exit, Global,
        files::read_written,
        input::{self, Input},
        output,
    },
    config::Config,
    domain::{
        draft::Draft,
        lint::{Finding, Severity, lint_with, why_withheld},
        place::{ControlTable, OwnNames},
        time::Clock,
    },
    draft::{self, Format},
    policy::HouseRules,
    render,
    telemetry::SystemClock,
};

/// Checks a draft.
#[derive(Args)]
pub struct Lint {
    #[command(flatten)]
    input: Input,
}

impl Lint {
    pub(super) fn run(&self, global: &Global) -> Result<(), CliError> {
        let file = self.input.path();
        let (draft, findings) = checked(global, file)?;
        let own = own_control(global)?;
        let node = Config::load(&global.dir).ok();
        let told = traces::of_draft(&draft, DraftFiles { draft: file, node: node.as_ref() })?;
        let withheld = why_withheld(&draft, SystemClock.now(), &own);
        if global.json {
            findings.iter().for_each(output::print_json);
            told.iter().for_each(|attachment| output::print_json(&serde_json::json!({ "attachment": attachment })));
            withheld.into_iter().for_each(|withheld| output::print_json(&Withheld { withheld }));
        } else {
            show(file, &findings);
            told.iter().for_each(|attachment| output::print(&attachment.words()));
            withheld
                .iter()
                .for_each(|why| output::print(&format!("withheld from states that no subject names: {why}")));
        }
        let blocking = findings.iter().filter(|f| f.severity > Severity::Warning).count();
        if blocking > 0 {
            let officer = findings.iter().all(|f| f.severity != Severity::Error);
            let unless = if officer { " unless an officer accepts them" } else { "" };
            let what = format!("{blocking} of {} findings block publication{unless}", findings.len());
            return Err(CliError::new(Exit::Failed, "LINT_FAILED", what));
        }
        if !global.json {
            groups::spelled_in(&draft).into_iter().for_each(|group| output::print(&render::group(group)));
            output::print(&format!("{} portions, {} warnings", draft.portions.len(), findings.len()));
        }
        Ok(())
    }
}

/// Why a state that no subject names gets nothing of the assessment.
#[derive(Serialize)]
struct Withheld {
    withheld: String,
}

/// The organisation's own control table, read from its files. It is empty if there is no node.
fn own_control(global: &Global) -> Result<ControlTable, CliError> {
    Ok(house_rules(global, |_| true)?.control().clone())
}

/// The organisation's own names of states, read from their file. The other rules, which take longer to read, stay aside.
fn own_names(global: &Global) -> Result<OwnNames, CliError> {
    Ok(house_rules(global, HouseRules::is_names)?.names().clone())
}

/// The house rules in these files, by their names. There are none without a node.
fn house_rules(global: &Global, wanted: impl Fn(&str) -> bool) -> Result<HouseRules, CliError> {
    let Ok(config) = Config::load(&global.dir) else { return Ok(HouseRules::none()) };
    let files = app::rules::read(&config.rules).map(Option::unwrap_or_default);
    let rules = files.and_then(|mut files| {
        files.retain(|file| wanted(&file.name));
        HouseRules::compile(&files)
    });
    rules.map_err(|faults| {
        let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
        CliError::files(format!("the house rules have mistakes, see `watchfire policy check`: {}", all.join("; ")))
    })
}

/// A draft with its attachments' digests, and what the lint finds in it.
pub(super) fn checked(global: &Global, file: &Path) -> Result<(Draft, Vec<Finding>), CliError> {
    let (text, format) = read_written(file)?;
    checked_text(global, (&text, format), file, Some(file))
}

/// As [`checked`], for a text that is known already. `shown` names it in errors, and the files that it names are searched beside `beside`.
pub(super) fn checked_text(
    global: &Global,
    (text, format): (&str, Format),
    shown: &Path,
    beside: Option<&Path>,
) -> Result<(Draft, Vec<Finding>), CliError> {
    let mut draft =
        draft::parse(text, format, SystemClock.now().day()).map_err(|e| CliError::written(&e, &input::name(shown)))?;
    // A draft can also be checked without a node.
    let node = Config::load(&global.dir).ok();
    if let Some(beside) = beside {
        attach::digest(&mut draft, DraftFiles { draft: beside, node: node.as_ref() })?;
    } else if let Some((_, first)) = draft.files().next() {
        // Somebody else may have written the names. Only whoever publishes says in which directory they may be looked for.
        let what = format!("the draft attaches `{}`; say with --files in which directory that is", first.display());
        return Err(CliError::usage(what));
    }
    let findings = lint_with(&draft, SystemClock.now(), &own_names(global)?);
    Ok((draft, findings))
}

/// Prints findings in the form that compilers use, so that editors can jump to the place.
pub(super) fn show(file: &Path, findings: &[Finding]) {
    for finding in findings {
        let line = finding.line.map(|l| format!(":{l}")).unwrap_or_default();
        let (severity, code, message) = (finding.severity, finding.code, &finding.message);
        output::print(&format!("{}{line}: {severity} {code}: {message}\n    {}", input::name(file), finding.help));
        finding.passages.iter().for_each(|passage| output::print(&format!("      {passage}")));
    }
}
