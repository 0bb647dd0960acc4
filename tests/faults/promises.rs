//! What authors were told, and what they were not: the measure of every fault.

use std::collections::{BTreeMap, BTreeSet};

/// What a node's people did, by assessment (hexadecimal).
#[derive(Default, Clone)]
pub struct Promises {
    /// Published, acknowledged: the headline.
    pub kept: BTreeMap<String, String>,
    /// Published without an answer: it may be there or not, but whole.
    pub open: BTreeMap<String, String>,
    /// Taken back, acknowledged.
    pub recalled: BTreeSet<String>,
    /// Taken back without an answer.
    pub maybe_recalled: BTreeSet<String>,
    /// Refused with an answer: it must not be there.
    pub refused: BTreeMap<String, String>,
}

impl Promises {
    /// What the headline was, where somebody published it.
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
