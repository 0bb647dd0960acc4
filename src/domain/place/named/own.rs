//! The words by which the organisation itself knows a state: names of operations, nicknames, villages that no table has. They are added to the
//! tables, and win over them.

use std::{collections::HashMap, sync::Arc};

use super::{
    context::{Text, folded},
    forms::beginnings,
    index::MOST_WORDS,
    words::{Gap, words},
};
use crate::domain::{ids::shorten, place::Country};

/// The longest description, in characters. It stands in a sentence.
const LONGEST: usize = 120;

/// One row: names, the states that they mean, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnName {
    names: Vec<String>,
    /// Empty: the names mean no state, though the tables think so.
    states: Vec<Country>,
    what: Arc<str>,
}

impl OwnName {
    /// Reads a row: names with bars between, codes of states with commas between or `-`, and what the names are, with tabs between.
    ///
    /// # Errors
    /// All that is wrong, each with the column from 0.
    pub fn read(line: &str) -> Result<Self, Vec<(usize, String)>> {
        let cells: Vec<&str> = line.split('\t').map(str::trim).collect();
        let &[names, states, what] = cells.as_slice() else {
            let what = format!("{} columns; write three with tabs between: names, states, what they are", cells.len());
            return Err(vec![(0, what)]);
        };
        let mut wrong: Vec<(usize, String)> = vec![];
        let names: Vec<String> = names.split('|').map(|name| name.trim().to_owned()).collect();
        for name in &names {
            match words(name).len() {
                0 => wrong.push((0, format!("`{}` has no word that a text could contain", shorten(name)))),
                1..=MOST_WORDS => {}
                count => wrong.push((0, format!("a name has {count} words, more than {MOST_WORDS}"))),
            }
        }
        let listed = || states.split(',').map(str::trim);
        let found: Vec<Country> = match states {
            "-" => vec![],
            _ => listed().filter_map(Country::by_code).collect(),
        };
        for code in listed().filter(|code| states != "-" && Country::by_code(code).is_none()) {
            wrong.push((1, format!("`{}` is no state; write a code such as `SD`, or `-` for none", shorten(code))));
        }
        if what.is_empty() || what.chars().count() > LONGEST {
            wrong.push((2, format!("say in 1 to {LONGEST} characters what it is, such as `a camp in Sudan`")));
        }
        if wrong.is_empty() { Ok(Self { names, states: found, what: what.into() }) } else { Err(wrong) }
    }
}

/// The organisation's own names of states.
#[derive(Debug, Clone, Default)]
pub struct OwnNames(Arc<Rows>);

#[derive(Debug, Default)]
struct Rows {
    rows: Vec<OwnName>,
    /// The names by their first word, folded.
    by_first: HashMap<String, Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    row: usize,
    /// The words after the first one, folded.
    rest: Vec<String>,
    /// The name begins with a capital, and so must the text.
    capital: bool,
}

/// Words of a text that are an own name.
pub(super) struct OwnHit<'o> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) states: &'o [Country],
    pub(super) what: &'o Arc<str>,
}

impl FromIterator<OwnName> for OwnNames {
    fn from_iter<I: IntoIterator<Item = OwnName>>(rows: I) -> Self {
        let rows: Vec<OwnName> = rows.into_iter().collect();
        let mut by_first: HashMap<String, Vec<Entry>> = HashMap::new();
        for (row, name) in rows.iter().enumerate().flat_map(|(row, own)| own.names.iter().map(move |name| (row, name)))
        {
            let capital = name.starts_with(char::is_uppercase);
            let mut folded = words(name).into_iter().map(|word| folded(word.text));
            if let Some(first) = folded.next() {
                by_first.entry(first).or_default().push(Entry { row, rest: folded.collect(), capital });
            }
        }
        Self(Arc::new(Rows { rows, by_first }))
    }
}

impl OwnNames {
    /// No names.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.rows.is_empty()
    }

    /// All own names in a text, in its order, the longest at each place.
    pub(super) fn find(&self, text: &Text<'_>) -> Vec<OwnHit<'_>> {
        let mut found = vec![];
        let mut at = 0;
        while !self.is_empty() && at < text.words.len() {
            let hit = self.longest(text, at);
            at = hit.as_ref().map_or(at + 1, |hit| hit.to);
            found.extend(hit);
        }
        found
    }

    fn longest(&self, text: &Text<'_>, at: usize) -> Option<OwnHit<'_>> {
        let word = text.word(at)?;
        let forms = beginnings(word).into_iter().map(|form| folded(&format!("{}{}", form.lead, form.rest)));
        let entries = forms.filter_map(|first| self.0.by_first.get(&first)).flatten();
        let fits = |entry: &&Entry| {
            let joined = |i: usize| text.gap(i) != Gap::Apart;
            (word.capital || !entry.capital)
                && entry.rest.iter().zip(at + 1..).all(|(rest, i)| joined(i - 1) && text.folded(i) == rest)
        };
        let best = entries.filter(fits).max_by_key(|entry| entry.rest.len())?;
        let row = self.0.rows.get(best.row)?;
        Some(OwnHit { from: at, to: at + 1 + best.rest.len(), states: &row.states, what: &row.what })
    }
}
