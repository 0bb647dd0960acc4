//! Domain values in words.

use crate::domain::{
    marking::{Marking, Onward},
    place::Place,
};

use super::text::one_line;

/// `a, b and c`.
pub(super) fn and<T: ToString>(all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(T::to_string).collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `Soum (BF-SOM)`.
pub(super) fn place(place: Place) -> String {
    // The one name that needs its article inside a sentence.
    let name = if place.name() == "World" { "the world" } else { place.usual_name() };
    format!("{name} ({place})")
}

/// `Soum (BF), Mali`: short enough for a table. A part is told with its country.
pub fn places(all: &[Place]) -> String {
    let short = |place: &Place| match place {
        Place::Subdivision(part) => format!("{} ({})", part.usual_name(), part.country()),
        other => other.usual_name().to_owned(),
    };
    all.iter().map(short).collect::<Vec<_>>().join(", ")
}

/// `1 portion`, `2 portions`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A span of seconds in its largest whole unit.
pub(super) fn span(seconds: u64) -> String {
    let (number, unit) = match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s >= 3_600 && s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s >= 60 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    count(usize::try_from(number).unwrap_or(usize::MAX), unit)
}

/// Everything of a marking but its level.
pub(super) fn handling(marking: &Marking) -> String {
    let Marking { tlp: _, releasable_to, onward, topics: _, caveats, national, groups: _ } = marking;
    let mut parts = Vec::new();
    if !releasable_to.is_empty() {
        parts.push(format!("for {} only", and(releasable_to)));
    }
    parts.push(match onward {
        Onward::None => "onward none".to_owned(),
        Onward::WithinOrganisation => "onward within the organisation".to_owned(),
        Onward::Named(names) => format!("onward {}", and(names)),
    });
    parts.extend(caveats.iter().map(ToString::to_string));
    if let Some(label) = national {
        let categories = label.categories.iter().map(|c| format!(" {}", one_line(c))).collect::<String>();
        parts.push(format!("{} {}{categories}", one_line(&label.policy), one_line(&label.classification)));
    }
    parts.join(", ")
}
