//! Parts of countries by ISO 3166-2 code, of today's edition and of former ones.

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
    /// Set if the code is a former one.
    former: Option<FormerCode>,
}

/// What replaced a former code.
struct FormerCode {
    /// The day on which ISO withdrew it. Empty if it is not known.
    withdrawn: &'static str,
    /// Whether its successors together contain more than it did.
    is_smaller: bool,
    successors: Vec<Subdivision>,
}

static TABLE: LazyLock<BTreeMap<&'static str, Row>> = LazyLock::new(|| {
    rows(include_str!("../data/subdivisions.tsv"))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            let (code, parent, name) = (cell(), cell(), cell());
            let country = Country::by_code(code.split('-').next()?)?;
            Some((code, Row { code, parent, name, country, former: None }))
        })
        .collect()
});

/// The names by which people know parts whose name in ISO 3166-2 is another one.
static USUAL: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| rows(include_str!("../data/usual_names.tsv")).filter_map(|line| line.split_once('\t')).collect());

/// Codes that ISO has withdrawn and whose successors are known.
static FORMER: LazyLock<BTreeMap<&'static str, Row>> = LazyLock::new(|| {
    rows(include_str!("../data/former.tsv"))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            let (code, withdrawn, extent, successors, name) = (cell(), cell(), cell(), cell(), cell());
            let country = Country::by_code(code.split('-').next()?)?;
            let successors: Vec<Subdivision> = successors.split(' ').filter_map(Subdivision::by_code).collect();
            let former = Some(FormerCode { withdrawn, is_smaller: extent != "same", successors });
            Some((code, Row { code, parent: "", name, country, former }))
        })
        .collect()
});

/// Codes of ISO 3166-2 for places that also have an ISO 3166-1 code. They are refused, so that each place has one spelling.
const TWINS: &[(&str, &str)] = &[
    ("CN-71", "TW"),
    ("CN-91", "HK"),
    ("CN-92", "MO"),
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
    ("FR-GF", "GF"),
    ("FR-GP", "GP"),
    ("FR-GUA", "GP"),
    ("FR-LRE", "RE"),
    ("FR-MAY", "YT"),
    ("FR-MF", "MF"),
    ("FR-MQ", "MQ"),
    ("FR-NC", "NC"),
    ("FR-PF", "PF"),
    ("FR-PM", "PM"),
    ("FR-RE", "RE"),
    ("FR-TF", "TF"),
    ("FR-WF", "WF"),
    ("FR-YT", "YT"),
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
    /// The part with exactly this code, in today's edition.
    pub fn by_code(code: &str) -> Option<Self> {
        TABLE.get(code).map(Self)
    }

    /// The part with exactly this code, in any edition. A statement keeps the meaning of its own edition.
    pub fn of_any_edition(code: &str) -> Option<Self> {
        Self::by_code(code).or_else(|| FORMER.get(code).map(Self))
    }

    /// The former codes, by code.
    pub fn all_former() -> impl Iterator<Item = Self> {
        FORMER.values().map(Self)
    }

    /// All parts of today's edition, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.values().map(Self)
    }

    /// The code to write instead of one that ISO gives to a place with a country code of its own.
    pub(super) fn twin(code: &str) -> Option<&'static str> {
        TWINS.iter().find(|(twin, _)| *twin == code).map(|(_, own)| *own)
    }

    /// The code, including the country.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// The name, as ISO writes it.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The name by which people know it: an English one if there is one, otherwise as ISO writes it.
    pub fn usual_name(self) -> &'static str {
        USUAL.get(self.code()).copied().unwrap_or(self.name())
    }

    /// The country that it is a part of.
    pub fn country(self) -> Country {
        self.0.country
    }

    /// The larger part that contains it, if ISO lists one.
    pub fn parent(self) -> Option<Self> {
        Self::by_code(self.0.parent)
    }

    /// The parts that replaced a former code, at least one. Empty for a code of today.
    pub fn successors(self) -> &'static [Self] {
        self.0.former.as_ref().map_or(&[], |former| &former.successors)
    }

    /// Whether ISO has withdrawn the code.
    pub fn is_former(self) -> bool {
        self.0.former.is_some()
    }

    /// The day on which ISO withdrew it, if it is known.
    pub(super) fn withdrawn(self) -> Option<&'static str> {
        self.0.former.as_ref().map(|former| former.withdrawn).filter(|day| !day.is_empty())
    }

    /// The parts of today that are wholly in it. For a former code these are its successors, unless they contain more than it did.
    pub(super) fn held_today(self) -> &'static [Self] {
        self.0.former.as_ref().filter(|former| !former.is_smaller).map_or(&[], |former| &former.successors)
    }

    /// This part and the larger ones that contain it.
    pub(super) fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |part| part.parent())
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
