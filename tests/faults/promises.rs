//! The answers that authors got or did not get. Every fault is measured by them.

use std::collections::{BTreeMap, BTreeSet};

/// What a node's people did, by assessment (hexadecimal).
#[derive(Default, Clone)]
pub struct Promises {
    /// Published and acknowledged. The value is the headline.
    pub kept: BTreeMap<String, String>,
    /// Published without an answer. It may be there or not, but only as a whole.
    pub open: BTreeMap<String, String>,
    /// Recalled and acknowledged.
    pub recalled: BTreeSet<String>,
    /// Recalled without an answer.
    pub maybe_recalled: BTreeSet<String>,
    /// Refused with an answer. It must not be there.
    pub refused: BTreeMap<String, String>,
}

impl Promises {
    /// The headline, if somebody published it.
    pub fn headline(&self, assessment: &str) -> Option<&String> {
        self.kept.get(assessment).or_else(|| self.open.get(assessment))
    }

    /// How many acts were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.kept.len() + self.recalled.len()
    }

    pub fn take(&mut self, other: Self) {
        self.kept.extend(other.kept);
        self.open.extend(other.open);
        self.recalled.extend(other.recalled);
        self.maybe_recalled.extend(other.maybe_recalled);
        self.refused.extend(other.refused);
    }
}
