//! Endorsements: a person or program supports a version of an assessment, with a text that has its own marking.

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
/// How many of these may be by endorsers who can't be verified. The number is small because anybody can invent names.
pub const MAX_UNVERIFIED: usize = 4;
/// The most bytes of the endorsements of one version that a node releases and shows.
pub const MAX_ENDORSEMENT_BYTES: usize = 128 << 10;

/// Supports one version of an assessment. It is released like one more portion, and its statement id is listed where a portion's digest would
/// be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Endorsement {
    /// The organisation whose assessment it is.
    pub originator: TrustDomain,
    /// The assessment.
    pub assessment: AssessmentId,
    /// The version. It supports no other version.
    pub version: u32,
    /// That version's manifest.
    pub manifest: StatementId,
    /// The organisation whose person or program endorses.
    pub endorser: TrustDomain,
    /// When it was signed.
    pub endorsed_at: Time,
    /// The text with its marking, as a portion of the kind endorsement.
    pub portion: Portion,
    /// Marks of the portions that the endorser saw, and random ones. As many as the manifest has digests; ascending.
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
