//! The changes that a remedy may consist of.

use crate::domain::{
    agreement::{Area, Grant},
    body::Kind,
    ids::{StatementId, TrustDomain},
    level::WarningLevel,
    marking::{GroupName, Tlp, Topic},
    place::Place,
    time::{Day, Time},
};

/// One thing that would have to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequiredChange {
    /// An agreement that this node already has would have to be put in force.
    InForce(StatementId),
    /// A grant would have to be added: to this agreement, or to a new one if it is `None`.
    NewGrant(Option<StatementId>, Box<Grant>),
    /// A grant would have to be widened.
    Widen(StatementId, GroupName, Widening),
    /// An agreement would have to end later, at the end of this day.
    Prolong(StatementId, Day),
    /// An agreement would have to begin earlier, on this day.
    Advance(StatementId, Day),
    /// The marking of the portion at this index would have to change, in a new version.
    Marking(usize, MarkingChange),
    /// A new version would have to expire after this time.
    Renew(Time),
    /// A house rule would have to permit it.
    Rule(String),
    /// It is released without any change at this time.
    Wait(Time),
}

/// How a grant would have to be widened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Widening {
    /// It would have to permit this kind of portion too.
    Kind(Kind),
    /// It would have to cover this place too.
    Place(Place),
    /// It would have to permit this topic too.
    Topic(Topic),
    /// It would have to permit up to this TLP level.
    MaxTlp(Tlp),
    /// It would have to permit from this level of warning.
    MinLevel(WarningLevel),
    /// Its delay would have to be at most so many seconds.
    Delay(u64),
}

/// How a portion's marking would have to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkingChange {
    /// It would have to name this organisation as releasable to.
    Name(TrustDomain),
    /// It would have to have this topic.
    Topic(Topic),
}

impl RequiredChange {
    /// Whether it needs a new version of the assessment.
    pub fn needs_new_version(&self) -> bool {
        matches!(self, Self::Marking(..) | Self::Renew(_))
    }

    /// Whether both change the same thing, so that only one of them can be made.
    fn replaces(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Wait(_), Self::Wait(_)) | (Self::Renew(_), Self::Renew(_)) => true,
            (Self::Prolong(a, _), Self::Prolong(b, _)) | (Self::Advance(a, _), Self::Advance(b, _)) => a == b,
            (Self::Widen(a, i, how), Self::Widen(b, j, other)) => {
                let single = matches!(how, Widening::MaxTlp(_) | Widening::MinLevel(_) | Widening::Delay(_));
                (a, i) == (b, j) && single && std::mem::discriminant(how) == std::mem::discriminant(other)
            }
            (a, b) => a == b,
        }
    }

    /// Adds it to the changes, in the place of the one that it replaces. Returns whether that makes a difference.
    pub(super) fn add_to(self, all: &mut Vec<Self>) -> bool {
        match all.iter_mut().find(|c| self.replaces(c)) {
            Some(same) if *same == self => false,
            Some(other) => {
                *other = self;
                true
            }
            None => {
                all.push(self);
                true
            }
        }
    }
}

/// Widens the grant.
pub(super) fn widen(grant: &mut Grant, how: &Widening) {
    match how {
        Widening::Kind(kind) => grant.kinds.push(*kind),
        Widening::Place(place) => grant.places.push(Area::Place(*place)),
        Widening::Topic(topic) => grant.topics.push(topic.clone()),
        Widening::MaxTlp(tlp) => grant.max_tlp = *tlp,
        Widening::MinLevel(level) => grant.min_level = Some(*level),
        Widening::Delay(seconds) => grant.delay_seconds = *seconds,
    }
}
