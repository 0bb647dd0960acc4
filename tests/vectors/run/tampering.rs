//! Every byte of a signed statement is changed in turn; each change is refused by name.

use std::collections::BTreeSet;

use watchfire::{
    domain::{
        fault::Reason,
        statement::{Envelope, StatementKind, Suite},
    },
    seal::{rules, verify::verify},
    wire,
};

use crate::{
    organisations::{World, now, signer, world},
    signatures::manifest,
};

fn signed(world: &World, suite: Suite) -> Envelope {
    let analyst = signer(&world.gb, "spiffe://gb.example/analyst/alice", suite);
    analyst.statement(StatementKind::Manifest, manifest()).unwrap()
}

/// The reasons why the envelope is refused, with each byte of `part` changed in turn, first by one bit and then completely.
fn reasons(world: &World, envelope: &Envelope, part: impl Fn(&mut Envelope) -> &mut Vec<u8>) -> BTreeSet<&'static str> {
    verify(envelope, &rules::MANIFEST, &world.chains, now()).unwrap();
    let length = part(&mut envelope.clone()).len();
    let mut reasons = BTreeSet::new();
    for (i, mask) in (0..length).flat_map(|i| [(i, 1 << (i % 8)), (i, 0xff)]) {
        let mut changed = envelope.clone();
        part(&mut changed)[i] ^= mask;
        match verify(&changed, &rules::MANIFEST, &world.chains, now()) {
            Ok(_) => panic!("byte {i} changed by {mask:#x} was not noticed"),
            Err(fault) => reasons.insert(fault.reason.as_str()),
        };
    }
    reasons
}

#[test]
fn no_byte_of_a_payload_or_signature_can_be_changed() {
    let world = world();
    for suite in Suite::ALL {
        let envelope = signed(&world, *suite);
        assert_eq!(reasons(&world, &envelope, |e| &mut e.payload), BTreeSet::from(["SIGNATURE_INVALID"]));
        let of_value = reasons(&world, &envelope, |e| &mut e.signatures[0].value);
        assert_eq!(of_value, BTreeSet::from(["SIGNATURE_INVALID"]));
    }
}

#[test]
fn no_byte_of_a_certificate_can_be_changed() {
    let world = world();
    for suite in Suite::ALL {
        let envelope = signed(&world, *suite);
        let reasons = reasons(&world, &envelope, |e| &mut e.signatures[0].certificates[0]);
        // A changed domain is unknown before its chain is looked at.
        assert!(reasons.is_subset(&BTreeSet::from(["CHAIN_INVALID", "NOT_A_PARTNER"])), "{reasons:?}");
    }
}

#[test]
fn no_byte_of_an_envelope_can_be_changed_lost_or_added() {
    let world = world();
    let bytes = wire::envelope::encode(&signed(&world, Suite::Ed25519));
    let accepted = |bytes: &[u8]| {
        let envelope = wire::envelope::decode(bytes).map_err(|f| f.reason)?;
        verify(&envelope, &rules::MANIFEST, &world.chains, now()).map(|_| ()).map_err(|f| f.reason)
    };
    assert_eq!(accepted(&bytes), Ok(()));
    for i in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[i] ^= 1 << bit;
            assert!(accepted(&changed).is_err(), "bit {bit} of byte {i}");
        }
        assert_eq!(accepted(&bytes[..i]).map_err(|r| r != Reason::Internal), Err(true), "cut at {i}");
        let longer = [&bytes[..i], &[0], &bytes[i..]].concat();
        assert!(accepted(&longer).is_err(), "a byte more at {i}");
    }
}
