//! `watchfire policy check`: checks house rules, and shows what they would change.

use std::{collections::BTreeSet, path::PathBuf};

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
    domain::rules::RuleFault,
    policy::{HouseRules, KnownNames},
    render::text::one_line,
    wire::{
        self,
        proto::{self, simulate_request::Change},
    },
};

/// Checks house rules. Only --simulate needs a node.
#[derive(Args)]
#[command(
    after_help = "A mistake is a text that is not a rule, or a rule that never applies; rules with a mistake do not come into force (exit code 3). A \
                        warning is something that only a person can judge, such as an organisation that nobody here knows; \
                        it does not stop the rules (exit code 0).\n\nWith --json it prints one object: `files`, `rules` (each with `id` and \
                        `reason`), `warnings` and `names_checked` \
                        (whether a node said who its partners are). Each mistake is one object with `file`, `line`, `column`, `message` and \
                        `help`; the error follows. With \
                        --simulate it prints one object: `what`, `partners`, `rules_in_force`, `assessments`, `since`, `counts` (by \
                        `partner` and `change`: how many `assessments` and `portions`), `differences` (with `kinds`, \
                        `before`, `after` and `because`) and `untold`, how many more differences there are."
)]
pub struct Check {
    /// Files of rules, or directories with *.cedar and *.tsv files; default: the configured directory
    #[arg(value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Show what would newly be released and withheld, by partner, if these rules replaced all rules in force
    #[arg(long)]
    simulate: bool,
    #[command(flatten)]
    options: simulated::Options,
}

#[derive(Serialize)]
struct Output {
    files: Vec<String>,
    rules: Vec<Rule>,
    warnings: Vec<RuleFault>,
    /// Whether organisations and groups were looked up, which needs a node.
    names_checked: bool,
}

/// A rule's id and words.
#[derive(Serialize)]
pub(super) struct Rule {
    pub id: String,
    pub reason: String,
}

impl Rule {
    /// Lists the rules, one in each line.
    pub fn words(all: &[Self]) -> String {
        all.iter().map(|r| format!("\n  {}: {}", one_line(&r.id), one_line(&r.reason))).collect()
    }
}

impl Check {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut paths = self.paths.clone();
        if paths.is_empty() {
            // A missing or empty directory means no rules.
            paths.extend(Some(Config::load(&global.dir)?.rules).filter(|r| !app::rules::is_without(r)));
        }
        let (files, mut mistakes) = app::rules::read_all(&paths);
        let known = known(global).await;
        let (rules, warnings) = HouseRules::check(&files, known.as_ref().ok());
        let unknown = known.as_ref().err().map(|error| error.message.clone());
        let rules = match rules {
            Ok(rules) if mistakes.is_empty() => rules,
            rules => {
                mistakes.extend(rules.err().into_iter().flatten());
                mistakes.sort();
                return Err(refused(global, &mistakes, &warnings, unknown.as_deref()));
            }
        };
        if self.simulate {
            let desk = Context::load(global, ANYBODY)?.connect().await?;
            let number = rules.reasons().count();
            let rules = if number == 1 { "rule" } else { "rules" };
            let what = format!("{number} house {rules} in place of those in force");
            let files = files.into_iter().map(|f| proto::RuleFile { name: f.name, text: f.text }).collect();
            let change = Change::Rules(proto::SimulatedRules { files });
            return simulated::run(global, desk, change, &self.options, what).await;
        }
        let rules = rules.reasons().map(|r| Rule { id: r.id.to_string(), reason: r.words.to_string() });
        let checked = Output {
            files: files.into_iter().map(|f| f.name).collect(),
            rules: rules.collect(),
            warnings,
            names_checked: known.is_ok(),
        };
        output::result(global, &checked, || checked.words(unknown.as_deref()));
        Ok(())
    }
}

impl Output {
    fn words(&self, unknown: Option<&str>) -> String {
        if self.files.is_empty() {
            return "there are no house rules; agreements and the built-in rules decide".to_owned();
        }
        let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let (files, rules) = (count(self.files.len(), "file"), count(self.rules.len(), "rule"));
        let warnings = match self.warnings.len() {
            0 => String::new(),
            some => format!(", {}", count(some, "warning")),
        };
        let each: String = self.warnings.iter().map(|w| format!("{}\n", told("warning", w))).collect();
        let names = unknown.map(|why| format!("\n{}", not_looked_up(why))).unwrap_or_default();
        format!("{each}{files} checked, no mistakes{warnings}, {rules}{}{names}", Rule::words(&self.rules))
    }
}

/// Who is known here. An error if no node can be asked.
async fn known(global: &Global) -> Result<KnownNames, CliError> {
    let context = Context::load(global, ANYBODY)?;
    let mut desk = context.connect().await?;
    let partners = desk.all_partners().await?.0;
    let agreements = desk.all_agreements().await?;
    let terms = agreements.into_iter().filter_map(|a| {
        let envelope = wire::envelope::draft_from_proto(a.envelope?).ok()?;
        wire::agreement::decode(&envelope.payload).ok()
    });
    let mut known = KnownNames {
        own: context.config.organisation.domain.clone(),
        organisations: partners.iter().filter_map(|p| p.domain.parse().ok()).collect(),
        groups: BTreeSet::new(),
    };
    terms.for_each(|agreement| known.add_agreement(&agreement));
    Ok(known)
}

/// A fault in the form of compilers, which editors understand.
fn told(severity: &str, fault: &RuleFault) -> String {
    let place = if fault.line > 0 { format!(":{}:{}", fault.line, fault.column) } else { String::new() };
    let help = fault.help.as_ref().map(|h| format!("\n    {}", one_line(h))).unwrap_or_default();
    format!("{}{place}: {severity}: {}{help}", fault.file, one_line(&fault.message))
}

fn not_looked_up(why: &str) -> String {
    format!("organisations and groups were not looked up: {}", one_line(why))
}

/// Prints all mistakes; for people also the warnings.
fn refused(global: &Global, faults: &[RuleFault], warnings: &[RuleFault], unknown: Option<&str>) -> CliError {
    if global.json {
        faults.iter().for_each(output::print_json);
    } else {
        faults.iter().for_each(|fault| output::print(&told("error", fault)));
        warnings.iter().for_each(|warning| output::print(&told("warning", warning)));
        unknown.iter().for_each(|why| output::note(global, &not_looked_up(why)));
    }
    let what = match faults.len() {
        1 => "the rules have a mistake; correct it".to_owned(),
        more => format!("the rules have {more} mistakes; correct them"),
    };
    CliError::files(what)
}
