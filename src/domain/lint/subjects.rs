//! What the subjects name: codes of today, and more than regions.

use std::collections::BTreeSet;

use super::finding::Findings;
use crate::domain::{
    assessment::{places_concerned, states_of},
    body::{Body, Kind},
    draft::Draft,
    place::{ControlTable, Country, Place, SubjectTimes},
    time::Time,
};

pub(super) fn check(found: &mut Findings<'_>) {
    former(found);
    regions_only(found);
}

/// Codes that ISO has withdrawn. They are understood in what was signed before, and must not be written any more.
fn former(found: &mut Findings<'_>) {
    let draft = found.draft;
    for (i, portion) in draft.portions.iter().enumerate() {
        let places: Vec<Place> = match &portion.body {
            Body::Subject(subject) => subject.places.clone(),
            Body::Evidence(evidence) => evidence.r#where.into_iter().collect(),
            _ => continue,
        };
        for why in places.iter().filter_map(|place| Place::of_today(&place.to_string()).err()) {
            found.error("place-withdrawn", Some(i), why, "the successors cover the place today");
        }
    }
}

/// How many states a finding names.
const NAMED: usize = 12;

/// Subjects that name only regions. They are withheld from every state in them, and from everyone who governs or holds a part of them.
fn regions_only(found: &mut Findings<'_>) {
    let draft = found.draft;
    let is_region = |place: &Place| matches!(place, Place::Region(_));
    if !draft.subjects().all(|s| s.places.iter().all(is_region)) {
        return;
    }
    let barred = concerned(found);
    let Some((i, _)) = draft.of_kind(Kind::Subject).next() else { return };
    let left: Vec<Country> = Country::all().filter(|c| !barred.contains(c) && c.governed_by().is_none()).collect();
    let outside = match left.as_slice() {
        [] => "no state at all may get it".to_owned(),
        few if few.len() <= NAMED => format!("of all states only {} may get it", names(few)),
        _ => {
            let inside: Vec<Country> = barred.iter().copied().take(NAMED).collect();
            let more = barred.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("nobody but those outside may get it: {}{more} may not", names(&inside))
        }
    };
    let regions: BTreeSet<Place> = draft.subjects().flat_map(|s| s.places.iter().copied()).collect();
    let told: Vec<String> = regions.iter().map(|r| format!("{} ({r})", r.name())).collect();
    let what = format!("the subject names regions only, {}, so {outside}", told.join(", "));
    found.warn("region-only", Some(i), what, "name the countries or parts of countries that it is about");
}

fn names(countries: &[Country]) -> String {
    countries.iter().map(|c| format!("{} ({c})", c.name())).collect::<Vec<_>>().join(", ")
}

/// Why an assessment is withheld from states that no subject names: they govern or hold a place that it names. Each place once, in words.
pub fn why_withheld(draft: &Draft, now: Time, own: &ControlTable) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for subject in draft.subjects() {
        let when = SubjectTimes::new(subject.period, now, draft.expires.of(now));
        let named: BTreeSet<Country> = places_concerned(subject).flat_map(|p| p.countries().clone()).collect();
        for place in places_concerned(subject) {
            let others = place.concerns(own, when).into_iter().filter(|concern| !named.contains(&concern.state));
            for words in others.filter_map(|concern| concern.words(place)) {
                if !told.contains(&words) {
                    told.push(words);
                }
            }
        }
    }
    told
}

/// The states that fall under the subject rule.
pub(super) fn concerned(found: &Findings<'_>) -> BTreeSet<Country> {
    let Findings { draft, now, .. } = found;
    draft.subjects().flat_map(|subject| states_of(subject, *now, draft.expires.of(*now))).collect()
}
