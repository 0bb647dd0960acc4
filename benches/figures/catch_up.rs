//! A subscriber that was away catches up: publisher and subscriber are two `watchfire serve` processes. Beside it, the
//! same messages over the same transport, ready-made, to a client that counts them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio_util::sync::CancellationToken;
use watchfire::wire::{self, proto};

use super::{
    Run,
    bare::{Bare, dial, tls_config},
    pair::{Pair, length},
    report::Figure,
};

pub async fn run(run: &Run) {
    let n = run.count(20_000, 2_000);
    let dir = run.directory();
    let pair = Pair::found(dir.path(), true).await;
    let node = pair.publisher.run().await;
    pair.publish_all(&node, pair.assessments(n)).await;
    node.stop().await;

    // First as things stand after a long absence: nothing is numbered yet.
    let publisher = pair.publisher.serve();
    let first = follow(&pair, n).await;
    drop(publisher);
    // Then once more into an empty store: everything is numbered, and judged again.
    let again = run.directory();
    let fresh = again_from_nothing(&pair, again.path()).await;
    let publisher = pair.publisher.serve();
    let second = follow(&fresh, n).await;
    drop(publisher);

    let node = pair.publisher.run().await;
    let entries = pair.entries(&node).await;
    node.stop().await;
    let bytes = length(&entries[0]);
    let entries: Vec<_> = entries.into_iter().map(|e| wire::entry::to_proto(e.entry)).collect();
    let limit = bare(&pair, entries).await;
    Figure {
        name: "catch_up",
        value: first,
        unit: "entries per second, decided, signed and numbered there, verified and stored here",
        limit,
        limit_is: "a server stream of the same messages, ready-made, over the same transport; the client counts",
        n,
        more: json!({ "already_numbered_rate": second, "entry_bytes": bytes,
                      "processes": "publisher and subscriber are a process each; the limit is one process" }),
    }
    .print();
}

/// The same subscriber with an empty store. The publisher stays what it is.
async fn again_from_nothing(pair: &Pair, root: &std::path::Path) -> Pair {
    let publisher = pair.publisher.again();
    let subscriber = pair.subscriber.emptied(root);
    let held = watchfire::store::Store::agreements(&pair.subscriber.store()).await.unwrap();
    let record = publisher.as_partner(Some(publisher.endpoint()));
    super::content::seed(&subscriber.store(), vec![record], held).await;
    Pair { publisher, subscriber }
}

/// Entries per second from the subscriber's start until it has stored the last one, with its start taken off: it begins
/// when the first one is there.
async fn follow(pair: &Pair, n: usize) -> f64 {
    let subscriber = pair.subscriber.serve();
    let mut desk = pair.subscriber.desk().await;
    let mut begun: Option<(Instant, u64)> = None;
    let publisher = pair.publisher.domain.to_string();
    loop {
        let feeds = desk.all_feeds().await.unwrap();
        let stored = feeds.iter().find(|f| !f.outgoing && f.partner == publisher).map_or(0, |f| f.last_sequence);
        if stored > 0 && begun.is_none() {
            begun = Some((Instant::now(), stored));
        }
        if stored >= n as u64 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(subscriber);
    let (begun, before) = begun.unwrap();
    (n as u64 - before) as f64 / begun.elapsed().as_secs_f64()
}

async fn bare(pair: &Pair, entries: Vec<proto::FeedEntry>) -> f64 {
    let n = entries.len();
    let (server, client) = (&pair.publisher, &pair.subscriber);
    let stop = CancellationToken::new();
    let served = tls_config(server.credentials(), server.member(), vec![client.member()]);
    let address = Bare { entries: Arc::new(entries), store: None }.serve(served, stop.clone()).await;
    let dialled = tls_config(client.credentials(), client.member(), vec![server.member()]);
    let mut client = dial(&address, &server.domain, &dialled);
    client.hello(proto::HelloRequest::default()).await.unwrap();
    let start = Instant::now();
    let mut stream = client.subscribe(proto::SubscribeRequest::default()).await.unwrap().into_inner();
    let mut count = 0;
    while stream.message().await.unwrap().is_some() {
        count += 1;
    }
    let took = start.elapsed().as_secs_f64();
    stop.cancel();
    assert_eq!(count, n);
    n as f64 / took
}
