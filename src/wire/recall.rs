//! Recalls.

use prost::Message;

use super::{
    canonical,
    field::{bytes, line, number_of, parsed, time, timestamp, word},
    proto,
};
use crate::domain::{
    fault::{Fault, Reason},
    recall::{MAX_REASON, Recall, RecallKind},
};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `STATEMENT_TOO_LARGE`, with the field's path.
pub fn decode(payload: &[u8]) -> Result<Recall, Fault> {
    let proto::Recall { originator, assessment_id, kind, reason, recalled_at, exercise, speaker: _ } =
        canonical::decode(payload)?;
    if reason.len() > MAX_REASON {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "reason",
            format!("a reason is one line of at most {MAX_REASON} bytes"),
        ));
    }
    Ok(Recall {
        originator: parsed("originator", &originator)?,
        assessment: bytes("assessment_id", &assessment_id)?,
        kind: word("kind", RecallKind::ALL, kind)?,
        reason: line("reason", reason)?,
        recalled_at: time("recalled_at", recalled_at)?,
        exercise,
    })
}

/// Encodes a payload for signing.
pub fn encode(recall: &Recall) -> Vec<u8> {
    let Recall { originator, assessment, kind, reason, recalled_at, exercise } = recall;
    proto::Recall {
        speaker: None,
        originator: originator.to_string(),
        assessment_id: assessment.0.to_vec().into(),
        kind: number_of(RecallKind::ALL, kind),
        reason: reason.clone(),
        recalled_at: timestamp(*recalled_at),
        exercise: *exercise,
    }
    .encode_to_vec()
}
