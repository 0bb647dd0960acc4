//! An interval read in a lexicon.

use std::{cmp::Reverse, fmt};

use crate::domain::{
    lexicon::{Lexicon, Term},
    probability::{Interval, Percent},
};

/// What a lexicon says about an interval. Its text always contains the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// Whose words these are.
    pub lexicon: &'static Lexicon,
    /// The numbers.
    pub interval: Interval,
    /// How well the terms fit the numbers.
    pub fit: Fit,
}

/// How the terms of a lexicon fit an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Each of these terms contains the whole interval, the narrowest first. Only a nested lexicon has more than one.
    Covered(Vec<&'static Term>),
    /// No term contains the whole interval. These contain parts of it, the least likely first.
    Spread {
        /// The terms, at least one.
        terms: Vec<&'static Term>,
        /// Whether they cover the interval without a gap.
        whole: bool,
    },
    /// The lexicon has no word here. At least one neighbouring term is given.
    Gap {
        /// The nearest term below.
        below: Option<&'static Term>,
        /// The nearest term above.
        above: Option<&'static Term>,
    },
}

/// Reads an interval in a lexicon by its bands alone. There is always an answer, though not always a word.
pub fn render_in(lexicon: &'static Lexicon, interval: Interval) -> Rendering {
    let mut covering: Vec<&'static Term> = lexicon.terms.iter().filter(|t| t.covers(interval)).collect();
    let mut parts: Vec<&'static Term> = lexicon.terms.iter().filter(|t| t.overlaps(interval)).collect();
    covering.sort_by_key(|t| t.hi.saturating_sub(t.lo));
    parts.sort_by_key(|t| (t.lo, t.hi));
    let fit = if !covering.is_empty() {
        Fit::Covered(covering)
    } else if !parts.is_empty() {
        Fit::Spread { whole: no_hole(&parts, interval), terms: parts }
    } else {
        neighbours(lexicon, interval)
    };
    Rendering { lexicon, interval, fit }
}

/// Whether the terms, sorted by their lower bounds, cover the whole interval.
fn no_hole(terms: &[&'static Term], interval: Interval) -> bool {
    let mut reached = interval.lo();
    for term in terms {
        if Percent::whole(term.lo) > reached {
            return false;
        }
        reached = reached.max(Percent::whole(term.hi));
    }
    reached >= interval.hi()
}

fn neighbours(lexicon: &'static Lexicon, interval: Interval) -> Fit {
    let below = lexicon.terms.iter().filter(|t| Percent::whole(t.hi) <= interval.lo());
    let above = lexicon.terms.iter().filter(|t| Percent::whole(t.lo) >= interval.hi());
    Fit::Gap { below: below.max_by_key(|t| (t.hi, t.lo)), above: above.min_by_key(|t| (t.lo, Reverse(t.hi))) }
}

impl fmt::Display for Rendering {
    /// `likely (60–70 %)`, `unlikely to roughly even chance (30–50 %)`, `7 % (no term; between remote chance, 0–5 %, and highly
    /// unlikely, 10–20 %)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = self.interval;
        match &self.fit {
            Fit::Covered(terms) => match terms.first() {
                Some(term) => write!(f, "{} ({numbers})", term.word()),
                None => numbers.fmt(f),
            },
            Fit::Spread { terms, whole } => {
                let part = if *whole { "" } else { "; a part of it has no term" };
                match terms.as_slice() {
                    [] => numbers.fmt(f),
                    [only] => write!(f, "{} ({numbers}{part})", only.word()),
                    [first, .., last] => write!(f, "{} to {} ({numbers}{part})", first.word(), last.word()),
                }
            }
            Fit::Gap { below, above } => {
                let named = |term: &Term| format!("{}, {}", term.word(), term.interval());
                match (below, above) {
                    (Some(b), Some(a)) => write!(f, "{numbers} (no term; between {}, and {})", named(b), named(a)),
                    (Some(b), None) => write!(f, "{numbers} (no term; above {})", named(b)),
                    (None, Some(a)) => write!(f, "{numbers} (no term; below {})", named(a)),
                    (None, None) => write!(f, "{numbers} (no term)"),
                }
            }
        }
    }
}
