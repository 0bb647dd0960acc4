//! From the author's call to the entry in the subscriber's store, at low load, beside one durable round trip. The publisher is a
//! process of its own; the author and the subscriber are this one.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    Run, content,
    machine::{fdatasync_ms, percentile},
    pair::Pair,
    plain::durable_calls,
    report::Figure,
};

/// Between two publications, so that each finds everything at rest.
const PAUSE: Duration = Duration::from_millis(20);

pub async fn run(run: &Run) {
    let n = run.count(300, 50);
    let dir = run.directory();
    let pair = Pair::found(dir.path(), true).await;
    let sync = fdatasync_ms(dir.path(), 200);
    let limit = durable_calls(run.directory(), content::BYTES, n, PAUSE).await;
    let (publisher, subscriber) = (pair.publisher.serve(), pair.subscriber.run().await);
    let mut desk = pair.publisher.desk().await;
    let mut live = subscriber.node.sessions.of(&pair.publisher.domain).inbound().subscribe();
    live.wait_for(|inbound| inbound.caught_up > 0).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut arrivals = subscriber.node.sessions.arrivals();
    let (mut published, mut stored) = (vec![], vec![]);
    for signed in pair.assessments(n) {
        let request = signed.request();
        arrivals.mark_unchanged();
        let start = Instant::now();
        let call = async {
            desk.assessments.publish_assessment(request).await.unwrap();
            start.elapsed()
        };
        let arrival = async {
            arrivals.changed().await.unwrap();
            start.elapsed()
        };
        let (call, arrival) = tokio::join!(call, arrival);
        published.push(call);
        stored.push(arrival);
        tokio::time::sleep(PAUSE).await;
    }
    drop(publisher);
    subscriber.stop().await;
    Figure {
        name: "latency",
        value: percentile(published.clone(), 50.0),
        unit: "ms, median, from the author's call to its answer: signed, decided and durable",
        limit: percentile(limit.clone(), 50.0),
        limit_is: "a call of as many bytes over plain tonic with mutual TLS, answered once they are in a log file on the disk",
        n,
        more: json!({ "p99_ms": percentile(published, 99.0), "limit_p99_ms": percentile(limit, 99.0),
                      "stored_at_subscriber_p50_ms": percentile(stored.clone(), 50.0),
                      "stored_at_subscriber_p99_ms": percentile(stored, 99.0), "fdatasync_ms": sync,
                      "commits_on_the_way_to_the_subscriber": 3 }),
    }
    .print();
}
