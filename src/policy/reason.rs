//! The reason for a decision.

use std::borrow::Cow;

use serde::Serialize;

/// A rule or grant that decided, by its stable id, and why in words. Only the organisation's own people see it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PolicyReason {
    /// The stable id of a built-in rule, a house rule or a grant.
    pub id: Cow<'static, str>,
    /// Why, in words.
    pub words: Cow<'static, str>,
}

impl PolicyReason {
    pub(super) fn new(id: impl Into<Cow<'static, str>>, words: impl Into<Cow<'static, str>>) -> Self {
        Self { id: id.into(), words: words.into() }
    }
}

impl std::fmt::Display for PolicyReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.id, self.words)
    }
}
