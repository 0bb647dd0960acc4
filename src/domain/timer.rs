//! Timers: what is due at a time, as (kind, subject, due).

use std::str::FromStr;

use super::time::Time;

/// What a timer is for. `node/timers.rs` says for each kind what is done when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimerKind {
    /// Agreements expire. One row, with an empty subject.
    Agreements,
    /// The log reports what ends. One row, with an empty subject.
    Endings,
    /// Remembers what the log has reported, and is deleted when it is due. The subject is a digest.
    EndingTold,
    /// What waits for verification is re-examined. One row, with an empty subject.
    Held,
    /// Senders are informed about readings. One row, with an empty subject.
    Readings,
}

impl TimerKind {
    /// All kinds.
    pub const ALL: &'static [Self] = &[Self::Agreements, Self::Endings, Self::EndingTold, Self::Held, Self::Readings];

    /// The name in the store. It never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agreements => "agreements",
            Self::Endings => "endings",
            Self::EndingTold => "ending told",
            Self::Held => "held",
            Self::Readings => "readings",
        }
    }
}

impl FromStr for TimerKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|k| k.as_str() == text);
        found.ok_or_else(|| "an unknown kind of timer".to_owned())
    }
}

/// One row of the timer table. There is at most one for a kind and a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// What it is for.
    pub kind: TimerKind,
    /// What it concerns, in the encoding of its kind. It is not encrypted at rest, so it contains only ids and digests, never content.
    pub subject: Vec<u8>,
    /// The time from which it is due.
    pub due: Time,
}

impl Timer {
    /// Makes a timer.
    pub fn new(kind: TimerKind, subject: impl Into<Vec<u8>>, due: Time) -> Self {
        Self { kind, subject: subject.into(), due }
    }
}
