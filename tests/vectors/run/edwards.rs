//! Edge cases of Ed25519 on which programs disagree.

use serde::Deserialize;
use watchfire::{
    domain::{fault::Reason, statement::Suite},
    seal::verify::verify_raw,
};

use crate::files::{Hex, vectors};

#[derive(Deserialize)]
struct Vector {
    source: String,
    name: String,
    public_key: Hex,
    message: Hex,
    signature: Hex,
    valid: bool,
}

#[test]
fn every_edge_of_ed25519_is_decided_as_the_rule_says() {
    for v in vectors::<Vector>("ed25519.json") {
        let verdict = verify_raw(Suite::Ed25519, &v.public_key.0, &v.message.0, &v.signature.0);
        let expected = if v.valid { None } else { Some(Reason::SignatureInvalid) };
        assert_eq!(verdict.err().map(|f| f.reason), expected, "{}: {}", v.source, v.name);
    }
}

/// Every encoding of a point of small order (C2SP CCTV, ed25519/README.md), as key and as nonce.
#[test]
fn no_encoding_of_a_point_of_small_order_is_a_key_or_a_nonce() {
    let low = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let good = vectors::<Vector>("ed25519.json").into_iter().find(|v| v.valid).unwrap();
    for (text, sign) in low.iter().flat_map(|text| [(text, 0), (text, 0x80)]) {
        let mut point = hex::decode(text).unwrap();
        point[31] |= sign;
        // With a key of order 1, S = 0 and R = the neutral point verify for one message in eight by the bare equation.
        let mut holds_often = point.clone();
        holds_often.extend([0; 32]);
        for message in 0..64u8 {
            assert!(verify_raw(Suite::Ed25519, &point, &[message], &holds_often).is_err(), "{text} as key");
        }
        let nonce = [&point[..], &good.signature.0[32..]].concat();
        assert!(verify_raw(Suite::Ed25519, &good.public_key.0, &good.message.0, &nonce).is_err(), "{text} as nonce");
    }
}

#[test]
fn keys_and_signatures_of_other_lengths_are_refused_by_every_suite() {
    let good = vectors::<Vector>("ed25519.json").into_iter().find(|v| v.valid).unwrap();
    for suite in Suite::ALL {
        for length in (0..=200).filter(|l| *suite != Suite::Ed25519 || *l != 32) {
            assert!(verify_raw(*suite, &vec![4; length], b"x", &good.signature.0).is_err(), "{suite}: key of {length}");
        }
        for length in 0..=200 {
            assert!(verify_raw(*suite, &good.public_key.0, b"x", &vec![0x30; length]).is_err(), "{suite}: {length}");
        }
    }
}
