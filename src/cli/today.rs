//! `watchfire today`: what waits for the person who runs the command.

use clap::Args;
use serde::Serialize;

use super::{
    CliError, Global,
    context::{ANYBODY, Context},
    deadline, output,
};
use crate::{
    domain::{
        level::WarningLevel,
        place::Place,
        time::{Clock, Time},
    },
    render::{
        self,
        text::{columns, one_line, shortened, wrap},
    },
    telemetry::SystemClock,
    wire::{field::time, proto},
};

/// How far all lines of an item but its first are indented.
const INDENT: &str = "    ";

/// Lists what waits for you, by your role: acknowledgements with their deadline, requests to answer, agreements and persons to approve, purges to
/// decide, quarantine, what can't be verified yet, alarms, and what ends. Those with a deadline come first.
#[derive(Args)]
pub struct Today {}

#[derive(Serialize)]
struct Row {
    kind: String,
    organisation: String,
    subject: String,
    version: Option<u32>,
    summary: String,
    fix: String,
    due: Option<String>,
    overdue: bool,
    since: Option<String>,
    /// What the assessment is about, if it is about one that you may read.
    gist: Option<Gist>,
    /// How many others of the kind are not listed, of whom, and what lists them.
    not_listed: Option<NotListed>,
    #[serde(skip)]
    known: (Option<Time>, Option<Time>),
}

#[derive(Serialize)]
struct Gist {
    originator: String,
    level: Option<u8>,
    places: Vec<String>,
    tlp: Option<String>,
    headline: Option<String>,
    exercise: bool,
}

#[derive(Serialize)]
struct NotListed {
    number: u64,
    of: String,
    command: String,
}

impl Gist {
    fn new(gist: proto::AssessmentGist) -> Self {
        let some = |text: String| (!text.is_empty()).then_some(text);
        Self {
            originator: gist.originator,
            level: u8::try_from(gist.level).ok().filter(|level| *level > 0),
            places: gist.places,
            tlp: some(gist.tlp),
            headline: some(gist.headline),
            exercise: gist.exercise,
        }
    }

    /// Level, marking, place and originator. The place comes last but one, because it is the longest.
    fn about(&self) -> Vec<String> {
        let level = self.level.and_then(|level| WarningLevel::try_from(level).ok()).map(WarningLevel::label);
        let places: Vec<Place> = self.places.iter().filter_map(|code| code.parse().ok()).collect();
        let places = Some(render::places(&places)).filter(|names| !names.is_empty());
        let tlp = self.tlp.as_deref().map(|tlp| format!("TLP:{}", one_line(tlp)));
        [level, tlp, Some(one_line(&self.originator)), places].into_iter().flatten().collect()
    }

    fn headline(&self) -> String {
        let exercise = if self.exercise { "EXERCISE " } else { "" };
        format!("{exercise}{}", self.headline.as_deref().map_or_else(|| "(withheld)".to_owned(), one_line))
    }
}

impl Row {
    fn new(view: proto::ActionItemView, now: Time) -> Self {
        let due = view.due_at.and_then(|due| time("due_at", Some(due)).ok());
        let since = view.since.and_then(|since| time("since", Some(since)).ok());
        let not_listed = NotListed { number: view.not_listed, of: view.not_listed_of, command: view.list_command };
        Self {
            kind: view.kind,
            organisation: view.organisation,
            subject: view.subject,
            version: (view.version > 0).then_some(view.version),
            summary: view.summary,
            fix: view.fix,
            overdue: due.is_some_and(|due| due <= now),
            due: due.map(|due| due.to_string()),
            since: since.map(|since| since.to_string()),
            gist: view.gist.map(Gist::new),
            not_listed: Some(not_listed).filter(|rest| rest.number > 0),
            known: (due, since),
        }
    }

