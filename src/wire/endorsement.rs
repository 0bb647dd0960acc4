//! Endorsements.

use prost::{Message, bytes::Bytes};

use super::{
    canonical,
    field::{ascending, bytes, bytes_all, parsed, refuse, time, timestamp},
    list::few,
    manifest::DIGEST_ROW,
    number, portion, proto,
};
use crate::domain::{assessment::MAX_DIGESTS, body::Kind, endorsement::Endorsement, fault::Fault, ids::Seen};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path, `STATEMENT_TOO_LARGE`.
pub fn decode(payload: &[u8]) -> Result<Endorsement, Fault> {
    let proto::Endorsement {
        originator,
        assessment_id,
        version,
        manifest_id,
        endorser,
        endorsed_at,
        portion: content,
        seen,
        speaker: _,
    } = canonical::decode(payload)?;
    let version = number::version("version", version)?;
    let portion = portion::decode(&content).map_err(|f| f.within("portion"))?;
    if portion.kind() != Kind::Endorsement {
        return Err(refuse("portion", "its body is not an endorsement"));
    }
    Ok(Endorsement {
        originator: parsed("originator", &originator)?,
        assessment: bytes("assessment_id", &assessment_id)?,
        version,
        manifest: bytes("manifest_id", &manifest_id)?,
        endorser: parsed("endorser", &endorser)?,
        endorsed_at: time("endorsed_at", endorsed_at)?,
        portion,
        seen: marks(&seen)?,
    })
}

/// The marks of an endorsement: at most as many as a manifest may have digests.
fn marks(seen: &[Bytes]) -> Result<Vec<Seen>, Fault> {
    few("seen", seen.len(), MAX_DIGESTS)?;
    if seen.is_empty() || !seen.len().is_multiple_of(DIGEST_ROW) {
        return Err(refuse("seen", format!("the number of marks is a multiple of {DIGEST_ROW}")));
    }
    let seen = bytes_all("seen", seen)?;
    ascending("seen", &seen)?;
    Ok(seen)
}

/// Encodes a payload for signing.
pub fn encode(endorsement: &Endorsement) -> Vec<u8> {
    let Endorsement { originator, assessment, version, manifest, endorser, endorsed_at, portion: content, seen } =
        endorsement;
    proto::Endorsement {
        speaker: None,
        originator: originator.to_string(),
        assessment_id: assessment.0.to_vec().into(),
        version: *version,
        manifest_id: manifest.0.to_vec().into(),
        endorser: endorser.to_string(),
        endorsed_at: timestamp(*endorsed_at),
        portion: portion::encode(content).into(),
        seen: seen.iter().map(|mark| mark.0.to_vec().into()).collect(),
    }
    .encode_to_vec()
}
