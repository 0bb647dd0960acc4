//! Approvals: how a person stands behind exactly one thing, and what takes several of them.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Sha256, SpiffeId, StatementId, TrustDomain},
    time::Time,
    words::words,
};

/// For how long one person's approval waits for the other's, seconds.
pub const LAPSES_AFTER: i64 = 7 * 86_400;

words!(
    /// What an approval is about.
    Matter, "matter of an approval" {
        /// The terms of an agreement are to be signed.
        Agreement = "agreement",
        /// A suspended agreement is to go on.
        Resumption = "resumption",
        /// An organisation is as an invitation says.
        Partner = "partner",
        /// A partner may introduce other organisations.
        Introductions = "introductions",
        /// A revocation list is to replace one with a higher number.
        RevocationList = "revocation-list",
        /// Somebody is a person of the organisation.
        Person = "person",
        /// An assessment is to be destroyed.
        Purge = "purge",
        /// A lost ledger is to be begun anew.
        Settlement = "settlement",
    }
);

/// A person's statement about exactly one thing; it counts for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// The signer's organisation.
    pub domain: TrustDomain,
    /// What it is about.
    pub matter: Matter,
    /// Which one: the id, or the SHA-256, of the exact bytes that are to count.
    pub subject: Sha256,
    /// When it was signed.
    pub issued: Time,
}

/// A person has approved something; kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// Who.
    pub by: SpiffeId,
    /// When, as the statement says.
    pub at: Time,
    /// The statement's id.
    pub id: StatementId,
    /// The signed statement: an encoded envelope.
    #[serde(with = "hex::serde")]
    pub statement: Vec<u8>,
}

#[cfg(test)]
impl Approved {
    /// One whose statement proves nothing, for tests of what only counts.
    pub(crate) fn unproved(by: &SpiffeId, at: Time) -> Self {
        Self { by: by.clone(), at, id: StatementId([0; 32]), statement: vec![] }
    }
}

/// Who of this organisation did something that needs no approval, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Who.
    pub by: SpiffeId,
    /// When.
    pub at: Time,
}

/// Who has approved a thing that has no record of its own, and whether that was enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRecord {
    /// Which one.
    pub subject: Sha256,
    /// What it is.
    pub matter: Matter,
    /// Which organisation it is about.
    pub of: TrustDomain,
    /// Who has approved it, each once.
    pub approved: Vec<Approved>,
    /// Since when.
    pub since: Time,
    /// When these were enough; absent while it waits.
    pub settled: Option<Time>,
}

impl ApprovalRecord {
    /// Whether it still waits for somebody.
    pub fn is_open(&self, now: Time) -> bool {
        self.settled.is_none() && now.seconds_since(self.since) < LAPSES_AFTER
    }
}
