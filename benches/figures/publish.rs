//! Durable publishing through the desk, beside the store's own group commit with as many callers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use watchfire::{
    domain::{
        event::{Deed, Event},
        ids::TrustDomain,
    },
    store::{Publication, Store},
    wire::proto,
};

use super::{
    Run,
    bare::Durable,
    content::{Signed, published},
    machine::{fdatasync_ms, percentile},
    pair::Pair,
    report::Figure,
};

/// What came of so many publications.
struct Outcome {
    rate: f64,
    took: Vec<Duration>,
}

pub async fn run(run: &Run, name: &'static str, authors: usize) {
    let n = run.count(600 * authors.max(2), 50 * authors) / authors * authors;
    let dir = run.directory();
    let pair = Pair::found(dir.path(), false).await;
    let sync = fdatasync_ms(dir.path(), 200);
    let limit = bare(&pair, n, authors).await;
    let calls = durable_calls(&pair, n, authors).await;
    let node = pair.publisher.run().await;
    let own = through_the_desk(&pair, n, authors).await;
    node.stop().await;
    Figure {
        name,
        value: own.rate,
        unit: "publications per second, signed, decided and durable",
        limit: limit.rate,
        limit_is: "the store's own commit of the same publications, as many callers, no network, no verification",
        n,
        more: json!({ "p50_ms": percentile(own.took.clone(), 50.0), "p99_ms": percentile(own.took, 99.0),
                      "limit_p50_ms": percentile(limit.took, 50.0), "durable_calls_per_second": calls,
                      "of_durable_calls": own.rate / calls, "fdatasync_ms": sync }),
    }
    .print();
}

/// Each author a connection of its own, one publication after the other.
async fn through_the_desk(pair: &Pair, n: usize, authors: usize) -> Outcome {
    let mut shares = shares(pair.assessments(n), authors);
    let mut tasks = tokio::task::JoinSet::new();
    let mut connections = vec![];
    for _ in 0..authors {
        connections.push(pair.publisher.desk().await);
    }
    let start = Instant::now();
    for mut desk in connections {
        let share = shares.pop().unwrap();
        tasks.spawn(async move {
            let mut took = vec![];
            for signed in share {
                let start = Instant::now();
                desk.assessments.publish_assessment(signed.request()).await.unwrap();
                took.push(start.elapsed());
            }
            took
        });
    }
    let took = tasks.join_all().await.concat();
    Outcome { rate: n as f64 / start.elapsed().as_secs_f64(), took }
}

/// Calls in a second over the same transport, each with a commit of one row behind it, as many callers: what nothing can be faster than
/// that is asked over TLS and answered once it is durable.
async fn durable_calls(pair: &Pair, n: usize, callers: usize) -> f64 {
    let durable = Durable::serve(pair).await;
    let mut clients = vec![];
    for _ in 0..callers {
        clients.push(durable.client(pair).await);
    }
    let (mut tasks, start) = (tokio::task::JoinSet::new(), Instant::now());
    for mut client in clients {
        tasks.spawn(async move {
            for sequence in 0..(n / callers) as u64 {
                client.acknowledge(proto::AcknowledgeRequest { sequence }).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    let rate = n as f64 / start.elapsed().as_secs_f64();
    durable.stop().await;
    rate
}

async fn bare(pair: &Pair, n: usize, callers: usize) -> Outcome {
    let store = Arc::new(pair.publisher.store());
    let shares = shares(pair.assessments(n), callers);
    let partner = &pair.subscriber.domain;
    let publications: Vec<Vec<Publication>> =
        shares.into_iter().map(|s| s.iter().map(|signed| publication(signed, partner)).collect()).collect();
    let mut tasks = tokio::task::JoinSet::new();
    let start = Instant::now();
    for share in publications {
        let store = store.clone();
        tasks.spawn(async move {
            let mut took = vec![];
            for publication in share {
                let start = Instant::now();
                store.publish(publication).await.unwrap();
                took.push(start.elapsed());
            }
            took
        });
    }
    let took = tasks.join_all().await.concat();
    Outcome { rate: n as f64 / start.elapsed().as_secs_f64(), took }
}

fn shares(all: Vec<Signed>, count: usize) -> Vec<Vec<Signed>> {
    let each = all.len() / count;
    let mut all = all.into_iter();
    (0..count).map(|_| all.by_ref().take(each).collect()).collect()
}

/// With one partner queued and decided for.
fn publication(signed: &Signed, partner: &TrustDomain) -> Publication {
    let mut publication = published(signed);
    let (at, manifest) = (publication.at, publication.manifest_id);
    let deed = Deed::Decided { manifest, partner: partner.clone(), portions: vec![] };
    publication.queue = vec![(partner.clone(), at)];
    publication.events.push(Event::of_node(at, deed));
    publication
}
