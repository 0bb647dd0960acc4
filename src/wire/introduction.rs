//! Introductions, by which one organisation vouches for the identity of another.

use prost::Message;

use super::{
    canonical, envelope,
    field::{parsed, present, refuse, time, timestamp},
    proto,
};
use crate::domain::{fault::Fault, introduction::Introduction, statement::StatementKind};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<Introduction, Fault> {
    let proto::Introduction { introducer, invitation, issued, speaker: _ } = canonical::decode(payload)?;
    let inner = envelope::from_proto(present("invitation", invitation)?).map_err(|f| f.within("invitation"))?;
    if inner.kind != StatementKind::Invitation || !inner.logged.is_empty() {
        return Err(refuse("invitation", "the statement is not an invitation"));
    }
    let domain = parsed("introducer", &introducer)?;
    Ok(Introduction { introducer: domain, invitation: envelope::encode(&inner), issued: time("issued", issued)? })
}

/// Encodes a payload for signing.
///
/// # Errors
/// The fault, if the invitation in it can't be read.
pub fn encode(introduction: &Introduction) -> Result<Vec<u8>, Fault> {
    let Introduction { introducer, invitation, issued } = introduction;
    let message = proto::Introduction {
        speaker: None,
        introducer: introducer.to_string(),
        invitation: Some(envelope::to_proto(&envelope::decode(invitation)?)),
        issued: timestamp(*issued),
    };
    Ok(message.encode_to_vec())
}
