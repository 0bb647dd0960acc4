//! A scale of words, each with its band in percent.

use serde::Serialize;

use crate::domain::{
    ids::shorten,
    probability::{Interval, Percent},
    spelling,
};

/// What the numbers of a lexicon measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measures {
    /// How probable an event is.
    Probability,
    /// How far data are trusted. It must never be confused with probability.
    Confidence,
}

/// An agency's scale of words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Lexicon {
    /// The id, such as `uk-phia-2025`. It is never reused for another edition.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// Where it is published.
    pub source: &'static str,
    /// What its numbers measure.
    pub measures: Measures,
    /// The terms, from the least to the most likely.
    pub terms: &'static [Term],
}

/// A word and its band in percent. An edge that two bands share belongs to the band that begins there.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Term {
    /// The id, such as `highly-unlikely`.
    pub id: &'static str,
    /// The word and its synonyms, the usual one first.
    pub words: &'static [&'static str],
    /// The lower bound, percent.
    pub lo: u8,
    /// The upper bound, percent.
    pub hi: u8,
    /// Whether the lower bound belongs to the band.
    pub lo_included: bool,
    /// Whether the upper bound belongs to the band.
    pub hi_included: bool,
}

impl Lexicon {
    /// The term with that id. If `id` is a word and not an id, the error names the right id.
    pub fn term(&self, id: &str) -> Result<&'static Term, String> {
        let terms: &'static [Term] = self.terms;
        if let Some(term) = terms.iter().find(|t| t.id == id) {
            return Ok(term);
        }
        let told = shorten(id);
        if let Some(term) = self.by_word(id) {
            return Err(format!("`{told}` is not a term's id; write `{}`", term.id));
        }
        let known: Vec<&str> = terms.iter().map(|t| t.id).collect();
        let meant = spelling::meant(id, known.iter().copied());
        let meant = meant.map(|term| format!("did you mean `{term}`? ")).unwrap_or_default();
        Err(format!("`{told}` is not a term of {}; {meant}write one of {}", self.id, known.join(", ")))
    }

    /// The term that has this word, in any case.
    pub fn by_word(&self, word: &str) -> Option<&'static Term> {
        let terms: &'static [Term] = self.terms;
        let word = word.trim().to_lowercase();
        terms.iter().find(|t| t.words.contains(&word.as_str()))
    }
}

impl Term {
    /// The usual word.
    pub fn word(&self) -> &'static str {
        self.words.first().copied().unwrap_or(self.id)
    }

    /// The band, without regard to whether its bounds belong to it.
    pub fn interval(&self) -> Interval {
        Interval::of_band(self.lo, self.hi)
    }

    /// Whether the band contains the value.
    pub fn holds(&self, value: Percent) -> bool {
        let Self { lo, hi, .. } = *self;
        let above = value > Percent::whole(lo) || (self.lo_included && value == Percent::whole(lo));
        let below = value < Percent::whole(hi) || (self.hi_included && value == Percent::whole(hi));
        above && below
    }

    /// Whether the whole interval is in the band. An interval that is not a single value may touch an edge that does not belong to the band.
    pub fn covers(&self, interval: Interval) -> bool {
        match interval.as_point() {
            Some(value) => self.holds(value),
            None => interval.lo() >= Percent::whole(self.lo) && interval.hi() <= Percent::whole(self.hi),
        }
    }

    /// Whether a part of the interval is in the band. To touch an edge is not enough.
    pub fn overlaps(&self, interval: Interval) -> bool {
        match interval.as_point() {
            Some(value) => self.holds(value),
            None => interval.lo() < Percent::whole(self.hi) && interval.hi() > Percent::whole(self.lo),
        }
    }
}
