//! The options that say which assessments are wanted. `assess list` and `feed follow` share them.

use std::{ffi::OsStr, sync::LazyLock};

use clap::{
    Arg, Args, Command,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use crate::{
    domain::{
        level::Crime,
        marking::Topic,
        place::{Country, Place, Region},
        summary::MarkingWord,
        time::{Clock, Day, spoken::Side},
    },
    telemetry::SystemClock,
    wire::{field::timestamp, proto},
};

/// The states that can be asked for.
const STATES: [&str; 6] = ["current", "expired", "superseded", "withdrawn", "purged", "quarantined"];

/// Which assessments are wanted.
#[derive(Args, Clone, Default)]
pub struct FilterArgs {
    /// Only what is about this place, something inside it or something around it, e.g. ML, BF-SOM, or M49:011 for Western Africa
    #[arg(long, value_name = "PLACE", value_parser = PlaceParser, value_delimiter = ',', hide_possible_values = true)]
    place: Vec<Place>,
    /// Only of these levels, e.g. 4,5
    #[arg(long, value_name = "LEVEL", value_parser = PossibleValuesParser::new(LEVELS), value_delimiter = ',')]
    level: Vec<String>,
    /// Only with a risk of this kind of crime
    #[arg(long, value_name = "CRIME", value_parser = crimes(), value_delimiter = ',', visible_alias = "crime")]
    kind: Vec<String>,
    /// Only with a portion under this topic
    #[arg(long, value_name = "TOPIC", value_delimiter = ',')]
    topic: Vec<Topic>,
    /// Only with a portion that bears this TLP level or caveat
    #[arg(long, value_name = "MARKING", value_parser = markings(), value_delimiter = ',', ignore_case = true)]
    marking: Vec<String>,
    /// Only in this state; `superseded` also lists earlier versions, `quarantined` is for officers
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(STATES), value_delimiter = ',')]
    state: Vec<String>,
    /// Only issued on this day (UTC) or later, e.g. 2026-05-01, yesterday or "3 days"
    #[arg(long, value_name = "DAY", value_parser = past)]
    since: Option<Day>,
    /// Only issued on this day (UTC) or earlier
    #[arg(long, value_name = "DAY", value_parser = past)]
    until: Option<Day>,
    /// Only what expires before this day (UTC), e.g. 2026-05-01 or "2 weeks"
    #[arg(long, value_name = "DAY", value_parser = coming)]
    expires_before: Option<Day>,
    /// Only with all these words, each as a whole word; case and accents do not count, e.g. --words "massacre djibo"
    #[arg(long, value_name = "WORDS", visible_alias = "word")]
    words: Vec<String>,
    /// Only exercises
    #[arg(long)]
    exercise: bool,
    /// Only what is not an exercise
    #[arg(long, conflicts_with = "exercise")]
    no_exercise: bool,
}

const LEVELS: [&str; 5] = ["1", "2", "3", "4", "5"];

/// A day that is usually past: a span alone counts back from today.
fn past(text: &str) -> Result<Day, String> {
    Day::spoken(text, SystemClock.now().day(), Side::Before)
}

/// A day that is usually to come.
fn coming(text: &str) -> Result<Day, String> {
    Day::spoken(text, SystemClock.now().day(), Side::After)
}

fn crimes() -> PossibleValuesParser {
    PossibleValuesParser::new(Crime::ALL.iter().map(|crime| crime.as_str()))
}

fn markings() -> PossibleValuesParser {
    PossibleValuesParser::new(MarkingWord::all())
}

/// A word of a marking in its own spelling. People may write it in small letters.
fn spelled(word: &str) -> String {
    MarkingWord::all().find(|known| known.eq_ignore_ascii_case(word)).unwrap_or(word).to_owned()
}

impl FilterArgs {
    /// The message for the desk; `None` if everything is wanted.
    pub fn message(&self) -> Option<proto::AssessmentFilter> {
        let filter = proto::AssessmentFilter {
            places: self.place.iter().map(ToString::to_string).collect(),
            levels: self.level.iter().filter_map(|level| level.parse().ok()).collect(),
            crimes: self.kind.clone(),
            topics: self.topic.iter().map(ToString::to_string).collect(),
            markings: self.marking.iter().map(|word| spelled(word)).collect(),
            states: self.state.clone(),
            issued_from: self.since.and_then(|day| timestamp(day.start())),
            issued_before: self.until.and_then(|day| timestamp(day.end())),
            expires_before: self.expires_before.and_then(|day| timestamp(day.start())),
            exercise: match (self.exercise, self.no_exercise) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            words: self.words.clone(),
        };
        (filter != proto::AssessmentFilter::default()).then_some(filter)
    }
}

/// Reads places, and offers countries and regions to shells for completion.
#[derive(Clone)]
struct PlaceParser;

impl TypedValueParser for PlaceParser {
    type Value = Place;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<Place, clap::Error> {
        // A function is a parser, too. It makes the message of an error as for all other options.
        let parser = |text: &str| Place::of_today(text);
        parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let value = |(code, name): &'static (String, &'static str)| PossibleValue::new(code.as_str()).help(*name);
        Some(Box::new(PLACES.iter().map(value)))
    }
}

/// The codes and names of all countries and regions.
static PLACES: LazyLock<Vec<(String, &'static str)>> = LazyLock::new(|| {
    let places = Country::all().map(Place::Country).chain(Region::all().map(Place::Region));
    places.map(|place| (place.to_string(), place.name())).collect()
});

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        filter: FilterArgs,
    }

    fn parsed(options: &[&str]) -> Result<Option<proto::AssessmentFilter>, String> {
        let line = Line::try_parse_from([&["list"], options].concat()).map_err(|e| e.to_string())?;
        Ok(line.filter.message())
    }

    #[test]
    fn options_become_the_filter_and_none_is_no_filter() {
        assert_eq!(parsed(&[]), Ok(None));
        let options =
            ["--place", "ML,M49:011", "--level=4,5", "--crime", "genocide", "--marking", "amber", "--no-exercise"];
        let dates = ["--since", "2026-05-01", "--until", "2026-05-01", "--expires-before", "2026-06-01"];
        let filter = parsed(&[&options[..], &dates].concat()).unwrap().unwrap();
        assert_eq!((filter.places, filter.levels), (vec!["ML".to_owned(), "M49:011".to_owned()], vec![4, 5]));
        assert_eq!(filter.markings, ["AMBER"]);
        assert_eq!((filter.crimes, filter.exercise), (vec!["genocide".to_owned()], Some(false)));
        let seconds = |time: Option<prost_types::Timestamp>| time.unwrap().seconds;
        assert_eq!(seconds(filter.issued_before) - seconds(filter.issued_from), 86_400);
    }

    #[test]
    fn an_unknown_value_is_refused_with_what_was_meant() {
        for (options, hint) in [
            (["--place", "Mali"], "write `ML`"),
            (["--place", "UK"], "write `GB`"),
            (["--kind", "genocid"], "'genocide'"),
            (["--state", "witdrawn"], "'withdrawn'"),
            (["--level", "6"], "1, 2, 3, 4, 5"),
            (["--since", "1 May"], "write e.g. 2026-05-01"),
        ] {
            let refused = parsed(&options).unwrap_err();
            assert!(refused.contains(hint), "{refused}");
        }
        let place = PlaceParser.possible_values().unwrap();
        assert!(place.into_iter().any(|value| value.get_name() == "M49:011"));
    }
}
