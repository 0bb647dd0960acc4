//! Writes `fuzz/world.json` and the seeds of `fuzz/corpus`. Run it by hand after a format has changed: `cargo test --test corpus -- --ignored`.
//! The keys are made for this purpose and thrown away.

use std::{convert::Infallible, fs, path::Path};

use prost::Message;
use serde_json::json;
use watchfire::{
    domain::{
        ids::Role,
        logged::Logged,
        statement::{Envelope, StatementKind, Suite},
    },
    identity::devca::DevCa,
    ledger::{
        export,
        note::{Checkpoint, LogKey, Note},
        proof::Proof,
        tree::{Frontier, Hash, Nodes, inclusion, leaf_hash, node_hash},
    },
    seal::{hash::sha256, raw::RawKey, sign::SigningKey, statement::id},
    wire::{self, proto},
};

use crate::{
    chance::Chance,
    files::corpus,
    fuzz::world::now,
    organisations::{said_by, signer},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn vectors(file: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(root().join("tests/vectors").join(file)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["vectors"].as_array().unwrap().clone()
}

fn bytes(value: &serde_json::Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn kind_of(vector: &serde_json::Value) -> StatementKind {
    StatementKind::from_payload_type(vector["payload_type"].as_str().unwrap()).unwrap()
}

/// The signer: the domain and the role.
fn signs(kind: StatementKind) -> (&'static [&'static str], Role) {
    match kind {
        StatementKind::Agreement => (&["gb.example", "ecowas.example"], Role::Node),
        StatementKind::Manifest => (&["gb.example"], Role::Analyst),
        StatementKind::Endorsement => (&["ecowas.example"], Role::Analyst),
        StatementKind::Exception | StatementKind::Recall => (&["gb.example"], Role::Officer),
        StatementKind::Bundle | StatementKind::Introduction | StatementKind::Approval => (&["gb.example"], Role::Admin),
        StatementKind::Receipt | StatementKind::Request => (&["ecowas.example"], Role::Node),
        _ => (&["gb.example"], Role::Node),
    }
}

fn statements(ca: impl Fn(&str) -> DevCa) -> (Vec<(String, DevCa)>, Vec<Envelope>) {
    let cas: Vec<_> = ["gb.example", "ecowas.example"].map(|domain| (domain.to_owned(), ca(domain))).into();
    let mut all = vec![];
    for (i, vector) in vectors("statements.json").iter().enumerate() {
        let (kind, payload) = (kind_of(vector), bytes(&vector["payload"]));
        let (mut domains, role) = signs(kind);
        let told = |field: &str| vector["fields"][field].as_str();
        if told("domain").is_some_and(|domain| domain != domains[0]) {
            continue; // the invitation of a third organisation, which has no CA here
        }
        if told("sender") == Some(domains[0]) {
            domains = &["gb.example"]; // the receipt goes the other way
        }
        let key = |(n, domain): (usize, &&str)| {
            let (_, ca) = cas.iter().find(|(d, _)| d == domain).unwrap();
            signer(ca, &format!("spiffe://{domain}/{role}/n{i}"), Suite::ALL[(i + n) % Suite::ALL.len()])
        };
        let keys: Vec<SigningKey> = domains.iter().enumerate().map(key).collect();
        let payload = said_by(&keys[0], kind, &payload);
        let signatures = keys.iter().map(|key| key.sign(kind, &payload).unwrap()).collect();
        let mut envelope = Envelope::new(kind, payload, signatures);
        let node = |ca: &DevCa, domain: &str| signer(ca, &format!("spiffe://{domain}/node/n{i}"), Suite::Ed25519);
        if kind == StatementKind::Notice || kind == StatementKind::Recall {
            let first = logged(&envelope, &node(&cas[0].1, "gb.example"));
            envelope.logged.push(first);
        }
        if kind == StatementKind::Recall {
            let second = logged(&envelope.logged[0], &node(&cas[1].1, "ecowas.example"));
            envelope.logged.push(second);
        }
        if told("path_hash").is_some() {
            // Any releases will do, because only a node checks their hashes.
            let releases = all.iter().filter(|e: &&Envelope| e.kind == StatementKind::Release);
            envelope.path = releases.take(2).cloned().collect();
        }
        all.push(envelope);
    }
    (cas, all)
}

/// States when a statement was logged.
fn logged(of: &Envelope, by: &SigningKey) -> Envelope {
    let told = Logged { statement: id(of), at: now().plus_seconds(-60).whole_seconds() };
    by.statement(StatementKind::Logged, wire::logged::encode(&told)).unwrap()
}

struct Leaves(Vec<Hash>);

impl Nodes for Leaves {
    type Error = Infallible;

    fn node(&self, level: u8, place: u64) -> Result<Hash, Infallible> {
        if level == 0 {
            return Ok(leaf_hash(&self.0[place as usize]));
        }
        Ok(node_hash(&self.node(level - 1, 2 * place)?, &self.node(level - 1, 2 * place + 1)?))
    }
}

/// An export of eight entries with a witness, a proof of one, and the note.
fn ledger() -> (String, String, String) {
    let key = || RawKey::new(&RawKey::generate().unwrap()).unwrap();
    let (own, witness) = (key(), key());
    let event = |n: u8| format!(r#"{{"at":"2026-11-24T00:00:0{n}Z","event":"padding"}}"#).into_bytes();
    let plain: Vec<Vec<u8>> = (0..8).map(|n| [vec![n; 32], event(n)].concat()).collect();
    let leaves = Leaves(plain.iter().map(|p| sha256(&[p])).collect());
    let mut frontier = Frontier::default();
    leaves.0.iter().for_each(|leaf| frontier.add(leaf));
    let head = Checkpoint { origin: "gb.example/ledger".into(), size: 8, root: frontier.root() };
    let note = Note::sign(head, &own);
    let note = note.clone().with(note.cosign(&witness, "ecowas.example/ledger", 1_780_000_000));
    let public = |name: &str, key: &RawKey| LogKey { name: name.to_owned(), public: key.public_key() };
    let (own, witness) = (public("gb.example/ledger", &own), public("ecowas.example/ledger", &witness));
    let lines: String = (0..8).zip(&plain).map(|(n, p)| export::leaf(n, p)).collect();
    let text = export::head(&own, std::slice::from_ref(&witness)) + &lines + &export::tail(&note);
    let Ok(path) = inclusion(&leaves, 3, 8);
    let proof = Proof::new(&own, 3, &plain[3], &path, &note, &[witness]);
    (text, serde_json::to_string_pretty(&proof).unwrap(), note.to_string())
}

fn seed(target: &str, name: &str, bytes: &[u8]) {
    let folder = corpus(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}

#[test]
#[ignore = "writes files; see above"]
fn writes_the_world_and_the_seeds() {
    let (cas, signed) = statements(|domain| DevCa::create(&domain.parse().unwrap(), now()).unwrap());
    let encoded: Vec<Vec<u8>> = signed.iter().map(wire::envelope::encode).collect();
    let (export, proof, note) = ledger();
    let world = json!({
        "roots": cas.iter().map(|(domain, ca)| (domain, hex::encode(ca.certificate()))).collect::<Vec<_>>(),
        "statements": encoded.iter().map(hex::encode).collect::<Vec<_>>(),
        "export": export, "proof": proof, "note": note,
    });
    fs::write(root().join("fuzz/world.json"), serde_json::to_string_pretty(&world).unwrap() + "\n").unwrap();
    for (name, text) in [("export", &export), ("proof", &proof), ("note", &note)] {
        seed(name, "world", text.as_bytes());
    }
    seed("export", "empty", b"watchfire ledger export v1\n");
    seed("proof", "empty", b"{}");
    seed("note", "key", export.lines().nth(1).unwrap().trim_start_matches("key ").as_bytes());
    statements_and_certificates(&cas, &signed, &encoded);
    portions_and_entries(&signed);
    texts();
}

fn statements_and_certificates(cas: &[(String, DevCa)], signed: &[Envelope], encoded: &[Vec<u8>]) {
    for (i, (envelope, bytes)) in signed.iter().zip(encoded).enumerate() {
        let selector = StatementKind::ALL.iter().position(|k| *k == envelope.kind).unwrap() as u8 + 1;
        seed("statement", &format!("{}-{i}", envelope.kind), &[&[selector], &envelope.payload[..]].concat());
        let is_first = signed.iter().position(|e| e.kind == envelope.kind) == Some(i);
        if is_first {
            seed("verify", &format!("{}-{i}", envelope.kind), bytes);
            seed("statement", &format!("envelope-{}", envelope.kind), &[&[0], &bytes[..]].concat());
        }
        if !envelope.path.is_empty() {
            seed("verify", &format!("{}-{i}", envelope.kind), bytes);
            seed("statement", "envelope-receipt-with-path", &[&[0], &bytes[..]].concat());
        }
    }
    for (i, envelope) in signed.iter().take(6).enumerate() {
        seed("certificate", &format!("leaf-{i}"), &envelope.signatures[0].certificates[0]);
    }
    let pem: String = cas.iter().map(|(_, ca)| ca.certificate_pem()).collect();
    seed("bundle", "two-roots.pem", pem.as_bytes());
    seed("bundle", "root.der", &[&[0], &cas[0].1.certificate()[..]].concat());
}

fn portions_and_entries(signed: &[Envelope]) {
    let portions = vectors("portions.json");
    for vector in &portions {
        seed("portion", &vector["name"].as_str().unwrap().replace([' ', '/', ','], "-"), &bytes(&vector["payload"]));
    }
    let first = |kind| signed.iter().find(|e| e.kind == kind).map(wire::envelope::to_proto);
    let all = |kind| -> Vec<proto::Envelope> {
        signed.iter().filter(|e| e.kind == kind).take(2).map(wire::envelope::to_proto).collect()
    };
    let full = proto::FeedEntry {
        release: first(StatementKind::Release),
        manifest: first(StatementKind::Manifest),
        portions: portions.iter().take(3).map(|p| bytes(&p["payload"]).into()).collect(),
        provenance: all(StatementKind::Release),
        beside: [all(StatementKind::Endorsement), all(StatementKind::Exception)].concat(),
    };
    seed("entry", "release", &full.encode_to_vec());
    let void = proto::FeedEntry { release: first(StatementKind::Void), ..Default::default() };
    seed("entry", "void", &void.encode_to_vec());
    for n in 0..4 {
        let mut chance = Chance::new(n);
        let events: Vec<u8> = (0..40).flat_map(|_| chance.next().to_le_bytes()).collect();
        seed("feed", &format!("events-{n}"), &events);
    }
}

fn texts() {
    let read = |file: &str| fs::read(root().join(file)).unwrap();
    for (target, name, file) in [
        ("agreement_text", "example.toml", "examples/agreement.toml"),
        ("agreement_text", "gb-sd.toml", "examples/demo/agreements/gb-sd.toml"),
        ("draft_text", "example.toml", "examples/assessment.toml"),
        ("draft_text", "r02.toml", "examples/demo/r02.toml"),
        ("draft_text", "r05.toml", "examples/demo/r05.toml"),
        ("config", "deploy.toml", "deploy/watchfire.toml"),
    ] {
        seed(target, name, &read(file));
    }
    let least = "[organisation]\ndomain = \"gb.example\"\ncountry = \"GB\"\nkind = \"state\"\n";
    seed("config", "least.toml", least.as_bytes());
    seed("config", "override.toml", format!("{least}\0[::1]:7443").as_bytes());
    let policy = String::from_utf8(read("docs/policy.md")).unwrap();
    for (i, block) in policy.split("```cedar\n").skip(1).enumerate() {
        seed("house_rules", &format!("policy-md-{i}.cedar"), block.split("```").next().unwrap().as_bytes());
    }
    for (i, name) in NAMES.iter().enumerate() {
        seed("names", &format!("name-{i}"), name.as_bytes());
    }
}

const NAMES: &[&str] = &[
    "gb.example",
    "spiffe://gb.example/analyst/alice",
    "officer",
    "BF-SOM",
    "GB",
    "M49:011",
    "group:ecowas",
    "country:GB",
    "AMBER+STRICT",
    "judgement",
    "mandate@au.example",
    "B2",
    "RF7.14",
    "node.gb.example:7443",
    "[::1]:7443",
    "2026-05-01",
    "2026-05-01T09:30:00.5+02:00",
    "0101010101010101",
];
