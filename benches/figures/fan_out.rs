//! One publication to many live subscribers, until the last one has it. The publisher is a process of its own; the
//! subscribers are connections with a certificate each, of as many organisations.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::mpsc;
use watchfire::{
    domain::time::Clock,
    telemetry::SystemClock,
    wire::{field::timestamp, proto},
};

use super::{
    Run,
    bare::{dial, tls_config},
    content::{BYTES, Party, agreement, assessments, seed},
    machine::{percentile, resident_kib},
    organisation::{Light, Org},
    plain::{Plain, message, of_length},
    report::Figure,
};

pub async fn run(run: &Run, name: &'static str, subscribers: usize) {
    let rounds = run.count(10, 3);
    let dir = run.directory();
    let publisher = Org::found(dir.path(), "gb.example", "GB");
    let key = publisher.node_key();
    let lights: Vec<Light> = (0..subscribers).map(|i| Light::found(&format!("p{i}.example"))).collect();
    let agreements = lights
        .iter()
        .map(|l| {
            let from = Party { domain: &publisher.domain, key: &key };
            agreement(from, Party { domain: &l.domain(), key: &l.key })
        })
        .collect();
    seed(&publisher.store(), lights.iter().map(|l| l.record.clone()).collect(), agreements).await;

    let node = publisher.serve();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = resident_kib(node.pid());
    let (arrived, mut arrivals) = mpsc::channel(subscribers);
    let live = subscribe_all(&publisher, &lights, &arrived).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = resident_kib(node.pid());

    let mut desk = publisher.desk().await;
    let (mut last_has_it, mut answered) = (vec![], vec![]);
    for signed in assessments(&publisher.domain, &publisher.author_key(), rounds) {
        let request = signed.request();
        let start = Instant::now();
        desk.assessments.publish_assessment(request).await.unwrap();
        answered.push(start.elapsed());
        let mut last = start;
        for _ in 0..subscribers {
            last = arrivals.recv().await.unwrap();
        }
        last_has_it.push(last - start);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    live.iter().for_each(tokio::task::JoinHandle::abort);
    drop(node);
    let (limit, limit_kib) = plain(run, subscribers, rounds).await;
    Figure {
        name,
        value: percentile(last_has_it.clone(), 50.0),
        unit: "ms, median, from the author's call until the last subscriber has it",
        limit: percentile(limit, 50.0),
        limit_is: "one ready-made message, pushed by plain tonic with mutual TLS over as many open streams once the call is in a log file on the disk",
        n: rounds,
        more: json!({ "subscribers": subscribers, "worst_ms": percentile(last_has_it, 100.0),
                      "answered_p50_ms": percentile(answered, 50.0), "publisher_idle_mib": before / 1024.0,
                      "kib_per_subscriber": (idle - before) / subscribers as f64,
                      "limit_kib_per_subscriber": limit_kib }),
    }
    .print();
}

/// Connects everybody, says hello and follows; each entry's time of arrival goes to `arrived`.
async fn subscribe_all(
    publisher: &Org,
    lights: &[Light],
    arrived: &mpsc::Sender<Instant>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let address = publisher.endpoint();
    let mut live = vec![];
    for light in lights {
        let tls_config = tls_config(light.credentials.clone(), light.member.clone(), vec![publisher.member()]);
        let mut client = dial(address.as_str(), &publisher.domain, &tls_config);
        let hello = proto::HelloRequest {
            protocol_versions: vec![1],
            now: timestamp(SystemClock.now()),
            ..proto::HelloRequest::default()
        };
        client.hello(hello).await.unwrap();
        let mut stream = client.subscribe(proto::SubscribeRequest::default()).await.unwrap().into_inner();
        let arrived = arrived.clone();
        live.push(tokio::spawn(async move {
            while let Ok(Some(_)) = stream.message().await {
                let _ = arrived.send(Instant::now()).await;
            }
            drop(client);
        }));
    }
    live
}

/// What plain tonic takes: for one message to everybody who follows, and of memory for each of them, KiB.
async fn plain(run: &Run, subscribers: usize, rounds: usize) -> (Vec<Duration>, f64) {
    let server = Plain::start(run.directory(), &[message()]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = resident_kib(server.pid());
    let (arrived, mut arrivals) = mpsc::channel(subscribers);
    let mut live = tokio::task::JoinSet::new();
    for _ in 0..subscribers {
        let mut client = server.client().await;
        let mut stream = client.follow().await;
        let arrived = arrived.clone();
        live.spawn(async move {
            while let Ok(Some(_)) = stream.message().await {
                let _ = arrived.send(Instant::now()).await;
            }
            drop(client);
        });
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (resident_kib(server.pid()) - before) / subscribers as f64;
    let (mut author, mut took) = (server.client().await, vec![]);
    for _ in 0..rounds {
        let start = Instant::now();
        author.push(of_length(BYTES)).await;
        let mut last = start;
        for _ in 0..subscribers {
            last = last.max(arrivals.recv().await.unwrap());
        }
        took.push(last - start);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    (took, each)
}
