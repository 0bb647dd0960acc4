//! Finds the states that a text names: by their own names, their people, capitals, towns, parts and armed actors. The lint uses it to warn
//! about a state that the assessment does not name as a subject, and to which it may therefore go. It is no gazetteer and no guarantee. Where
//! a word is also something else, it asks the words around for the place: people click a warning away that is wrong twice.

mod context;
mod cues;
mod finder;
mod fold;
mod forms;
mod index;
mod own;
mod table;
mod words;

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use self::{
    context::Text,
    finder::{Hit, hits},
    index::INDEX,
    own::OwnHit,
    table::{Certainty, Kind},
};
use super::Country;

pub use self::own::{OwnName, OwnNames};

/// By what a state is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NamedBy {
    /// Its own name, or another one.
    Country,
    /// Its people, or an adjective.
    People,
    /// Its capital, or a house that stands for its government.
    Capital,
    /// A town.
    Town,
    /// An armed actor that belongs to it.
    Actor,
    /// A part of it.
    Region,
    /// A word of the organisation's own.
    Own,
}

/// How much a finding is worth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Strength {
    /// Worth showing, not worth stopping for: the name may be a part of a longer name.
    Weak,
    /// The text names the state.
    Strong,
}

/// A name in a text, and the states that it may mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Naming {
    /// One, or several that nothing tells apart.
    pub states: Vec<Country>,
    /// The bytes of the name.
    pub text: Range<usize>,
    /// By what the state is named.
    pub how: NamedBy,
    /// How much it is worth.
    pub strength: Strength,
    /// What the organisation says it is, for a word of its own.
    pub what: Option<Arc<str>>,
}

/// The states that a text names and that are not among the subjects, in the order of the text. A name that a subject explains names nobody
/// else: its own town may be called like another state.
pub fn states_named(text: &str, subjects: &[Country]) -> Vec<Naming> {
    states_named_with(text, subjects, &OwnNames::none())
}

/// As [`states_named`], with the organisation's own names. Where one of them stands, the tables do not count.
pub fn states_named_with(text: &str, subjects: &[Country], own: &OwnNames) -> Vec<Naming> {
    let text = Text::new(text, words::words(text));
    let owned = own.find(&text);
    let mut hits = hits(&text);
    hits.retain(|hit| owned.iter().all(|own| own.to <= hit.from || hit.to <= own.from));
    let subject = |code: &str| subjects.iter().any(|state| state.code() == code);
    let mut open = Vec::new();
    let mut found = Vec::new();
    for (i, hit) in hits.iter().enumerate().filter(|(_, hit)| hit.codes != "-" && !hit.is_explained(subject)) {
        if hit.has_namesake(subject) && is_within(&text, &hits, i, subject) {
            continue;
        }
        match judge(&text, &hits, i) {
            // Its main state is told less by it where it also acts in the subject.
            Verdict::Names(codes, _) if hit.is_abroad(subject) => {
                found.extend(naming(&text, hit, codes, Strength::Weak))
            }
            Verdict::Names(codes, strength) => found.extend(naming(&text, hit, codes, strength)),
            Verdict::OneOf => open.push(hit),
            Verdict::Nothing => {}
        }
    }
    let sure: BTreeSet<Country> = found
        .iter()
        .filter(|naming| naming.strength == Strength::Strong)
        .flat_map(|naming| naming.states.clone())
        .collect();
    for hit in open {
        found.extend(naming(&text, hit, hit.codes, Strength::Strong).map(|mut naming| {
            if naming.states.iter().any(|state| sure.contains(state)) {
                naming.states.retain(|state| sure.contains(state));
            }
            naming
        }));
    }
    join_weak(&text, &mut found);
    found.extend(owned.iter().filter_map(|own| own_naming(&text, own, subjects)));
    found.sort_by_key(|naming| naming.text.start);
    found
}

/// What an own name says, unless it means a subject or nobody.
fn own_naming(text: &Text<'_>, own: &OwnHit<'_>, subjects: &[Country]) -> Option<Naming> {
    if own.states.is_empty() || own.states.iter().any(|state| subjects.contains(state)) {
        return None;
    }
    let range = text.word(own.from)?.start..text.word(own.to - 1)?.end();
    let (states, what) = (own.states.to_vec(), Some(own.what.clone()));
    Some(Naming { states, text: range, how: NamedBy::Own, strength: Strength::Strong, what })
}

/// How many names the tables hold, and how many bytes their index takes. Loads them.
pub fn names_loaded() -> (usize, usize) {
    INDEX.size()
}

