//! The statements of ledger keys.

use prost::Message;

use super::{
    canonical,
    field::{refuse, time, timestamp},
    number, proto,
};
use crate::domain::{
    fault::Fault,
    ledger::{LedgerKey, Succession, of_origin},
};

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode_key(payload: &[u8]) -> Result<LedgerKey, Fault> {
    let proto::LedgerKey { origin, public_key, epoch, created, succession, speaker: _ } = canonical::decode(payload)?;
    let epoch = number::epoch("epoch", epoch)?;
    if of_origin(&origin).is_none_or(|(_, named)| named != epoch) {
        return Err(refuse("origin", "the origin is not made of the trust domain and the epoch"));
    }
    let public = public_key.as_ref().try_into().map_err(|_| refuse("public_key", "the key must have 32 bytes"))?;
    let succession = succession.map(handed_over).transpose().map_err(|f| f.within("succession"))?;
    if succession.is_some() && epoch < 2 {
        return Err(refuse("succession", "the first epoch has no succession, because no key comes before it"));
    }
    Ok(LedgerKey { origin, public, epoch, created: time("created", created)?, succession })
}

fn handed_over(message: proto::LedgerSuccession) -> Result<Succession, Fault> {
    let proto::LedgerSuccession { size, root, signature } = message;
    if signature.len() != 64 {
        return Err(refuse("signature", "an Ed25519 signature has 64 bytes"));
    }
    let root = root.as_ref().try_into().map_err(|_| refuse("root", "a root has 32 bytes"))?;
    Ok(Succession { size: number::entries("size", size)?, root, signature: signature.into() })
}

/// Encodes a payload for signing.
pub fn encode_key(key: &LedgerKey) -> Vec<u8> {
    let LedgerKey { origin, public, epoch, created, succession } = key;
    let handed_over = |s: &Succession| proto::LedgerSuccession {
        size: s.size,
        root: s.root.to_vec().into(),
        signature: s.signature.clone().into(),
    };
    proto::LedgerKey {
        speaker: None,
        origin: origin.clone(),
        public_key: public.to_vec().into(),
        epoch: *epoch,
        created: timestamp(*created),
        succession: succession.as_ref().map(handed_over),
    }
    .encode_to_vec()
}
