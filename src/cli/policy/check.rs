//! `watchfire policy check`: are these house rules well, and what would they change.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::super::{
    CliError, Global,
    context::{ANYBODY, Context},
    output, simulated,
};
use crate::{
    app,
    config::Config,
    domain::rules::{RuleFault, RuleFile},
    policy::HouseRules,
    render::text::one_line,
    wire::proto::{self, simulate_request::Change},
};

/// Checks house rules. No node is needed, but for --simulate.
#[derive(Args)]
#[command(
    after_help = "With --json one object: `files` and `rules` (each with `id` and `reason`); mistakes come as one \
                        object each, with `file`, `line`, `column`, `message` and `help`, and then the error. With \
                        --simulate one object: `what`, `partners`, `rules_in_force`, `assessments`, `since`, `counts` (by \
                        `partner` and `change`: how many `assessments` and `portions`), `differences` (with `kinds`, \
                        `before`, `after` and `because`) and `untold`, how many more differences there are."
)]
pub struct Check {
    /// Files of rules, or directories with *.cedar files; the configured directory where none is named
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Tell what would newly go and newly be withheld, to whom, with these rules in the place of all those in force
    #[arg(long)]
    simulate: bool,
    #[command(flatten)]
    options: simulated::Options,
}

#[derive(Serialize)]
struct Checked {
    files: Vec<String>,
    rules: Vec<Rule>,
}

/// A rule's id and words.
#[derive(Serialize)]
pub(super) struct Rule {
    pub id: String,
    pub reason: String,
}

impl Rule {
    /// One rule a line.
    pub fn words(all: &[Self]) -> String {
        all.iter().map(|r| format!("\n  {}: {}", one_line(&r.id), one_line(&r.reason))).collect()
    }
}

impl Check {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let (files, rules) = self.rules(global).map_err(|faults| refused(global, &faults))??;
        if self.simulate {
            let desk = Context::load(global, ANYBODY)?.connect().await?;
            let number = rules.reasons().count();
            let rules = if number == 1 { "rule" } else { "rules" };
            let what = format!("{number} house {rules} in the place of those in force");
            let files = files.into_iter().map(|f| proto::RuleFile { name: f.name, text: f.text }).collect();
            let change = Change::Rules(proto::SimulatedRules { files });
            return simulated::run(global, desk, change, &self.options, what).await;
        }
        let rules = rules.reasons().map(|r| Rule { id: r.id.to_string(), reason: r.words.to_string() });
        let checked = Checked { files: files.into_iter().map(|f| f.name).collect(), rules: rules.collect() };
        output::result(global, &checked, || {
            if checked.files.is_empty() {
                return "there are no house rules; what agreements permit goes, within the built-in rules".to_owned();
            }
            let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
            let (files, rules) = (count(checked.files.len(), "file"), count(checked.rules.len(), "rule"));
            format!("{files} checked, no mistakes, {rules}{}", Rule::words(&checked.rules))
        });
        Ok(())
    }

    /// The outer error: mistakes in rules.
    #[expect(clippy::type_complexity, reason = "two sorts of errors, told differently")]
    fn rules(&self, global: &Global) -> Result<Result<(Vec<RuleFile>, HouseRules), CliError>, Vec<RuleFault>> {
        let mut paths = self.paths.clone();
        if paths.is_empty() {
            match Config::load(&global.dir) {
                // A missing directory means no rules.
                Ok(config) => paths.extend(Some(config.rules).filter(|r| r.exists())),
                Err(error) => return Ok(Err(error.into())),
            }
        }
        let files = app::rules::read_all(&paths)?;
        let rules = HouseRules::compile(&files)?;
        Ok(Ok((files, rules)))
    }
}

/// Mistakes as compilers write them, so that editors find the place.
fn refused(global: &Global, faults: &[RuleFault]) -> CliError {
    for fault in faults {
        if global.json {
            output::print_json(fault);
        } else {
            let place = if fault.line > 0 { format!(":{}:{}", fault.line, fault.column) } else { String::new() };
            let help = fault.help.as_ref().map(|h| format!("\n    {}", one_line(h))).unwrap_or_default();
            output::print(&format!("{}{place}: error: {}{help}", fault.file, one_line(&fault.message)));
        }
    }
    let what = match faults.len() {
        1 => "the rules have a mistake; mend it".to_owned(),
        more => format!("the rules have {more} mistakes; mend them"),
    };
    CliError::files(what)
}
