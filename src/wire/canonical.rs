//! The canonical encoding. Bytes that do not come back bit for bit from decoding and encoding are refused. So an older node never silently
//! passes on a caveat that it can't read.

use prost::{Message, Name};

use super::diagnose;
use crate::domain::fault::{Fault, Reason};

/// Decodes `bytes`. Refuses them unless encoding the result gives the same bytes.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, with the path of the first faulty field.
pub fn decode<M: Message + Name + Default>(bytes: &[u8]) -> Result<M, Fault> {
    match M::decode(bytes) {
        Ok(message) if encodes_to(&message, bytes) => Ok(message),
        _ => Err(refusal::<M>(bytes)),
    }
}

fn encodes_to<M: Message>(message: &M, bytes: &[u8]) -> bool {
    message.encoded_len() == bytes.len() && message.encode_to_vec() == bytes
}

fn refusal<M: Name>(bytes: &[u8]) -> Fault {
    let reason = Reason::UnknownOrNonCanonical;
    match diagnose::first_fault(&M::full_name(), bytes) {
        Some((path, what)) if path.is_empty() => Fault::new(reason, what),
        Some((path, what)) => Fault::at(reason, path, what),
        None => Fault::new(reason, "the bytes are not in canonical form; encode fields in order, each at most once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::proto::{Headline, Manifest, Marking, NationalLabel, Portion, portion::Body};

    fn portion() -> Portion {
        Portion {
            salt: vec![7; 32].into(),
            handle: vec![1; 8].into(),
            edition: 1,
            marking: Some(Marking {
                tlp: 3,
                caveats: vec!["no-attribution".into()],
                national: Some(NationalLabel { policy: "UK".into(), ..Default::default() }),
                ..Default::default()
            }),
            body: Some(Body::Headline(Headline { text: "x".into() })),
            ..Default::default()
        }
    }

    #[test]
    fn what_was_encoded_decodes() {
        let bytes = portion().encode_to_vec();
        assert_eq!(decode::<Portion>(&bytes).unwrap(), portion());
    }

    #[test]
    fn an_unknown_field_is_refused_by_its_path() {
        let mut headline = Headline { text: "x".into() }.encode_to_vec();
        headline.extend([0x98, 0x06, 0x01]); // field 99, varint 1
        let mut bytes = Portion { body: None, ..portion() }.encode_to_vec();
        bytes.push(5 << 3 | 2);
        bytes.push(headline.len() as u8);
        bytes.extend(headline);
        let fault = decode::<Portion>(&bytes).unwrap_err();
        assert_eq!(fault.reason, Reason::UnknownOrNonCanonical);
        assert_eq!(fault.field.as_deref(), Some("headline.99"));
    }

    #[test]
    fn the_same_meaning_in_another_encoding_is_refused() {
        let order = Manifest { version: 2, originator: "gb.example".into(), ..Default::default() }.encode_to_vec();
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("a tag out of order", [&order[2..], &order[..2]].concat()),
            ("a field twice", [&order[..2], &order[..2], &order[2..]].concat()),
            ("a default written out", [&[0x10, 0x00][..], &order[2..]].concat()),
            ("a varint longer than needed", [&[0x10, 0x82, 0x00][..], &order[2..]].concat()),
            ("a truncated field", order[..order.len() - 1].to_vec()),
        ];
        for (what, bytes) in cases {
            let fault = decode::<Manifest>(&bytes).expect_err(what);
            assert_eq!(fault.reason, Reason::UnknownOrNonCanonical, "{what}");
            assert!(fault.field.is_some(), "{what}: {fault:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = decode::<Portion>(&bytes);
        }

        #[test]
        fn a_flipped_byte_is_refused_or_means_something_else(at in 0usize..60, bit in 0u8..8) {
            let bytes = portion().encode_to_vec();
            let mut flipped = bytes.clone();
            let at = at % flipped.len();
            flipped[at] ^= 1 << bit;
            if let Ok(other) = decode::<Portion>(&flipped) {
                proptest::prop_assert_ne!(other, portion());
            }
        }
    }
}
