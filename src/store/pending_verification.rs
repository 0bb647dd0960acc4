//! What a received entry waits for that can't be verified yet.

use crate::domain::ids::{AssessmentId, TrustDomain};

/// What a received entry waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingVerification {
    /// The organisation whose roots or revocation lists must change before the entry can be verified.
    pub waits_for: TrustDomain,
    /// The encoded entry; `None` if it is over the budget of its pair, so that it must be requested again.
    pub entry: Option<Vec<u8>>,
    /// The assessment that it claims to be of.
    pub of: Option<AssessmentId>,
}
