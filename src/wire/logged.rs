//! Statements that say when another statement was first logged.

use prost::Message;

use super::{
    canonical,
    field::{bytes, timestamp, whole_seconds},
    proto,
};
use crate::domain::{fault::Fault, logged::Logged};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`.
pub fn decode(payload: &[u8]) -> Result<Logged, Fault> {
    let proto::Logged { statement_id, logged_at, speaker: _ } = canonical::decode(payload)?;
    Ok(Logged { statement: bytes("statement_id", &statement_id)?, at: whole_seconds("logged_at", logged_at)? })
}

/// Encodes a payload for signing.
pub fn encode(logged: &Logged) -> Vec<u8> {
    proto::Logged { speaker: None, statement_id: logged.statement.0.to_vec().into(), logged_at: timestamp(logged.at) }
        .encode_to_vec()
}
