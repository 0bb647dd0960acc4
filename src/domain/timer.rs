//! Timers: what is due at a time, as (kind, subject, due).

use std::str::FromStr;

use super::time::Time;

/// What a timer is for. `node/timers.rs` says for each kind what is done when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimerKind {
    /// Agreements run out. One row, with an empty subject.
    Agreements,
    /// The log tells of what ends. One row, with an empty subject.
    Endings,
    /// What the log has told: a memory, and forgotten when it is due. The subject is a digest.
    EndingTold,
    /// What waits until it can be verified is examined again. One row, with an empty subject.
    Held,
    /// What was read is told to its senders. One row, with an empty subject.
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
    /// What it concerns, in the kind's own encoding. It is not encrypted at rest: ids and digests only, never content.
    pub subject: Vec<u8>,
    /// From when on it is to be fired.
    pub due: Time,
}

impl Timer {
    /// A timer.
    pub fn new(kind: TimerKind, subject: impl Into<Vec<u8>>, due: Time) -> Self {
        Self { kind, subject: subject.into(), due }
    }
}
