//! Countries by ISO 3166-1 alpha-2 code.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

use super::rows;

/// A country or territory, by its ISO 3166-1 alpha-2 code in capitals. `XK` is accepted for Kosovo: see [`Country::is_user_assigned`].
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(&'static Row);

struct Row {
    code: &'static str,
    iso3: &'static str,
    m49: &'static str,
    region: &'static str,
    governed_by: &'static str,
    name: &'static str,
}

static TABLE: LazyLock<BTreeMap<&'static str, Row>> = LazyLock::new(|| {
    rows(include_str!("../data/countries.tsv"))
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            let row =
                Row { code: cell(), iso3: cell(), m49: cell(), region: cell(), governed_by: cell(), name: cell() };
            (row.code, row)
        })
        .collect()
});

/// A set for each single country, so that a place can return a reference to its countries without building a set for each decision.
static ALONE: LazyLock<BTreeMap<Country, BTreeSet<Country>>> =
    LazyLock::new(|| Country::all().map(|country| (country, BTreeSet::from([country]))).collect());

impl Country {
    /// The country of exactly this code.
    pub fn by_code(code: &str) -> Option<Self> {
        TABLE.get(code).map(Self)
    }

    /// All countries, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.values().map(Self)
    }

    /// The alpha-2 code.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// The alpha-3 code. Kosovo has none.
    pub fn iso3(self) -> Option<&'static str> {
        Some(self.0.iso3).filter(|code| !code.is_empty())
    }

    /// The number in UN M49 and ISO 3166-1. Kosovo has none.
    pub fn m49(self) -> Option<&'static str> {
        Some(self.0.m49).filter(|code| !code.is_empty())
    }

    /// The English name, for display.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The three digits of the smallest UN M49 region that contains it. Empty if there is none.
    pub(super) fn region_code(self) -> &'static str {
        self.0.region
    }

    /// The state that administers this territory. Nothing about the territory goes to that state. The territory's own organs also count as
    /// organs of that state. It does not say to whom the territory belongs.
    pub fn governed_by(self) -> Option<Self> {
        Self::by_code(self.0.governed_by)
    }

    /// Whether ISO leaves the code to its users, so that a partner may not know it. This is so only for `XK`.
    pub fn is_user_assigned(self) -> bool {
        self.0.code == "XK"
    }

    /// The set of this one country.
    pub(super) fn alone(self) -> &'static BTreeSet<Self> {
        static NONE: BTreeSet<Country> = BTreeSet::new();
        // INVARIANT: a country is a row of the table, so its set exists.
        ALONE.get(&self).unwrap_or(&NONE)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}
