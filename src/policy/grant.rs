//! One grant as a Cedar policy, and the entity that holds what it covers.

use std::collections::BTreeSet;

use super::{engine::Traits, facts::View, outcome};
use crate::domain::{
    agreement::{Agreement, Area, Grant},
    body::Kind,
    fault::{Fault, Reason},
    place::{Country, Place, Subdivision},
    time::Time,
};

/// A grant with its areas resolved.
#[derive(Debug, Clone)]
pub(super) struct Covered {
    pub grant: Grant,
    /// Countries covered wholly.
    pub countries: BTreeSet<Country>,
    /// The parts of countries that it names.
    pub parts: Vec<Subdivision>,
    /// Why it permits, in words: told for each portion, so put together once.
    pub reason: outcome::Reason,
}

impl Covered {
    /// Resolves the areas against the groups that the agreement spells out.
    pub fn new(agreement: &Agreement, grant: &Grant) -> Result<Self, Fault> {
        let reason = outcome::Reason::new(grant.id.to_string(), words(grant));
        let mut covered = Self { grant: grant.clone(), countries: BTreeSet::new(), parts: Vec::new(), reason };
        for area in &grant.places {
            match area {
                Area::Place(Place::Subdivision(part)) => covered.parts.push(*part),
                Area::Place(place) => covered.countries.extend(place.countries()),
                Area::Group(name) => {
                    let group = agreement.group(name).ok_or_else(|| {
                        let told =
                            format!("no group `{name}` is spelled out in the agreement; add it, or name the places");
                        Fault::at(Reason::InvalidArgument, format!("grant `{}`.places", grant.id), told)
                    })?;
                    covered.countries.extend(&group.countries);
                }
            }
        }
        Ok(covered)
    }

    /// Whether the place lies within what it covers. A region does where all of its countries do; a country does not where
    /// only parts of it are named.
    pub fn covers(&self, place: Place) -> bool {
        match place {
            Place::Subdivision(part) if !self.countries.contains(&part.country()) => {
                let lies = |place: &Place| {
                    self.parts.iter().any(|p| p.country() == part.country() && place.within(Place::Subdivision(*p)))
                };
                place.today().iter().all(lies)
            }
            _ => place.countries().is_subset(&self.countries),
        }
    }

    /// The countries and every part that lies within what it covers; empty where it names no part, as the countries then say all.
    /// ISO lists some 5,000 parts: they are spelled out once, when the agreement is compiled.
    pub fn fine_places(&self) -> Vec<&'static str> {
        if self.parts.is_empty() {
            return Vec::new();
        }
        let parts = Subdivision::all().filter(|part| self.covers(Place::Subdivision(*part))).map(Subdivision::code);
        self.countries.iter().map(|c| c.code()).chain(parts).collect()
    }

    /// Why it permits a portion, in words. Where a list of its terms is cut, what decided stands first, so that it is not hidden.
    pub fn reason_for(&self, view: &View, traits: Traits<'_>) -> outcome::Reason {
        if self.grant.places.len() <= MOST && self.grant.topics.len() <= MOST {
            return self.reason.clone();
        }
        let mut told = self.grant.clone();
        let decided = |area: &Area| match area {
            Area::Place(place) => view.places.iter().any(|p| p.within(*place) || place.within(*p)),
            Area::Group(_) => true,
        };
        told.places.sort_by_key(|area| !decided(area));
        told.topics.sort_by_key(|topic| !traits.topics.contains(topic));
        outcome::Reason::new(self.reason.id.clone(), words(&told))
    }

    /// When it first reaches an assessment issued at that time.
    pub fn reaches_from(&self, issued: Time) -> Time {
        issued.plus_seconds(self.delay())
    }

    fn delay(&self) -> i64 {
        i64::try_from(self.grant.delay_seconds).unwrap_or(i64::MAX)
    }

    /// The `permit`. All texts in it are names of closed alphabets (lower-case letters, digits, `-`, `.`, `_`, `+`, `:`), so that nothing
    /// needs escaping; what does not come from such a type must not get in here.
    pub fn policy(&self, agreement: &Agreement) -> String {
        let Grant { id, to, max_tlp, .. } = &self.grant;
        let mut when = vec![
            format!("context.now >= {}", agreement.from.start().unix_nanos()),
            format!("context.now < {}", agreement.until.end().unix_nanos()),
            format!("context.tlp <= {}", *max_tlp as u8),
            format!("context.age >= {}", self.delay()),
            format!("Grant::\"{id}\".kinds.contains(context.kind)"),
        ];
        if let Some(level) = self.grant.min_level {
            when.push(format!("resource.level >= {}", u8::from(level)));
        }
        if !self.grant.topics.is_empty() {
            when.push(format!("Grant::\"{id}\".topics.containsAny(context.topics)"));
        }
        let places = if self.parts.is_empty() { "countries" } else { "places" };
        when.push(format!("Grant::\"{id}\".{places}.containsAll(resource.{places})"));
        format!(
            "@id(\"{id}\")\n@reason(\"{}\")\npermit (\n  principal == Organisation::\"{to}\",\n  action == Action::\"release\",\n  resource\n)\nwhen {{\n  {}\n}};\n",
            self.reason.words,
            when.join(" &&\n  "),
        )
    }
}

/// What it gives, in words.
fn words(grant: &Grant) -> String {
    let Grant { id, places, topics, kinds, max_tlp, min_level, delay_seconds, .. } = grant;
    let mut words = format!("grant {id} gives {} on {} up to {max_tlp}", kinds_in_words(kinds), listed(places));
    if !topics.is_empty() {
        words.push_str(&format!(", topics {}", listed(topics)));
    }
    if let Some(level) = min_level {
        words.push_str(&format!(", from level {level}"));
    }
    if *delay_seconds > 0 {
        words.push_str(&format!(", {} after its issue", duration(*delay_seconds)));
    }
    words
}

fn kinds_in_words(kinds: &[Kind]) -> String {
    // In full: a list that is cut hides the kind that decided.
    let names = |some: Vec<&Kind>| some.into_iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", ");
    let missing: Vec<&Kind> = Kind::ALL.iter().filter(|k| !kinds.contains(k)).collect();
    match missing.len() {
        0 => "every kind of portion".to_owned(),
        few if few <= kinds.len() / 2 => format!("every kind of portion but {}", names(missing)),
        _ => names(kinds.iter().collect()),
    }
}

/// How many names of a list are told.
const MOST: usize = 12;

/// Names with commas, at most twelve of them, and how many more there are.
pub fn listed<T: ToString>(items: &[T]) -> String {
    let mut names: Vec<String> = items.iter().take(MOST).map(ToString::to_string).collect();
    if items.len() > MOST {
        names.push(format!("{} more", items.len() - MOST));
    }
    names.join(", ")
}

/// The largest unit that gives a whole number: `3d`, `12h`, `90m`.
pub(super) fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.iter().find(|(size, _)| seconds.is_multiple_of(*size) && seconds >= *size);
    unit.map_or_else(|| format!("{seconds}s"), |(size, name)| format!("{}{name}", seconds / size))
}
