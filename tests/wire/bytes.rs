//! No bytes do harm: they are refused, or they are the canonical encoding of their meaning.

use proptest::{collection::vec, prelude::*, sample::Index};
use prost::Message;
use watchfire::{
    domain::fault::{Fault, Reason},
    wire::{self, proto},
};

use crate::{beside, portions, statements};

/// Reads bytes as a message of each kind, and writes the result.
type Codec = (&'static str, fn(&[u8]) -> Result<Vec<u8>, Fault>);

const CODECS: [Codec; 17] = [
    ("envelope", |b| wire::envelope::decode(b).map(|v| wire::envelope::encode(&v))),
    ("manifest", |b| wire::manifest::decode(b).map(|v| wire::manifest::encode(&v))),
    ("portion", |b| wire::portion::decode(b).map(|v| wire::portion::encode(&v))),
    ("agreement", |b| wire::agreement::decode(b).map(|v| wire::agreement::encode(&v))),
    ("release", |b| wire::release::decode(b).map(|v| wire::release::encode(&v))),
    ("void", |b| wire::release::decode_void(b).map(|v| wire::release::encode_void(&v))),
    ("notice", |b| wire::notice::decode(b).map(|v| wire::notice::encode(&v))),
    ("receipt", |b| wire::receipt::decode(b).map(|v| wire::receipt::encode(&v))),
    ("logged", |b| wire::logged::decode(b).map(|v| wire::logged::encode(&v))),
    ("recall", |b| wire::recall::decode(b).map(|v| wire::recall::encode(&v))),
    ("invitation", |b| wire::invitation::decode(b).map(|v| wire::invitation::encode(&v))),
    ("introduction", |b| wire::introduction::decode(b).and_then(|v| wire::introduction::encode(&v))),
    ("bundle", |b| wire::bundle::decode(b).map(|v| wire::bundle::encode(&v))),
    ("endorsement", |b| wire::endorsement::decode(b).map(|v| wire::endorsement::encode(&v))),
    ("request", |b| wire::request::decode(b).map(|v| wire::request::encode(&v))),
    ("answer", |b| wire::request::decode_answer(b).map(|v| wire::request::encode_answer(&v))),
    ("exception", |b| wire::request::decode_exception(b).map(|v| wire::request::encode_exception(&v))),
];

/// The content of a payload without its speaker, which the codecs leave out. Empty if the speaker is refused.
fn content(payload: &[u8]) -> Option<&[u8]> {
    match wire::speaker::decode(payload) {
        Ok(speaker) => payload.strip_suffix(&wire::speaker::spoken_by(&speaker, vec![])[..]),
        Err(fault) => {
            (fault.field.as_deref() == Some("speaker") && fault.message == "the field is missing").then_some(payload)
        }
    }
}

/// The kinds without a speaker.
const SPEAKERLESS: [&str; 3] = ["envelope", "portion", "agreement"];

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    for (kind, codec) in CODECS {
        match codec(bytes) {
            Ok(again) if SPEAKERLESS.contains(&kind) => {
                prop_assert_eq!(&again[..], bytes, "{} has two encodings", kind)
            }
            Ok(again) => prop_assert!(content(bytes).is_none_or(|c| c == &again[..]), "{} has two encodings", kind),
            Err(fault) => {
                let named = [Reason::UnknownOrNonCanonical, Reason::StatementTooLarge, Reason::DigestRepeated];
                // Of a later edition.
                let is_later =
                    fault.reason == Reason::NotYet && fault.field.as_ref().is_some_and(|f| f.ends_with("edition"));
                prop_assert!(is_later || named.contains(&fault.reason), "{}: {}", kind, fault.message);
            }
        }
    }
    Ok(())
}

