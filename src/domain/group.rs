//! Named groups with dated lists of members, and who belonged to which organisation on which day. The built-in lists only help to write a
//! group's members into a draft, where they are dated and signed. No decision uses the built-in lists, so a later list can't widen what was
//! signed.

use std::{collections::BTreeSet, fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{
    ids::{TrustDomain, shorten},
    place::{Country, rows},
    time::Day,
};

/// The name of a group, or of a topic: 1 to 64 characters of `[a-z0-9-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(String);

impl GroupName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for GroupName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=64).contains(&text.len()) && text.chars().all(ok) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("`{}` is not a name; write 1 to 64 of a-z, 0-9 and `-`", shorten(text)))
        }
    }
}

impl TryFrom<String> for GroupName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<GroupName> for String {
    fn from(name: GroupName) -> String {
        name.0
    }
}

/// A named group, with a dated list of its members.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Group {
    /// Its name.
    pub name: GroupName,
    /// The day of the list.
    pub as_of: Day,
    /// Member states, ascending.
    pub countries: Vec<Country>,
    /// Member organisations, ascending.
    pub organisations: Vec<TrustDomain>,
}

/// The members of an organisation on a day, as far as we know. Those who sign must verify them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Membership {
    /// The short name in lower case, as in `ecowas`.
    pub id: &'static str,
    /// The day of the list.
    pub as_of: Day,
    /// The organisation's name in English.
    pub title: &'static str,
    /// The members.
    pub countries: BTreeSet<Country>,
}

static TABLE: LazyLock<Vec<Membership>> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let mut cells = line.split('\t');
        let (id, as_of, title, codes) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?);
        let countries = codes.split(' ').filter_map(Country::by_code).collect();
        Some(Membership { id, as_of: as_of.parse().ok()?, title, countries })
    };
    rows(include_str!("data/groups.tsv")).filter_map(read).collect()
});

/// `GH, TG, ecowas.example as of 2025-01-29`.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.countries.iter().map(|country| country.code().to_owned());
        let members: Vec<String> = states.chain(self.organisations.iter().map(ToString::to_string)).collect();
        let members = if members.is_empty() { "nobody".to_owned() } else { members.join(", ") };
        write!(f, "{members} as of {}", self.as_of)
    }
}

impl Group {
    /// Whether both have the same name and the same members. Their days may differ.
    pub fn means_the_same(&self, other: &Self) -> bool {
        let Self { name, as_of: _, countries, organisations } = self;
        (name, countries, organisations) == (&other.name, &other.countries, &other.organisations)
    }
}

impl Membership {
    /// All lists, by name and then by day.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The newest list of the group.
    pub fn latest(id: &str) -> Result<&'static Self, String> {
        TABLE.iter().filter(|m| m.id == id).max_by_key(|m| m.as_of).ok_or_else(|| unknown(id))
    }

    /// The list in effect on that day: the newest one that is not younger.
    pub fn on(id: &str, day: Day) -> Result<&'static Self, String> {
        let newest = Self::latest(id)?;
        let known = TABLE.iter().filter(|m| m.id == id && m.as_of <= day).max_by_key(|m| m.as_of);
        known.ok_or_else(|| {
            format!(
                "no list of `{id}` is as old as {day}; list the members yourself, or take the list of {}",
                newest.as_of
            )
        })
    }
}

fn unknown(id: &str) -> String {
    let mut known: Vec<&str> = TABLE.iter().map(|m| m.id).collect();
    known.dedup();
    format!(
        "`{}` is not a group whose list we hold; write one of {}, or list its members",
        shorten(id),
        known.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(membership: &Membership) -> Vec<&str> {
        membership.countries.iter().map(|c| c.code()).collect()
    }

    #[test]
    fn every_list_is_read_whole() {
        let sizes: Vec<(&str, usize)> = Membership::all().iter().map(|m| (m.id, m.countries.len())).collect();
        let wanted = [
            ("aes", 3),
            ("amu", 5),
            ("asean", 11),
            ("au", 55),
            ("eac", 8),
            ("eccas", 11),
            ("ecowas", 15),
            ("ecowas", 12),
            ("eu", 27),
            ("fvey", 5),
            ("igad", 7),
            ("las", 22),
            ("nato", 32),
            ("sadc", 16),
        ];
        assert_eq!(sizes, wanted);
    }

    #[test]
    fn ecowas_is_without_the_three_that_left_from_the_day_that_they_left() {
        let before = Membership::on("ecowas", "2025-01-28".parse().unwrap()).unwrap();
        let after = Membership::on("ecowas", "2025-01-29".parse().unwrap()).unwrap();
        assert_eq!(after, Membership::latest("ecowas").unwrap());
        assert_eq!(codes(after), ["BJ", "CI", "CV", "GH", "GM", "GN", "GW", "LR", "NG", "SL", "SN", "TG"]);
        let left: BTreeSet<Country> = before.countries.difference(&after.countries).copied().collect();
        assert_eq!(left, Membership::latest("aes").unwrap().countries);
    }

    #[test]
    fn an_unknown_group_or_day_is_refused() {
        assert!(Membership::latest("ECOWAS").unwrap_err().starts_with("`ECOWAS` is not a group"));
        assert!(
            Membership::on("ecowas", "1990-01-01".parse().unwrap())
                .unwrap_err()
                .contains("take the list of 2025-01-29")
        );
    }
}
