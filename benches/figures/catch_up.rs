//! A subscriber that was away catches up: publisher and subscriber are two `watchfire serve` processes. Beside it, the
//! same messages over plain tonic, ready-made, to a client that counts them; again two processes.

use std::time::{Duration, Instant};

use serde_json::json;
use watchfire::wire::{self, proto};

use super::{
    Run,
    machine::cpu_seconds,
    organisation::Served,
    pair::{Pair, length},
    plain::Plain,
    report::Figure,
};

/// How often the subscriber is asked how far it is. Asking more often would take a share of its CPU time.
const POLL: Duration = Duration::from_millis(25);

pub async fn run(run: &Run) {
    let n = run.count(20_000, 2_000);
    let dir = run.directory();
    let pair = Pair::found(dir.path(), true).await;
    let node = pair.publisher.run().await;
    pair.publish_all(&node, pair.assessments(n)).await;
    node.stop().await;

    // First as things stand after a long absence: nothing is numbered yet.
    let publisher = pair.publisher.serve();
    let first = follow(&pair, &publisher, n).await;
    drop(publisher);
    // Then once more into an empty store: everything is numbered, and judged again.
    let again = run.directory();
    let fresh = again_from_nothing(&pair, again.path()).await;
    let publisher = pair.publisher.serve();
    let second = follow(&fresh, &publisher, n).await;
    drop(publisher);

    let node = pair.publisher.run().await;
    let entries = pair.entries(&node).await;
    node.stop().await;
    let bytes = length(&entries[0]);
    let entries: Vec<_> = entries.into_iter().map(|e| wire::entry::to_proto(e.entry)).collect();
    let limit = plain(run, entries).await;
    Figure {
        name: "catch_up",
        value: first.rate,
        unit: "entries per second, decided, signed and numbered there, verified and stored here",
        limit,
        limit_is: "a server stream of the same messages, ready-made, over plain tonic with mutual TLS; the client counts",
        n,
        more: json!({ "entry_bytes": bytes, "publisher_cpu_us": first.publisher_us, "subscriber_cpu_us": first.subscriber_us,
                      "already_numbered_rate": second.rate, "already_numbered_publisher_cpu_us": second.publisher_us,
                      "already_numbered_subscriber_cpu_us": second.subscriber_us }),
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

/// How fast a subscriber catches up, and the CPU time of each process for an entry.
struct Caught {
    rate: f64,
    publisher_us: f64,
    subscriber_us: f64,
}

/// From the subscriber's start until it has stored the last entry, with its start taken off: it begins when the first one is
/// there.
async fn follow(pair: &Pair, served: &Served, n: usize) -> Caught {
    let subscriber = pair.subscriber.serve();
    let mut desk = pair.subscriber.desk().await;
    let cpu = |of: &Served| cpu_seconds(&of.pid().to_string());
    let mut begun = None;
    let publisher = pair.publisher.domain.to_string();
    loop {
        let feeds = desk.all_feeds().await.unwrap();
        let stored = feeds.iter().find(|f| !f.outgoing && f.partner == publisher).map_or(0, |f| f.last_sequence);
        if stored > 0 && begun.is_none() {
            begun = Some((Instant::now(), stored, cpu(served), cpu(&subscriber)));
        }
        if stored >= n as u64 {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    let (begun, before, publisher_cpu, subscriber_cpu) = begun.unwrap();
    let caught = (n as u64 - before) as f64;
    Caught {
        rate: caught / begun.elapsed().as_secs_f64(),
        publisher_us: (cpu(served) - publisher_cpu) / caught * 1e6,
        subscriber_us: (cpu(&subscriber) - subscriber_cpu) / caught * 1e6,
    }
}

/// The same messages, ready-made, from another process; this one counts them.
async fn plain(run: &Run, entries: Vec<proto::FeedEntry>) -> f64 {
    let server = Plain::start(run.directory(), &entries);
    let mut client = server.client().await;
    let (start, mut count) = (Instant::now(), 0);
    let mut stream = client.replay().await;
    while stream.message().await.unwrap().is_some() {
        count += 1;
    }
    let took = start.elapsed().as_secs_f64();
    assert_eq!(count, entries.len());
    entries.len() as f64 / took
}