fn any_message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        statements::envelope().prop_map(|v| wire::envelope::encode(&v)),
        statements::manifest().prop_map(|v| wire::manifest::encode(&v)),
        portions::portion().prop_map(|v| wire::portion::encode(&v)),
        statements::agreement().prop_map(|v| wire::agreement::encode(&v)),
        statements::release().prop_map(|v| wire::release::encode(&v)),
        statements::void().prop_map(|v| wire::release::encode_void(&v)),
        statements::notice().prop_map(|v| wire::notice::encode(&v)),
        statements::receipt().prop_map(|v| wire::receipt::encode(&v)),
        statements::logged().prop_map(|v| wire::logged::encode(&v)),
        statements::recall().prop_map(|v| wire::recall::encode(&v)),
        statements::invitation().prop_map(|v| wire::invitation::encode(&v)),
        statements::bundle().prop_map(|v| wire::bundle::encode(&v)),
        beside::endorsement().prop_map(|v| wire::endorsement::encode(&v)),
        beside::request().prop_map(|v| wire::request::encode(&v)),
        beside::answer().prop_map(|v| wire::request::encode_answer(&v)),
        beside::exception().prop_map(|v| wire::request::encode_exception(&v)),
    ]
}

/// Puts `new` in place of some bytes.
fn spliced(mut bytes: Vec<u8>, at: Index, length: usize, new: &[u8]) -> Vec<u8> {
    let start = at.index(bytes.len() + 1);
    let end = (start + length).min(bytes.len());
    bytes.splice(start..end, new.iter().copied());
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes_are_refused_or_canonical(bytes in vec(any::<u8>(), 0..300)) {
        check(&bytes)?;
        if let Ok(entry) = proto::FeedEntry::decode(&bytes[..]) {
            let _ = wire::entry::from_proto(entry);
        }
    }

    #[test]
    fn a_message_with_some_bytes_changed_is_refused_or_canonical(
        bytes in any_message(), at: Index, length in 0usize..4, new in vec(any::<u8>(), 0..4),
    ) {
        check(&spliced(bytes, at, length, &new))?;
    }

    #[test]
    fn a_message_with_a_byte_off_by_a_bit_is_refused_or_canonical(bytes in any_message(), at: Index, bit in 0u8..8) {
        let mut bytes = bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        check(&bytes)?;
    }

    #[test]
    fn an_entry_of_any_parts_is_refused_or_shaped(
        parts in (vec(any_message(), 0..4), vec(any::<u8>(), 0..40), 0u8..3, 0u8..3),
    ) {
        let (portions, payload, releases, manifests) = parts;
        let envelope = |known: u8| proto::Envelope {
            payload_type: if known > 1 { "application/vnd.watchfire.void.v1+proto" } else { "x" }.to_owned(),
            payload: payload.clone().into(),
            signatures: vec![proto::Signature { suite: 1, certificates: vec![payload.clone().into()], value: vec![].into() }],
            logged: vec![],
            path: vec![],
        };
        let message = proto::FeedEntry {
            release: (releases > 0).then(|| envelope(releases)),
            manifest: (manifests > 0).then(|| envelope(manifests)),
            portions: portions.iter().map(|p| p.clone().into()).collect(),
            provenance: vec![],
            beside: vec![],
        };
        match wire::entry::from_proto(message.clone()) {
            Ok(entry) => prop_assert_eq!(wire::entry::to_proto(entry), message),
            Err(fault) => prop_assert!(releases < 2 || manifests == 1, "{}", fault),
        }
    }
}

/// Envelopes nested in each other's fields, to this depth.
fn nested(depth: usize, number: u8) -> Vec<u8> {
    let mut backwards: Vec<u8> = vec![];
    for _ in 0..depth {
        let mut length = vec![];
        prost::encoding::encode_varint(backwards.len() as u64, &mut length);
        backwards.extend(length.iter().rev());
        backwards.push(number << 3 | 2);
    }
    backwards.reverse();
    backwards
}

#[test]
fn envelopes_in_each_other_are_refused_however_deep() {
    // In `logged`, and in `path`.
    for (depth, number) in [1, 2, 3, 90, 99, 100, 101, 200, 500_000].into_iter().flat_map(|d| [(d, 4), (d, 5)]) {
        let bytes = nested(depth, number);
        let fault = wire::envelope::decode(&bytes).unwrap_err();
        assert_eq!(fault.reason, Reason::UnknownOrNonCanonical, "{depth}");
        // The release of an entry, as a message of the transport has it.
        let mut entry = vec![1 << 3 | 2];
        prost::encoding::encode_varint(bytes.len() as u64, &mut entry);
        entry.extend(bytes);
        assert_eq!(wire::entry::decode(&entry).unwrap_err().reason, Reason::UnknownOrNonCanonical, "{depth}");
    }
}
