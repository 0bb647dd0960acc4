//! A statement of when another statement was first logged. It travels with the statement that it names.

use serde::Serialize;

use super::{ids::StatementId, time::Time};

/// A node states when its organisation first logged a statement of its own. A reader judges the signatures of that statement as of this time, so
/// the statement still counts after its signer's certificate has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// The statement.
    pub statement: StatementId,
    /// When it was first logged. Whole seconds.
    pub at: Time,
}
