//! The conditions of a grant that a portion does not meet.
//!
//! This reads the grants a second time, in plain Rust. It explains to people what Cedar decided; it decides nothing.

use super::{compiled::CompiledGrant, words::abbreviated_list};
use crate::{
    domain::{body::Kind, level::WarningLevel, marking::Tlp, place::Place, time::Time},
    policy::attributes::{PortionAttributes, SubjectSummary},
};

/// One condition of a grant, or of its agreement, that is not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum MissingPermission {
    /// The portion's kind is not among the grant's kinds.
    Kind(Kind),
    /// The portion's TLP level is above the grant's highest.
    Tlp(Tlp),
    /// None of the portion's topics is among the grant's topics.
    Topic,
    /// The grant does not cover these places of the subjects.
    Places(Vec<Place>),
    /// The subjects' level is below the grant's lowest.
    Level(Option<WarningLevel>),
    /// The grant's delay ends at this time.
    Delay(Time),
    /// The agreement begins at this time.
    Begins(Time),
    /// The agreement ended at this time.
    Ended(Time),
}

/// A grant and a portion that is checked against it.
#[derive(Clone, Copy)]
pub(in crate::policy) struct GrantCheck<'a> {
    pub grant: &'a CompiledGrant,
    /// The first moment of the agreement.
    pub valid_from: Time,
    /// The first moment after the agreement.
    pub valid_until: Time,
    /// When the giver logged the assessment.
    pub logged_at: Time,
    pub subjects: &'a SubjectSummary,
    pub portion: PortionAttributes<'a>,
    pub now: Time,
}

impl GrantCheck<'_> {
    /// All that is missing, in the order of the grant's fields.
    pub fn missing(self) -> Vec<MissingPermission> {
        let Self { grant: compiled, valid_from, valid_until, logged_at, subjects, portion, now } = self;
        let grant = &compiled.grant;
        let mut all = Vec::new();
        if !grant.kinds.contains(&portion.kind) {
            all.push(MissingPermission::Kind(portion.kind));
        }
        if portion.tlp > grant.max_tlp {
            all.push(MissingPermission::Tlp(portion.tlp));
        }
        if !grant.topics.is_empty() && !portion.topics.iter().any(|t| grant.topics.contains(t)) {
            all.push(MissingPermission::Topic);
        }
        let outside: Vec<Place> = subjects.places.iter().copied().filter(|p| !compiled.covers(*p)).collect();
        if !outside.is_empty() {
            all.push(MissingPermission::Places(outside));
        }
        if grant.min_level.is_some_and(|least| subjects.level < Some(least)) {
            all.push(MissingPermission::Level(subjects.level));
        }
        let permits_from = compiled.permits_from(logged_at);
        if now < permits_from {
            all.push(MissingPermission::Delay(permits_from));
        }
        if now < valid_from {
            all.push(MissingPermission::Begins(valid_from));
        }
        if now >= valid_until {
            all.push(MissingPermission::Ended(valid_until));
        }
        all
    }
}

impl MissingPermission {
    /// In words, as said of this grant and portion.
    pub fn words(&self, compiled: &CompiledGrant, portion: PortionAttributes<'_>) -> String {
        let grant = &compiled.grant;
        match self {
            Self::Kind(kind) => format!("{kind} is not among its kinds"),
            Self::Tlp(tlp) => format!("{tlp} is above {}", grant.max_tlp),
            Self::Topic => {
                let wanted = abbreviated_list(&grant.topics);
                match portion.topics {
                    [] => format!("the portion has no topic, and the grant covers only {wanted}"),
                    topics => format!("the topic {} is not among {wanted}", abbreviated_list(topics)),
                }
            }
            Self::Places(outside) => {
                let (outside, places) = (abbreviated_list(outside), abbreviated_list(&grant.places));
                format!("the place {outside} is not within {places}")
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
