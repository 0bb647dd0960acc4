//! The result of a simulation, for `agreement simulate` and `policy check --simulate`.

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{CliError, Exit, Global, output};
use crate::{
    desk::client::DeskClient,
    render::text::{one_line, wrap},
    wire::{
        field::time,
        proto::{self, simulate_request::Change, simulate_response::Message},
    },
};

/// How many differences are printed one by one without `--all`.
const TOLD: u32 = 20;

/// How many assessments to simulate, and how many differences to print.
#[derive(Args)]
pub struct Options {
    /// Simulate the last N assessments that were published here
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    last: u32,
    /// Print every difference, not only the first 20
    #[arg(long)]
    all: bool,
}

#[derive(Serialize)]
struct Simulated {
    what: String,
    partners: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    rules_in_force: u32,
    assessments: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    counts: Vec<Count>,
    differences: Vec<Difference>,
    untold: u64,
}

#[derive(Serialize)]
struct Count {
    partner: String,
    change: String,
    assessments: u64,
    portions: u64,
}

#[derive(Serialize)]
struct Difference {
    assessment: String,
    version: u32,
    issued: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    headline: String,
    partner: String,
    change: String,
    kinds: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    because: Vec<String>,
}

type At = Option<prost_types::Timestamp>;

fn moment(at: At) -> Option<String> {
    time("time", at).ok().map(|t| t.to_string())
}

impl From<proto::SimulatedDifference> for Difference {
    fn from(message: proto::SimulatedDifference) -> Self {
        Self {
            assessment: hex::encode(&message.assessment_id),
            version: message.version,
            issued: moment(message.issued).unwrap_or_default(),
            headline: message.headline,
            partner: message.partner,
            change: message.change,
            kinds: message.kinds,
            before: moment(message.before),
            after: moment(message.after),
            because: message.because,
        }
    }
}

/// Lets the node simulate the proposal, and prints the result. `what` names the proposal.
pub async fn run(
    global: &Global,
    mut desk: DeskClient,
    change: Change,
    options: &Options,
    what: String,
) -> Result<(), CliError> {
    let limit = if options.all { u32::MAX } else { TOLD };
    let request = proto::SimulateRequest { change: Some(change), last: options.last, limit };
    let mut messages = desk.rules.simulate(request).await?.into_inner();
    let bar = bar(global, options.last);
    let mut simulated = Simulated {
        what,
        partners: vec![],
        replaces: None,
        rules_in_force: 0,
        assessments: 0,
        since: None,
        counts: vec![],
        differences: vec![],
        untold: 0,
    };
    let mut is_whole = false;
    while let Some(message) = messages.message().await? {
        match message.message {
            Some(Message::Begun(begun)) => {
                simulated.partners = begun.partners;
                simulated.replaces = Some(hex::encode(&begun.replaces)).filter(|id| !id.is_empty());
                simulated.rules_in_force = begun.rules;
            }
            Some(Message::Done(assessments)) => bar.set_position(u64::from(assessments)),
            Some(Message::Difference(difference)) => simulated.differences.push(difference.into()),
            Some(Message::Ended(ended)) => {
                let count = |c: proto::SimulatedCount| Count {
                    partner: c.partner,
                    change: c.change,
                    assessments: c.assessments,
                    portions: c.portions,
                };
                simulated.assessments = ended.assessments;
                simulated.since = moment(ended.since);
                simulated.counts = ended.counts.into_iter().map(count).collect();
                simulated.untold = ended.untold;
                is_whole = true;
            }
            None => {}
        }
    }
    bar.finish_and_clear();
    if !is_whole {
        return Err(CliError::new(Exit::Failed, "UNAVAILABLE", "the node ended the simulation early; try again"));
    }
    output::result(global, &simulated, || folded(&simulated.words()));
    Ok(())
}

/// A progress bar on stderr, hidden if nobody would see it.
fn bar(global: &Global, length: u32) -> ProgressBar {
    if global.quiet || global.json {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len} {eta}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(u64::from(length)).with_style(style).with_message("simulating")
}

