//! The names that a text may use for a state, from the tables of `data/`.

use super::super::rows;

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
    /// Separated by bars.
    pub(super) names: &'static str,
}

/// All rows but those of parts.
pub(super) fn table_rows() -> Vec<Row> {
    let mut found = Vec::with_capacity(16_000);
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
    found.extend(
        places().filter(|(code, ..)| code.len() == 2).map(|(code, language, name)| state(code, language, name)),
    );
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
/// Names of one word need the context of a place. The names of ISO 3166-2 itself, many of which nobody uses, only explain.
pub(super) fn part_rows() -> impl Iterator<Item = Row> {
    let local = rows(include_str!("../../data/subdivisions.tsv")).filter_map(|line| {
        let mut cells = line.split('\t');
        let (codes, names) = (cells.next()?.split_once('-')?.0, cells.nth(1)?);
        Some(Row { kind: Kind::Namesake, certainty: Certainty::WithContext, language: "*", codes, also: "-", names })
    });
    let usual = places().filter_map(|(code, language, names)| {
        let (codes, _) = code.split_once('-')?;
        let own = names.split([' ', '-']).filter(|word| !COMMON.contains(word)).count();
        let several = names.contains([' ', '-']);
        let certainty = if several { Certainty::Sure } else { Certainty::WithContext };
        let usable = own > 0 && names.len() > 3 && !names.ends_with(['²', '³']);
        usable.then_some(Row { kind: Kind::Region, certainty, language, codes, also: "-", names })
    });
    usual.chain(local)
}

/// Words that tell nothing about the state.
const COMMON: [&str; 36] = [
    "North",
    "South",
    "East",
    "West",
    "Northern",
    "Southern",
    "Eastern",
    "Western",
    "Central",
    "Center",
    "Centre",
    "Upper",
    "Lower",
    "Northwest",
    "Northeast",
    "Southwest",
    "Southeast",
    "Capital",
    "District",
    "Region",
    "Province",
    "Federal",
    "River",
    "Coast",
    "Bank",
    "Division",
    "Bay",
    "Islands",
    "Highlands",
    "Area",
    "Land",
    "Red",
    "Sea",
    "Mount",
    "Saint",
    "Santa",
];
