//! The lexicons. A published scale never changes here. A new edition is a new lexicon with its own id.

use super::{Lexicon, Measures, Term};

/// A band that includes both bounds.
const fn term(id: &'static str, words: &'static [&'static str], lo: u8, hi: u8) -> Term {
    Term { id, words, lo, hi, lo_included: true, hi_included: true }
}

impl Term {
    /// The band without its lower bound.
    const fn above(self) -> Self {
        Self { lo_included: false, ..self }
    }

    /// The band without its upper bound.
    const fn below(self) -> Self {
        Self { hi_included: false, ..self }
    }
}

/// The lexicons that are built in.
pub static LEXICONS: &[Lexicon] = &[PHIA, ICD_203, NATO, IPCC, KENT, STIX];

/// The source says that all bounds are approximate and the gaps deliberate.
const PHIA: Lexicon = Lexicon {
    id: "uk-phia-2025",
    title: "UK PHIA Probability Yardstick",
    source: "gov.uk, 24 March 2025",
    measures: Measures::Probability,
    terms: &[
        term("remote-chance", &["remote chance"], 0, 5).above(),
        term("highly-unlikely", &["highly unlikely"], 10, 20),
        term("unlikely", &["unlikely"], 25, 35),
        term("realistic-possibility", &["realistic possibility"], 40, 50).below(),
        term("likely", &["likely", "probable"], 55, 75),
        term("highly-likely", &["highly likely"], 80, 90),
        term("almost-certain", &["almost certain"], 95, 100).below(),
    ],
};

/// Two rows of words for one scale. There is no word below 1 and above 99.
const ICD_203: Lexicon = Lexicon {
    id: "us-icd-203",
    title: "US ICD 203 expressions of likelihood",
    source: "Intelligence Community Directive 203, 2015",
    measures: Measures::Probability,
    terms: &[
        term("almost-no-chance", &["almost no chance", "remote"], 1, 5).below(),
        term("very-unlikely", &["very unlikely", "highly improbable"], 5, 20).below(),
        term("unlikely", &["unlikely", "improbable"], 20, 45).below(),
        term("roughly-even-chance", &["roughly even chance", "roughly even odds"], 45, 55).below(),
        term("likely", &["likely", "probable"], 55, 80).below(),
        term("very-likely", &["very likely", "highly probable"], 80, 95).below(),
        term("almost-certain", &["almost certain", "almost certainly", "nearly certain"], 95, 99),
    ],
};

/// Written from memory. Check it against the publication before quoting it as an authority.
const NATO: Lexicon = Lexicon {
    id: "nato-ajp-2.1",
    title: "NATO AJP-2.1 probability statements",
    source: "AJP-2.1 (not verified)",
    measures: Measures::Probability,
    terms: &[
        term("highly-unlikely", &["highly unlikely"], 0, 10).below(),
        term("unlikely", &["unlikely"], 10, 40).below(),
        term("even-chance", &["even chance"], 40, 60).below(),
        term("likely", &["likely"], 60, 90).below(),
        term("highly-likely", &["highly likely"], 90, 100),
    ],
};

/// The bands are nested: what is virtually certain is also very likely and likely.
const IPCC: Lexicon = Lexicon {
    id: "ipcc-ar5",
    title: "IPCC likelihood scale",
    source: "IPCC AR5 guidance note on uncertainties, 2010",
    measures: Measures::Probability,
    terms: &[
        term("exceptionally-unlikely", &["exceptionally unlikely"], 0, 1),
        term("extremely-unlikely", &["extremely unlikely"], 0, 5),
        term("very-unlikely", &["very unlikely"], 0, 10),
        term("unlikely", &["unlikely"], 0, 33).below(),
        term("about-as-likely-as-not", &["about as likely as not"], 33, 66).below(),
        term("more-likely-than-not", &["more likely than not"], 50, 100).above(),
        term("likely", &["likely"], 66, 100),
        term("very-likely", &["very likely"], 90, 100),
        term("extremely-likely", &["extremely likely"], 95, 100),
        term("virtually-certain", &["virtually certain"], 99, 100),
    ],
};

/// 7 ± 5, 30 ± 10, 50 ± 10, 75 ± 12 and 93 ± 6.
const KENT: Lexicon = Lexicon {
    id: "kent-1964",
    title: "Sherman Kent, words of estimative probability",
    source: "Studies in Intelligence, 1964",
    measures: Measures::Probability,
    terms: &[
        term("almost-certainly-not", &["almost certainly not"], 2, 12),
        term("probably-not", &["probably not"], 20, 40).below(),
        term("chances-about-even", &["chances about even"], 40, 60),
        term("probable", &["probable"], 63, 87).below(),
        term("almost-certain", &["almost certain"], 87, 99),
    ],
};

/// The bands differ from those of ICD 203 although the words are the same. They grade trust in data, not the likelihood of events.
const STIX: Lexicon = Lexicon {
    id: "stix-2.1-dni",
    title: "STIX 2.1 DNI scale of confidence",
    source: "OASIS STIX 2.1, appendix A",
    measures: Measures::Confidence,
    terms: &[
        term("almost-no-chance", &["almost no chance", "remote"], 0, 9),
        term("very-unlikely", &["very unlikely", "highly improbable"], 10, 19),
        term("unlikely", &["unlikely", "improbable"], 20, 39),
        term("roughly-even-chance", &["roughly even chance", "roughly even odds"], 40, 59),
        term("likely", &["likely", "probable"], 60, 79),
        term("very-likely", &["very likely", "highly probable"], 80, 89),
        term("almost-certain", &["almost certain", "nearly certain"], 90, 100),
    ],
};
