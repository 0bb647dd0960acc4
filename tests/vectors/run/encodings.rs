//! Messages that another language's library has encoded are read, have the right meaning, and are encoded again as the same bytes.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use watchfire::{
    domain::{
        assessment::{Manifest, Portion},
        bundle::Bundle,
        fault::Fault,
        ids::{AssessmentId, Digest, Sha256, StatementId},
        partner::{Invitation, InvitedList},
        recall::Recall,
        receipt::Receipt,
        statement::{Envelope, StatementKind},
    },
    seal::{
        digest::{portion_digest, with_decoys},
        hash::sha256,
        open::open_listed,
        statement::{id_of, path_hash, pre_authentication_encoding},
    },
    wire,
};

use crate::{
    files::{Hex, vectors},
    proto_json::to_json,
};

#[derive(Deserialize)]
struct Pae {
    payload_type: String,
    payload: Hex,
    pae: Hex,
    id: StatementId,
}

#[test]
fn the_pre_authentication_encoding_and_the_id_are_those_of_the_vectors() {
    for v in vectors::<Pae>("pae.json") {
        assert_eq!(sha256(&[&v.pae.0]), v.id.0);
        // The first is the specification's own example, with a type that is not ours.
        if let Some(kind) = StatementKind::from_payload_type(&v.payload_type) {
            assert_eq!(pre_authentication_encoding(kind, &v.payload.0), v.pae.0);
            assert_eq!(id_of(kind, &v.payload.0), v.id);
        }
    }
}

#[derive(Deserialize)]
struct Statement {
    name: String,
    payload_type: String,
    fields: Value,
    payload: Hex,
    id: StatementId,
}

/// The content of a payload, and the payload that this program would write for it.
fn read_statement(kind: StatementKind, payload: &[u8]) -> Result<(Value, Vec<u8>), Fault> {
    fn both<T: Serialize>(value: T, encode: fn(&T) -> Vec<u8>) -> (Value, Vec<u8>) {
        (serde_json::to_value(&value).unwrap(), encode(&value))
    }
    Ok(match kind {
        StatementKind::Manifest => both(wire::manifest::decode(payload)?, wire::manifest::encode),
        StatementKind::Agreement => both(wire::agreement::decode(payload)?, wire::agreement::encode),
        StatementKind::Release => both(wire::release::decode(payload)?, wire::release::encode),
        StatementKind::Void => both(wire::release::decode_void(payload)?, wire::release::encode_void),
        StatementKind::Receipt => {
            let receipt = wire::receipt::decode(payload)?;
            let Receipt { sender, kind, releases, at, reason, role, recall, path, mandate } = &receipt;
            let mut value = json!({ "sender": sender, "kind": kind, "releases": releases, "at": at, "reason": reason });
            // Only fields that are set, because most receipts set none of them.
            if let Some(role) = role {
                value["role"] = json!(role.as_str());
            }
            if let Some(recall) = recall {
                value["recall"] = json!(recall);
            }
            if let Some(path) = path {
                value["path"] = json!(path);
            }
            if let Some(mandate) = mandate {
                value["mandate"] = json!(mandate);
            }
            (value, wire::receipt::encode(&receipt))
        }
        StatementKind::Recall => {
            let recall = wire::recall::decode(payload)?;
            let Recall { originator, assessment, kind, reason, recalled_at, exercise } = &recall;
            let value = json!({ "originator": originator, "assessment": assessment, "kind": kind, "reason": reason,
                "recalled_at": recalled_at, "exercise": exercise });
            (value, wire::recall::encode(&recall))
        }
        StatementKind::Approval => both(wire::approval::decode(payload)?, wire::approval::encode),
        StatementKind::Logged => both(wire::logged::decode(payload)?, wire::logged::encode),
        StatementKind::Notice => both(wire::notice::decode(payload)?, wire::notice::encode),
        StatementKind::Endorsement => both(wire::endorsement::decode(payload)?, wire::endorsement::encode),
        StatementKind::Request => both(wire::request::decode(payload)?, wire::request::encode),
        StatementKind::Answer => both(wire::request::decode_answer(payload)?, wire::request::encode_answer),
        StatementKind::Exception => both(wire::request::decode_exception(payload)?, wire::request::encode_exception),
        StatementKind::LedgerKey | StatementKind::Invitation | StatementKind::Introduction | StatementKind::Bundle => {
            read_of_trust(kind, payload)?
        }
    })
}

/// Statements by which organisations get to know each other.
fn read_of_trust(kind: StatementKind, payload: &[u8]) -> Result<(Value, Vec<u8>), Fault> {
    Ok(match kind {
        StatementKind::LedgerKey => {
            let key = wire::ledger::decode_key(payload)?;
            let succession = key.succession.as_ref().map(
                |s| json!({ "size": s.size, "root": hex::encode(s.root), "signature": hex::encode(&s.signature) }),
            );
            let value = json!({ "origin": key.origin, "public_key": hex::encode(key.public), "epoch": key.epoch, "created": key.created,
                "succession": succession });
            (value, wire::ledger::encode_key(&key))
        }
        StatementKind::Invitation => {
            let invitation = wire::invitation::decode(payload)?;
            let Invitation { organisation, endpoint, roots, issued, sequence, ledger_key, ledger_note, lists } =
                &invitation;
            let roots: Vec<String> = roots.iter().map(hex::encode).collect();
            let key = ledger_key.as_ref().map(|key| hex::encode(&key.payload));
            let list = |list: &InvitedList| json!({ "list": hex::encode(&list.list), "issuers": list.issuers.iter().map(hex::encode).collect::<Vec<_>>() });
            let value = json!({ "organisation": organisation, "endpoint": endpoint, "roots": roots, "issued": issued,
                "sequence": sequence, "ledger_key": key, "ledger_note": hex::encode(ledger_note),
                "lists": lists.iter().map(list).collect::<Vec<_>>() });
            (value, wire::invitation::encode(&invitation))
        }
        StatementKind::Introduction => {
            let said = wire::introduction::decode(payload)?;
            let value = json!({ "introducer": said.introducer, "invitation": hex::encode(&said.invitation), "issued": said.issued });
            (value, wire::introduction::encode(&said)?)
        }
        StatementKind::Bundle => {
            let bundle = wire::bundle::decode(payload)?;
            let Bundle { domain, sequence, roots, issued, previous, compromised } = &bundle;
            let roots: Vec<String> = roots.iter().map(hex::encode).collect();
            let value = json!({ "domain": domain, "sequence": sequence, "roots": roots, "issued": issued,
                "previous": previous, "compromised": compromised });
            (value, wire::bundle::encode(&bundle))
        }
        other => panic!("{other} is read in another test"),
    })
}

