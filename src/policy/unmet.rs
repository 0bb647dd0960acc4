//! What a grant lacks to reach a portion. A second reading of the grants in plain Rust, for people only: it decides nothing.

use super::{
    engine::Traits,
    facts::View,
    grant::{Covered, listed},
};
use crate::domain::{body::Kind, level::WarningLevel, marking::Tlp, place::Place, time::Time};

/// One condition of a grant, or of its agreement, that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unmet {
    /// The portion's kind is not among its kinds.
    Kind(Kind),
    /// The portion is marked higher.
    Tlp(Tlp),
    /// None of the portion's topics is among its topics.
    Topic,
    /// These places of the subject are not within its places.
    Places(Vec<Place>),
    /// The subject's level is below its lowest.
    Level(Option<WarningLevel>),
    /// It gives this later.
    Delay(Time),
    /// The agreement begins later.
    Begins(Time),
    /// The agreement is over.
    Ended(Time),
}

/// One portion of an assessment at a time.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub issued: Time,
    pub view: &'a View,
    pub traits: Traits<'a>,
    pub now: Time,
}

/// All that is missing, in the order of the grant's fields. `within` is the agreement's first and last moment.
pub(super) fn unmet(covered: &Covered, within: (Time, Time), asked: Asked<'_>) -> Vec<Unmet> {
    let Asked { issued, view, traits, now } = asked;
    let (grant, (from, until)) = (&covered.grant, within);
    let mut all = Vec::new();
    if !grant.kinds.contains(&traits.kind) {
        all.push(Unmet::Kind(traits.kind));
    }
    if traits.tlp > grant.max_tlp {
        all.push(Unmet::Tlp(traits.tlp));
    }
    if !grant.topics.is_empty() && !traits.topics.iter().any(|t| grant.topics.contains(t)) {
        all.push(Unmet::Topic);
    }
    let outside: Vec<Place> = view.places.iter().copied().filter(|p| !covered.covers(*p)).collect();
    if !outside.is_empty() {
        all.push(Unmet::Places(outside));
    }
    if grant.min_level.is_some_and(|least| view.level < Some(least)) {
        all.push(Unmet::Level(view.level));
    }
    if now < covered.reaches_from(issued) {
        all.push(Unmet::Delay(covered.reaches_from(issued)));
    }
    if now < from {
        all.push(Unmet::Begins(from));
    }
    if now >= until {
        all.push(Unmet::Ended(until));
    }
    all
}

impl Unmet {
    /// In words, as said of this grant and portion.
    pub fn words(&self, covered: &Covered, traits: Traits<'_>) -> String {
        let grant = &covered.grant;
        match self {
            Self::Kind(kind) => format!("{kind} is not among its kinds"),
            Self::Tlp(tlp) => format!("{tlp} is above {}", grant.max_tlp),
            Self::Topic => match traits.topics {
                [] => format!("the portion has no topic and it reaches only {}", listed(&grant.topics)),
                topics => format!("the topic {} is not among {}", listed(topics), listed(&grant.topics)),
            },
            Self::Places(outside) => {
                format!("the place {} is not within {}", listed(outside), listed(&grant.places))
            }
            Self::Level(seen) => {
                let level = seen.map_or_else(|| "no level".to_owned(), |l| format!("level {l}"));
                let least = grant.min_level.map(|l| l.to_string()).unwrap_or_default();
                format!("{level} is below {least}")
            }
            Self::Delay(from) => format!("it gives this only from {from} on"),
            Self::Begins(from) => format!("the agreement begins on {from}"),
            Self::Ended(until) => format!("the agreement ended on {until}"),
        }
    }
}
