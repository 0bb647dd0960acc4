//! What one administrator has said, and what takes another one.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Sha256, SpiffeId, TrustDomain},
    time::Time,
    words::words,
};

/// For how long one administrator's word waits for the other's, seconds.
pub const LAPSES_AFTER: i64 = 7 * 86_400;

words!(
    /// What takes several administrators.
    Awaited, "matter that takes several administrators" {
        /// A revocation list in the place of one with a higher number.
        RevocationList = "revocation-list",
        /// Other roots, another kind or another country of a partner or an organisation that is known.
        Partner = "partner",
    }
);

/// What waits for another administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// SHA-256 of the exact bytes that are to count.
    pub subject: Sha256,
    /// What they are.
    pub what: Awaited,
    /// Which organisation it is about.
    pub of: TrustDomain,
    /// Who has said so.
    pub by: Vec<SpiffeId>,
    /// Since when.
    pub since: Time,
}

impl Approval {
    /// Whether it still waits.
    pub fn is_open(&self, now: Time) -> bool {
        now.seconds_since(self.since) < LAPSES_AFTER
    }
}
