//! Inputs that must be refused, with the reason and the field.

use serde::Deserialize;
use watchfire::{domain::fault::Fault, wire};

use crate::files::{Hex, vectors};

#[derive(Deserialize)]
struct Vector {
    decoder: String,
    name: String,
    payload: Hex,
    reason: String,
    field: Option<String>,
}

fn refusal(decoder: &str, bytes: &[u8]) -> Option<Fault> {
    match decoder {
        "manifest" => wire::manifest::decode(bytes).err(),
        "portion" => wire::portion::decode(bytes).err(),
        "agreement" => wire::agreement::decode(bytes).err(),
        "release" => wire::release::decode(bytes).err(),
        "void" => wire::release::decode_void(bytes).err(),
        "notice" => wire::notice::decode(bytes).err(),
        "receipt" => wire::receipt::decode(bytes).err(),
        "recall" => wire::recall::decode(bytes).err(),
        "logged" => wire::logged::decode(bytes).err(),
        "invitation" => wire::invitation::decode(bytes).err(),
        "approval" => wire::approval::decode(bytes).err(),
        "introduction" => wire::introduction::decode(bytes).err(),
        "bundle" => wire::bundle::decode(bytes).err(),
        "endorsement" => wire::endorsement::decode(bytes).err(),
        "request" => wire::request::decode(bytes).err(),
        "answer" => wire::request::decode_answer(bytes).err(),
        "exception" => wire::request::decode_exception(bytes).err(),
        "envelope" => wire::envelope::decode(bytes).err(),
        "entry" => wire::entry::decode(bytes).err(),
        other => panic!("no decoder {other}"),
    }
}

/// By the decoder of its kind, or because of its speaker.
fn refused(decoder: &str, bytes: &[u8]) -> Option<Fault> {
    let has_speaker = !["portion", "agreement", "envelope", "entry"].contains(&decoder);
    refusal(decoder, bytes).or_else(|| wire::speaker::decode(bytes).err().filter(|_| has_speaker))
}

#[test]
fn every_vector_is_refused_for_its_reason_at_its_field() {
    let mut wrong = vec![];
    for v in vectors::<Vector>("refusals.json") {
        let told = refused(&v.decoder, &v.payload.0).map(|f| (f.reason.to_string(), f.field));
        let expected = Some((v.reason, v.field));
        if told != expected {
            wrong.push(format!("{}: {told:?} where {expected:?} belongs", v.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_refusal_says_what_is_wrong_without_quoting_text() {
    for v in vectors::<Vector>("refusals.json") {
        let fault = refused(&v.decoder, &v.payload.0).unwrap();
        assert!(fault.message.len() < 240 && !fault.message.ends_with('.'), "{}: {fault}", v.name);
        assert!(fault.message.chars().all(|c| !c.is_control()), "{}: {fault:?}", v.name);
    }
}
