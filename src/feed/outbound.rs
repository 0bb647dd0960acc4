//! The sending side: numbers from 1 without gaps, each release naming the one before.

use crate::domain::{ids::StatementId, release::Position};

/// Where a feed to a partner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outbound {
    sequence: u64,
    release: Option<StatementId>,
}

impl Outbound {
    /// Resumes after the last numbered release; `(0, None)` where there is none.
    pub fn resume(sequence: u64, release: Option<StatementId>) -> Self {
        Self { sequence, release }
    }

    /// The number of the last release.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The place that the next release takes.
    pub fn next(&self) -> Position {
        Position { sequence: self.sequence + 1, previous: self.release }
    }

    /// The next release was signed under that id.
    #[must_use]
    pub fn released(self, id: StatementId) -> Self {
        Self { sequence: self.sequence + 1, release: Some(id) }
    }
}
