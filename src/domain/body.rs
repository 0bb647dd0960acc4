//! The bodies of portions. They are typed, so that machines can use them.

use serde::Serialize;

use super::{
    admiralty::Grade,
    framework::{State as FactorState, Trend},
    ids::{Handle, Sha256, TrustDomain},
    level::{Certainty, Confidence, Crime, Severity, Urgency, WarningLevel},
    likelihood::{Likelihood, Probability},
    place::{Country, Place},
    time::{Day, Period},
    words::words,
};

words!(
    /// Kinds of portions.
    Kind, "kind of portion" {
        /// The one line that names the assessment.
        Headline = "headline",
        /// What it is about.
        Subject = "subject",
        /// A judgement with its likelihood and confidence.
        Judgement = "judgement",
        /// A question about the future with a probability.
        Forecast = "forecast",
        /// The state of a risk factor.
        Indicator = "indicator",
        /// What is observed or reported, with a grade.
        Evidence = "evidence",
        /// About a source itself.
        Source = "source",
        /// What the assessment can't say.
        Limitation = "limitation",
        /// Another reading of the same evidence.
        Alternative = "alternative",
        /// What is not known and would matter.
        Gap = "gap",
        /// A course of action.
        Recommendation = "recommendation",
        /// Running text.
        Narrative = "narrative",
        /// Names bytes that travel separately.
        Attachment = "attachment",
        /// What an endorser says about the whole assessment. It is in a separate statement and never among a manifest's portions.
        Endorsement = "endorsement",
    }
);

/// What a portion says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Body {
    /// See [`Kind::Headline`].
    Headline {
        /// One line.
        text: String,
    },
    /// See [`Kind::Subject`].
    Subject(Subject),
    /// See [`Kind::Judgement`].
    Judgement(Judgement),
    /// See [`Kind::Forecast`].
    Forecast(Forecast),
    /// See [`Kind::Indicator`].
    Indicator(Indicator),
    /// See [`Kind::Evidence`].
    Evidence(Evidence),
    /// See [`Kind::Source`].
    Source {
        /// The text.
        text: String,
    },
    /// See [`Kind::Limitation`].
    Limitation {
        /// The text.
        text: String,
    },
    /// See [`Kind::Alternative`].
    Alternative {
        /// The text.
        text: String,
        /// How likely the author considers it to be.
        likelihood: Option<Likelihood>,
    },
    /// See [`Kind::Gap`].
    Gap {
        /// The text.
        text: String,
    },
    /// See [`Kind::Recommendation`].
    Recommendation(Recommendation),
    /// See [`Kind::Narrative`].
    Narrative {
        /// The text in CommonMark.
        text: String,
    },
    /// See [`Kind::Attachment`].
    Attachment(Attachment),
    /// See [`Kind::Endorsement`].
    Endorsement {
        /// The text.
        text: String,
    },
}

impl Body {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Headline { .. } => Kind::Headline,
            Self::Subject(_) => Kind::Subject,
            Self::Judgement(_) => Kind::Judgement,
            Self::Forecast(_) => Kind::Forecast,
            Self::Indicator(_) => Kind::Indicator,
            Self::Evidence(_) => Kind::Evidence,
            Self::Source { .. } => Kind::Source,
            Self::Limitation { .. } => Kind::Limitation,
            Self::Alternative { .. } => Kind::Alternative,
            Self::Gap { .. } => Kind::Gap,
            Self::Recommendation(_) => Kind::Recommendation,
            Self::Narrative { .. } => Kind::Narrative,
            Self::Attachment(_) => Kind::Attachment,
            Self::Endorsement { .. } => Kind::Endorsement,
        }
    }
}

impl Body {
    /// All texts that the author wrote freely, except for conditions, outcomes and mandates.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::Headline { text }
            | Self::Source { text }
            | Self::Limitation { text }
            | Self::Alternative { text, .. }
            | Self::Gap { text }
            | Self::Narrative { text }
            | Self::Endorsement { text } => vec![text],
            Self::Subject(s) => {
                s.groups.iter().map(String::as_str).chain(s.actors.iter().map(|a| a.name.as_str())).collect()
            }
            Self::Judgement(j) => vec![&j.text, &j.confidence_reason],
            Self::Forecast(f) => {
                let rate = f.base_rate.as_ref().map(|b| b.source.as_str());
                let all = [&f.question, &f.event, &f.resolves.source, &f.method];
                all.into_iter().map(String::as_str).chain(rate).collect()
            }
            Self::Indicator(i) => vec![&i.note],
            Self::Evidence(e) => vec![&e.what, &e.custody],
            Self::Recommendation(r) => vec![&r.text],
            Self::Attachment(a) => vec![&a.name],
        }
    }

    /// Whether this may be a translation of the other: both have the same kind and agree in everything that is not text.
    pub fn says_the_same_in_another_language(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Judgement(a), Self::Judgement(b)) => a.likelihood == b.likelihood && a.confidence == b.confidence,
            (Self::Alternative { likelihood: a, .. }, Self::Alternative { likelihood: b, .. }) => a == b,
            (Self::Forecast(a), Self::Forecast(b)) => {
                let numbers = |f: &Forecast| {
                    let base_rate = f.base_rate.as_ref().map(|rate| rate.value);
                    (f.window, f.probability, base_rate, f.resolves.by, f.resolves.resolver.clone(), f.places.clone())
                };
                numbers(a) == numbers(b)
            }
            (Self::Indicator(a), Self::Indicator(b)) => {
                Indicator { note: String::new(), ..a.clone() } == Indicator { note: String::new(), ..b.clone() }
            }
            (Self::Evidence(a), Self::Evidence(b)) => {
                (a.when, a.r#where, a.grade, a.original) == (b.when, b.r#where, b.grade, b.original)
            }
            (Self::Recommendation(a), Self::Recommendation(b)) => (&a.addressee, a.by) == (&b.addressee, b.by),
            // The states that must never see an assessment are named in one place only.
            (Self::Subject(_) | Self::Attachment(_), _) => false,
            _ => self.kind() == other.kind(),
        }
    }
}

