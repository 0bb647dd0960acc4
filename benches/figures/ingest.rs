//! How many entries one core checks and stores, beside how often it can verify the two signatures of each.

use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::json;
use watchfire::{
    domain::{entry::Numbered, statement::Envelope},
    identity::certificate::Leaf,
    seal::statement::pre_authentication_encoding,
};

use super::{
    Run,
    machine::cpu_seconds,
    pair::{Pair, length},
    report::Figure,
};

/// As many as a link hands over at once.
const BATCH: usize = 256;

pub async fn run(run: &Run) {
    let n = run.count(10_000, 1_000);
    let dir = run.directory();
    let pair = Pair::found(dir.path(), false).await;
    let publisher = pair.publisher.run().await;
    pair.publish_all(&publisher, pair.assessments(n)).await;
    let entries = pair.entries(&publisher).await;
    publisher.stop().await;
    assert_eq!(entries.len(), n);
    let bytes = length(&entries[0]);
    let verifying = verify_all(&entries);

    let subscriber = pair.subscriber.run().await;
    let mut batches = vec![];
    let mut rest = entries.into_iter().map(|e| e.entry).peekable();
    while rest.peek().is_some() {
        batches.push(rest.by_ref().take(BATCH).collect::<Vec<_>>());
    }
    let (cpu, start) = (cpu_seconds("self"), std::time::Instant::now());
    for batch in batches {
        subscriber.node.inbound.receive(&pair.publisher.domain, batch).await.unwrap();
    }
    let (cpu, wall) = (cpu_seconds("self") - cpu, start.elapsed().as_secs_f64());
    subscriber.stop().await;
    Figure {
        name: "ingest",
        value: n as f64 / cpu,
        unit: "entries per CPU second, verified and stored",
        limit: n as f64 / verifying,
        limit_is: "ring verifying the two Ed25519 signatures of each entry, nothing else",
        n,
        more: json!({ "entry_bytes": bytes, "wall_rate": n as f64 / wall, "cpu_us_each": cpu / n as f64 * 1e6,
                      "verify_us_each": verifying / n as f64 * 1e6 }),
    }
    .print();
}

/// CPU seconds for the two verifications of all.
fn verify_all(entries: &[Numbered]) -> f64 {
    let prepared = |envelope: &Envelope| {
        let signature = &envelope.signatures[0];
        let key = Leaf::parse(&signature.certificates[0]).unwrap().public_key;
        (pre_authentication_encoding(envelope.kind, &envelope.payload), signature.value.clone(), key)
    };
    let all: Vec<_> = entries
        .iter()
        .flat_map(|n| [prepared(&n.entry.release), prepared(n.entry.manifest.as_ref().unwrap())])
        .collect();
    let cpu = cpu_seconds("self");
    for (message, signature, key) in &all {
        UnparsedPublicKey::new(&ED25519, key).verify(message, signature).unwrap();
    }
    cpu_seconds("self") - cpu
}
