//! A second implementation of which states a place concerns. It reads the published tables with plain loops over texts.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex},
};

use crate::{
    domain::{
        partner::PartnerKind,
        place::Country,
        time::{Day, Period, Time},
    },
    oracle::{Oracle, Rule},
};

/// The rules that can be left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Without {
    pub governors: bool,
    pub in_regions: bool,
    pub control: bool,
    pub its_time: bool,
}

type Table = Vec<Vec<String>>;

static TABLES: LazyLock<BTreeMap<&str, Table>> = LazyLock::new(|| {
    let names = ["countries", "regions", "subdivisions", "control", "former"];
    names.into_iter().map(|name| (name, lines(&std::fs::read_to_string(published(name)).unwrap()))).collect()
});

fn published(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/places").join(format!("{name}.tsv"))
}

fn lines(text: &str) -> Table {
    let cells = |line: &str| line.split('\t').map(str::to_owned).collect();
    text.lines().filter(|line| !line.starts_with('#')).map(cells).collect()
}

/// The row of the table that begins with this cell.
fn row(table: &str, code: &str) -> Option<&'static Vec<String>> {
    static FIRST: LazyLock<BTreeMap<(&str, &str), &Vec<String>>> = LazyLock::new(|| {
        let all = TABLES.iter().flat_map(|(name, table)| table.iter().map(move |row| ((*name, row[0].as_str()), row)));
        all.collect()
    });
    FIRST.get(&(table, code)).copied()
}

/// A cache. The comparison needs the same few places again and again.
type Asked<T> = LazyLock<Mutex<BTreeMap<String, Arc<T>>>>;

fn asked<T>(before: &Asked<T>, place: &str, answer: fn(&str) -> T) -> Arc<T> {
    if let Some(known) = before.lock().unwrap().get(place) {
        return known.clone();
    }
    let found = Arc::new(answer(place));
    before.lock().unwrap().insert(place.to_owned(), found.clone());
    found
}

/// The place and all places that it lies in.
fn around(place: &str) -> Arc<BTreeSet<String>> {
    static BEFORE: Asked<BTreeSet<String>> = LazyLock::new(Mutex::default);
    asked(&BEFORE, place, look_around)
}

fn look_around(place: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([place.to_owned()]);
    let mut country = place;
    if place.contains('-') {
        let mut part = place;
        while let Some(row) = row("subdivisions", part).filter(|row| !row[1].is_empty()) {
            part = &row[1];
            found.insert(part.to_owned());
        }
        country = place.split('-').next().unwrap();
        found.insert(country.to_owned());
    }
    let mut region = match place.strip_prefix("M49:") {
        Some(digits) => row("regions", digits).unwrap()[1].as_str(),
        None => row("countries", country).unwrap()[3].as_str(),
    };
    while !region.is_empty() {
        found.insert(format!("M49:{region}"));
        region = &row("regions", region).unwrap()[1];
    }
    found
}

fn countries(place: &str) -> Arc<Vec<&'static Vec<String>>> {
    static BEFORE: Asked<Vec<&'static Vec<String>>> = LazyLock::new(Mutex::default);
    asked(&BEFORE, place, look_for_countries)
}

fn look_for_countries(place: &str) -> Vec<&'static Vec<String>> {
    let all = TABLES["countries"].iter();
    match place.strip_prefix("M49:") {
        Some(_) => all.filter(|country| around(&country[0]).contains(place)).collect(),
        None => all.filter(|country| place.split('-').next() == Some(country[0].as_str())).collect(),
    }
}

/// A row of a control table.
struct Held {
    what: String,
    by: String,
    from: Day,
    until: Day,
    /// The places that the row's place lies in.
    around: Arc<BTreeSet<String>>,
}

fn held(row: &Vec<String>) -> Held {
    let [what, by, from, until, _] = row.as_slice() else { panic!("{row:?}") };
    let until = if until.is_empty() { Day::LAST } else { until.parse().unwrap() };
    let around = around(what);
    Held { what: what.clone(), by: by.clone(), from: from.parse().unwrap(), until, around }
}

/// The states that a place concerns. `own` are rows in addition to the built-in control table.
pub fn states(place: &str, period: Period, life: (Time, Time), own: &[String], without: Without) -> BTreeSet<String> {
    type Question = (String, Period, (Day, Day), Vec<String>, Without);
    static BEFORE: LazyLock<Mutex<HashMap<Question, BTreeSet<String>>>> = LazyLock::new(Mutex::default);
    let life = (life.0.day(), life.1.day());
    let question = (place.to_owned(), period, life, own.to_vec(), without);
    if let Some(known) = BEFORE.lock().unwrap().get(&question) {
        return known.clone();
    }
    let found = look_for_states(place, period, life, own, without);
    BEFORE.lock().unwrap().insert(question, found.clone());
    found
}

/// The successors of a former code.
pub fn successors(place: &str) -> Option<Vec<String>> {
    row("former", place).map(|row| row[3].split(' ').map(str::to_owned).collect())
}

