//! Grants in words.

use crate::domain::{
    agreement::{Area, Grant},
    body::Kind,
};

/// How many names of a list are written out.
pub(super) const MAX_LISTED: usize = 12;

/// What the grant permits, in words.
pub(super) fn grant_in_words(grant: &Grant) -> String {
    let Grant { id, places, topics, kinds, max_tlp, min_level, delay_seconds, .. } = grant;
    let places: Vec<String> = places.iter().map(area_in_words).collect();
    let (kinds, places) = (kinds_in_words(kinds), abbreviated_list(&places));
    let mut words = format!("grant {id} gives {kinds} on {places} up to {max_tlp}");
    if !topics.is_empty() {
        words.push_str(&format!(", topics {}", abbreviated_list(topics)));
    }
    if let Some(level) = min_level {
        words.push_str(&format!(", from level {level}"));
    }
    if *delay_seconds > 0 {
        words.push_str(&format!(", {} after its issue", duration(*delay_seconds)));
    }
    words
}

/// A place by its name and its code, because few people know the codes.
pub(in crate::policy) fn area_in_words(area: &Area) -> String {
    match area {
        Area::Place(place) => format!("{} ({place})", place.usual_name()),
        group => group.to_string(),
    }
}

fn kinds_in_words(kinds: &[Kind]) -> String {
    // The list is never cut: that could hide the kind that decided.
    let names = |some: Vec<&Kind>| some.into_iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", ");
    let missing: Vec<&Kind> = Kind::ALL.iter().filter(|k| !kinds.contains(k)).collect();
    match missing.len() {
        0 => "every kind of portion".to_owned(),
        few if few <= kinds.len() / 2 => format!("every kind of portion but {}", names(missing)),
        _ => names(kinds.iter().collect()),
    }
}

/// Names separated by commas: at most twelve of them, and how many more there are.
pub fn abbreviated_list<T: ToString>(items: &[T]) -> String {
    let mut names: Vec<String> = items.iter().take(MAX_LISTED).map(ToString::to_string).collect();
    if items.len() > MAX_LISTED {
        names.push(format!("{} more", items.len() - MAX_LISTED));
    }
    names.join(", ")
}

/// A duration in the largest unit that gives a whole number: `3d`, `12h`, `90m`.
pub(in crate::policy) fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.iter().find(|(size, _)| seconds.is_multiple_of(*size) && seconds >= *size);
    unit.map_or_else(|| format!("{seconds}s"), |(size, name)| format!("{}{name}", seconds / size))
}
