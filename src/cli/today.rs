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
    render::{
        table,
        text::{columns, one_line},
    },
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
            output::print(told(&rows, output::table_width()).trim_end());
        }
        Ok(())
    }
}

/// A table if it fits, and otherwise some lines for each. A command must not be shortened, because it is there to be copied.
fn told(rows: &[Row], width: usize) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(Row::cells).collect();
    let text = table(&["DUE (UTC)", "KIND", "WHAT", "WHAT TO DO"], &cells, usize::MAX);
    if text.lines().all(|line| columns(line) <= width) {
        return text;
    }
    let lines = |row: &Vec<String>| match row.as_slice() {
        [due, kind, more @ ..] => {
            let more = more.iter().filter(|line| !line.is_empty()).map(|line| format!("    {line}\n"));
            format!("{due}  {kind}\n{}", more.collect::<String>())
        }
        _ => String::new(),
    };
    cells.iter().map(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_whole_on_a_narrow_terminal() {
        let view = proto::ActionItemView {
            kind: "acknowledge".to_owned(),
            summary: "gb.example is owed an acknowledgement of version 1".to_owned(),
            fix: "assess acknowledge 561dd81d16f6187d564f35a85fab33c6".to_owned(),
            ..Default::default()
        };
        let rows = [Row::new(view, SystemClock.now())];
        let wide = told(&rows, 140);
        assert_eq!(wide.lines().count(), 2, "{wide}");
        let narrow = "-  acknowledge\n    gb.example is owed an acknowledgement of version 1\n    \
                      assess acknowledge 561dd81d16f6187d564f35a85fab33c6\n";
        assert_eq!(told(&rows, 60), narrow);
    }
}
