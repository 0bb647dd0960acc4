//! The sending side of a feed. Numbers begin at 1 and have no gaps. Each release names the one before it.

use crate::domain::{ids::StatementId, release::FeedPosition};

/// The position of a feed to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outbound {
    sequence: u64,
    release: Option<StatementId>,
}

impl Outbound {
    /// Resumes after the last numbered release. `(0, None)` means that there is none.
    pub fn resume(sequence: u64, release: Option<StatementId>) -> Self {
        Self { sequence, release }
    }

    /// The number of the last release.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The position of the next release.
    pub fn next(&self) -> FeedPosition {
        FeedPosition { sequence: self.sequence + 1, previous: self.release }
    }

    /// Advances: the next release was signed and has this id.
    #[must_use]
    pub fn released(self, id: StatementId) -> Self {
        Self { sequence: self.sequence + 1, release: Some(id) }
    }
}