fn look_for_states(
    place: &str,
    period: Period,
    life: (Day, Day),
    own: &[String],
    without: Without,
) -> BTreeSet<String> {
    if let Some(successors) = successors(place) {
        return successors.iter().flat_map(|code| look_for_states(code, period, life, own, without)).collect();
    }
    let mut found = BTreeSet::new();
    let is_region = place.starts_with("M49:");
    for country in countries(place).iter() {
        found.insert(country[0].clone());
        let left_out = without.governors || (is_region && without.in_regions);
        if !country[4].is_empty() && !left_out {
            found.insert(country[4].clone());
        }
    }
    let own: Vec<Held> = lines(&own.join("\n")).iter().map(held).collect();
    static BUILT_IN: LazyLock<Vec<Held>> = LazyLock::new(|| TABLES["control"].iter().map(held).collect());
    let built_in: &[Held] = if without.control { &[] } else { &BUILT_IN };
    let (above, spans) = (around(place), [(period.from, period.until), life]);
    for Held { what, by, from, until, around } in built_in.iter().chain(&own) {
        let counts = without.its_time || spans.iter().any(|(first, last)| from <= last && until >= first);
        if counts && (above.contains(what) || around.contains(place)) && !(is_region && without.in_regions) {
            found.insert(by.clone());
        }
    }
    found
}

/// The country itself, and the state that governs it.
pub fn states_of_an_organ(country: &str, without_governor: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::from([country.to_owned()]);
    if let Some(row) = row("countries", country).filter(|row| !row[4].is_empty() && !without_governor) {
        found.insert(row[4].clone());
    }
    found
}

impl Oracle<'_> {
    pub fn states(&self, visible: &BTreeSet<usize>) -> BTreeSet<Country> {
        self.states_by(visible, &[])
    }

    /// The states that the assessment is about for the giver: also by its own control table, over all subjects that it knows, and those that
    /// other versions are about. The recipient can't check these.
    pub fn about(&self, visible: &BTreeSet<usize>) -> BTreeSet<Country> {
        let all: BTreeSet<usize> = (0..self.case.portions.len()).collect();
        let mut states = self.states(visible);
        states.extend(self.added(&all));
        if !self.is_left_out(Rule::OtherVersions) {
            states.extend(&self.case.versions);
        }
        states
    }

    /// The states that the giver's own control table adds for these subjects.
    pub fn added(&self, visible: &BTreeSet<usize>) -> BTreeSet<Country> {
        if self.case.control.is_empty() || self.is_left_out(Rule::OwnControl) {
            return BTreeSet::new();
        }
        let own = &self.case.control;
        let without = self.states(visible);
        self.states_by(visible, own).into_iter().filter(|state| !without.contains(state)).collect()
    }

    fn states_by(&self, visible: &BTreeSet<usize>, own: &[String]) -> BTreeSet<Country> {
        let without = Without {
            governors: self.is_left_out(Rule::GoverningState),
            in_regions: self.is_left_out(Rule::InRegions),
            control: self.is_left_out(Rule::Control),
            its_time: self.is_left_out(Rule::ControlsTime),
        };
        let mut all = BTreeSet::new();
        for subject in self.subjects(visible) {
            let mut named: Vec<String> = subject.places.iter().map(ToString::to_string).collect();
            if !self.is_left_out(Rule::ActorsState) {
                named.extend(subject.actors.iter().filter_map(|a| a.state).map(|s| s.to_string()));
            }
            let life = (self.case.issued, self.case.expires);
            for place in named {
                let found = states(&place, subject.period, life, own, without);
                all.extend(found.iter().map(|code| code.parse::<Country>().unwrap()));
            }
        }
        all
    }

    /// The states of which the taker may be an organ.
    pub fn takers_states(&self) -> BTreeSet<Country> {
        let taker = &self.case.taker;
        match taker.country {
            Some(country) if taker.kind == PartnerKind::State => {
                let found = states_of_an_organ(country.code(), self.is_left_out(Rule::TerritorysOrgan));
                found.iter().map(|code| code.parse().unwrap()).collect()
            }
            _ => BTreeSet::new(),
        }
    }
}

#[test]
fn the_published_tables_are_those_that_the_program_has() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/data");
    for name in TABLES.keys() {
        let [ours, theirs] = [data.join(format!("{name}.tsv")), published(name)].map(|f| std::fs::read(f).unwrap());
        assert!(ours == theirs, "{name}.tsv: copy src/domain/data/{name}.tsv to tests/vectors/places/");
    }
}

#[test]
fn every_place_concerns_the_states_that_the_tables_say() {
    use crate::domain::place::{Place, Region, Subdivision, SubjectTimes};
    let countries = Country::all().map(Place::Country);
    let parts = Subdivision::all().map(Place::Subdivision);
    let former = TABLES["former"].iter().map(|row| row[0].parse::<Place>().unwrap());
    let day = |text: &str| text.parse::<Day>().unwrap();
    let lives = [("1980-01-01", "1980-12-31"), ("2026-05-01", "2026-12-01")];
    let lives = lives.map(|(from, until)| (day(from).start(), day(until).start()));
    let periods = [("1990-10-01", "1991-01-31"), ("2026-05-01", "2026-12-01")];
    let periods = periods.map(|(from, until)| Period { from: day(from), until: day(until) });
    for place in countries.chain(parts).chain(Region::all().map(Place::Region)).chain(former) {
        for (life, period) in lives.into_iter().zip(periods) {
            let found = place.states_concerned(SubjectTimes::new(period, life.0, life.1));
            let found: BTreeSet<String> = found.into_iter().map(|c| c.code().to_owned()).collect();
            assert_eq!(found, states(&place.to_string(), period, life, &[], Without::default()), "{place}");
        }
    }
}
