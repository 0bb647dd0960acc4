//! One bad entry at the head of a feed: the entries after it, and those of other partners, do not wait for it.

use std::time::{Duration, Instant};

use watchfire::{domain::ids::StatementId, wire::proto};

use crate::{
    hostile::{Feed, ROGUE},
    kit::{Org, note, pair},
};

/// The most that a bad entry may delay the rest of its feed, on a machine that does nothing else.
const DELAY: Duration = Duration::from_secs(1);
/// Allowance for other work on the machine.
const SLACK: Duration = Duration::from_secs(4);

/// How long until everything that is served has arrived.
async fn pulled(no: &Org) -> Duration {
    let started = Instant::now();
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_at_the_head_of_a_feed_delays_neither_the_rest_nor_other_partners() {
    let (gb, no) = pair().await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let mut author = gb.author().await;
    let mut entries = vec![feed.good("the first")];
    served.set(entries.clone());
    let mut calm = pulled(&no).await;
    for round in 0..3 {
        entries.push(feed.good(&format!("good {round}")));
        served.set(entries.clone());
        calm = calm.max(pulled(&no).await);
    }
    type Poison = (&'static str, fn(&mut Feed) -> proto::FeedEntry);
    let poisons: Vec<Poison> = vec![
        ("a portion that is not listed", |feed| {
            let mut entry = feed.good("poison");
            entry.portions[0] = vec![7; 200 << 10].into();
            entry
        }),
        ("a manifest with another's signature", |feed| {
            let mut entry = feed.good("poison");
            let manifest = entry.manifest.as_mut().unwrap();
            let payload = manifest.payload.to_vec();
            manifest.signatures = crate::hostile_kit::signed(
                &feed.rogue.node,
                watchfire::domain::statement::StatementKind::Manifest,
                payload,
            )
            .signatures;
            entry
        }),
        ("an agreement that is none", |feed| feed.next("poison", |m| m.release.agreement.id = StatementId([9; 32]))),
        ("1,024 portions that are not listed", |feed| {
            let mut entry = feed.good("poison");
            entry.portions = vec![vec![7; 3 << 10].into(); 1024];
            entry
        }),
    ];
    for (what, poison) in poisons {
        entries.push(poison(&mut feed));
        entries.push(feed.good(&format!("after {what}")));
        served.set(entries.clone());
        let honest = async {
            let started = Instant::now();
            let id = author.publish(&note("an honest one", "BF")).await;
            crate::kit::until("the honest one is here", async || {
                no.assessments("gb.example").await.contains(&id).then_some(())
            })
            .await;
            started.elapsed()
        };
        let (took, honest) = tokio::join!(pulled(&no), honest);
        println!(
            "hostile: poison, {what}: the rest after {took:?} (without it up to {calm:?}), another partner's {honest:?}"
        );
        assert!(took <= calm + DELAY + SLACK, "{what}: {took:?} after {calm:?}");
        assert_eq!(no.feed(ROGUE, "in").await["last_sequence"], entries.len(), "{what}");
    }
    let seen = no.ask(&["--as", "ana", "assess", "list", "--from", ROGUE]).await;
    assert_eq!(seen.iter().filter(|a| a["headline"].as_str().unwrap().starts_with("after ")).count(), 4, "{seen:?}");
    assert!(!seen.iter().any(|a| a["headline"] == "poison"), "{seen:?}");
}
