//! An agreement changes while a stream is open. What is sent next is sent under the new terms.

use std::time::{Duration, Instant};

use tonic::Streaming;
use watchfire::{
    domain::{release::Release, statement::StatementKind, time::Clock},
    telemetry::SystemClock,
    wire::{self, field::timestamp, proto},
};

use crate::{
    hostile_kit::Rogue,
    kit::{Org, note, terms},
};

/// Long enough for something to arrive that must not arrive.
const A_WHILE: Duration = Duration::from_secs(3);
const PARTNER: &str = "partner.example";

async fn live_feed(rogue: &Rogue, gb: &Org) -> Streaming<proto::FeedEntry> {
    let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: false, ..Default::default() };
    rogue.exchange(gb).subscribe(request).await.unwrap().into_inner()
}

/// The next entry's release, and how many portions came with it.
async fn next(feed: &mut Streaming<proto::FeedEntry>) -> (Release, usize) {
    let entry = tokio::time::timeout(Duration::from_secs(5), feed.message()).await.unwrap().unwrap().unwrap();
    (wire::release::decode(&entry.release.unwrap().payload).unwrap(), entry.portions.len())
}

/// The partner signs what waits for it, and returns it.
async fn countersign(rogue: &Rogue, gb: &Org) {
    let mut exchange = rogue.exchange(gb);
    let payload_types = StatementKind::ALL.iter().map(|k| k.payload_type().to_owned()).collect();
    let now = timestamp(SystemClock.now());
    let hello = proto::HelloRequest { protocol_versions: vec![1], payload_types, now, ..Default::default() };
    exchange.hello(hello).await.unwrap();
    let request = proto::FetchStatementsRequest { settled: vec![], wait_seconds: 5 };
    let waiting = exchange.fetch_statements(request).await.unwrap().into_inner().statements;
    let waiting = waiting.into_iter().filter_map(|w| w.statement);
    let mut proposal = waiting.last().expect("a proposal waits");
    let own = rogue.node.envelope(StatementKind::Agreement, proposal.payload.to_vec()).unwrap();
    proposal.signatures.extend(wire::envelope::to_proto(&own).signatures);
    let outcome = rogue.submit(gb, proposal).await;
    assert!(outcome.is_accepted(), "{}", outcome.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_after_an_amendment_is_narrower_on_the_same_stream() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new(PARTNER);
    let first = rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, PARTNER, "")).await;
    let mut feed = live_feed(&rogue, &gb).await;
    let mut author = gb.author().await;
    author.publish(&note("before", "BF")).await;
    let (release, portions) = next(&mut feed).await;
    assert_eq!((release.agreement.id, release.agreement.version, portions), (first, 1, 3));

    let narrower = terms(gb.domain, PARTNER, "").replace(", \"limitation\", \"attachment\"", "");
    let path = gb.file("narrower.toml", &narrower);
    let proposed = gb.one(&["--as", "root", "agreement", "propose", &path, "--amends", &first.to_string()]).await;
    let second = proposed["id"].as_str().unwrap().to_owned();
    // The first version holds until both have signed.
    author.publish(&note("in between", "BF")).await;
    let (release, portions) = next(&mut feed).await;
    assert_eq!((release.agreement.id, portions), (first, 3));

    countersign(&rogue, &gb).await;
    let changed = Instant::now();
    author.publish(&note("after", "BF")).await;
    let (release, portions) = next(&mut feed).await;
    assert!(changed.elapsed() < Duration::from_secs(2), "{:?}", changed.elapsed());
    assert_eq!((release.agreement.id.to_string(), release.agreement.version, portions), (second, 2, 2));
    assert_eq!(release.position.sequence, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_after_a_suspension_is_not_sent_on_the_same_stream() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new(PARTNER);
    let id = rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, PARTNER, "")).await;
    let mut feed = live_feed(&rogue, &gb).await;
    let mut author = gb.author().await;
    author.publish(&note("before", "BF")).await;
    next(&mut feed).await;
    gb.ask(&["--as", "root", "agreement", "suspend", &id.to_string()]).await;
    author.publish(&note("after", "BF")).await;
    let silence = tokio::time::timeout(A_WHILE, feed.message()).await;
    assert!(silence.is_err(), "the stream ended or sent something: {silence:?}");
    assert_eq!(gb.feed(PARTNER, "out").await["last_sequence"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_queued_under_wider_terms_goes_under_the_narrower_ones() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new(PARTNER);
    let first = rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, PARTNER, "")).await;
    // No stream is open, so both wait in the queue, decided under the first version.
    let mut author = gb.author().await;
    author.publish(&note("one", "BF")).await;
    author.publish(&note("two", "BF")).await;
    let narrower = terms(gb.domain, PARTNER, "").replace(", \"limitation\", \"attachment\"", "");
    let path = gb.file("narrower.toml", &narrower);
    gb.ask(&["--as", "root", "agreement", "propose", &path, "--amends", &first.to_string()]).await;
    countersign(&rogue, &gb).await;
    let mut feed = live_feed(&rogue, &gb).await;
    for sequence in 1..=2 {
        let (release, portions) = next(&mut feed).await;
        assert_eq!((release.position.sequence, release.agreement.version, portions), (sequence, 2, 2));
    }
}
