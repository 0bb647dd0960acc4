//! A sender is told of what its partner keeps from its users: by that partner only, and about its own releases only.

use watchfire::{
    domain::{
        ids::StatementId,
        release::{Receipt, ReceiptKind},
        statement::StatementKind,
        time::Clock,
    },
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile_kit::{Rogue, signed},
    kit::{Org, note, terms},
};

fn receipt(sender: &str, reason: Option<&str>, releases: &[StatementId]) -> Receipt {
    Receipt {
        sender: sender.parse().unwrap(),
        kind: if reason.is_some() { ReceiptKind::Quarantined } else { ReceiptKind::Stored },
        releases: releases.to_vec(),
        at: SystemClock.now(),
        reason: reason.map(str::to_owned),
    }
}

fn by(rogue: &Rogue, receipt: &Receipt) -> proto::Envelope {
    signed(&rogue.node, StatementKind::Receipt, wire::release::encode_receipt(receipt))
}

/// Everything in the feed so far, as release ids.
async fn fed(rogue: &Rogue, gb: &Org) -> Vec<StatementId> {
    let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true };
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

    // What must not be taken.
    let refused = async |what: &str, envelope: proto::Envelope, reason: &str| {
        let outcome = one.submit(&gb, envelope).await;
        assert_eq!((outcome.accepted, outcome.reason.as_str()), (false, reason), "{what}: {}", outcome.message);
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

    // What is taken, once.
    let good = by(&one, &receipt(gb.domain, covered, &ours[..1]));
    for _ in 0..2 {
        let outcome = one.submit(&gb, good.clone()).await;
        assert!(outcome.accepted, "{}", outcome.message);
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
    assert!(outcome.accepted, "{}", outcome.message);
    assert_eq!(gb.feed("one.example", "out").await["quarantined_there"], 0);
}
