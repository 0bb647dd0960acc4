//! Manifests.

use prost::Message;

use super::{
    canonical,
    field::{ascending, bytes, bytes_all, bytes_optional, parsed, refuse, time, timestamp},
    number, proto,
};
use crate::domain::{
    assessment::{MAX_DIGESTS, Manifest},
    fault::{Fault, Reason},
};

/// The digests and decoys together fill whole rows of this many.
pub const DIGEST_ROW: usize = 16;

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `DIGEST_REPEATED`, `STATEMENT_TOO_LARGE`.
pub fn decode(payload: &[u8]) -> Result<Manifest, Fault> {
    let proto::Manifest {
        assessment_id,
        version,
        previous_manifest_id,
        originator,
        issued,
        expires,
        digests,
        exercise,
        sealed_origin,
        speaker: _,
    } = canonical::decode(payload)?;
    if digests.len() > MAX_DIGESTS {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "digests",
            format!("a manifest lists at most {MAX_DIGESTS} digests"),
        ));
    }
    if digests.is_empty() || digests.len() % DIGEST_ROW != 0 {
        return Err(refuse("digests", format!("the number of digests must be a multiple of {DIGEST_ROW}")));
    }
    let manifest = Manifest {
        assessment: bytes("assessment_id", &assessment_id)?,
        version: number::version("version", version)?,
        previous: bytes_optional("previous_manifest_id", &previous_manifest_id)?,
        originator: parsed("originator", &originator)?,
        issued: time("issued", issued)?,
        expires: time("expires", expires)?,
        digests: bytes_all("digests", &digests)?,
        exercise,
        sealed_origin: bytes_optional("sealed_origin", &sealed_origin)?,
    };
    check(&manifest)?;
    Ok(manifest)
}

fn check(manifest: &Manifest) -> Result<(), Fault> {
    if let Some(i) = manifest.digests.windows(2).position(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(Fault::at(Reason::DigestRepeated, format!("digests[{}]", i + 1), "the digest is listed twice"));
    }
    ascending("digests", &manifest.digests)?;
    if (manifest.version == 1) != manifest.previous.is_none() {
        return Err(refuse("version", "versions are counted from 1, and each but the first names the one before it"));
    }
    if manifest.expires <= manifest.issued {
        return Err(refuse("expires", "it expires before it is issued"));
    }
    Ok(())
}

/// Encodes a payload for signing.
pub fn encode(manifest: &Manifest) -> Vec<u8> {
    let Manifest { assessment, version, previous, originator, issued, expires, digests, exercise, sealed_origin } =
        manifest;
    proto::Manifest {
        speaker: None,
        assessment_id: assessment.0.to_vec().into(),
        version: *version,
        previous_manifest_id: previous.map(|p| p.0.to_vec()).unwrap_or_default().into(),
        originator: originator.to_string(),
        issued: timestamp(*issued),
        expires: timestamp(*expires),
        digests: digests.iter().map(|d| d.0.to_vec().into()).collect(),
        exercise: *exercise,
        sealed_origin: sealed_origin.map(|s| s.0.to_vec()).unwrap_or_default().into(),
    }
    .encode_to_vec()
}
