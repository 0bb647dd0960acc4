//! Durable publishing through the desk, beside plain tonic with a log file. The node is a process of its own.

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
};

use super::{
    Run,
    content::{Signed, published},
    machine::{cpu_seconds, fdatasync_ms, percentile},
    pair::Pair,
    plain::{Plain, as_long_as},
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
    let limit = plain(run, pair.assessments(n), authors).await;
    let store = store_alone(&pair, n, authors).await;
    let node = pair.publisher.serve();
    let cpu = || cpu_seconds(&node.pid().to_string());
    let before = cpu();
    let own = through_the_desk(&pair, n, authors).await;
    let node_us = (cpu() - before) / n as f64 * 1e6;
    drop(node);
    Figure {
        name,
        value: own.rate,
        unit: "publications per second, signed, decided and durable",
        limit: limit.rate,
        limit_is: "as many bytes over plain tonic with mutual TLS, as many callers, answered once they are in a log file on the disk",
        n,
        more: json!({ "p50_ms": percentile(own.took.clone(), 50.0), "p99_ms": percentile(own.took, 99.0),
                      "limit_p50_ms": percentile(limit.took.clone(), 50.0), "limit_p99_ms": percentile(limit.took, 99.0),
                      "store_alone_rate": store.rate, "node_cpu_us": node_us, "fdatasync_ms": sync }),
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

/// The same bytes to plain tonic, which answers once they are in its log file on the disk.
async fn plain(run: &Run, all: Vec<Signed>, authors: usize) -> Outcome {
    let server = Plain::start(run.directory(), &[]);
    let (mut tasks, mut connections) = (tokio::task::JoinSet::new(), vec![]);
    for _ in 0..authors {
        connections.push(server.client().await);
    }
    let (n, mut shares, start) = (all.len(), shares(all, authors), Instant::now());
    for mut client in connections {
        let share = shares.pop().unwrap();
        tasks.spawn(async move {
            let mut took = vec![];
            for signed in share {
                let start = Instant::now();
                client.append(as_long_as(&signed)).await;
                took.push(start.elapsed());
            }
            took
        });
    }
    let took = tasks.join_all().await.concat();
    Outcome { rate: n as f64 / start.elapsed().as_secs_f64(), took }
}

/// The store's own commit of the same publications, without network and without checks.
async fn store_alone(pair: &Pair, n: usize, callers: usize) -> Outcome {
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
