//! How likely something is: always in numbers, and with the author's word and its lexicon if there is one. A reader with another lexicon gets
//! the terms whose bands contain the numbers, and never the same word under another lexicon.

mod rendering;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use rendering::{Fit, Rendering, render_in};

use super::lexicon::{Lexicon, Measures, Term};

pub use super::probability::{Interval, Multiple, Percent, Probability, multiple_of_base_rate};

/// The word that the author chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ChosenTerm {
    lexicon: &'static Lexicon,
    term: &'static Term,
}

impl ChosenTerm {
    /// The lexicon of the word.
    pub fn lexicon(self) -> &'static Lexicon {
        self.lexicon
    }

    /// The word and its band.
    pub fn term(self) -> &'static Term {
        self.term
    }
}

/// A likelihood: an interval in percent, and the author's term if the author used a word. The interval is in the term's band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct Likelihood {
    interval: Interval,
    told: Option<ChosenTerm>,
}

impl Likelihood {
    /// A likelihood in numbers only.
    pub fn of(interval: Interval) -> Self {
        Self { interval, told: None }
    }

    /// A likelihood in words. The author may give numbers that are narrower than the term's band.
    pub fn told(lexicon: &str, term: &str, interval: Option<Interval>) -> Result<Self, String> {
        let lexicon = Lexicon::by_id(lexicon)?;
        if lexicon.measures != Measures::Probability {
            return Err(format!(
                "`{}` grades confidence in data, not the likelihood of events; choose another lexicon",
                lexicon.id
            ));
        }
        let term = lexicon.term(term)?;
        let band = term.interval();
        let interval = interval.unwrap_or(band);
        if interval != band && !term.covers(interval) {
            return Err(format!(
                "{interval} is not in the band of `{}`, {band}; correct the numbers or choose another term",
                term.id
            ));
        }
        Ok(Self { interval, told: Some(ChosenTerm { lexicon, term }) })
    }

    /// The numbers.
    pub fn interval(self) -> Interval {
        self.interval
    }

    /// The author's word.
    pub fn term(self) -> Option<ChosenTerm> {
        self.told
    }

    /// The likelihood in a reader's lexicon. If it is the author's own lexicon, the author's word comes first.
    pub fn render_in(self, lexicon: &'static Lexicon) -> Rendering {
        let mut rendering = render_in(lexicon, self.interval);
        if let (Fit::Covered(terms), Some(told)) = (&mut rendering.fit, self.told)
            && told.lexicon == lexicon
        {
            terms.sort_by_key(|term| *term != told.term);
        }
        rendering
    }
}

impl fmt::Display for Likelihood {
    /// `likely (55–75 %, uk-phia-2025)`, or `7 %` if no word was chosen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.told {
            Some(told) => write!(f, "{} ({}, {})", told.term.word(), self.interval, told.lexicon.id),
            None => self.interval.fmt(f),
        }
    }
}

/// The form for people and programs: `{ lexicon, term }`, `{ interval }`, or all three.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lexicon: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    term: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<Interval>,
}

impl TryFrom<Form> for Likelihood {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        match (form.lexicon, form.term, form.interval) {
            (Some(lexicon), Some(term), interval) => Self::told(&lexicon, &term, interval),
            (None, None, Some(interval)) => Ok(Self::of(interval)),
            (Some(_), None, _) => Err("a lexicon without a term; write `term` too".to_owned()),
            (None, Some(_), _) => Err("a term means nothing without its lexicon; write `lexicon` too".to_owned()),
            (None, None, None) => Err("no likelihood; write `lexicon` and `term`, or `interval`".to_owned()),
        }
    }
}

impl From<Likelihood> for Form {
    fn from(likelihood: Likelihood) -> Self {
        Self {
            lexicon: likelihood.told.map(|told| told.lexicon.id.to_owned()),
            term: likelihood.told.map(|told| told.term.id.to_owned()),
            interval: Some(likelihood.interval),
        }
    }
}

#[cfg(test)]
mod tests;
