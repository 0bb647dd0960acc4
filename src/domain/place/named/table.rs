//! The names that a text may use for a state, from the tables of `data/`, in one index.

use std::sync::LazyLock;

use super::{
    super::rows,
    fold::{Key, fold},
    words::{is_apostrophe, is_letter},
};

/// What a name is. In the order in which they win where one name is several things.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    /// Words that only look like a state's name, or name another state than they seem to.
    Exception,
    /// A state's own name, or another one.
    State,
    /// Its people, and what is theirs.
    People,
    /// The beginning of the Russian words for its people.
    PeopleStem,
    Capital,
    /// A house that stands for a government.
    Seat,
    Actor,
    Town,
    /// A part of a state.
    Region,
    /// States and towns that persons are called after too. It names nothing; it only warns.
    GivenName,
    /// A town called like another state or its capital. It names nothing; it only explains the name where its own state is the subject:
    /// `Sure` if it is a large town, `WithContext` if its name alone rather means the other state.
    Namesake,
}

/// How surely the name stands for the state. From the least to the most certain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Certainty {
    Ambiguous,
    WithContext,
    Sure,
}

/// Names that share everything else.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) certainty: Certainty,
    /// Of the names; `*`: any.
    pub(super) language: &'static str,
    /// The states that they name, separated by commas; `-`: none.
    pub(super) codes: &'static str,
    /// States that explain the name too.
    pub(super) also: &'static str,
    names: &'static str,
}

/// A name: its row, and the byte of the row's names at which it begins.
#[derive(Clone, Copy, Default)]
struct Entry {
    key: u64,
    row: u32,
    at: u32,
}

/// All names by the hash of their folded words. Sixteen bytes a name, because there are some ninety thousand.
pub(super) struct Index {
    rows: Vec<Row>,
    /// In the order of the upper bits of their keys.
    entries: Vec<Entry>,
    /// For each value of these bits, where its entries begin.
    begins: Vec<u32>,
}

const BITS: u32 = 16;

/// The most words of a name; the few longer ones are titles that hold a shorter name.
pub(super) const MOST_WORDS: usize = 9;

pub(super) static INDEX: LazyLock<Index> = LazyLock::new(Index::load);

impl Index {
    fn load() -> Self {
        let mut rows = table_rows();
        let mut found = Vec::with_capacity(100_000);
        for (row, Row { names, .. }) in rows.iter().enumerate() {
            add(row, names, &mut found);
        }
        let own = Self::of(Vec::new(), found.clone());
        // Names of parts only fill in what the other tables lack, since those know how certain a name is.
        for part in part_rows() {
            let key = key_of(part.names).number();
            if own.bucket(key).iter().all(|entry| entry.key != key) {
                add(rows.len(), part.names, &mut found);
                rows.push(part);
            }
        }
        Self::of(rows, found)
    }

