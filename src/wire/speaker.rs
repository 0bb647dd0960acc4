//! Who speaks in a statement. The field has the same number in every message, so it can be written and read without knowing the other fields.

use prost::Message;

use super::{
    field::{parsed, present, refuse},
    number, proto,
};
use crate::domain::{
    fault::Fault,
    statement::{SUITES, Speaker},
};

/// The fields that the payload of every kind of statement has.
#[derive(Clone, PartialEq, Message)]
struct Spoken {
    #[prost(message, optional, tag = "100")]
    speaker: Option<proto::Speaker>,
}

/// Appends the speaker to a statement's content, which makes a payload for signing. The speaker is the last field.
pub fn spoken_by(speaker: &Speaker, mut content: Vec<u8>) -> Vec<u8> {
    let Speaker { id, cosigners } = speaker;
    let suites = SUITES.iter().map(ToString::to_string).collect();
    let speaker = proto::Speaker { id: id.to_string(), cosigners: *cosigners, suites };
    content.extend(Spoken { speaker: Some(speaker) }.encode_to_vec());
    content
}

/// Checks that this version knows each of these sorts of suites.
pub(super) fn known(suites: &[String]) -> Result<(), Fault> {
    if suites == SUITES {
        return Ok(());
    }
    let what = format!("signers sign with {}, and this version knows no other sorts", SUITES.join(", "));
    Err(refuse("suites", what))
}

/// Reads who speaks from a payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<Speaker, Fault> {
    let spoken = Spoken::decode(payload).map_err(|_| refuse("speaker", "the payload can't be read"))?;
    let proto::Speaker { id, cosigners, suites } = present("speaker", spoken.speaker)?;
    let read = || {
        known(&suites)?;
        Ok(Speaker { id: parsed("id", &id)?, cosigners: number::cosigners("cosigners", cosigners)? })
    };
    read().map_err(|f: Fault| f.within("speaker"))
}
