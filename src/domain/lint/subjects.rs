//! The subject rule protects from those states only that the subjects name. So whatever else the draft names is worth a look.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, texts::texts};
use crate::domain::{
    body::Body,
    draft::{Draft, DraftPortion},
    place::{Country, Place, find_country_mentions},
};

pub(super) fn check(found: &mut Findings<'_>) {
    let draft = found.draft;
    let concerned = concerned(draft);
    if concerned.is_empty() {
        return;
    }
    let mut others: BTreeMap<Country, usize> = BTreeMap::new();
    for (i, portion) in draft.portions.iter().enumerate() {
        for country in named(portion, &concerned) {
            others.entry(country).or_insert(i);
        }
    }
    for (country, i) in others {
        let name = country.name();
        let what = format!("{name} ({country}) is named and is no subject, so its own organisations may get this");
        let help = format!("if the assessment is about {name} too, add `{country}` to the subject's `places`");
        found.warn("country-not-subject", Some(i), what, &help);
    }
}

/// The states that fall under the subject rule.
fn concerned(draft: &Draft) -> BTreeSet<Country> {
    let places = draft.subjects().flat_map(|s| s.places.iter().copied());
    let actors = draft.subjects().flat_map(|s| s.actors.iter().filter_map(|a| a.state)).map(Place::Country);
    places.chain(actors).flat_map(Place::states_concerned).collect()
}

/// Countries that the portion names and that are not concerned. Of the countries that an ambiguous name may mean one is enough.
fn named(portion: &DraftPortion, concerned: &BTreeSet<Country>) -> BTreeSet<Country> {
    let mut others = BTreeSet::new();
    for text in texts(&portion.body) {
        let mentions = find_country_mentions(text);
        for one in mentions.chunk_by(|(_, a), (_, b)| std::ptr::eq(*a, *b)) {
            if !one.iter().any(|(country, _)| concerned.contains(country)) {
                others.extend(one.iter().map(|(country, _)| *country));
            }
        }
    }
    if let Body::Evidence(evidence) = &portion.body
        && let Some(place @ (Place::Country(_) | Place::Subdivision(_))) = evidence.r#where
        && place.countries().is_disjoint(concerned)
    {
        others.extend(place.countries());
    }
    others
}
