//! Statements that are attached to a version.

use crate::domain::ids::{AssessmentId, StatementId, TrustDomain};

/// Endorsements by a partner of a version that was published here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedEndorsements {
    /// The version's manifest.
    pub manifest_id: StatementId,
    /// The originator, which is this organisation.
    pub originator: TrustDomain,
    /// Which assessment.
    pub assessment: AssessmentId,
    /// The endorsements.
    pub endorsements: Vec<AttachedStatement>,
}

/// A statement that is attached to a version: an endorsement or an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedStatement {
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// Whether it was verified on arrival, by its own organisation's signature.
    pub verified: bool,
}