/// Breaks long lines. Each continuation is indented to the beginning of its line.
fn folded(text: &str) -> String {
    let width = output::options().columns();
    let lines = text.lines().map(|line| {
        let indent = " ".repeat(line.len() - line.trim_start().len());
        let mut pieces = wrap(line.trim_start(), width, &format!("{indent}  "));
        if let Some(first) = pieces.first_mut() {
            *first = format!("{indent}{}", first.trim_start());
        }
        pieces.join("\n")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The words of a grant begin with its name, so the id before them is left out.
fn reason(told: &str) -> &str {
    match told.split_once(": ") {
        Some((id, words)) if words.strip_prefix("grant ").is_some_and(|w| w.starts_with(id)) => words,
        _ => told,
    }
}

fn plural(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

impl Simulated {
    fn words(&self) -> String {
        let since = self.since.as_ref().map(|s| format!(", since {s}")).unwrap_or_default();
        let place = match &self.replaces {
            Some(id) => format!(", in place of agreement {}", id.get(..12).unwrap_or(id)),
            None => String::new(),
        };
        let mut text = format!(
            "SIMULATED: {}{place}; nothing has changed\n{} published here{since}, for {}\n\
             Each is compared from its issue to its expiry, as if both had been in force during all that time. The dates of \
             the agreements do not count.\n",
            one_line(&self.what),
            plural(u64::from(self.assessments), "assessment"),
            plural(self.partners.len() as u64, "partner"),
        );
        if self.assessments == 0 {
            text.push_str("\nnothing was compared, because there is no such assessment yet");
            return text;
        }
        if self.counts.is_empty() {
            text.push_str("\nno difference: every portion would have been released or withheld as now");
            return text;
        }
        let mut last = "";
        for count in &self.counts {
            if count.partner != last {
                text.push_str(&format!("\n{}\n", count.partner));
                last = &count.partner;
            }
            let (assessments, portions) = (plural(count.assessments, "assessment"), plural(count.portions, "portion"));
            text.push_str(&format!("  {}: {portions} of {assessments}\n", in_words(&count.change)));
        }
        text.push_str("\nONE BY ONE\n");
        let mut head = String::new();
        for difference in &self.differences {
            let next = difference.head();
            if next != head {
                text.push_str(&next);
                head = next;
            }
            text.push_str(&difference.words());
        }
        if self.untold > 0 {
            text.push_str(&format!("… and {} more; --all prints them all\n", self.untold));
        }
        if self.differences.iter().all(|d| d.headline.is_empty()) {
            text.push_str("Only analysts and officers see headlines: --as NAME\n");
        }
        text.trim_end().to_owned()
    }
}

fn in_words(change: &str) -> String {
    change.replace('-', " ")
}

impl Difference {
    fn head(&self) -> String {
        let headline = if self.headline.is_empty() { String::new() } else { format!("  {}", one_line(&self.headline)) };
        format!("{} (version {}, {}){headline}\n", self.assessment, self.version, self.issued)
    }

    fn words(&self) -> String {
        let mut kinds: Vec<(&str, usize)> = vec![];
        for kind in &self.kinds {
            match kinds.iter_mut().find(|(k, _)| k == kind) {
                Some((_, number)) => *number += 1,
                None => kinds.push((kind, 1)),
            }
        }
        let kinds: Vec<String> =
            kinds.iter().map(|(k, n)| if *n == 1 { (*k).to_owned() } else { format!("{n} {k}") }).collect();
        let when = match (&self.before, &self.after) {
            (Some(before), Some(after)) => format!(" (from {after} on, not {before})"),
            (None, Some(after)) if *after != self.issued => format!(" (from {after} on)"),
            _ => String::new(),
        };
        let why: Vec<&str> = self.because.iter().map(|b| reason(b)).collect();
        let why = one_line(&why.join("; "));
        format!("  {} {}: {}{when}\n      {why}\n", self.partner, in_words(&self.change), kinds.join(", "))
    }
}
