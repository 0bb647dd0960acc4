//! A sender learns which of its entries its partner has quarantined, from that partner only, and only about its own releases.

use watchfire::{
    domain::{
        ids::StatementId,
        receipt::{Receipt, ReceiptKind},
        statement::StatementKind,
        time::Clock,
    },
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile_kit::{Rogue, credentials, serve, signed},
    kit::{Org, note, terms, until},
};

fn receipt(sender: &str, reason: Option<&str>, releases: &[StatementId]) -> Receipt {
    let kind = if reason.is_some() { ReceiptKind::Quarantined } else { ReceiptKind::Stored };
    let about = Receipt::about(sender.parse().unwrap(), kind, releases.to_vec(), SystemClock.now());
    Receipt { reason: reason.map(str::to_owned), ..about }
}

fn by(rogue: &Rogue, receipt: &Receipt) -> proto::Envelope {
    signed(&rogue.node, StatementKind::Receipt, wire::receipt::encode(receipt))
}

/// Everything in the feed so far, as ids of releases.
async fn fed(rogue: &Rogue, gb: &Org) -> Vec<StatementId> {
    let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
    let mut feed = rogue.exchange(gb).subscribe(request).await.unwrap().into_inner();
    let mut ids = vec![];
    while let Some(entry) = feed.message().await.unwrap() {
        ids.push(id_of(StatementKind::Release, &entry.release.unwrap().payload));
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_is_told_what_its_partner_keeps_from_its_users() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let [one, other] = ["one.example", "other.example"].map(Rogue::new);
    for rogue in [&one, &other] {
        rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, rogue.domain, "")).await;
    }
    let mut author = gb.author().await;
    let published = [author.publish(&note("first", "BF")).await, author.publish(&note("second", "BF")).await];
    let (ours, theirs) = (fed(&one, &gb).await, fed(&other, &gb).await);
    assert_eq!((ours.len(), theirs.len()), (2, 2));

    // Receipts that must not be taken.
    let refused = async |what: &str, envelope: proto::Envelope, reason: &str| {
        let outcome = one.submit(&gb, envelope).await;
        assert_eq!((outcome.is_accepted(), outcome.reason.as_str()), (false, reason), "{what}: {}", outcome.message);
        outcome
    };
    let covered = Some("NOT_COVERED");
    let nobody_s =
        refused("nobody's", by(&one, &receipt(gb.domain, covered, &[StatementId([9; 32])])), "NOT_FOUND").await;
    let another_s = refused("another's", by(&one, &receipt(gb.domain, covered, &theirs[..1])), "NOT_FOUND").await;
    assert_eq!(nobody_s, another_s);
    let mixed = [ours[0], theirs[0]];
    refused("partly another's", by(&one, &receipt(gb.domain, covered, &mixed)), "NOT_FOUND").await;
    refused("of another sender", by(&one, &receipt("other.example", covered, &ours[..1])), "WRONG_DOMAIN").await;
    refused("of another signer", by(&other, &receipt(gb.domain, covered, &ours[..1])), "WRONG_DOMAIN").await;
    let text = Some("because of the secret village");
    refused("free text", by(&one, &receipt(gb.domain, text, &ours[..1])), "INVALID_ARGUMENT").await;
    assert_eq!(gb.feed("one.example", "out").await["quarantined_there"], 0);

    // Receipts that are taken, once.
    let good = by(&one, &receipt(gb.domain, covered, &ours[..1]));
    for _ in 0..2 {
        let outcome = one.submit(&gb, good.clone()).await;
        assert!(outcome.is_accepted(), "{}", outcome.message);
    }
    let status = gb.feed("one.example", "out").await;
    assert_eq!(status["quarantined_there"], 1, "{status}");
    let named = &status["quarantined_newest"][0];
    assert_eq!((&named["assessment"], &named["sequence"]), (&published[0].clone().into(), &1.into()), "{status}");
    assert_eq!(named["reason"], "NOT_COVERED");
    assert_eq!(gb.feed("other.example", "out").await["quarantined_there"], 0);
    assert!(gb.log().contains("keeps from its users"), "{}", gb.log());
    let words = crate::kit::watchfire(&gb.dir, &["--as", "olu", "feed", "status"]).await.stdout;
    assert!(words.contains("it keeps 1 entry") && words.contains(&published[0]), "{words}");

    // It may be read there after all.
    let outcome = one.submit(&gb, by(&one, &receipt(gb.domain, None, &ours[..1]))).await;
    assert!(outcome.is_accepted(), "{}", outcome.message);
    assert_eq!(gb.feed("one.example", "out").await["quarantined_there"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_comes_by_both_ways_again_and_again_counts_once() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new("rogue.example");
    let (address, served, _stop) = serve(&rogue, credentials(&rogue.tls), &gb).await;
    rogue.befriend(&gb, &address, &terms(gb.domain, rogue.domain, "")).await;
    gb.author().await.publish(&note("first", "BF")).await;
    let released = fed(&rogue, &gb).await;
    let good = by(&rogue, &receipt(gb.domain, Some("NOT_COVERED"), &released));
    let bad = by(&rogue, &receipt(gb.domain, Some("free text"), &released));
    let offer = |ticket: u8, statement: &proto::Envelope| proto::WaitingStatement {
        ticket: vec![ticket; 32].into(),
        statement: Some(statement.clone()),
    };
    // It offers its statements again without end. The last one is not a statement at all.
    let mut nothing = offer(3, &good);
    nothing.statement = None;
    *served.offered.lock().unwrap() = vec![offer(1, &good), offer(2, &bad), nothing];
    // The link is made again, so that it is processed now.
    let _ = gb.run(&["--as", "ana", "feed", "pull", "--from", "rogue.example"]).await;
    let settled = until("the outcomes come", async || {
        let fetches = served.fetches.lock().unwrap();
        fetches.iter().find(|settled| settled.len() == 3).cloned()
    })
    .await;
    let outcomes: Vec<_> = settled
        .iter()
        .map(|s| (s.ticket[0], s.outcome.as_ref().unwrap()))
        .map(|(ticket, outcome)| (ticket, outcome.is_accepted(), outcome.reason.as_str()))
        .collect();
    assert_eq!(outcomes, [(1, true, ""), (2, false, "INVALID_ARGUMENT"), (3, false, "UNKNOWN_OR_NON_CANONICAL")]);
    for _ in 0..3 {
        assert!(rogue.submit(&gb, good.clone()).await.is_accepted());
    }
    // A partner that never settles anything is asked with pauses, and its feed is followed.
    let before = served.fetches.lock().unwrap().len();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let calls = served.fetches.lock().unwrap().len() - before;
    assert!((1..=25).contains(&calls), "{calls} calls in 2 seconds");
    until("its feed is followed", async || (gb.feed("rogue.example", "in").await["live"] == true).then_some(())).await;
    assert_eq!(gb.feed("rogue.example", "out").await["quarantined_there"], 1);
    assert_eq!(gb.log().matches("the partner keeps from its users").count(), 1);
}
