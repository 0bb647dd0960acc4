//! Notices, by which one party stops or resumes an agreement alone.

use prost::Message;

use super::{
    canonical,
    field::{bytes, line, number_of, time, timestamp, word},
    proto,
};
use crate::domain::{
    agreement::{AgreementNotice, AgreementStep},
    fault::Fault,
};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<AgreementNotice, Fault> {
    let proto::Notice { agreement_id, step, at, reason, every_version, speaker: _ } = canonical::decode(payload)?;
    Ok(AgreementNotice {
        agreement: bytes("agreement_id", &agreement_id)?,
        step: word("step", AgreementStep::ALL, step)?,
        at: time("at", at)?,
        reason: if reason.is_empty() { reason } else { line("reason", reason)? },
        every_version,
    })
}

/// Encodes a payload for signing.
pub fn encode(notice: &AgreementNotice) -> Vec<u8> {
    let AgreementNotice { agreement, step, at, reason, every_version } = notice;
    proto::Notice {
        speaker: None,
        agreement_id: agreement.0.to_vec().into(),
        step: number_of(AgreementStep::ALL, step),
        at: timestamp(*at),
        reason: reason.clone(),
        every_version: *every_version,
    }
    .encode_to_vec()
}
