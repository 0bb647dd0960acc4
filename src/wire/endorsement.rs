//! Endorsements.

use prost::Message;

use super::{
    canonical,
    field::{bytes, parsed, refuse, time, timestamp},
    number, portion, proto,
};
use crate::domain::{body::Kind, endorsement::Endorsement, fault::Fault};

/// From a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path, `STATEMENT_TOO_LARGE`.
pub fn decode(payload: &[u8]) -> Result<Endorsement, Fault> {
    let proto::Endorsement { originator, assessment_id, version, manifest_id, endorser, endorsed_at, portion: content } =
        canonical::decode(payload)?;
    let version = number::version("version", version)?;
    let portion = portion::decode(&content).map_err(|f| f.within("portion"))?;
    if portion.kind() != Kind::Endorsement {
        return Err(refuse("portion", "its body is that of another kind of portion"));
    }
    Ok(Endorsement {
        originator: parsed("originator", &originator)?,
        assessment: bytes("assessment_id", &assessment_id)?,
        version,
        manifest: bytes("manifest_id", &manifest_id)?,
        endorser: parsed("endorser", &endorser)?,
        endorsed_at: time("endorsed_at", endorsed_at)?,
        portion,
    })
}

/// To a payload for signing.
pub fn encode(endorsement: &Endorsement) -> Vec<u8> {
    let Endorsement { originator, assessment, version, manifest, endorser, endorsed_at, portion: content } =
        endorsement;
    proto::Endorsement {
        originator: originator.to_string(),
        assessment_id: assessment.0.to_vec().into(),
        version: *version,
        manifest_id: manifest.0.to_vec().into(),
        endorser: endorser.to_string(),
        endorsed_at: timestamp(*endorsed_at),
        portion: portion::encode(content).into(),
    }
    .encode_to_vec()
}
