//! The regions of UN M49 and the countries that they expand to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

use super::{Country, rows};

/// A region of UN M49 by its three digits, from the world (001) to an intermediate region such as Western Africa (011).
#[derive(Clone, Copy)]
pub struct Region(&'static Row);

struct Row {
    code: &'static str,
    parent: &'static str,
    name: &'static str,
}

static TABLE: LazyLock<BTreeMap<&'static str, Row>> = LazyLock::new(|| {
    rows(include_str!("../data/regions.tsv"))
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap_or_default();
            let row = Row { code: cell(), parent: cell(), name: cell() };
            (row.code, row)
        })
        .collect()
});

static MEMBERS: LazyLock<BTreeMap<Region, BTreeSet<Country>>> = LazyLock::new(|| {
    let mut members: BTreeMap<Region, BTreeSet<Country>> = BTreeMap::new();
    for country in Country::all() {
        for region in country.regions() {
            members.entry(region).or_default().insert(country);
        }
    }
    members
});

impl Region {
    /// The region of exactly these three digits.
    pub fn by_code(code: &str) -> Option<Self> {
        TABLE.get(code).map(Self)
    }

    /// All of them, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.values().map(Self)
    }

    /// The three digits.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// The English name, for display.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The next larger region; the world has none.
    pub fn parent(self) -> Option<Self> {
        Self::by_code(self.0.parent)
    }

    /// All countries of the region and of the regions in it.
    pub fn countries(self) -> &'static BTreeSet<Country> {
        static NONE: BTreeSet<Country> = BTreeSet::new();
        MEMBERS.get(&self).unwrap_or(&NONE)
    }
}

impl Country {
    /// The smallest UN M49 region that it belongs to.
    pub fn region(self) -> Option<Region> {
        Region::by_code(self.region_code())
    }

    /// The regions that contain it, from the smallest to the world.
    pub fn regions(self) -> impl Iterator<Item = Region> {
        std::iter::successors(self.region(), |region| region.parent())
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "M49:{}", self.0.code)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
