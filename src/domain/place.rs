//! The places that assessments are about: countries, parts of countries, and regions of the United Nations. Each has one spelling, so that
//! a rule about a state can't be evaded with an alias. Free text, such as the name of a village, is kept elsewhere.

mod code;
mod control;
mod country;
mod lookup;
mod mention;
mod named;
mod region;
mod subdivision;
mod suggest;
mod table;

use std::{cmp::Ordering, fmt, hash, str::FromStr};

pub use code::Place;
pub use control::{Concern, Control, ControlTable, SubjectTimes, Why};
pub use country::Country;
pub use lookup::{Fit, FoundPlace, find_places, names_of};
pub use named::{NamedBy, Naming, OwnName, OwnNames, Strength, names_loaded, states_named, states_named_with};
pub use region::Region;
pub use subdivision::Subdivision;
pub(super) use table::rows;

use super::ids::shorten;

impl Place {
    /// Reads a place as authors write it, in today's codes.
    ///
    /// # Errors
    /// What to write instead.
    pub fn of_today(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Self::Subdivision(part) if part.is_former() => Err(suggest::successors(part)),
            place => Ok(place),
        }
    }
}

impl FromStr for Place {
    type Err = String;

    /// Reads a code of any edition, because a signed text keeps the meaning of its edition. [`Place::of_today`] reads what authors write now.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::by_code(text).ok_or_else(|| suggest::place(text))
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

/// Equality, order and hash by code, for the references into the tables.
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

/// The same text form for parsing, serde and debug output.
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

#[cfg(test)]
mod tests;
