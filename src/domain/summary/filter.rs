//! Which versions a list or a follower wants, by what their summaries say.

use std::{fmt, str::FromStr};

use super::{BodySummary, Life, PortionSummary};
use crate::domain::{
    ids::shorten,
    level::{Crime, WarningLevel},
    marking::{Caveat, Tlp, Topic},
    place::Place,
    time::Time,
};

/// A word of a marking: a level of the Traffic Light Protocol or a caveat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkingWord {
    /// A level of the Traffic Light Protocol.
    Tlp(Tlp),
    /// A caveat.
    Caveat(Caveat),
}

impl MarkingWord {
    /// All words, the levels first.
    pub fn all() -> impl Iterator<Item = &'static str> + Clone {
        Tlp::ALL.iter().map(|tlp| tlp.as_str()).chain(Caveat::ALL.iter().map(|caveat| caveat.as_str()))
    }
}

impl fmt::Display for MarkingWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tlp(tlp) => tlp.fmt(f),
            Self::Caveat(caveat) => caveat.fmt(f),
        }
    }
}

impl FromStr for MarkingWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(tlp) = text.parse() {
            return Ok(Self::Tlp(tlp));
        }
        text.parse().map(Self::Caveat).map_err(|_| {
            let all: Vec<&str> = Self::all().collect();
            format!("`{}` is neither a TLP level nor a caveat; write one of {}", shorten(text), all.join(", "))
        })
    }
}

/// What a version must be to be listed. Within one field, one of the values must hold; an empty field does not select. All fields that select
/// must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Places that a subject is about. A place also finds what lies inside it and what lies around it: `M49:011` finds Mali, and `ML` finds
    /// what is about all of Western Africa. These are the places that the rule about subject states looks at, so the state of an actor
    /// counts.
    pub places: Vec<Place>,
    /// Levels of a subject.
    pub levels: Vec<WarningLevel>,
    /// Crimes that a subject sees a risk of.
    pub crimes: Vec<Crime>,
    /// Topics of a portion.
    pub topics: Vec<Topic>,
    /// Words of a portion's marking.
    pub markings: Vec<MarkingWord>,
    /// Issued at this time or later.
    pub issued_from: Option<Time>,
    /// Issued before this time.
    pub issued_before: Option<Time>,
    /// Expires before this time.
    pub expires_before: Option<Time>,
    /// Whether it is an exercise.
    pub exercise: Option<bool>,
}

impl Filter {
    /// Whether it selects by what portions say or how they are marked.
    pub fn needs_portions(&self) -> bool {
        self.needs_subject() || !self.topics.is_empty() || !self.markings.is_empty()
    }

    /// Whether it selects by what the manifest says.
    pub fn needs_life(&self) -> bool {
        let Self { issued_from, issued_before, expires_before, exercise, .. } = self;
        issued_from.is_some() || issued_before.is_some() || expires_before.is_some() || exercise.is_some()
    }

    fn needs_subject(&self) -> bool {
        !(self.places.is_empty() && self.levels.is_empty() && self.crimes.is_empty())
    }

    /// Whether it wants a version with this life.
    pub fn wants_life(&self, life: &Life) -> bool {
        self.issued_from.is_none_or(|from| life.issued >= from)
            && self.issued_before.is_none_or(|before| life.issued < before)
            && self.expires_before.is_none_or(|before| life.expires < before)
            && self.exercise.is_none_or(|exercise| life.exercise == exercise)
    }

    /// Whether it wants a version of which the reader may read these portions. Place, level and crime must hold of one subject: a warning of
    /// level 4 about Niger that mentions Mali at level 2 is no warning of level 4 about Mali.
    pub fn wants_portions<'a>(&self, portions: impl IntoIterator<Item = &'a PortionSummary> + Clone) -> bool {
        let any = |holds: &dyn Fn(&PortionSummary) -> bool| portions.clone().into_iter().any(holds);
        (!self.needs_subject() || any(&|portion| self.wants_subject(&portion.body)))
            && (self.topics.is_empty() || any(&|portion| self.topics.iter().any(|t| portion.topics.contains(t))))
            && (self.markings.is_empty() || any(&|portion| self.markings.iter().any(|word| is_marked(portion, *word))))
    }

    fn wants_subject(&self, body: &BodySummary) -> bool {
        let BodySummary::Subject { places, crimes, level, .. } = body else { return false };
        (self.places.is_empty() || self.places.iter().any(|wanted| places.iter().any(|place| overlap(*place, *wanted))))
            && (self.levels.is_empty() || self.levels.contains(level))
            && (self.crimes.is_empty() || self.crimes.iter().any(|crime| crimes.contains(crime)))
    }
}

/// Whether one of two places lies in the other.
fn overlap(one: Place, other: Place) -> bool {
    one.within(other) || other.within(one)
}

fn is_marked(portion: &PortionSummary, word: MarkingWord) -> bool {
    match word {
        MarkingWord::Tlp(tlp) => portion.tlp == tlp,
        MarkingWord::Caveat(caveat) => portion.caveats.contains(&caveat),
    }
}
