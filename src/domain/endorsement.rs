//! Endorsements: another identity stands behind a version of an assessment, with a text and a marking of its own.

use serde::Serialize;

use super::{
    assessment::Portion,
    body::Body,
    ids::{AssessmentId, Seen, StatementId, TrustDomain},
    time::Time,
};

/// The longest text, bytes.
pub const MAX_TEXT_BYTES: usize = 4_000;
/// The most endorsements that one release discloses, so that no assessment can block a feed.
pub const MAX_ENDORSEMENTS: usize = 16;
/// How many of these are by endorsers who could not be verified: anybody can invent names.
pub const MAX_UNVERIFIED: usize = 4;

/// Stands behind one version of an assessment. It is released like one more portion; its statement's id stands where a portion's digest
/// does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Endorsement {
    /// Whose assessment it is.
    pub originator: TrustDomain,
    /// Which assessment.
    pub assessment: AssessmentId,
    /// Which version, and no other.
    pub version: u32,
    /// That version's manifest.
    pub manifest: StatementId,
    /// The organisation whose person or program stands behind it.
    pub endorser: TrustDomain,
    /// When it was signed.
    pub endorsed_at: Time,
    /// The text with its marking; of the kind endorsement.
    pub portion: Portion,
    /// Marks of the portions that the endorser saw, and random ones: as many as the manifest has digests, ascending.
    pub seen: Vec<Seen>,
}

impl Endorsement {
    /// What the endorser says.
    pub fn text(&self) -> &str {
        match &self.portion.body {
            Body::Endorsement { text } => text,
            _ => "",
        }
    }
}
