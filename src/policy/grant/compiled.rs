//! One grant with its areas resolved.

use std::collections::BTreeSet;

use super::words::{MAX_LISTED, grant_in_words};
use crate::{
    domain::{
        agreement::{Agreement, Area, Grant},
        fault::{self, Fault},
        place::{Country, Place, Subdivision},
        time::Time,
    },
    policy::{
        attributes::{PortionAttributes, SubjectSummary},
        reason::PolicyReason,
    },
};

/// A grant with its areas resolved.
#[derive(Debug, Clone)]
pub(in crate::policy) struct CompiledGrant {
    pub grant: Grant,
    /// The countries that it covers wholly.
    pub countries: BTreeSet<Country>,
    /// The parts of countries that it names.
    pub parts: Vec<Subdivision>,
    /// Why it permits, in words. Every portion that it permits gets this reason, so it is built once.
    pub reason: PolicyReason,
}

impl CompiledGrant {
    /// Resolves the areas against the groups that the agreement defines.
    pub fn new(agreement: &Agreement, grant: &Grant) -> Result<Self, Fault> {
        let reason = PolicyReason::new(grant.id.to_string(), grant_in_words(grant));
        let mut compiled = Self { grant: grant.clone(), countries: BTreeSet::new(), parts: Vec::new(), reason };
        for area in &grant.places {
            match area {
                Area::Place(Place::Subdivision(part)) => compiled.parts.push(*part),
                Area::Place(place) => compiled.countries.extend(place.countries()),
                Area::Group(name) => {
                    let group = agreement.group(name).ok_or_else(|| {
                        let message =
                            format!("the agreement does not list the members of the group `{name}`; add them, or name the places");
                        Fault::at(fault::Reason::InvalidArgument, format!("grant `{}`.places", grant.id), message)
                    })?;
                    compiled.countries.extend(&group.countries);
                }
            }
        }
        Ok(compiled)
    }

    /// Whether the grant covers the place. It covers a region where it covers all of its countries. It does not cover a country of which it
    /// names only parts.
    pub fn covers(&self, place: Place) -> bool {
        match place {
            Place::Subdivision(part) if !self.countries.contains(&part.country()) => {
                let is_within_a_part = |place: &Place| {
                    self.parts.iter().any(|p| p.country() == part.country() && place.within(Place::Subdivision(*p)))
                };
                place.today().iter().all(is_within_a_part)
            }
            _ => place.countries().is_subset(&self.countries),
        }
    }

    /// The codes of the countries and of every part of a country that it covers. Empty if it names no part, since the countries then say
    /// all. ISO lists some 5,000 parts, so the codes are listed once, when the agreement is compiled.
    pub fn place_codes(&self) -> Vec<&'static str> {
        if self.parts.is_empty() {
            return Vec::new();
        }
        let parts = Subdivision::all().filter(|part| self.covers(Place::Subdivision(*part))).map(Subdivision::code);
        self.countries.iter().map(|c| c.code()).chain(parts).collect()
    }

    /// Why it permits this portion, in words. Where a list of its terms is cut, what decided comes first, so that it is not hidden.
    pub fn reason_for(&self, subjects: &SubjectSummary, portion: PortionAttributes<'_>) -> PolicyReason {
        if self.grant.places.len() <= MAX_LISTED && self.grant.topics.len() <= MAX_LISTED {
            return self.reason.clone();
        }
        let mut sorted = self.grant.clone();
        let decided = |area: &Area| match area {
            Area::Place(place) => subjects.places.iter().any(|p| p.within(*place) || place.within(*p)),
            Area::Group(_) => true,
        };
        sorted.places.sort_by_key(|area| !decided(area));
        sorted.topics.sort_by_key(|topic| !portion.topics.contains(topic));
        PolicyReason::new(self.reason.id.clone(), grant_in_words(&sorted))
    }

    /// When the grant first permits an assessment that was logged at this time.
    pub fn permits_from(&self, logged_at: Time) -> Time {
        logged_at.plus_seconds(self.delay_seconds())
    }

    /// Its delay in seconds. A delay that does not fit into an `i64` is the largest number.
    pub fn delay_seconds(&self) -> i64 {
        i64::try_from(self.grant.delay_seconds).unwrap_or(i64::MAX)
    }
}