/// What the assessment is about. It decides which states may never see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The places. At least one; ascending.
    pub places: Vec<Place>,
    /// The time that it is about.
    pub period: Period,
    /// Population groups at risk.
    pub groups: Vec<String>,
    /// Those who might commit the crimes.
    pub actors: Vec<Perpetrator>,
    /// The crimes of which there is a risk. At least one; ascending.
    pub risk_of: Vec<Crime>,
    /// How serious a warning it is.
    pub level: WarningLevel,
    /// As in CAP 1.2.
    pub urgency: Urgency,
    /// As in CAP 1.2.
    pub severity: Severity,
    /// As in CAP 1.2.
    pub certainty: Certainty,
    /// The mandates to which it is addressed.
    pub addressed_to: Vec<Mandate>,
}

/// Somebody who might commit the crimes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Perpetrator {
    /// Their name.
    pub name: String,
    /// The state whose organ the actor is. That state falls under the subject rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Country>,
}

/// A role that may act, at an organisation: `early-warning-directorate@ecowas.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(into = "String")]
pub struct Mandate {
    /// The role.
    pub role: super::marking::GroupName,
    /// The organisation.
    pub organisation: TrustDomain,
}

impl std::str::FromStr for Mandate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (role, organisation) = text
            .split_once('@')
            .ok_or_else(|| format!("`{}` is not a mandate; write role@organisation", super::ids::shorten(text)))?;
        Ok(Self { role: role.parse()?, organisation: organisation.parse()? })
    }
}

impl std::fmt::Display for Mandate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.role, self.organisation)
    }
}

impl From<Mandate> for String {
    fn from(mandate: Mandate) -> String {
        mandate.to_string()
    }
}

/// What a judgement rests on is filled up with random handles to whole rows of this many, so that nobody can count what is withheld.
pub const BASIS_ROW: usize = 8;

/// A judgement with its likelihood and confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// The statement.
    pub text: String,
    /// How likely it is. `None` if it is a judgement of fact.
    pub likelihood: Option<Likelihood>,
    /// How sure the analyst is.
    pub confidence: Confidence,
    /// The reason for this confidence.
    pub confidence_reason: String,
    /// The portions that it rests on, and random handles. Ascending, a multiple of [`BASIS_ROW`].
    pub rests_on: Vec<Handle>,
}

/// A question about the future with a probability, to be resolved and scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The question.
    pub question: String,
    /// The event, defined so that two people would agree whether it happened.
    pub event: String,
    /// What decides it, by when, and who decides.
    pub resolves: Resolves,
    /// The time in which the event must begin.
    pub window: Period,
    /// Above 0 and below 1, which the lint enforces. `None` exactly if there are options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<Probability>,
    /// How often such an event happens in general.
    pub base_rate: Option<BaseRate>,
    /// How the probability came about.
    pub method: String,
    /// The day of the latest information in it.
    pub information_cutoff: Option<Day>,
    /// The places that it is about, ascending. Empty means all places of the subject.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// The condition under which the question is asked. May be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// The possible outcomes. `None` for a question with the answers yes and no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Options>,
}

/// The most options of a question.
pub const MAX_OPTIONS: usize = 16;

/// The possible outcomes, of which exactly one will occur, with the probability of each.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Options {
    /// 2 to 16 different outcomes, each with a probability above 0 and below 1. The probabilities add up to 1 within 1e-9.
    pub each: Vec<(String, Probability)>,
    /// Whether they have an order, as ranges of a number do.
    pub is_ordered: bool,
}

/// How a forecast is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resolves {
    /// What decides it. An empty text is a lint error.
    pub source: String,
    /// The last day on which it is decided.
    pub by: Day,
    /// The organisation that decides it.
    pub resolver: TrustDomain,
}

/// How often an event happens in general.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BaseRate {
    /// The rate.
    pub value: Probability,
    /// Where the figure is from.
    pub source: String,
}

/// The state of a risk factor in a framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Indicator {
    /// The framework's id, `un-foa-2014`.
    pub framework: String,
    /// The factor's number.
    pub factor: u32,
    /// The number of its indicator, or 0 for the factor as a whole.
    pub indicator: u32,
    /// Whether the factor is present.
    pub state: FactorState,
    /// The direction in which it changes.
    pub trend: Trend,
    /// What is seen.
    pub note: String,
}

/// Something observed or reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What was observed or reported.
    pub what: String,
    /// The day on which it happened.
    pub when: Option<Day>,
    /// The place where it happened.
    pub r#where: Option<Place>,
    /// Admiralty grade; `None` is a lint error.
    pub grade: Option<Grade>,
    /// SHA-256 of the original.
    pub original: Option<Sha256>,
    /// Who keeps the original, and how.
    pub custody: String,
}

/// A course of action for a holder of a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// The recommended action.
    pub text: String,
    /// The mandate that it is for.
    pub addressee: Option<Mandate>,
    /// The day by which to act.
    pub by: Option<Day>,
}

/// Names bytes that travel separately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// A file name without a path.
    pub name: String,
    /// Media type (RFC 6838).
    pub media_type: String,
    /// Length in bytes, at most 1 GiB.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: Sha256,
}
