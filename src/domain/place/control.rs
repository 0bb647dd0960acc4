//! Which state in fact controls a place that is not its own. It is a dated table, and each row has its source. It expresses no view on any
//! claim. Its only use is to withhold, so it only adds to the states that a place concerns.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::LazyLock,
};

use serde::Serialize;

use super::{Country, Place, rows};
use crate::domain::{
    ids::shorten,
    time::{Day, Period, Time},
};

/// The longest source, in bytes. Sources are shown in explanations and in lists.
const LONGEST_SOURCE: usize = 300;

/// One row: a state holds a place, or a part of it, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Control {
    /// A country or a part of one.
    pub place: Place,
    /// The state that controls it.
    pub by: Country,
    /// The first day.
    pub from: Day,
    /// The last day. `None` if the control continues.
    pub until: Option<Day>,
    /// What was published about it.
    pub source: String,
}

/// The rows, by the country to which each place belongs.
#[derive(Debug, Clone, Default)]
pub struct ControlTable(BTreeMap<Country, Vec<Control>>);

static BUILT_IN: LazyLock<ControlTable> =
    LazyLock::new(|| rows(include_str!("../data/control.tsv")).filter_map(|line| Control::read(line).ok()).collect());

impl Control {
    /// Reads one line of a table: place, state, first day, last day (may be empty) and source, separated by tabs.
    ///
    /// # Errors
    /// Everything that is wrong, each fault with its column, counted from 0.
    pub fn read(line: &str) -> Result<Self, Vec<(usize, String)>> {
        let cells: Vec<&str> = line.split('\t').collect();
        let [place, by, from, until, source] = cells.as_slice() else {
            let number = cells.len();
            let columns = if number == 1 { "column" } else { "columns" };
            let what = format!(
                "{number} {columns}; write place, state, from, until (may be empty) and source with tabs between"
            );
            return Err(vec![(0, what)]);
        };
        let mut wrong = Vec::new();
        let mut note = |column: usize, what: String| wrong.push((column, what));
        let place = Place::of_today(place).map_err(|what| note(0, what)).ok();
        if let Some(Place::Region(region)) = place {
            note(0, format!("`{region}` is a region; name the countries or parts of countries that are held"));
        }
        let by = by.parse::<Country>().map_err(|what| note(1, what)).ok();
        let held = place.filter(|place| !matches!(place, Place::Region(_))).zip(by);
        if let Some((place, by)) = held.filter(|(place, by)| place.countries().contains(by)) {
            note(1, format!("`{place}` is a part of {} already; leave the row out", by.name()));
        }
        let from = from.parse::<Day>().map_err(|what| note(2, what)).ok();
        let until = match *until {
            "" => None,
            until => until.parse::<Day>().map_err(|what| note(3, what)).ok(),
        };
        if until.zip(from).is_some_and(|(until, from)| until < from) {
            note(3, "it ends before it begins".to_owned());
        }
        let is_said = !source.trim().is_empty() && source.len() <= LONGEST_SOURCE && !source.contains(char::is_control);
        if !is_said {
            let what = format!(
                "`{}` is not a source; name what was published, in at most {LONGEST_SOURCE} bytes",
                shorten(source)
            );
            note(4, what);
        }
        match (held, from) {
            (Some((place, by)), Some(from)) if wrong.is_empty() => {
                Ok(Self { place, by, from, until, source: (*source).to_owned() })
            }
            _ => Err(wrong),
        }
    }

    /// Whether it says anything about the place: the place is in what is held, or contains some of what is held.
    fn touches(&self, place: Place) -> bool {
        self.place.within(place) || place.within(self.place)
    }
}

impl fmt::Display for Control {
    /// `CY-06 is held by TR since 1974-07-20 (ECtHR, Loizidou v. Turkey, 1996)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, by, from, until, source } = self;
        match until {
            None => write!(f, "{place} is held by {by} since {from}")?,
            Some(until) => write!(f, "{place} was held by {by} from {from} to {until}")?,
        }
        write!(f, " ({source})")
    }
}

impl ControlTable {
    /// The table that is built in and that everybody has.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// A table without rows.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each row, by country.
    pub fn all(&self) -> impl Iterator<Item = &Control> {
        self.0.values().flatten()
    }

