//! `watchfire ledger alarms`.

use serde::Serialize;

use super::{ANYBODY, CliError, Context, Global, output};
use crate::{
    render::text::one_line,
    wire::{field::time, proto},
};

#[derive(Serialize)]
struct Alarm {
    partner: String,
    kind: String,
    message: String,
    at: Option<String>,
    evidence: Vec<String>,
    open: bool,
}

pub(super) async fn run(global: &Global) -> Result<(), CliError> {
    let mut desk = Context::load(global, ANYBODY)?.connect().await?;
    let alarms = desk.all_alarms().await?;
    if alarms.is_empty() && !global.json {
        output::print("no alarms");
    }
    for message in alarms {
        let proto::LedgerAlarm { partner, kind, message, at, evidence, open } = message;
        let at = time("at", at).ok().map(|t| t.to_string());
        let alarm = Alarm { partner, kind, message, at, evidence, open };
        if global.json {
            output::print_json(&alarm);
        } else {
            output::print(&alarm.words());
        }
    }
    Ok(())
}

impl Alarm {
    fn words(&self) -> String {
        let at = self.at.as_deref().unwrap_or("-");
        let passed = if self.open { "" } else { "  (passed)" };
        let mut text = format!("{at}  {}{passed}  {}: {}\n", self.kind, self.partner, one_line(&self.message));
        for piece in &self.evidence {
            let lines: String = piece.lines().map(|line| format!("    {}\n", one_line(line))).collect();
            text.push_str(&lines);
            text.push('\n');
        }
        text
    }
}
