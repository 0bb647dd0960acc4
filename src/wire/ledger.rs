//! Statements of ledger keys.

use prost::Message;

use super::{
    canonical,
    field::{refuse, time, timestamp},
    proto,
};
use crate::domain::{
    fault::Fault,
    ledger::{LedgerKey, of_origin},
};

/// From a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode_key(payload: &[u8]) -> Result<LedgerKey, Fault> {
    let proto::LedgerKey { origin, public_key, epoch, created } = canonical::decode(payload)?;
    if of_origin(&origin).is_none_or(|(_, named)| named != epoch) {
        return Err(refuse("origin", "the ledger's name is not that of a trust domain and the epoch"));
    }
    let public = public_key.as_ref().try_into().map_err(|_| refuse("public_key", "the key has not 32 bytes"))?;
    Ok(LedgerKey { origin, public, epoch, created: time("created", created)? })
}

/// To a payload for signing.
pub fn encode_key(key: &LedgerKey) -> Vec<u8> {
    let LedgerKey { origin, public, epoch, created } = key;
    proto::LedgerKey {
        origin: origin.clone(),
        public_key: public.to_vec().into(),
        epoch: *epoch,
        created: timestamp(*created),
    }
    .encode_to_vec()
}
