//! A place by its code: a country, a part of one, or a region.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{Country, Region, Subdivision};

/// A place for which there are rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// A code of ISO 3166-1, such as `BF`.
    Country(Country),
    /// A code of ISO 3166-2, such as `BF-SOM`.
    Subdivision(Subdivision),
    /// A code of UN M49, such as `M49:011`.
    Region(Region),
}

impl Place {
    /// Every country that is wholly or partly in the place: one country, or all countries of a region.
    pub fn countries(self) -> &'static BTreeSet<Country> {
        match self {
            Self::Country(country) => country.alone(),
            Self::Subdivision(part) => part.country().alone(),
            Self::Region(region) => region.countries(),
        }
    }

    /// The place with exactly this code, of any edition.
    pub fn by_code(code: &str) -> Option<Self> {
        if let Some(country) = Country::by_code(code) {
            return Some(Self::Country(country));
        }
        if let Some(part) = Subdivision::of_any_edition(code) {
            return Some(Self::Subdivision(part));
        }
        code.strip_prefix("M49:").and_then(Region::by_code).map(Self::Region)
    }

    /// The present places for this code. A former code yields its successors, any other code yields itself.
    pub fn today(self) -> Vec<Self> {
        match self {
            Self::Subdivision(part) if part.is_former() => {
                part.successors().iter().copied().map(Self::Subdivision).collect()
            }
            place => vec![place],
        }
    }

    /// Whether all of this place is in the other. Each present place is in itself. A former code is in a place if all its successors are. It
    /// contains its successors unless they are larger than it was, so a place of an older edition never grows.
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

    /// The name by which people know it, for display.
    pub fn usual_name(self) -> &'static str {
        match self {
            Self::Subdivision(part) => part.usual_name(),
            other => other.name(),
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
