//! The id of a statement: the SHA-256 of its DSSE pre-authentication encoding.

use super::hash::sha256;
use crate::domain::{
    ids::{Sha256, StatementId},
    statement::{Envelope, StatementKind},
};

/// The DSSE v1 pre-authentication encoding, the bytes that signatures are over:
/// `"DSSEv1" SP len(type) SP type SP len(payload) SP payload`.
pub fn pre_authentication_encoding(kind: StatementKind, payload: &[u8]) -> Vec<u8> {
    encode(kind.payload_type(), payload)
}

fn encode(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut pae = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    pae.extend_from_slice(payload);
    pae
}

/// The id of a statement. It does not depend on who has signed yet.
pub fn id(envelope: &Envelope) -> StatementId {
    id_of(envelope.kind, &envelope.payload)
}

/// The id of a payload, signed or not.
pub fn id_of(kind: StatementKind, payload: &[u8]) -> StatementId {
    id_of_encoding(&pre_authentication_encoding(kind, payload))
}

/// The id of the statement with this pre-authentication encoding.
pub(super) fn id_of_encoding(encoding: &[u8]) -> StatementId {
    StatementId(sha256(&[encoding]))
}

/// The prefix that keeps hashes of paths apart from all other hashes.
const PATH: &[u8] = b"watchfire.path.v1\0";

/// The hash by which a receipt names the releases of a path, in their order. Signatures are not part of it: a release that is signed again stays
/// the same statement.
pub fn path_hash(path: &[Envelope]) -> Sha256 {
    let ids: Vec<StatementId> = path.iter().map(id).collect();
    let parts: Vec<&[u8]> = std::iter::once(PATH).chain(ids.iter().map(|id| &id.0[..])).collect();
    Sha256(sha256(&parts))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_encoding_is_that_of_the_dsse_specification() {
        // The example of the specification's protocol.md.
        let pae = super::encode("http://example.com/HelloWorld", b"hello world");
        assert_eq!(pae, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