#[test]
fn statements_of_another_library_are_read_and_written_again_as_the_same_bytes() {
    let mut read = serde_json::Map::new();
    for v in vectors::<Statement>("statements.json") {
        let kind = StatementKind::from_payload_type(&v.payload_type).unwrap();
        let (value, mut written) = read_statement(kind, &v.payload.0).unwrap_or_else(|f| panic!("{}: {f:?}", v.name));
        if kind != StatementKind::Agreement {
            let speaker = wire::speaker::decode(&v.payload.0).unwrap_or_else(|f| panic!("{}: {f:?}", v.name));
            written = wire::speaker::spoken_by(&speaker, written);
        }
        assert_eq!(hex::encode(written), hex::encode(&v.payload.0), "{}", v.name);
        assert_eq!(id_of(kind, &v.payload.0), v.id, "{}", v.name);
        let message = format!("watchfire.v1.{}", title(kind.as_str()));
        assert_eq!(to_json(&message, &v.payload.0), v.fields, "{}", v.name);
        read.insert(v.name, value);
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&read).unwrap());
}

#[derive(Deserialize)]
struct Path {
    releases: Vec<Hex>,
    hash: Sha256,
}

#[test]
fn the_hash_of_a_path_is_that_of_the_vectors() {
    for v in vectors::<Path>("paths.json") {
        let one = |payload: Hex| Envelope::new(StatementKind::Release, payload.0, vec![]);
        assert_eq!(path_hash(&v.releases.into_iter().map(one).collect::<Vec<_>>()), v.hash);
    }
}

fn title(word: &str) -> String {
    word.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

#[test]
fn there_is_a_vector_of_every_kind_of_statement_and_of_portion() {
    let types: Vec<String> = vectors::<Statement>("statements.json").into_iter().map(|v| v.payload_type).collect();
    assert!(StatementKind::ALL.iter().all(|k| types.iter().any(|t| t == k.payload_type())));
    let kinds: Vec<String> = vectors::<PortionVector>("portions.json").into_iter().map(|v| v.kind).collect();
    assert!(watchfire::domain::body::Kind::ALL.iter().all(|k| kinds.iter().any(|t| t == k.as_str())));
}

#[derive(Deserialize)]
struct PortionVector {
    name: String,
    kind: String,
    assessment_id: AssessmentId,
    fields: Value,
    payload: Hex,
    digest: Digest,
}

#[test]
fn portions_of_another_library_are_read_and_written_again_as_the_same_bytes() {
    let mut read = serde_json::Map::new();
    for v in vectors::<PortionVector>("portions.json") {
        let portion: Portion = wire::portion::decode(&v.payload.0).unwrap_or_else(|f| panic!("{}: {f:?}", v.name));
        assert_eq!(hex::encode(wire::portion::encode(&portion)), hex::encode(&v.payload.0), "{}", v.name);
        assert_eq!(portion.kind().as_str(), v.kind, "{}", v.name);
        assert_eq!(portion_digest(&v.assessment_id, &v.payload.0), v.digest, "{}", v.name);
        assert_eq!(to_json("watchfire.v1.Portion", &v.payload.0), v.fields, "{}", v.name);
        read.insert(v.name, serde_json::to_value(&portion).unwrap());
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&read).unwrap());
}

#[derive(Deserialize)]
struct Assessment {
    assessment_id: AssessmentId,
    portions: Vec<Named>,
    digests: Vec<Digest>,
    decoys: Vec<Digest>,
    manifest: Hex,
    manifest_id: StatementId,
}

#[derive(Deserialize)]
struct Named {
    payload: Hex,
}

#[test]
fn a_manifest_of_another_library_commits_to_its_portions_among_decoys() {
    for v in vectors::<Assessment>("assessment.json") {
        let manifest: Manifest = wire::manifest::decode(&v.manifest.0).unwrap();
        assert_eq!(id_of(StatementKind::Manifest, &v.manifest.0), v.manifest_id);
        assert_eq!(manifest.assessment, v.assessment_id);
        let mut listed = [v.digests.clone(), v.decoys.clone()].concat();
        listed.sort_unstable();
        assert_eq!(manifest.digests, listed);
        // This program would have added as many decoys.
        assert_eq!(with_decoys(v.digests.clone()).unwrap().len(), listed.len());
        let portions: Vec<&[u8]> = v.portions.iter().map(|p| &p.payload.0[..]).collect();
        assert_eq!(open_listed(&manifest, &portions).unwrap().len(), portions.len());
        // Any portion may be withheld.
        for i in 0..portions.len() {
            let rest = [&portions[..i], &portions[i + 1..]].concat();
            assert_eq!(open_listed(&manifest, &rest).unwrap().len(), portions.len() - 1);
        }
    }
}
