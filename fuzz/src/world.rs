//! Two organisations and what their people and nodes once signed: `fuzz/world.json`. The keys were thrown away when it was
//! written (`tests/corpus/seeds.rs`), so that whatever else verifies is a forgery.

use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use watchfire::{
    domain::{ids::TrustDomain, partner::PartnerState, statement::Envelope, time::Time},
    identity::{
        bundle::TrustBundle,
        signers::{Accept, Identities},
        trust::{KnownOrganisation, Trust},
    },
    ledger::note::LogKey,
    wire,
};

/// A statement as it was signed.
pub struct Honest {
    pub bytes: Vec<u8>,
    pub envelope: Envelope,
}

/// What is fixed.
pub struct World {
    pub trust: Arc<ArcSwap<Trust>>,
    pub chains: Identities,
    /// All end certificates, DER.
    pub leaves: Vec<Vec<u8>>,
    pub statements: Vec<Honest>,
    /// A ledger's export, a proof of an entry, and their note.
    pub export: Vec<u8>,
    pub proof: Vec<u8>,
    pub note: Vec<u8>,
}

/// The moment at which everything here happens.
pub fn now() -> Time {
    "2026-05-01T09:32:00Z".parse().expect("a time")
}

/// The world.
pub fn world() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(|| read(include_str!("../world.json")));
    &WORLD
}

fn read(text: &str) -> World {
    let json: serde_json::Value = serde_json::from_str(text).expect("world.json is JSON");
    let strings = |key: &str| -> Vec<String> { serde_json::from_value(json[key].clone()).expect(key) };
    let hexed = |text: &String| hex::decode(text).expect("hexadecimal");
    let roots: Vec<(String, String)> = serde_json::from_value(json["roots"].clone()).expect("roots");
    let mut members = roots.iter().map(|(domain, root)| {
        let domain: TrustDomain = domain.parse().expect("a domain");
        let bundle = TrustBundle::new(domain, vec![hexed(root).into()]).expect("a bundle");
        KnownOrganisation { bundle, crls: vec![], state: PartnerState::Active }
    });
    let own = members.next().expect("the own organisation");
    let trust = Arc::new(ArcSwap::from_pointee(Trust::new(own, members.collect(), vec![]).expect("trust")));
    let statements: Vec<Honest> = strings("statements")
        .iter()
        .map(|s| {
            let bytes = hexed(s);
            let envelope = wire::envelope::decode(&bytes).expect("an envelope");
            Honest { bytes, envelope }
        })
        .collect();
    let text = |key: &str| json[key].as_str().expect(key).as_bytes().to_vec();
    World {
        chains: Identities::new(trust.clone(), Accept::Active),
        trust,
        leaves: statements.iter().flat_map(|s| &s.envelope.signatures).map(|s| s.certificates[0].clone()).collect(),
        statements,
        export: text("export"),
        proof: text("proof"),
        note: text("note"),
    }
}

/// The ledger's key and that of its witness.
pub fn keys() -> Vec<LogKey> {
    let export = String::from_utf8_lossy(&world().export).into_owned();
    let key = |line: &str| line.strip_prefix("key ").or(line.strip_prefix("witness "))?.parse().ok();
    export.lines().take(3).filter_map(key).collect()
}

/// The key of that name.
pub fn key(name: &str) -> LogKey {
    keys().into_iter().find(|k| k.name == name).expect("one of the world's keys")
}
