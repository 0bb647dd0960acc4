//! `watchfire policy rules` and `policy schema`.

use clap::Args;
use serde::Serialize;

use super::{
    super::{
        CliError, Global,
        context::{ANYBODY, Context},
        output,
    },
    check::Rule,
};
use crate::{
    domain::rules::RuleFault,
    policy::HouseRules,
    render::text::one_line,
    wire::{field::time, proto},
};

/// Shows the house rules in force, and their versions.
#[derive(Args)]
pub struct Rules {
    /// Show this version, with the texts of its files
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
}

/// Prints the schema.
#[derive(Args)]
pub struct Schema {}

#[derive(Serialize)]
struct Output {
    in_force: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    shown: Option<Version>,
    rules: Vec<Rule>,
    versions: Vec<Version>,
    not_in_force: Vec<RuleFault>,
}

#[derive(Serialize)]
struct Version {
    version: u32,
    at: String,
    digest: String,
    files: Vec<File>,
}

#[derive(Serialize)]
struct File {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
}

fn moment(at: Option<prost_types::Timestamp>) -> Option<String> {
    time("time", at).ok().map(|t| t.to_string())
}

impl From<proto::RulesVersion> for Version {
    fn from(message: proto::RulesVersion) -> Self {
        Self {
            version: message.version,
            at: moment(message.at).unwrap_or_default(),
            digest: hex::encode(&message.digest),
            files: message.files.into_iter().map(|f| File { name: f.name, text: f.text }).collect(),
        }
    }
}

impl From<proto::GetRulesResponse> for Output {
    fn from(message: proto::GetRulesResponse) -> Self {
        let fault = |f: proto::RuleFault| RuleFault {
            file: f.file,
            line: f.line,
            column: f.column,
            message: f.message,
            help: Some(f.help).filter(|h| !h.is_empty()),
        };
        Self {
            in_force: message.in_force,
            since: moment(message.since),
            shown: message.shown.map(Version::from),
            rules: message.rules.into_iter().map(|r| Rule { id: r.id, reason: r.reason }).collect(),
            versions: message.versions.into_iter().map(Version::from).collect(),
            not_in_force: message.faults.into_iter().map(fault).collect(),
        }
    }
}

impl Rules {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let mut desk = Context::load(global, ANYBODY)?.connect().await?;
        let answer = desk.rules.get_rules(proto::GetRulesRequest { version: self.version }).await?.into_inner();
        let mut view = Output::from(answer);
        if self.version == 0 {
            view.shown.iter_mut().flat_map(|v| &mut v.files).for_each(|f| f.text.clear());
        }
        output::result(global, &view, || if self.version == 0 { view.words() } else { view.version_in_words() });
        Ok(())
    }
}

impl Output {
    fn words(&self) -> String {
        let mut text = String::new();
        if !self.not_in_force.is_empty() {
            text.push_str("the files in the rules' directory are NOT in force:");
            for fault in &self.not_in_force {
                text.push_str(&format!("\n  {}", one_line(&fault.to_string())));
            }
            text.push_str("\nin force:\n\n");
        }
        match (self.in_force, &self.since) {
            (0, _) | (_, None) => {
                text.push_str("there are no house rules; agreements and the built-in rules decide");
                return text;
            }
            (version, Some(since)) => {
                let rules = match self.rules.len() {
                    0 => "no rules".to_owned(),
                    1 => "1 rule".to_owned(),
                    more => format!("{more} rules"),
                };
                text.push_str(&format!("version {version}, in force since {since}: {rules}"));
            }
        }
        text.push_str(&Rule::words(&self.rules));
        let row = |v: &Version| {
            let files: Vec<&str> = v.files.iter().map(|f| f.name.as_str()).collect();
            let files = if files.is_empty() { "none".to_owned() } else { files.join(", ") };
            vec![v.version.to_string(), v.at.clone(), v.digest.get(..12).unwrap_or_default().to_owned(), files]
        };
        let rows: Vec<_> = self.versions.iter().map(row).collect();
        text.push_str("\n\n");
        text.push_str(output::table(&["version", "in force from", "digest", "files"], &rows).trim_end());
        text
    }

    fn version_in_words(&self) -> String {
        let Some(shown) = &self.shown else { return "no house rules".to_owned() };
        let mut text = format!("version {}, in force from {} on, digest {}", shown.version, shown.at, shown.digest);
        text.push_str(&Rule::words(&self.rules));
        for file in &shown.files {
            let lines = file.text.lines().map(|line| line.replace(|c: char| c.is_control() && c != '\t', "\u{fffd}"));
            text.push_str(&format!("\n\n// {}\n{}", one_line(&file.name), lines.collect::<Vec<_>>().join("\n")));
        }
        text
    }
}

impl Schema {
    /// Runs the command.
    pub fn run(&self, global: &Global) -> Result<(), CliError> {
        let schema = HouseRules::schema().trim_end();
        output::result(global, &serde_json::json!({ "schema": schema }), || schema.to_owned());
        Ok(())
    }
}
