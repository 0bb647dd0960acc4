//! What a decision decides about: the portions of an assessment, and the endorsements of it.

use serde::Serialize;

use crate::domain::{
    assessment::Portion,
    ids::{Digest, StatementId, TrustDomain},
    time::Time,
};

/// A portion or an endorsement of an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(untagged)]
pub enum ItemId {
    /// A portion, by its digest.
    Portion(Digest),
    /// An endorsement, by the id of its statement.
    Endorsement(StatementId),
}

impl ItemId {
    /// The digest by which exceptions, releases and the ledger refer to it. They put the id of an endorsement where the digest of a portion
    /// stands.
    pub fn to_digest(self) -> Digest {
        match self {
            Self::Portion(digest) => digest,
            Self::Endorsement(id) => Digest(id.0),
        }
    }
}

/// An endorsement of the assessment. A decision treats it like a portion.
#[derive(Debug, Clone, Copy)]
pub struct EndorsementFacts<'a> {
    /// The id of its statement.
    pub id: StatementId,
    /// The organisation that endorses the assessment.
    pub endorser: &'a TrustDomain,
    /// Its text and marking.
    pub portion: &'a Portion,
    /// When it was made: by its signer's word, or when it was logged here, if that was earlier.
    pub made_at: Time,
}

/// A portion or an endorsement, with what a decision needs to know of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Item<'a> {
    pub id: ItemId,
    pub portion: &'a Portion,
    /// The organisation that made an endorsement; `None` for a portion.
    pub endorser: Option<&'a TrustDomain>,
    /// When an endorsement was made; `None` for a portion.
    pub made_at: Option<Time>,
}

impl Item<'_> {
    /// Whether it is the organisation's own endorsement. Such an endorsement did not come to the organisation by a release, so the terms of a
    /// release do not apply to it.
    pub fn is_own_endorsement(&self, organisation: &TrustDomain) -> bool {
        self.endorser == Some(organisation)
    }
}
