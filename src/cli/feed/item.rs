//! One item of a feed, for programs and for people.

use serde::Serialize;

use crate::{
    cli::{Global, deadline, output},
    domain::{
        level::WarningLevel,
        place::Place,
        time::{Clock, Time},
    },
    render::{self, text::one_line},
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
    fn words(&self) -> String {
        let when = self.received.as_deref().unwrap_or("-");
        let exercise = if self.exercise { "EXERCISE " } else { "" };
        let headline = self.headline.as_deref().map(one_line).unwrap_or_else(|| format!("({})", self.state));
        let id = self.assessment.as_deref().unwrap_or("-");
        // Requests and answers have no number in a feed.
        let number = if self.sequence > 0 { format!(" #{}", self.sequence) } else { String::new() };
        let about: String = self.about().into_iter().map(|part| format!("  {part}")).collect();
        let due = self.due.map(|by| format!("  acknowledge by {by} ({})", deadline::left(by, SystemClock.now())));
        let due = due.unwrap_or_default();
        format!("{when}  {}{number}  {}{about}\n    {exercise}{headline}\n    {id}{due}", self.partner, self.kind)
    }

    /// How serious it is, how it is marked, and where, as far as that is here.
    fn about(&self) -> Vec<String> {
        let level = self.level.and_then(|level| WarningLevel::try_from(level).ok());
        let level = level.map(|level| format!("{} {}", u8::from(level), level.as_str()));
        let tlp = self.tlp.as_deref().map(|tlp| format!("TLP:{}", one_line(tlp)));
        let places: Vec<Place> = self.places.iter().filter_map(|code| code.parse().ok()).collect();
        let places = Some(render::places(&places)).filter(|names| !names.is_empty());
        [level, tlp, places].into_iter().flatten().collect()
    }

    /// Prints it.
    pub fn print(&self, global: &Global) {
        output::result(global, self, || self.words());
    }
}
