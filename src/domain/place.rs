//! Where an assessment is about: a country, a part of one, or a region of the United Nations. One spelling each, so that
//! no alias of a state slips past a rule that is about this state. Free text such as a village stands elsewhere.

mod control;
mod country;
mod mention;
mod region;
mod subdivision;
mod suggest;

use std::{cmp::Ordering, collections::BTreeSet, fmt, hash, str::FromStr};

use serde::{Deserialize, Serialize};

pub use control::{Concern, Control, ControlTable, When, Why};
pub use country::Country;
pub use mention::find_country_mentions;
pub use region::Region;
pub use subdivision::Subdivision;

use super::ids::shorten;

/// A place that rules can reason about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// ISO 3166-1, as in `BF`.
    Country(Country),
    /// ISO 3166-2, as in `BF-SOM`.
    Subdivision(Subdivision),
    /// UN M49, as in `M49:011`.
    Region(Region),
}

impl Place {
    /// Every country that lies in the place, wholly or in part: one, or all those of a region.
    pub fn countries(self) -> &'static BTreeSet<Country> {
        match self {
            Self::Country(country) => country.alone(),
            Self::Subdivision(part) => part.country().alone(),
            Self::Region(region) => region.countries(),
        }
    }

    /// As authors write it: with the codes of today.
    ///
    /// # Errors
    /// What to write instead.
    pub fn of_today(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Self::Subdivision(part) if part.is_former() => Err(suggest::successors(part)),
            place => Ok(place),
        }
    }

    /// The places of today that it stands for: a former code for its successors, any other for itself.
    pub fn today(self) -> Vec<Self> {
        match self {
            Self::Subdivision(part) if part.is_former() => {
                part.successors().iter().copied().map(Self::Subdivision).collect()
            }
            place => vec![place],
        }
    }

    /// Whether all of this place lies in the other; each place of today lies in itself. A former code lies where all of its successors
    /// do, and holds them unless they are larger than it was: what an older edition named never grows.
    pub fn within(self, other: Self) -> bool {
        match (self, other) {
            (Self::Subdivision(inner), _) if inner.is_former() => {
                inner.successors().iter().all(|part| Self::Subdivision(*part).within(other))
            }
            (_, Self::Subdivision(outer)) if outer.is_former() => {
                outer.held_today().iter().any(|part| self.within(Self::Subdivision(*part)))
            }
            (Self::Country(inner), Self::Country(outer)) => inner == outer,
            (Self::Subdivision(inner), Self::Country(outer)) => inner.country() == outer,
            (Self::Subdivision(inner), Self::Subdivision(outer)) => inner.chain().any(|part| part == outer),
            (_, Self::Region(outer)) => self.countries().is_subset(outer.countries()),
            (Self::Region(_), _) | (Self::Country(_), Self::Subdivision(_)) => false,
        }
    }

    /// The English name, for display.
    pub fn name(self) -> &'static str {
        match self {
            Self::Country(country) => country.name(),
            Self::Subdivision(part) => part.name(),
            Self::Region(region) => region.name(),
        }
    }
}

impl From<Country> for Place {
    fn from(country: Country) -> Self {
        Self::Country(country)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Country(country) => country.fmt(f),
            Self::Subdivision(part) => part.fmt(f),
            Self::Region(region) => region.fmt(f),
        }
    }
}

impl FromStr for Place {
    type Err = String;

    /// Of any edition: what is signed says what its edition said. Authors write [`Place::of_today`].
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(country) = Country::by_code(text) {
            return Ok(Self::Country(country));
        }
        if let Some(part) = Subdivision::of_any_edition(text) {
            return Ok(Self::Subdivision(part));
        }
        if let Some(region) = text.strip_prefix("M49:").and_then(Region::by_code) {
            return Ok(Self::Region(region));
        }
        Err(suggest::place(text))
    }
}

impl FromStr for Country {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Place::Country(country) => Ok(country),
            Place::Subdivision(part) => {
                Err(format!("`{}` is a part of a country; write `{}`", shorten(text), part.country()))
            }
            Place::Region(_) => Err(format!("`{}` is a region; write a country such as `BF`", shorten(text))),
        }
    }
}

/// Equality, order and hash by code, and text in and out, for the handles into the tables.
macro_rules! by_code {
    ($($name:ident),*) => {$(
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool { self.code() == other.code() }
        }
        impl Eq for $name {}
        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> { Some(self.cmp(other)) }
        }
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering { self.code().cmp(other.code()) }
        }
        impl hash::Hash for $name {
            fn hash<H: hash::Hasher>(&self, state: &mut H) { self.code().hash(state) }
        }
    )*};
}
by_code!(Country, Subdivision, Region);

/// One spelling in text, in serde and in debugging output.
macro_rules! text_form {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> { text.parse() }
        }
        impl From<$name> for String {
            fn from(value: $name) -> String { value.to_string() }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }
    )*};
}
text_form!(Place, Country);

/// The rows of a table of `data/`, without its heading.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

#[cfg(test)]
mod tests;
