//! Envelopes: the outermost form of every statement.

use prost::Message;

use super::{
    canonical,
    field::{number_of, refuse, word},
    proto,
};
use crate::domain::{
    fault::{Fault, Reason},
    receipt::MAX_PATH,
    statement::{Envelope, MAX_LOGGED, MAX_SIGNATURES, Signature, StatementKind, Suite},
};

/// The longest signature, bytes. The signatures of all suites are far shorter.
const MAX_SIGNATURE: usize = 512;
/// The most certificates in a chain.
const MAX_CHAIN_CERTIFICATES: usize = 4;
/// The most bytes of a chain.
const MAX_CHAIN_BYTES: usize = 16 * 1024;

/// Decodes an envelope from the bytes of a file or of the store.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `STATEMENT_TOO_LARGE`.
pub fn decode(bytes: &[u8]) -> Result<Envelope, Fault> {
    from_proto(canonical::decode(bytes)?)
}

/// Encodes an envelope to bytes.
pub fn encode(envelope: &Envelope) -> Vec<u8> {
    to_proto(envelope).encode_to_vec()
}

/// Decodes an envelope from a message that travels inside others.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `STATEMENT_TOO_LARGE`.
pub fn from_proto(message: proto::Envelope) -> Result<Envelope, Fault> {
    if message.signatures.is_empty() {
        return Err(refuse("signatures", format!("a statement has 1 to {MAX_SIGNATURES} signatures")));
    }
    draft_from_proto(message)
}

/// Decodes a statement inside another message. The outer message says when the statement was logged and by which way it came, so the statement
/// itself must say neither.
///
/// # Errors
/// As [`from_proto`]. `UNKNOWN_OR_NON_CANONICAL`, if it has a `logged` or a `path`.
pub(super) fn nested(message: proto::Envelope) -> Result<Envelope, Fault> {
    let envelope = from_proto(message)?;
    for (field, value) in [("logged", &envelope.logged), ("path", &envelope.path)] {
        if !value.is_empty() {
            return Err(refuse(field, "the message around it says this already"));
        }
    }
    Ok(envelope)
}

/// As [`decode`], for a statement that need not be signed yet: a draft of this organisation, which is not sent to anybody.
///
/// # Errors
/// As [`decode`].
pub fn decode_draft(bytes: &[u8]) -> Result<Envelope, Fault> {
    draft_from_proto(canonical::decode(bytes)?)
}

/// As [`from_proto`], for a statement that need not be signed yet.
///
/// # Errors
/// As [`from_proto`].
pub fn draft_from_proto(message: proto::Envelope) -> Result<Envelope, Fault> {
    let proto::Envelope { payload_type, payload, signatures, logged, path } = message;
    let kind = StatementKind::from_payload_type(&payload_type)
        .ok_or_else(|| refuse("payload_type", "the kind of statement is not known to this version"))?;
    if signatures.len() > MAX_SIGNATURES {
        return Err(refuse("signatures", format!("a statement has 1 to {MAX_SIGNATURES} signatures")));
    }
    let signatures = signatures
        .into_iter()
        .enumerate()
        .map(|(i, s)| signature(s).map_err(|f| f.within(&format!("signatures[{i}]"))))
        .collect::<Result<_, _>>()?;
    let logged = logged_from_proto(kind, logged)?;
    let path = path_from_proto(kind, path)?;
    Ok(Envelope { kind, payload: payload.into(), signatures, logged, path })
}

/// The releases by which the answered assessment came. Only a receipt has them.
fn path_from_proto(kind: StatementKind, all: Vec<proto::Envelope>) -> Result<Vec<Envelope>, Fault> {
    if kind != StatementKind::Receipt && !all.is_empty() {
        return Err(refuse("path", "only a receipt has a path"));
    }
    if all.len() > MAX_PATH {
        let what = format!("a path has at most {MAX_PATH} releases");
        return Err(Fault::at(Reason::StatementTooLarge, "path", what));
    }
    if all.len() == 1 {
        return Err(refuse("path", "a path has at least 2 releases; an assessment that came directly has no path"));
    }
    let one = |(i, message)| {
        let place = format!("path[{i}]");
        let envelope = nested(message).map_err(|f: Fault| f.within(&place))?;
        if envelope.kind == StatementKind::Release {
            return Ok(envelope);
        }
        Err(refuse(&place, "a path may contain only releases"))
    };
    all.into_iter().enumerate().map(one).collect()
}

/// The statements that say when this one was first logged. Such a statement has none itself.
fn logged_from_proto(kind: StatementKind, all: Vec<proto::Envelope>) -> Result<Vec<Envelope>, Fault> {
    if all.len() > MAX_LOGGED || (kind == StatementKind::Logged && !all.is_empty()) {
        return Err(refuse(
            "logged",
            format!("a statement has at most {MAX_LOGGED} of these, and they have none themselves"),
        ));
    }
    let one = |(i, message)| {
        let envelope = from_proto(message).map_err(|f: Fault| f.within(&format!("logged[{i}]")))?;
        if envelope.kind == StatementKind::Logged {
            return Ok(envelope);
        }
        Err(refuse(&format!("logged[{i}]"), "the statement is not of the kind `logged`"))
    };
    all.into_iter().enumerate().map(one).collect()
}

fn signature(message: proto::Signature) -> Result<Signature, Fault> {
    let proto::Signature { suite, certificates, value } = message;
    let size: usize = certificates.iter().map(|c| c.len()).sum();
    if certificates.is_empty() || certificates.len() > MAX_CHAIN_CERTIFICATES || size > MAX_CHAIN_BYTES {
        let what = format!(
            "a chain contains 1 to {} certificates and at most {} bytes",
            MAX_CHAIN_CERTIFICATES, MAX_CHAIN_BYTES
        );
        return Err(Fault::at(Reason::StatementTooLarge, "certificates", what));
    }
    if value.len() > MAX_SIGNATURE {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "value",
            format!("a signature has at most {MAX_SIGNATURE} bytes"),
        ));
    }
    Ok(Signature {
        suite: word("suite", Suite::ALL, suite)?,
        certificates: certificates.into_iter().map(Into::into).collect(),
        value: value.into(),
    })
}

/// Encodes an envelope as a message that travels inside others.
pub fn to_proto(envelope: &Envelope) -> proto::Envelope {
    let signatures = envelope.signatures.iter().map(|s| proto::Signature {
        suite: number_of(Suite::ALL, &s.suite),
        certificates: s.certificates.iter().map(|c| c.clone().into()).collect(),
        value: s.value.clone().into(),
    });
    proto::Envelope {
        payload_type: envelope.kind.payload_type().to_owned(),
        payload: envelope.payload.clone().into(),
        signatures: signatures.collect(),
        logged: envelope.logged.iter().map(to_proto).collect(),
        path: envelope.path.iter().map(to_proto).collect(),
    }
}