    /// Sorts by counting, because sorting by comparing would take most of the time.
    fn of(rows: Vec<Row>, found: Vec<Entry>) -> Self {
        let mut begins = vec![0u32; (1 << BITS) + 1];
        for entry in &found {
            if let Some(count) = begins.get_mut(top(entry.key) + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for begin in &mut begins {
            sum += *begin;
            *begin = sum;
        }
        let mut next = begins.clone();
        let mut entries = vec![Entry::default(); found.len()];
        for entry in found {
            if let Some(place) = next.get_mut(top(entry.key)) {
                if let Some(slot) = entries.get_mut(*place as usize) {
                    *slot = entry;
                }
                *place += 1;
            }
        }
        Self { rows, entries, begins }
    }

    fn bucket(&self, key: u64) -> &[Entry] {
        let at = |i: usize| self.begins.get(i).copied().unwrap_or_default() as usize;
        self.entries.get(at(top(key))..at(top(key) + 1)).unwrap_or_default()
    }

    /// The names of this key, with their rows.
    pub(super) fn names(&'static self, key: Key) -> impl Iterator<Item = (&'static str, &'static Row)> {
        let key = key.number();
        self.bucket(key).iter().filter(move |entry| entry.key == key).filter_map(|entry| {
            let row = self.rows.get(entry.row as usize)?;
            let name = row.names.get(entry.at as usize..)?.split('|').next()?;
            Some((name, row))
        })
    }

    /// The number of names, and the bytes that the index holds.
    pub(super) fn size(&self) -> (usize, usize) {
        let bytes = self.rows.capacity() * size_of::<Row>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.begins.capacity() * size_of::<u32>();
        (self.entries.len(), bytes)
    }
}

fn top(key: u64) -> usize {
    usize::try_from(key >> (u64::BITS - BITS)).unwrap_or_default()
}

fn add(row: usize, names: &'static str, found: &mut Vec<Entry>) {
    let Ok(row) = u32::try_from(row) else { return };
    let mut at = 0;
    for name in names.split('|') {
        if let Ok(begin) = u32::try_from(at) {
            found.push(Entry { key: key_of(name).number(), row, at: begin });
        }
        at += name.len() + 1;
    }
}

/// The key of a name, as the finder builds that of a text's words.
fn key_of(name: &str) -> Key {
    let mut key = Key::EMPTY;
    let (mut open, mut begun) = (false, false);
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || (!c.is_ascii() && is_letter(c)) {
            if open && begun {
                key = key.letter(' ');
            }
            (open, begun) = (false, true);
            fold(c, |plain| key = key.letter(plain));
        } else if !is_apostrophe(c) {
            if begun && !open {
                key = key.article();
            }
            open = true;
        }
    }
    key
}

fn table_rows() -> Vec<Row> {
    let mut found = Vec::with_capacity(11_000);
    for line in rows(include_str!("../../data/mention_exceptions.tsv")) {
        found.extend(named_row(line, |kind| if kind == "given-name" { Kind::GivenName } else { Kind::Exception }));
    }
    for line in rows(include_str!("../../data/demonyms.tsv")) {
        found.extend(named_row(line, |kind| match kind {
            "people" => Kind::People,
            "people-stem" => Kind::PeopleStem,
            _ => Kind::State,
        }));
    }
    for line in rows(include_str!("../../data/capitals.tsv")) {
        found.extend(named_row(line, |kind| if kind == "seat" { Kind::Seat } else { Kind::Capital }));
    }
    for line in rows(include_str!("../../data/armed_actors.tsv")) {
        found.extend(named_row(line, |_| Kind::Actor));
    }
    found.extend(rows(include_str!("../../data/towns.tsv")).filter_map(|line| {
        let mut cells = line.split('\t');
        let (codes, also, _) = (cells.next()?, cells.next()?, cells.next()?);
        let certainty = certainty(cells.next()?);
        Some(Row { kind: Kind::Town, certainty, language: "*", codes, also, names: cells.next()? })
    }));
    found.extend(rows(include_str!("../../data/namesakes.tsv")).filter_map(|line| {
        let mut cells = line.split('\t');
        let (codes, size, names) = (cells.next()?, cells.next()?, cells.next()?);
        let certainty = if matches!(size, "3" | "4") { Certainty::Sure } else { Certainty::WithContext };
        Some(Row { kind: Kind::Namesake, certainty, language: "*", codes, also: "-", names })
    }));
    let state = |codes, language, names| Row {
        kind: Kind::State,
        certainty: if codes == "-" || !str::contains(codes, ',') { Certainty::Sure } else { Certainty::Ambiguous },
        language,
        codes,
        also: "-",
        names,
    };
    found.extend(rows(include_str!("../../data/countries.tsv")).filter_map(|line| {
        let mut cells = line.split('\t');
        Some(state(cells.next()?, "en", cells.nth(4)?))
    }));
    found.extend(rows(include_str!("../../data/aliases.tsv")).filter_map(|line| {
        let (name, codes) = line.split_once('\t')?;
        let row = state(codes, "en", name);
        Some(if codes == "-" { Row { kind: Kind::Exception, ..row } } else { row })
    }));
    found.extend(places().filter(|(code, ..)| code.len() == 2).map(|(code, language, name)| state(code, language, name)));
    found
}

/// A row of a table whose columns are codes, language, kind, certainty and names.
fn named_row(line: &'static str, kind: impl Fn(&str) -> Kind) -> Option<Row> {
    let mut cells = line.split('\t');
    let (codes, language, kind) = (cells.next()?, cells.next()?, kind(cells.next()?));
    Some(Row { kind, certainty: certainty(cells.next()?), language, codes, also: "-", names: cells.next()? })
}

fn certainty(cell: &str) -> Certainty {
    match cell {
        "ambiguous" => Certainty::Ambiguous,
        "with-context" => Certainty::WithContext,
        _ => Certainty::Sure,
    }
}

/// Code, language and name of `place_names.tsv`.
fn places() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    rows(include_str!("../../data/place_names.tsv")).filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    })
}

/// Parts of states whose names are of several words, and not only of such as half the world's parts have (North Eastern, Capital District).
/// Names of one word need the context of a place.
fn part_rows() -> impl Iterator<Item = Row> {
    places().filter_map(|(code, language, names)| {
        let (codes, _) = code.split_once('-')?;
        let own = names.split([' ', '-']).filter(|word| !COMMON.contains(word)).count();
        let several = names.contains([' ', '-']);
        let certainty = if several { Certainty::Sure } else { Certainty::WithContext };
        let usable = own > 0 && names.len() > 3 && !names.ends_with(['²', '³']);
        usable.then_some(Row { kind: Kind::Region, certainty, language, codes, also: "-", names })
    })
}

/// Words that tell nothing about the state.
const COMMON: [&str; 36] = [
    "North", "South", "East", "West", "Northern", "Southern", "Eastern", "Western", "Central", "Center", "Centre", "Upper", "Lower", "Northwest",
    "Northeast", "Southwest", "Southeast", "Capital", "District", "Region", "Province", "Federal", "River", "Coast", "Bank", "Division", "Bay",
    "Islands", "Highlands", "Area", "Land", "Red", "Sea", "Mount", "Saint", "Santa",
];
