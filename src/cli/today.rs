//! `watchfire today`: what waits for the person who runs the command.

use clap::Args;
use serde::Serialize;

use super::{
    CliError, Global,
    context::{ANYBODY, Context},
    output,
};
use crate::{
    domain::time::{Clock, Time},
    render::text::one_line,
    telemetry::SystemClock,
    wire::{field::time, proto},
};

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
}

impl Row {
    fn new(view: proto::ActionItemView, now: Time) -> Self {
        let proto::ActionItemView { kind, organisation, subject, version, summary, fix, due_at, since } = view;
        let due = due_at.and_then(|due| time("due_at", Some(due)).ok());
        let since = since.and_then(|since| time("since", Some(since)).ok());
        Self {
            kind,
            organisation,
            subject,
            version: (version > 0).then_some(version),
            summary,
            fix,
            overdue: due.is_some_and(|due| due <= now),
            due: due.map(|due| due.to_string()),
            since: since.map(|since| since.to_string()),
        }
    }

    fn cells(&self) -> Vec<String> {
        let minute = |time: &String| time.get(..16).unwrap_or(time).replace('T', " ");
        let due = match (&self.due, self.overdue) {
            (Some(due), true) => format!("{} OVERDUE", minute(due)),
            (Some(due), false) => minute(due),
            (None, _) => "-".to_owned(),
        };
        vec![due, self.kind.clone(), one_line(&self.summary), one_line(&self.fix)]
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
            let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
            output::print(output::table(&["DUE (UTC)", "KIND", "WHAT", "WHAT TO DO"], &cells).trim_end());
        }
        Ok(())
    }
}
