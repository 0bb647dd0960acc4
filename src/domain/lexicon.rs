//! The words that agencies use to say how likely something is, with their bands. The same word means different numbers in different
//! agencies, so a word is never replaced by the same word of another lexicon. [`super::likelihood`] reads an interval in another lexicon.

mod scale;
mod tables;

use super::{ids::shorten, spelling};

pub use scale::{Lexicon, Measures, Term};
pub use tables::LEXICONS;

/// The id of the lexicon of readers who have not chosen one.
pub const DEFAULT_LEXICON: &str = "uk-phia-2025";

impl Lexicon {
    /// The lexicon with that id.
    pub fn by_id(id: &str) -> Result<&'static Self, String> {
        LEXICONS.iter().find(|l| l.id == id).ok_or_else(|| {
            let known: Vec<&str> = LEXICONS.iter().map(|l| l.id).collect();
            let meant = spelling::meant(id, known.iter().copied());
            let meant = meant.map(|id| format!("did you mean `{id}`? ")).unwrap_or_default();
            format!("`{}` is not a lexicon that we know; {meant}write one of {}", shorten(id), known.join(", "))
        })
    }
}

/// All meanings of a word, in the lexicons that have it.
pub fn meanings(word: &str) -> Vec<(&'static Lexicon, &'static Term)> {
    LEXICONS.iter().filter_map(|lexicon| Some((lexicon, lexicon.by_word(word)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::probability::Percent, *};

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
            "`highly unlikely` is not a term's id; write `highly-unlikely`"
        );
        assert!(
            phia.term("remote")
                .unwrap_err()
                .starts_with("`remote` is not a term of uk-phia-2025; write one of remote-chance, ")
        );
        assert!(Lexicon::by_id("phia").unwrap_err().contains("uk-phia-2025"));
    }
}
