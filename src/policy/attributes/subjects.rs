//! What some subject portions say together.

use std::collections::BTreeSet;

use crate::domain::{
    assessment::{self, Portion},
    body::Body,
    level::WarningLevel,
    place::{Country, Place},
    time::Time,
};

/// The states, places and level of the subjects among some portions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::policy) struct SubjectSummary {
    /// Whether there is a subject, and each of them names a place.
    pub is_known: bool,
    /// The states that the subjects are about.
    pub states: BTreeSet<Country>,
    /// The highest level.
    pub level: Option<WarningLevel>,
    /// The places, as the subjects name them.
    pub places: BTreeSet<Place>,
}

impl SubjectSummary {
    /// Summarises the subjects among these portions of an assessment that is valid from `issued` to `expires`.
    pub fn new<'a>(portions: impl Iterator<Item = &'a Portion>, issued: Time, expires: Time) -> Self {
        let mut summary = Self { is_known: false, states: BTreeSet::new(), level: None, places: BTreeSet::new() };
        let (mut subjects, mut with_places) = (0, 0);
        for portion in portions {
            let Body::Subject(subject) = &portion.body else { continue };
            subjects += 1;
            with_places += usize::from(!subject.places.is_empty());
            summary.states.extend(assessment::subject_states(std::slice::from_ref(portion), issued, expires));
            summary.level = summary.level.max(Some(subject.level));
            summary.places.extend(&subject.places);
        }
        summary.is_known = subjects > 0 && subjects == with_places;
        summary
    }

    /// The same summary with these states added.
    pub fn with_states(&self, states: BTreeSet<Country>) -> Self {
        let mut summary = self.clone();
        summary.states.extend(states);
        summary
    }

    /// How many states and places it names.
    pub fn name_count(&self) -> usize {
        self.states.len() + self.places.len()
    }

    /// The codes of the countries that the places are in. A region counts as all of its countries.
    pub fn country_codes(&self) -> BTreeSet<&'static str> {
        self.places.iter().flat_map(|p| p.countries()).map(|c| c.code()).collect()
    }

    /// The codes of the places. A region counts as all of its countries, and a former subdivision as its successors.
    pub fn place_codes(&self) -> BTreeSet<&'static str> {
        let mut codes = BTreeSet::new();
        for place in &self.places {
            match place {
                Place::Subdivision(part) if part.is_former() => {
                    codes.extend(part.successors().iter().map(|p| p.code()))
                }
                Place::Subdivision(part) => {
                    codes.insert(part.code());
                }
                Place::Country(_) | Place::Region(_) => codes.extend(place.countries().iter().map(|c| c.code())),
            }
        }
        codes
    }
}
