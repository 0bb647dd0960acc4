//! Parts of countries by ISO 3166-2 code.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use super::{Country, rows};

/// A part of a country, by its ISO 3166-2 code.
#[derive(Clone, Copy)]
pub struct Subdivision(&'static Row);

struct Row {
    code: &'static str,
    parent: &'static str,
    name: &'static str,
    country: Country,
}

static TABLE: LazyLock<BTreeMap<&'static str, Row>> = LazyLock::new(|| {
    rows(include_str!("../data/subdivisions.tsv"))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            let (code, parent, name) = (cell(), cell(), cell());
            let country = Country::by_code(code.split('-').next()?)?;
            Some((code, Row { code, parent, name, country }))
        })
        .collect()
});

/// Codes of ISO 3166-2 for places that have an ISO 3166-1 code too: refused, so that each place has one spelling.
const TWINS: &[(&str, &str)] = &[
    ("CN-HK", "HK"),
    ("CN-MO", "MO"),
    ("CN-TW", "TW"),
    ("FI-01", "AX"),
    ("FR-971", "GP"),
    ("FR-972", "MQ"),
    ("FR-973", "GF"),
    ("FR-974", "RE"),
    ("FR-976", "YT"),
    ("FR-BL", "BL"),
    ("FR-MF", "MF"),
    ("FR-NC", "NC"),
    ("FR-PF", "PF"),
    ("FR-PM", "PM"),
    ("FR-TF", "TF"),
    ("FR-WF", "WF"),
    ("NL-AW", "AW"),
    ("NL-BQ1", "BQ-BO"),
    ("NL-BQ2", "BQ-SA"),
    ("NL-BQ3", "BQ-SE"),
    ("NL-CW", "CW"),
    ("NL-SX", "SX"),
    ("NO-21", "SJ"),
    ("NO-22", "SJ"),
    ("US-AS", "AS"),
    ("US-GU", "GU"),
    ("US-MP", "MP"),
    ("US-PR", "PR"),
    ("US-UM", "UM"),
    ("US-VI", "VI"),
];

impl Subdivision {
    /// The part of exactly this code.
    pub fn by_code(code: &str) -> Option<Self> {
        TABLE.get(code).map(Self)
    }

    /// All of them, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.values().map(Self)
    }

    /// The code to write instead of one that ISO gives to a place with a country code of its own.
    pub(super) fn twin(code: &str) -> Option<&'static str> {
        TWINS.iter().find(|(twin, _)| *twin == code).map(|(_, own)| *own)
    }

    /// The code, country included.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// The name, as ISO writes it.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The country that it is a part of.
    pub fn country(self) -> Country {
        self.0.country
    }

    /// The larger part that it belongs to, where ISO lists one.
    pub fn parent(self) -> Option<Self> {
        Self::by_code(self.0.parent)
    }

    /// This part and the larger ones around it.
    pub(super) fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |part| part.parent())
    }

    /// A country that ISO lists as a part of another: Kosovo is `RS-KM` too.
    pub(super) fn also_concerns(self) -> Option<Country> {
        self.chain().find(|part| part.code() == "RS-KM").and_then(|_| Country::by_code("XK"))
    }
}

impl fmt::Display for Subdivision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl fmt::Debug for Subdivision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
