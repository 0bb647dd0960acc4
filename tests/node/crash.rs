//! What was acknowledged survives `kill -9` at either side of a feed, and arrives once.

use std::time::Duration;

use crate::kit::{Org, note, pair, until};

/// The numbers of a feed as its followers see them.
async fn numbers(org: &Org, partner: &str, wanted: usize) -> Vec<u64> {
    use watchfire::wire::proto::FollowFeedRequest;
    let mut desk = org.connect("analyst-ana").await;
    let request = FollowFeedRequest { partner: partner.to_owned(), new_only: false, ..Default::default() };
    let mut items = desk.assessments.follow_feed(request).await.unwrap().into_inner();
    let mut numbers = vec![];
    while numbers.len() < wanted {
        numbers.push(items.message().await.unwrap().unwrap().item.unwrap().sequence);
    }
    numbers
}

/// The ledger is complete, and nobody is suspected of forgery.
async fn is_whole(org: &Org) {
    let verified = org.one(&["--as", "root", "ledger", "verify"]).await;
    assert_eq!(verified["ok"], true, "{verified}");
    let alarms = org.ask(&["--as", "root", "ledger", "alarms"]).await;
    assert!(alarms.is_empty(), "{alarms:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_publisher_acknowledged_reaches_the_partner_once() {
    let (mut gb, no) = pair().await;
    let mut published = vec![];
    for round in 0..5 {
        let mut author = gb.author().await;
        for i in 0..4 {
            published.push(author.publish(&note(&format!("round {round}, note {i}"), "BF")).await);
        }
        gb.kill().await;
        gb.start().await;
    }
    gb.has("gb.example", &published).await;
    no.has("gb.example", &published).await;
    assert_eq!(numbers(&no, "gb.example", published.len()).await, (1..=20).collect::<Vec<u64>>());
    let feed = no.feed("gb.example", "in").await;
    assert_eq!(feed["last_sequence"], 20, "{feed}");
    is_whole(&gb).await;
    is_whole(&no).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_killed_at_any_moment_gets_everything_once() {
    const BACKLOG: usize = 200;
    let (gb, mut no) = pair().await;
    no.kill().await;
    let mut author = gb.author().await;
    let mut published = vec![];
    for i in 0..BACKLOG {
        published.push(author.publish(&note(&format!("note {i}"), "BF")).await);
    }
    // Each kill comes later than the one before, so that kills hit the dialling, the stream, and the time between storing and acknowledging.
    for pause in [20, 60, 110, 170, 260, 400] {
        no.start().await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        no.kill().await;
    }
    no.start().await;
    no.has("gb.example", &published).await;
    assert_eq!(numbers(&no, "gb.example", BACKLOG).await, (1..=BACKLOG as u64).collect::<Vec<_>>());
    let acknowledged = until("all is acknowledged", async || {
        let feed = gb.feed("no.example", "out").await;
        (feed["acknowledged"] == BACKLOG && feed["queued"] == 0).then_some(feed)
    });
    assert_eq!(acknowledged.await["last_sequence"], BACKLOG);
    is_whole(&gb).await;
    is_whole(&no).await;
}
