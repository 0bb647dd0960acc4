//! Tells when a statement was first logged. It travels beside the statement that it names.

use serde::Serialize;

use super::{ids::StatementId, time::Time};

/// A node says when its organisation first logged a statement of its own. A reader judges the signatures of that
/// statement as of this time, so that it still counts after the certificate of its signer has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// The statement.
    pub statement: StatementId,
    /// When it was first logged. Whole seconds.
    pub at: Time,
}
