//! One item of a feed, for programs and for people.

use serde::Serialize;

use crate::{
    cli::{Global, deadline, output},
    domain::{
        level::WarningLevel,
        place::Place,
        time::{Clock, Time},
    },
    render::{
        self,
        text::{columns, one_line, wrap},
    },
    telemetry::SystemClock,
    wire::{field::time, proto},
};

/// One item of a feed.
#[derive(Serialize)]
pub struct Item {
    partner: String,
    sequence: u64,
    kind: String,
    assessment: Option<String>,
    version: Option<u32>,
    state: String,
    headline: Option<String>,
    received: Option<String>,
    exercise: bool,
    /// The highest level of its subjects that are here.
    level: Option<u8>,
    /// The places of its subjects that are here, by code.
    places: Vec<String>,
    /// The highest TLP level of its portions that are here.
    tlp: Option<String>,
    /// The time by which it must be acknowledged here.
    acknowledge_by: Option<String>,
    /// Where a follower continues after this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip)]
    due: Option<Time>,
}

/// How far all lines of an item but its first are indented.
const INDENT: &str = "    ";

/// The lines of a text, all indented and of `width` columns at most. Without a terminal there is one line.
fn indented(text: &str, width: usize) -> String {
    wrap(text, width, INDENT).join("\n")
}

/// The same, but the first line is not indented.
fn hanging(text: &str, width: usize) -> String {
    if columns(text) <= width { text.to_owned() } else { indented(text, width).trim_start().to_owned() }
}

impl Item {
    /// Decodes the desk's answer.
    pub fn new(item: proto::FeedItem, cursor: Option<String>) -> Self {
        let has = !item.assessment_id.is_empty();
        let some = |text: String| (!text.is_empty()).then_some(text);
        let due = time("acknowledge_by", item.acknowledge_by).ok();
        Self {
            partner: item.partner,
            sequence: item.sequence,
            kind: item.kind,
            assessment: has.then(|| hex::encode(&item.assessment_id)),
            // A recall concerns all versions.
            version: (item.version > 0).then_some(item.version),
            state: item.state,
            headline: some(item.headline),
            received: time("received", item.received).ok().map(|t| t.to_string()),
            exercise: item.exercise,
            level: u8::try_from(item.level).ok().filter(|level| *level > 0),
            places: item.places,
            tlp: some(item.tlp),
            acknowledge_by: due.map(|by| by.to_string()),
            cursor,
            due,
        }
    }

    /// The item for people: when, from whom and how serious; what it says; and its id.
    fn words(&self, width: usize) -> String {
        let when = self.received.as_deref().unwrap_or("-");
        let exercise = if self.exercise { "EXERCISE " } else { "" };
        let headline = self.headline.as_deref().map(one_line).unwrap_or_else(|| format!("({})", self.state));
        let id = self.assessment.as_deref().unwrap_or("-");
        // Requests and answers have no number in a feed.
        let number = if self.sequence > 0 { format!(" #{}", self.sequence) } else { String::new() };
        let about: String = self.about().into_iter().map(|part| format!("  {part}")).collect();
        let due = self.due.map(|by| format!("  acknowledge by {by} ({})", deadline::left(by, SystemClock.now())));
        let due = due.unwrap_or_default();
        let first = format!("{when}  {}{number}  {}{about}", self.partner, self.kind);
        let (first, headline, last) = (
            hanging(&first, width),
            indented(&format!("{exercise}{headline}"), width),
            indented(&format!("{id}{due}"), width),
        );
        format!("{first}\n{headline}\n{last}")
    }

    /// How serious it is, how it is marked, and where, as far as that is here.
    fn about(&self) -> Vec<String> {
        let level = self.level.and_then(|level| WarningLevel::try_from(level).ok());
        let level = level.map(WarningLevel::label);
        let tlp = self.tlp.as_deref().map(|tlp| format!("TLP:{}", one_line(tlp)));
        let places: Vec<Place> = self.places.iter().filter_map(|code| code.parse().ok()).collect();
        let places = Some(render::places(&places)).filter(|names| !names.is_empty());
        [level, tlp, places].into_iter().flatten().collect()
    }

    /// Prints it.
    pub fn print(&self, global: &Global) {
        output::result(global, self, || self.words(output::table_width()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_as_wide_as_the_terminal_and_its_lines_hang() {
        let item = proto::FeedItem {
            partner: "gb.example".to_owned(),
            sequence: 7,
            kind: "assessment".to_owned(),
            assessment_id: vec![0xab; 16].into(),
            headline: "Attacks on villages in the north are likely within days, and the roads are closed".to_owned(),
            level: 4,
            places: vec!["BF".to_owned(), "SD-KS".to_owned()],
            tlp: "AMBER".to_owned(),
            ..Default::default()
        };
        let item = Item::new(item, None);
        let narrow = item.words(60);
        let lines: Vec<&str> = narrow.lines().collect();
        assert!(lines.iter().all(|line| columns(line) <= 60), "{narrow}");
        assert!(lines.iter().skip(1).all(|line| line.starts_with(INDENT)), "{narrow}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let wide = item.words(10_000);
        assert_eq!((wide.lines().count(), words(&wide)), (3, words(&narrow)), "nothing is lost");
        assert!(wide.contains("4 imminent  TLP:AMBER  Burkina Faso, South Kordofan (SD)\n"), "{wide}");
    }
}