enum Verdict {
    Names(&'static str, Strength),
    /// It means one of several states.
    OneOf,
    Nothing,
}

fn judge(text: &Text<'_>, hits: &[Hit], i: usize) -> Verdict {
    let Some(hit) = hits.get(i) else { return Verdict::Nothing };
    let &Hit { from, to, kind, certainty, codes, .. } = hit;
    // Surnames and given names are towns too, so that such a name beside tells nothing against a person.
    let of_state = |hit: &&Hit| !hit.given && !matches!(hit.kind, Kind::Town | Kind::Region);
    let known = |word: usize| hits.iter().filter(of_state).any(|hit| (hit.from..hit.to).contains(&word));
    let any = |word: usize| hits.iter().any(|hit| (hit.from..hit.to).contains(&word));
    if (hit.given && text.is_person(from, to, known)) || is_other(text, hit) {
        return Verdict::Nothing;
    }
    let codes = if kind == Kind::Actor { codes.split(',').next().unwrap_or_default() } else { codes };
    match certainty {
        Certainty::Sure => {
            let alone = to == from + 1 && matches!(kind, Kind::Town | Kind::Region);
            let weak = alone && !hit.placed && !text.is_place(from) && text.is_in_company(from, to, any);
            Verdict::Names(codes, if weak { Strength::Weak } else { Strength::Strong })
        }
        Certainty::WithContext if speaks(text, hits, i, any) => Verdict::Names(codes, Strength::Strong),
        Certainty::WithContext => Verdict::Nothing,
        Certainty::Ambiguous if !codes.contains(',') => {
            match hit.state_too.filter(|_| hit.placed || text.is_place(from)) {
                Some(code) => Verdict::Names(code, Strength::Strong),
                None => Verdict::Nothing,
            }
        }
        Certainty::Ambiguous if matches!(kind, Kind::Town | Kind::Region) => Verdict::Nothing,
        // An acronym of a group of states is rather something else.
        Certainty::Ambiguous
            if text.word(from).is_some_and(|word| word.shouted && to == from + 1 && word.length() < 4) =>
        {
            if speaks(text, hits, i, any) { Verdict::OneOf } else { Verdict::Nothing }
        }
        Certainty::Ambiguous => Verdict::OneOf,
    }
}

/// Whether the words around make the name one of a street, a water, an agreement or a language.
fn is_other(text: &Text<'_>, hit: &Hit) -> bool {
    let &Hit { from, to, kind, .. } = hit;
    match kind {
        Kind::People | Kind::PeopleStem => text.is_language(from, to),
        Kind::State => text.is_address(from, to) || text.is_water(from, to),
        Kind::Capital | Kind::Town | Kind::Region => {
            text.is_address(from, to) || text.is_water(from, to) || text.is_instrument(from, to)
        }
        _ => false,
    }
}

/// Whether the words around a name that is also something else speak for the state.
fn speaks(text: &Text<'_>, hits: &[Hit], i: usize, known: impl Fn(usize) -> bool) -> bool {
    let Some(hit) = hits.get(i) else { return false };
    let &Hit { from, to, kind, .. } = hit;
    let placed = hit.placed || text.is_place(from) || text.is_of_place(to);
    match kind {
        Kind::Town | Kind::Region => placed && !text.is_followed(to, known),
        Kind::Capital | Kind::Seat => {
            let there = (placed || text.is_goal(from)) && !text.is_seat(from, to) && !text.is_followed(to, known);
            there || text.is_government(from, to) || is_joined(text, hits, i)
        }
        Kind::Actor => text.near(from, to, 3, cues::FORCES) || text.near(from, to, 2, cues::DEEDS),
        Kind::People => {
            text.near(from, to, 1, cues::FORCES) || text.near(from, to, 1, cues::PERSONS) || is_joined(text, hits, i)
        }
        _ => placed || text.is_government(from, to) || is_joined(text, hits, i),
    }
}

/// Whether the name stands in a list with another of its kind, as governments and peoples do.
fn is_joined(text: &Text<'_>, hits: &[Hit], i: usize) -> bool {
    let Some(hit) = hits.get(i) else { return false };
    let alike =
        |other: &&Hit| other.kind == hit.kind && other.codes != hit.codes && other.certainty > Certainty::Ambiguous;
    let before = i.checked_sub(1).and_then(|i| hits.get(i)).filter(alike);
    let after = hits.get(i + 1).filter(alike);
    before.is_some_and(|other| text.are_joined(other.to, hit.from))
        || after.is_some_and(|other| text.are_joined(hit.to, other.from))
}

/// Whether the name of a small town is followed by the part of a subject in which it lies: `Argelia, Cauca`.
fn is_within(text: &Text<'_>, hits: &[Hit], i: usize, subject: impl Fn(&str) -> bool) -> bool {
    let Some(hit) = hits.get(i) else { return false };
    let next = hits.get(i + 1);
    let known = |word: usize| next.is_some_and(|next| (next.from..next.to).contains(&word));
    if text.province(hit.to).is_some_and(|word| !known(word)) {
        return true;
    }
    let Some(next) = next else { return false };
    matches!(next.kind, Kind::Town | Kind::Region | Kind::Capital)
        && next.is_explained(subject)
        && text.is_apposed(hit.to, next.from)
}

fn naming(text: &Text<'_>, hit: &Hit, codes: &str, strength: Strength) -> Option<Naming> {
    let states: Vec<Country> = codes.split(',').filter_map(Country::by_code).collect();
    let range = text.word(hit.from)?.start..text.word(hit.to - 1)?.end();
    let how = match hit.kind {
        Kind::People | Kind::PeopleStem => NamedBy::People,
        Kind::Capital | Kind::Seat => NamedBy::Capital,
        Kind::Actor => NamedBy::Actor,
        Kind::Town => NamedBy::Town,
        Kind::Region => NamedBy::Region,
        Kind::State | Kind::Exception | Kind::GivenName | Kind::Namesake => NamedBy::Country,
    };
    (!states.is_empty()).then_some(Naming { states, text: range, how, strength, what: None })
}

/// Two different names of one state speak for each other.
fn join_weak(text: &Text<'_>, found: &mut [Naming]) {
    let weak: Vec<(Vec<Country>, String)> = found
        .iter()
        .filter(|naming| naming.strength == Strength::Weak)
        .map(|naming| (naming.states.clone(), context::folded(text.text.get(naming.text.clone()).unwrap_or_default())))
        .collect();
    for naming in found.iter_mut().filter(|naming| naming.strength == Strength::Weak) {
        let own = context::folded(text.text.get(naming.text.clone()).unwrap_or_default());
        if weak.iter().any(|(states, name)| *states == naming.states && *name != own) {
            naming.strength = Strength::Strong;
        }
    }
}

#[cfg(test)]
mod tests;
