//! Bundles: which roots an organisation has from now on.

use prost::Message;

use super::{
    canonical,
    field::{ascending, bytes, parsed, refuse, time, timestamp},
    number, proto,
};
use crate::domain::{
    bundle::{Bundle, Compromised, MAX_ROOTS},
    fault::Fault,
    ids::Sha256,
};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<Bundle, Fault> {
    let proto::Bundle { domain, sequence, roots, issued, previous, compromised, speaker: _ } =
        canonical::decode(payload)?;
    let sequence = number::sequence("sequence", sequence)?;
    if sequence < 2 {
        return Err(refuse(
            "sequence",
            "the first bundle travels in an invitation, so a bundle statement has number 2 or more",
        ));
    }
    if roots.is_empty() || roots.len() > MAX_ROOTS {
        return Err(refuse("roots", format!("a bundle contains 1 to {MAX_ROOTS} certificates")));
    }
    if compromised.len() > MAX_ROOTS {
        return Err(refuse("compromised", format!("there may be at most {MAX_ROOTS} of them")));
    }
    let one = |(i, root): (usize, proto::CompromisedRoot)| -> Result<Compromised, Fault> {
        let place = |name: &str| format!("compromised[{i}].{name}");
        Ok(Compromised { root: bytes(&place("sha256"), &root.sha256)?, since: parsed(&place("since"), &root.since)? })
    };
    let compromised: Vec<Compromised> = compromised.into_iter().enumerate().map(one).collect::<Result<_, _>>()?;
    ascending("compromised", &compromised.iter().map(|c| c.root).collect::<Vec<Sha256>>())?;
    Ok(Bundle {
        domain: parsed("domain", &domain)?,
        sequence,
        roots: roots.into_iter().map(Into::into).collect(),
        issued: time("issued", issued)?,
        previous: bytes("previous", &previous)?,
        compromised,
    })
}

/// Encodes a payload for signing.
pub fn encode(bundle: &Bundle) -> Vec<u8> {
    let Bundle { domain, sequence, roots, issued, previous, compromised } = bundle;
    let one = |c: &Compromised| proto::CompromisedRoot { sha256: c.root.0.to_vec().into(), since: c.since.to_string() };
    proto::Bundle {
        speaker: None,
        domain: domain.to_string(),
        sequence: *sequence,
        roots: roots.iter().map(|r| r.clone().into()).collect(),
        issued: timestamp(*issued),
        previous: previous.0.to_vec().into(),
        compromised: compromised.iter().map(one).collect(),
    }
    .encode_to_vec()
}
