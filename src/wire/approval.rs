//! Approvals, by which a person approves exactly one thing.

use prost::Message;

use super::{
    canonical,
    field::{bytes, number_of, parsed, time, timestamp, word},
    proto,
};
use crate::domain::{
    approval::{Approval, Matter},
    fault::Fault,
};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<Approval, Fault> {
    let proto::Approval { domain, matter, subject, issued, speaker: _ } = canonical::decode(payload)?;
    Ok(Approval {
        domain: parsed("domain", &domain)?,
        matter: word("matter", Matter::ALL, matter)?,
        subject: bytes("subject", &subject)?,
        issued: time("issued", issued)?,
    })
}

/// Encodes a payload for signing.
pub fn encode(approval: &Approval) -> Vec<u8> {
    let Approval { domain, matter, subject, issued } = approval;
    proto::Approval {
        speaker: None,
        domain: domain.to_string(),
        matter: number_of(Matter::ALL, matter),
        subject: subject.0.to_vec().into(),
        issued: timestamp(*issued),
    }
    .encode_to_vec()
}
