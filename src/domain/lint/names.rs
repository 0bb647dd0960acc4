//! The subject rule protects only from the states that the subjects name. A part that names another state tells its organisations what they
//! were not to learn, so each such state is a finding.

use std::collections::BTreeMap;

use super::{
    finding::{Findings, NamedStates},
    subjects::concerned,
};
use crate::domain::{
    body::{Body, Forecast},
    draft::DraftPortion,
    place::{Country, NamedBy, Naming, OwnNames, Place, Strength, states_named_with},
};

/// How many words a finding shows.
const SHOWN: usize = 4;

/// A word that names a state, and where it stands.
struct Sighting {
    portion: usize,
    field: &'static str,
    /// The word, and what it is: "`El Fasher` is a town in Sudan".
    told: String,
}

pub(super) fn check(found: &mut Findings<'_>, own: &OwnNames) {
    let draft = found.draft;
    let subjects: Vec<Country> = concerned(found).into_iter().collect();
    if subjects.is_empty() {
        return;
    }
    let mut by_states: BTreeMap<Vec<Country>, Vec<Sighting>> = BTreeMap::new();
    for (i, portion) in draft.portions.iter().enumerate() {
        for (field, text) in texts(&portion.body) {
            let named = states_named_with(text, &subjects, own);
            for naming in named.into_iter().filter(|naming| naming.strength == Strength::Strong) {
                let told = told(text, &naming);
                by_states.entry(naming.states).or_default().push(Sighting { portion: i, field, told });
            }
        }
        for (field, place) in places(&portion.body) {
            // A region's many states are not named by it.
            let is_region = matches!(place, Place::Region(_));
            if !is_region && !place.countries().iter().any(|state| subjects.contains(state)) {
                let states: Vec<Country> = place.countries().iter().copied().collect();
                let told = format!("`{place}` is {}", either(&states));
                by_states.entry(states).or_default().push(Sighting { portion: i, field, told });
            }
        }
    }
    for (states, sightings) in by_states {
        tell(found, states, &sightings);
    }
}

/// One finding about the states, with the words that name them.
fn tell(found: &mut Findings<'_>, states: Vec<Country>, sightings: &[Sighting]) {
    let Some(first) = sightings.first().map(|sighting| sighting.portion) else { return };
    let mut shown: Vec<&Sighting> = vec![];
    for sighting in sightings {
        if !shown.iter().any(|other| other.told == sighting.told) {
            shown.push(sighting);
        }
    }
    let words: Vec<String> = shown
        .iter()
        .take(SHOWN)
        .map(|s| format!("{} ({})", s.told, place_of(found.draft.portions.get(s.portion), s)))
        .collect();
    let more = shown.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", and {more} more words") } else { String::new() };
    let (whose, codes) = (either(&states), states.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(" or "));
    let what = format!(
        "{}{more}: an organisation of {whose} that receives this would learn what it says, because no subject is about {whose}",
        words.join(", ")
    );
    let help = format!(
        "add {codes} to the subject's `places` if it is about {whose} too, withhold the part from that organisation with `releasable_to`, or reword it"
    );
    found.warn("names-a-recipient", Some(first), what, &help);
    let mut portions: Vec<usize> = sightings.iter().map(|sighting| sighting.portion).collect();
    portions.dedup();
    if let Some(finding) = found.all.last_mut() {
        finding.named = Some(NamedStates { states, portions });
    }
}

/// Where a word stands: `narrative, text, line 12`.
fn place_of(portion: Option<&DraftPortion>, sighting: &Sighting) -> String {
    let kind = portion.map(|p| p.body.kind().to_string()).unwrap_or_default();
    let line = portion.and_then(|p| p.line).map(|line| format!(" of line {line}")).unwrap_or_default();
    format!("`{}` of the {kind}{line}", sighting.field)
}

/// The word, and what it is.
fn told(text: &str, naming: &Naming) -> String {
    let words = text.get(naming.text.clone()).unwrap_or_default().replace(char::is_whitespace, " ");
    let whose = either(&naming.states);
    let is = match (naming.how, &naming.what) {
        (_, Some(what)) => format!("is {what}, says the organisation's own list, and means {whose}"),
        (NamedBy::Town, _) => format!("is a town in {whose}"),
        (NamedBy::Capital, _) => format!("is a capital or a seat of government of {whose}"),
        (NamedBy::People, _) => format!("is the people of {whose}, or what is theirs"),
        (NamedBy::Actor, _) => format!("is an armed actor of {whose}"),
        (NamedBy::Region, _) => format!("is a part of {whose}"),
        (NamedBy::Country | NamedBy::Own, _) => format!("is a name of {whose}"),
    };
    format!("`{words}` {is}")
}

/// The names of the states, of which one is meant.
fn either(states: &[Country]) -> String {
    states.iter().map(|state| state.name()).collect::<Vec<_>>().join(" or ")
}

/// All that the author wrote in words, with the names of the fields in a draft.
fn texts(body: &Body) -> Vec<(&'static str, &str)> {
    match body {
        Body::Headline { text }
        | Body::Source { text }
        | Body::Limitation { text }
        | Body::Alternative { text, .. }
        | Body::Gap { text }
        | Body::Narrative { text }
        | Body::Endorsement { text } => vec![("text", text)],
        Body::Subject(subject) => {
            let groups = subject.groups.iter().map(|group| ("groups", group.as_str()));
            groups.chain(subject.actors.iter().map(|actor| ("actors", actor.name.as_str()))).collect()
        }
        Body::Judgement(judgement) => {
            vec![("text", &judgement.text), ("confidence_reason", &judgement.confidence_reason)]
        }
        Body::Forecast(forecast) => texts_of_forecast(forecast),
        Body::Indicator(indicator) => vec![("note", &indicator.note)],
        Body::Evidence(evidence) => vec![("what", &evidence.what), ("custody", &evidence.custody)],
        Body::Recommendation(recommendation) => vec![("text", &recommendation.text)],
        Body::Attachment(attachment) => vec![("name", &attachment.name)],
    }
}

fn texts_of_forecast(forecast: &Forecast) -> Vec<(&'static str, &str)> {
    let mut all: Vec<(&'static str, &str)> = vec![
        ("question", &forecast.question),
        ("event", &forecast.event),
        ("resolves", &forecast.resolves.source),
        ("method", &forecast.method),
        ("condition", &forecast.condition),
    ];
    all.extend(forecast.base_rate.as_ref().map(|rate| ("base_rate", rate.source.as_str())));
    all.extend(forecast.options.iter().flat_map(|o| &o.each).map(|(outcome, _)| ("options", outcome.as_str())));
    all
}

/// The places that are written as codes outside of subjects.
fn places(body: &Body) -> Vec<(&'static str, Place)> {
    match body {
        Body::Evidence(evidence) => evidence.r#where.iter().map(|place| ("where", *place)).collect(),
        Body::Forecast(forecast) => forecast.places.iter().map(|place| ("places", *place)).collect(),
        _ => vec![],
    }
}
