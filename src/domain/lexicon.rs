//! The words by which agencies say how likely something is, with their bands. The same word means different numbers in different
//! capitals, so words are never exchanged for one another: see [`super::likelihood`] for reading an interval in another lexicon.

mod tables;

use serde::Serialize;

use super::{
    ids::shorten,
    likelihood::{Interval, Percent},
};

pub use tables::LEXICONS;

/// What the numbers of a lexicon say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measures {
    /// How probable an event is.
    Probability,
    /// How far data are trusted: never to be mixed up with the former.
    Confidence,
}

/// An agency's scale of words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Lexicon {
    /// As in `uk-phia-2025`. Never reused for another edition.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// Where it is published.
    pub source: &'static str,
    /// What its numbers say.
    pub measures: Measures,
    /// From the least to the most likely.
    pub terms: &'static [Term],
}

/// A word and its band in percent. Where bands share an edge, the edge belongs to the band that begins there.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Term {
    /// As in `highly-unlikely`.
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
    /// The lexicon of that id.
    pub fn by_id(id: &str) -> Result<&'static Self, String> {
        LEXICONS.iter().find(|l| l.id == id).ok_or_else(|| {
            let known: Vec<&str> = LEXICONS.iter().map(|l| l.id).collect();
            format!("`{}` is no lexicon that we know; write one of {}", shorten(id), known.join(", "))
        })
    }

    /// The term of that id; an error names the id where the word was written.
    pub fn term(&self, id: &str) -> Result<&'static Term, String> {
        let terms: &'static [Term] = self.terms;
        if let Some(term) = terms.iter().find(|t| t.id == id) {
            return Ok(term);
        }
        let told = shorten(id);
        if let Some(term) = self.by_word(id) {
            return Err(format!("`{told}` is no term's id; write `{}`", term.id));
        }
        let known: Vec<&str> = terms.iter().map(|t| t.id).collect();
        Err(format!("`{told}` is no term of {}; write one of {}", self.id, known.join(", ")))
    }

    /// The term that has this word, in any case.
    pub fn by_word(&self, word: &str) -> Option<&'static Term> {
        let terms: &'static [Term] = self.terms;
        let word = word.trim().to_lowercase();
        terms.iter().find(|t| t.words.contains(&word.as_str()))
    }
}

/// All that a word means, over the lexicons that have it.
pub fn meanings(word: &str) -> Vec<(&'static Lexicon, &'static Term)> {
    LEXICONS.iter().filter_map(|lexicon| Some((lexicon, lexicon.by_word(word)?))).collect()
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

    /// Whether the band holds the value.
    pub fn holds(&self, value: Percent) -> bool {
        let Self { lo, hi, .. } = *self;
        let above = value > Percent::whole(lo) || (self.lo_included && value == Percent::whole(lo));
        let below = value < Percent::whole(hi) || (self.hi_included && value == Percent::whole(hi));
        above && below
    }

    /// Whether the whole interval lies in the band. An interval with an extent may touch a bound that does not belong to the band.
    pub fn covers(&self, interval: Interval) -> bool {
        match interval.as_point() {
            Some(value) => self.holds(value),
            None => interval.lo() >= Percent::whole(self.lo) && interval.hi() <= Percent::whole(self.hi),
        }
    }

    /// Whether a part of the interval lies in the band; to touch at an edge is not enough.
    pub fn overlaps(&self, interval: Interval) -> bool {
        match interval.as_point() {
            Some(value) => self.holds(value),
            None => interval.lo() < Percent::whole(self.hi) && interval.hi() > Percent::whole(self.lo),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(value: f64) -> Percent {
        Percent::new(value).unwrap()
    }

    fn at(lexicon: &str, value: f64) -> Vec<&'static str> {
        let lexicon = Lexicon::by_id(lexicon).unwrap();
        lexicon.terms.iter().filter(|t| t.holds(percent(value))).map(|t| t.id).collect()
    }

    #[test]
    fn every_term_is_found_by_its_id_and_by_each_word() {
        for lexicon in LEXICONS {
            assert_eq!(Lexicon::by_id(lexicon.id).unwrap(), lexicon);
            for term in lexicon.terms {
                assert_eq!(lexicon.term(term.id).unwrap(), term);
                assert!(!term.words.is_empty() && term.lo < term.hi && term.hi <= 100);
                for word in term.words {
                    assert_eq!(lexicon.by_word(&word.to_uppercase()).unwrap(), term, "{word}");
                }
            }
        }
    }

    #[test]
    fn no_value_has_two_terms_but_in_the_nested_lexicon() {
        for lexicon in LEXICONS.iter().filter(|l| l.id != "ipcc-ar5") {
            for tenth in 0..=1_000 {
                let value = f64::from(tenth) / 10.0;
                assert!(at(lexicon.id, value).len() <= 1, "{} at {value}", lexicon.id);
            }
        }
    }

    #[test]
    fn a_shared_edge_belongs_to_the_band_that_begins_there() {
        for lexicon in LEXICONS {
            for term in lexicon.terms {
                let shared = lexicon.terms.iter().any(|next| next.lo == term.hi);
                if shared {
                    assert!(!term.hi_included, "{} of {}", term.id, lexicon.id);
                }
            }
        }
        assert_eq!(at("us-icd-203", 5.0), ["very-unlikely"]);
        assert_eq!(at("us-icd-203", 4.999), ["almost-no-chance"]);
        assert_eq!(at("nato-ajp-2.1", 90.0), ["highly-likely"]);
        assert_eq!(at("ipcc-ar5", 66.0), ["more-likely-than-not", "likely"]);
    }

    #[test]
    fn phia_has_deliberate_gaps_and_open_ends() {
        for gap in [0.0, 7.0, 22.0, 37.5, 50.0, 52.0, 77.0, 92.0, 100.0] {
            assert_eq!(at("uk-phia-2025", gap), Vec::<&str>::new(), "{gap}");
        }
        assert_eq!(at("uk-phia-2025", 5.0), ["remote-chance"]);
        assert_eq!(at("uk-phia-2025", 49.9), ["realistic-possibility"]);
    }

    #[test]
    fn icd_203_has_no_words_for_certainty_nor_for_one_in_two_hundred() {
        for outside in [0.0, 0.5, 99.5, 100.0] {
            assert_eq!(at("us-icd-203", outside), Vec::<&str>::new(), "{outside}");
        }
    }

    #[test]
    fn remote_means_other_numbers_in_other_places() {
        let bands: Vec<(&str, u8, u8)> =
            meanings("unlikely").into_iter().map(|(lexicon, term)| (lexicon.id, term.lo, term.hi)).collect();
        assert_eq!(
            bands,
            [
                ("uk-phia-2025", 25, 35),
                ("us-icd-203", 20, 45),
                ("nato-ajp-2.1", 10, 40),
                ("ipcc-ar5", 0, 33),
                ("stix-2.1-dni", 20, 39)
            ]
        );
    }

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        let phia = Lexicon::by_id("uk-phia-2025").unwrap();
        assert_eq!(
            phia.term("highly unlikely").unwrap_err(),
            "`highly unlikely` is no term's id; write `highly-unlikely`"
        );
        assert!(
            phia.term("remote")
                .unwrap_err()
                .starts_with("`remote` is no term of uk-phia-2025; write one of remote-chance, ")
        );
        assert!(Lexicon::by_id("phia").unwrap_err().contains("uk-phia-2025"));
    }
}
