//! Approvals: a person approves exactly one thing. And which things take several persons.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Sha256, SpiffeId, StatementId, TrustDomain},
    time::Time,
    words::words,
};

/// For how long one person's approval waits for another's, in seconds.
pub const LAPSES_AFTER: i64 = 7 * 86_400;

words!(
    /// What an approval is about.
    Matter, "matter of an approval" {
        /// Signing the terms of an agreement.
        Agreement = "agreement",
        /// Resuming a suspended agreement.
        Resumption = "resumption",
        /// Accepting an organisation as an invitation describes it.
        Partner = "partner",
        /// Letting a partner introduce other organisations.
        Introductions = "introductions",
        /// Replacing a revocation list by one with a lower number.
        RevocationList = "revocation-list",
        /// Confirming a person of the organisation.
        Person = "person",
        /// Destroying an assessment.
        Purge = "purge",
        /// Beginning a lost ledger anew.
        Settlement = "settlement",
    }
);

/// A person's statement about exactly one thing. It counts for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// The signer's organisation.
    pub domain: TrustDomain,
    /// What it is about.
    pub matter: Matter,
    /// The thing: the id, or the SHA-256, of the exact bytes that are approved.
    pub subject: Sha256,
    /// When it was signed.
    pub issued: Time,
}

/// A person's approval, as it is stored with what was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The person.
    pub by: SpiffeId,
    /// When, according to the statement.
    pub at: Time,
    /// The statement's id.
    pub id: StatementId,
    /// The signed statement: an encoded envelope.
    #[serde(with = "hex::serde")]
    pub statement: Vec<u8>,
}

#[cfg(test)]
impl Approved {
    /// An approval without a valid statement, for tests that only count approvals.
    pub(crate) fn unproved(by: &SpiffeId, at: Time) -> Self {
        Self { by: by.clone(), at, id: StatementId([0; 32]), statement: vec![] }
    }
}

/// A person of this organisation who did something that needs no approval, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The person.
    pub by: SpiffeId,
    /// When.
    pub at: Time,
}

/// The approvals of something that has no record of its own, and whether they were enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRecord {
    /// The subject of the approvals.
    pub subject: Sha256,
    /// The matter.
    pub matter: Matter,
    /// The organisation that it is about.
    pub of: TrustDomain,
    /// The persons who have approved it, each once.
    pub approved: Vec<Approved>,
    /// When the first approval was given.
    pub since: Time,
    /// When the approvals were enough. `None` while more are needed.
    pub settled: Option<Time>,
}

impl ApprovalRecord {
    /// Whether it still waits for an approval.
    pub fn is_open(&self, now: Time) -> bool {
        self.settled.is_none() && now.seconds_since(self.since) < LAPSES_AFTER
    }
}