    /// The rows about a place at a time.
    pub fn of(&self, place: Place, when: SubjectTimes) -> impl Iterator<Item = &Control> {
        let today = place.today();
        let rows = place.countries().iter().filter_map(|country| self.0.get(country)).flatten();
        rows.filter(move |row| when.meets(row) && today.iter().any(|place| row.touches(*place)))
    }
}

impl FromIterator<Control> for ControlTable {
    fn from_iter<T: IntoIterator<Item = Control>>(rows: T) -> Self {
        let mut table = Self::none();
        for row in rows {
            // A country or a part of one belongs to exactly one country.
            let Some(country) = row.place.countries().first() else { continue };
            table.0.entry(*country).or_default().push(row);
        }
        table
    }
}

/// The times that count: the period that a subject is about, and the time in which the assessment may be released. A state that held a place in
/// either must not get the assessment. Giver and reader find the same states, because no clock is involved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectTimes {
    period: Period,
    issued: Day,
    expires: Day,
}

impl SubjectTimes {
    /// The times for a subject about that period, in an assessment with these times of issue and expiry.
    pub fn new(period: Period, issued: Time, expires: Time) -> Self {
        Self { period, issued: issued.day(), expires: expires.day() }
    }

    fn meets(&self, row: &Control) -> bool {
        let meets = |from: Day, until: Day| row.from <= until && row.until.is_none_or(|last| last >= from);
        meets(self.period.from, self.period.until) || meets(self.issued, self.expires)
    }
}

/// A state that a place concerns, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern<'a> {
    /// The state.
    pub state: Country,
    /// Why.
    pub why: Why<'a>,
}

/// Why a place concerns a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why<'a> {
    /// The place is the state's own, a part of it, or a region that contains the state.
    Own,
    /// The state governs this territory. The place is the territory, contains it, or is in it.
    Governs(Country),
    /// The state controls the place or a part of it.
    Holds(&'a Control),
}

impl Place {
    /// The states that something about this place is also about, each with every reason: the states to which the place belongs, those of a
    /// region, those that govern a territory in it, and those that control a part of it. The rows of `own` are added to the table that everybody
    /// has.
    pub fn concerns<'a>(self, own: &'a ControlTable, when: SubjectTimes) -> Vec<Concern<'a>> {
        if let Self::Subdivision(part) = self
            && part.is_former()
        {
            return self.today().into_iter().flat_map(|place| place.concerns(own, when)).collect();
        }
        let mut all: Vec<Concern<'a>> =
            self.countries().iter().map(|state| Concern { state: *state, why: Why::Own }).collect();
        for territory in self.countries() {
            let governor = territory.governed_by();
            all.extend(governor.map(|state| Concern { state, why: Why::Governs(*territory) }));
        }
        let rows = ControlTable::built_in().of(self, when).chain(own.of(self, when));
        all.extend(rows.map(|row| Concern { state: row.by, why: Why::Holds(row) }));
        all
    }

    /// The same states without the reasons, by the table that everybody has.
    pub fn states_concerned(self, when: SubjectTimes) -> BTreeSet<Country> {
        static NONE: ControlTable = ControlTable::none();
        self.concerns(&NONE, when).into_iter().map(|concern| concern.state).collect()
    }
}

impl Concern<'_> {
    /// The reason in words. `None` if the place as written says it already.
    pub fn words(&self, place: Place) -> Option<String> {
        match self.why {
            Why::Own => None,
            Why::Governs(territory) if Place::Country(territory) == place => {
                Some(format!("{place} is governed by {}", self.state))
            }
            Why::Governs(territory) => {
                let (state, name) = (self.state, territory.name());
                Some(format!("{territory} ({name}) is governed by {state}{}", lies(Place::Country(territory), place)))
            }
            Why::Holds(row) if row.place == place => Some(row.to_string()),
            Why::Holds(row) => Some(format!("{row}{}", lies(row.place, place))),
        }
    }
}

/// How the place with a reason and the named place contain each other.
fn lies(told: Place, named: Place) -> String {
    if told.within(named) { format!(", and lies in {named}") } else { format!(", and {named} lies in it") }
}
