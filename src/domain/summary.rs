//! The summary of a version: what lists, routing and scoring need to know of its portions, without their text. It is kept for each portion,
//! so that nobody learns from it what a portion says that they may not read.

mod filter;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use filter::{Filter, MarkingWord};

use super::{
    assessment::{Manifest, Portion, places_concerned},
    body::{Body, Forecast, Judgement, Subject},
    ids::{Digest, TrustDomain},
    level::{Confidence, Crime, WarningLevel},
    likelihood::{Likelihood, Probability},
    marking::{Caveat, Tlp, Topic},
    place::Place,
    time::{Day, Period, Time},
};

/// What the manifest of a version says of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Life {
    /// When it was signed.
    pub issued: Time,
    /// When it stops being released.
    pub expires: Time,
    /// Whether it is an exercise.
    pub exercise: bool,
}

impl Life {
    /// The life of a manifest's version.
    pub fn of(manifest: &Manifest) -> Self {
        Self { issued: manifest.issued, expires: manifest.expires, exercise: manifest.exercise }
    }
}

/// The summary of some portions of a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// What the manifest says of the whole.
    pub life: Life,
    /// The portions. Portions with nothing but their marking to tell are there once for each marking.
    pub portions: Vec<PortionSummary>,
}

/// The summary of a portion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortionSummary {
    /// Its level of the Traffic Light Protocol.
    pub tlp: Tlp,
    /// Its topics, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<Topic>,
    /// Its caveats, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<Caveat>,
    /// What it says.
    pub body: BodySummary,
}

/// What a portion says, without its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum BodySummary {
    /// A subject.
    Subject {
        /// The places that it is about, with the states of its actors.
        places: Vec<Place>,
        /// What there is a risk of.
        crimes: Vec<Crime>,
        /// How serious a warning it is.
        level: WarningLevel,
        /// The time that it is about.
        period: Period,
    },
    /// A judgement.
    Judgement {
        /// The digest of the portion.
        digest: Digest,
        /// How likely; `None` for a judgement of fact.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        likelihood: Option<Likelihood>,
        /// How sure the analyst is.
        confidence: Confidence,
    },
    /// A forecast.
    Forecast {
        /// The digest of the portion.
        digest: Digest,
        /// The time in which the event must begin.
        window: Period,
        /// When it is resolved at the latest.
        by: Day,
        /// Who says how it came out.
        resolver: TrustDomain,
        /// Its probability, or that of each option, in their order.
        probabilities: Vec<Probability>,
        /// The places that it is about; empty: those of the subjects.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        places: Vec<Place>,
    },
    /// Any other kind.
    Other,
}

impl BodySummary {
    fn of(body: &Body, digest: Digest) -> Self {
        match body {
            Body::Subject(subject) => Self::of_subject(subject),
            Body::Judgement(Judgement { likelihood, confidence, .. }) => {
                Self::Judgement { digest, likelihood: *likelihood, confidence: *confidence }
            }
            Body::Forecast(forecast) => Self::of_forecast(forecast, digest),
            _ => Self::Other,
        }
    }

    fn of_subject(subject: &Subject) -> Self {
        Self::Subject {
            places: places_concerned(subject).collect::<BTreeSet<_>>().into_iter().collect(),
            crimes: subject.risk_of.clone(),
            level: subject.level,
            period: subject.period,
        }
    }

    fn of_forecast(forecast: &Forecast, digest: Digest) -> Self {
        let options =
            forecast.options.iter().flat_map(|options| options.each.iter().map(|(_, probability)| *probability));
        Self::Forecast {
            digest,
            window: forecast.window,
            by: forecast.resolves.by,
            resolver: forecast.resolves.resolver.clone(),
            probabilities: forecast.probability.into_iter().chain(options).collect(),
            places: forecast.places.clone(),
        }
    }
}

impl Summary {
    /// The summary of these portions of a version, each with its digest.
    pub fn of<'a>(manifest: &Manifest, portions: impl IntoIterator<Item = (&'a Portion, Digest)>) -> Self {
        let (mut all, mut plain) = (vec![], BTreeSet::new());
        for (portion, digest) in portions {
            let (marking, body) = (&portion.marking, BodySummary::of(&portion.body, digest));
            let label = (marking.tlp, &marking.topics, &marking.caveats);
            if body == BodySummary::Other && !plain.insert(label) {
                continue;
            }
            let (topics, caveats) = (marking.topics.clone(), marking.caveats.clone());
            all.push(PortionSummary { tlp: marking.tlp, topics, caveats, body });
        }
        Self { life: Life::of(manifest), portions: all }
    }
}

#[cfg(test)]
mod tests;