    /// The item for people: when, what and how serious; what it says; and what to do. Only what a partner has written is cut.
    fn words(&self, width: usize, now: Time) -> String {
        let when = match self.known {
            (Some(due), _) => deadline::left(due, now),
            (None, Some(since)) => deadline::waited(since, now),
            (None, None) => "now".to_owned(),
        };
        let about = self.gist.as_ref().map(Gist::about).unwrap_or_else(|| vec![one_line(&self.organisation)]);
        let mut parts = vec![format!("{when:<12}"), self.kind.replace('-', " ")];
        parts.extend(about);
        let mut lines = laid_out(&parts, width);
        match &self.gist {
            Some(gist) => lines.push(shortened(&format!("{INDENT}{}", gist.headline()), width)),
            None => lines.extend(wrap(&one_line(&self.summary), width, INDENT)),
        }
        lines.extend(to_do(&one_line(&self.fix), width));
        if let Some(NotListed { number, of, command }) = &self.not_listed {
            lines.extend(wrap(&format!("and {number} more from {}:", one_line(of)), width, ""));
            lines.extend(to_do(&one_line(command), width));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// The parts beside each other, and below each other where the line is full. Names are not cut unless they are longer than a line.
fn laid_out(parts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for part in parts {
        match lines.last_mut() {
            Some(line) if columns(line) + 2 + columns(part) <= width => line.push_str(&format!("  {part}")),
            None => lines.push(part.clone()),
            Some(_) => lines.push(shortened(&format!("{INDENT}{part}"), width)),
        }
    }
    lines
}

/// The commands that what is to do begins with. Everything else is said in words.
pub(super) const COMMANDS: &[&str] =
    &["agreement", "assess", "bundle", "ca", "draft", "feed", "ledger", "partner", "person", "policy"];

/// What to do: a whole command in one line, because it is there to be copied, or some words.
fn to_do(fix: &str, width: usize) -> Vec<String> {
    match fix.split_whitespace().next() {
        None => vec![],
        Some(first) if COMMANDS.contains(&first) => vec![format!("{INDENT}watchfire {fix}")],
        Some(_) => wrap(fix, width, INDENT),
    }
}

impl Today {
    /// Runs the command.
    pub async fn run(&self, global: &Global) -> Result<(), CliError> {
        let context = Context::load(global, ANYBODY)?;
        let mut desk = context.connect().await?;
        let now = SystemClock.now();
        let rows: Vec<Row> = desk.all_action_items().await?.into_iter().map(|view| Row::new(view, now)).collect();
        if global.json {
            rows.iter().for_each(output::print_json);
        } else if rows.is_empty() {
            output::print(&format!("nothing waits for {}", context.person.id.name()));
        } else {
            output::print(told(&rows, output::table_width(), now).trim_end());
        }
        Ok(())
    }
}

/// All items, the most urgent first.
fn told(rows: &[Row], width: usize, now: Time) -> String {
    rows.iter().map(|row| row.words(width, now)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field::timestamp;

    #[test]
    fn an_item_is_as_wide_as_the_terminal_and_its_command_is_whole() {
        let now = SystemClock.now();
        let command = "assess list --from gb.example --all-versions --sort acknowledge --limit 200";
        let view = proto::ActionItemView {
            kind: "acknowledge".to_owned(),
            fix: "assess acknowledge 561dd81d16f6187d564f35a85fab33c6".to_owned(),
            due_at: timestamp(now.plus_seconds(-7_200)),
            gist: Some(proto::AssessmentGist {
                originator: "gb.example".to_owned(),
                level: 4,
                places: vec!["BF".to_owned(), "SD-KS".to_owned()],
                tlp: "AMBER".to_owned(),
                headline: "Attacks on villages in the north are likely within days".to_owned(),
                exercise: true,
            }),
            not_listed: 187,
            not_listed_of: "gb.example".to_owned(),
            list_command: command.to_owned(),
            ..Default::default()
        };
        let other = proto::ActionItemView {
            kind: "verification".to_owned(),
            organisation: "no.example".to_owned(),
            summary: "1 entry from no.example can't be verified yet".to_owned(),
            fix: "wait until the next list comes".to_owned(),
            ..Default::default()
        };
        let rows = [view, other].map(|view| Row::new(view, now));
        let expected = format!(
            "2 h late      acknowledge  4 imminent  TLP:AMBER  gb.example\n    \
             Burkina Faso, South Kordofan (SD)\n    \
             EXERCISE Attacks on villages in the north are likely wi…\n    \
             watchfire assess acknowledge 561dd81d16f6187d564f35a85fab33c6\n\
             and 187 more from gb.example:\n    watchfire {command}\n\
             now           verification  no.example\n    \
             1 entry from no.example can't be verified yet\n    wait until the next list comes\n"
        );
        assert_eq!(told(&rows, 60, now), expected);
        let wide = told(&rows, 200, now);
        assert!(
            wide.starts_with(
                "2 h late      acknowledge  4 imminent  TLP:AMBER  gb.example  Burkina Faso, South Kordofan (SD)\n"
            ),
            "{wide}"
        );
        let is_whole = |line: &str| columns(line) <= 60 || line.starts_with("    watchfire ");
        assert!(told(&rows, 60, now).lines().all(is_whole));
    }
}
