//! Holders behind a partner: they are known only by their own receipts, and nobody else speaks for them. What was recalled does not come back by
//! any way.

use watchfire::{
    domain::{
        ids::StatementId,
        recall::{Recall, RecallKind},
        receipt::{Receipt, ReceiptKind},
        release::Release,
        statement::{Envelope, StatementKind},
        time::Clock,
    },
    identity::devca::Purpose,
    seal::statement::{id_of, path_hash},
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile::{Feed, ROGUE},
    hostile_kit::{Rogue, Served, signed, signing_key},
    kit::{Org, note, terms, until},
    recall::{holder, holders, publish, recall},
};

/// What the hub passes on of what it was given, with the provenance so far.
pub fn given_on(hub: &Rogue, given: &Envelope, to: &str, bend: impl FnOnce(&mut Release)) -> Envelope {
    let mut release = wire::release::decode(&given.payload).unwrap();
    release.via = Some(id_of(StatementKind::Release, &given.payload));
    release.recipient = to.parse().unwrap();
    release.released_at = SystemClock.now();
    bend(&mut release);
    hub.node.statement(StatementKind::Release, wire::release::encode(&release)).unwrap()
}

/// A receipt, and its path.
#[derive(Clone)]
pub struct Shown {
    pub receipt: Receipt,
    pub path: Vec<Envelope>,
}

impl Shown {
    fn with_role(self) -> Self {
        self.with(|r| r.role = Some(watchfire::domain::ids::Role::Analyst))
    }

    pub fn with(mut self, change: impl FnOnce(&mut Receipt)) -> Self {
        change(&mut self.receipt);
        self
    }
}

pub fn about(hub: &Rogue, path: &[&Envelope], kind: ReceiptKind) -> Shown {
    let last = id_of(StatementKind::Release, &path.last().unwrap().payload);
    let path: Vec<Envelope> = path.iter().map(|e| (*e).clone()).collect();
    let receipt = Receipt::about(hub.domain.parse().unwrap(), kind, vec![last], SystemClock.now());
    Shown { receipt: Receipt { path: Some(path_hash(&path)), ..receipt }, path }
}

pub fn by(rogue: &Rogue, shown: &Shown) -> proto::Envelope {
    let envelope = signed(&rogue.node, StatementKind::Receipt, wire::receipt::encode(&shown.receipt));
    with_path(&envelope, &shown.path.iter().collect::<Vec<_>>())
}

fn with_path(envelope: &proto::Envelope, path: &[&Envelope]) -> proto::Envelope {
    proto::Envelope { path: path.iter().map(|e| wire::envelope::to_proto(e)).collect(), ..envelope.clone() }
}

/// The releases in the feed to a partner.
pub async fn fed(rogue: &Rogue, gb: &Org) -> Vec<Envelope> {
    let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
    let mut feed = rogue.exchange(gb).subscribe(request).await.unwrap().into_inner();
    let mut all = vec![];
    while let Some(entry) = feed.message().await.unwrap() {
        all.push(wire::envelope::from_proto(entry.release.unwrap()).unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_behind_a_hub_is_known_by_its_own_receipt_and_nobody_speaks_for_it() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let [hub, end] = ["hub.example", "end.example"].map(Rogue::new);
    hub.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, hub.domain, "")).await;
    let id = publish(&gb, &note("passed on", "BF")).await;
    let given = fed(&hub, &gb).await.pop().unwrap();
    let on = given_on(&hub, &given, end.domain, |_| {});
    let taken = async |what: &str, statement: proto::Envelope| {
        let outcome = hub.submit(&gb, statement).await;
        assert!(outcome.is_received(), "{what}: {outcome:?}");
    };
    let refused = async |what: &str, statement: proto::Envelope, reason: &str| {
        let outcome = hub.submit(&gb, statement).await;
        assert_eq!((outcome.is_accepted(), outcome.reason.as_str()), (false, reason), "{what}: {}", outcome.message);
    };
    let stored = about(&hub, &[&given, &on], ReceiptKind::Stored);
    refused("signed by the hub for the holder", by(&hub, &stored), "WRONG_DOMAIN").await;
    assert!(gb.log().contains("refused what the partner handed over"), "{}", gb.log());
    // Paths that lead nowhere.
    let others = given_on(&hub, &given, end.domain, |r| r.via = Some(StatementId([7; 32])));
    refused("another way", by(&end, &about(&hub, &[&given, &others], ReceiptKind::Stored)), "INVALID_ARGUMENT").await;
    let more = given_on(&hub, &given, end.domain, |r| r.digests = vec![watchfire::domain::ids::Digest([1; 32])]);
    refused("more than it had", by(&end, &about(&hub, &[&given, &more], ReceiptKind::Stored)), "DIGEST_NOT_LISTED")
        .await;
    let mut forged = wire::release::decode(&given.payload).unwrap();
    forged.grants = vec!["moon".parse().unwrap()];
    let forged = hub.node.statement(StatementKind::Release, wire::release::encode(&forged)).unwrap();
    let from_it = given_on(&hub, &forged, end.domain, |_| {});
    refused("by the hub itself", by(&end, &about(&hub, &[&forged, &from_it], ReceiptKind::Stored)), "INVALID_ARGUMENT")
        .await;
    assert!(holders(&gb, &id).await.iter().all(|h| h["holder"] != end.domain));

    // Its own receipt, which nobody here can verify yet.
    taken("its own", by(&end, &stored)).await;
    let seen = holder(&gb, &id, end.domain, "unverified").await;
    assert_eq!((&seen["through"][0], &seen["versions"][0]["portions"]), (&hub.domain.into(), &3.into()), "{seen}");
    // Once its organisation is known, its own receipt counts, and one by another does not.
    end.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, end.domain, "")).await;
    let mut torn = by(&end, &about(&hub, &[&given, &on], ReceiptKind::Stored));
    let mut value = torn.signatures[0].value.to_vec();
    value[3] ^= 1;
    torn.signatures[0].value = value.into();
    taken("one answer, whatever is wrong with another's signature", torn).await;
    holder(&gb, &id, end.domain, "unverified").await;
    taken("its own, again", by(&end, &about(&hub, &[&given, &on], ReceiptKind::Read).with_role())).await;
    let seen = holder(&gb, &id, end.domain, "held").await;
    assert_eq!(seen["read"][0]["role"], "analyst", "{seen}");

    // The recall goes to both. The hub was given the assessment, and the other is a partner and is known to hold it.
    let told = recall(&gb, &id, "--purge").await;
    assert_eq!(told["told"], serde_json::json!([end.domain, hub.domain]));
    let recall_id: StatementId = told["recall"]["id"].as_str().unwrap().parse().unwrap();
    let for_it = about(&hub, &[&given, &on], ReceiptKind::Purged).with(|r| r.recall = Some(recall_id));
    refused("a purge claimed for another", by(&hub, &for_it), "WRONG_DOMAIN").await;
    let own = id_of(StatementKind::Release, &given.payload);
    let of_hub = Receipt::about("gb.example".parse().unwrap(), ReceiptKind::Purged, vec![own], SystemClock.now());
    let of_hub = Shown { receipt: Receipt { recall: Some(recall_id), ..of_hub }, path: vec![] };
    taken("the hub's own", by(&hub, &of_hub)).await;
    holder(&gb, &id, hub.domain, "confirmed").await;
    let open = holders(&gb, &id).await.into_iter().find(|h| h["holder"] == end.domain).unwrap();
    assert_ne!(open["state"], "confirmed", "{open}");
    let outcome = end.submit(&gb, by(&end, &for_it)).await;
    assert!(outcome.is_received(), "it may tell directly: {outcome:?}");
    holder(&gb, &id, end.domain, "confirmed").await;
    let unknown = about(&hub, &[&given, &on], ReceiptKind::Purged).with(|r| r.recall = Some(StatementId([5; 32])));
    // Another answer would reveal whether a recall has arrived here.
    assert!(end.submit(&gb, by(&end, &unknown)).await.is_received());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_receipt_with_another_path_beside_it_than_it_names_is_refused() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let [hub, end, other] = ["hub.example", "end.example", "other.example"].map(Rogue::new);
    for rogue in [&hub, &end] {
        rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, rogue.domain, "")).await;
    }
    let [first, second] = [publish(&gb, &note("first", "BF")).await, publish(&gb, &note("second", "BF")).await];
    let released = fed(&hub, &gb).await;
    let [of_first, of_second] = &released[..] else { panic!("{} releases", released.len()) };
    let on = given_on(&hub, of_first, end.domain, |_| {});
    let genuine = by(&end, &about(&hub, &[of_first, &on], ReceiptKind::Stored));
    let handed = async |what: &str, path: &[&Envelope]| {
        let outcome = hub.submit(&gb, with_path(&genuine, path)).await;
        assert_eq!((outcome.is_accepted(), outcome.reason.as_str()), (false, "INVALID_ARGUMENT"), "{what}");
        assert!(outcome.message.starts_with("path: "), "{what}: {}", outcome.message);
        outcome.message
    };
    // Each by itself would be a path that makes a holder of the second assessment, or another holder.
    let of_the_second = given_on(&hub, of_second, end.domain, |_| {});
    let to_another = given_on(&hub, of_first, other.domain, |_| {});
    let later = given_on(&hub, of_first, end.domain, |r| r.released_at = r.released_at.plus_seconds(-1));
    for (what, path) in [
        ("of another assessment", [of_second, &of_the_second]),
        ("to another holder", [of_first, &to_another]),
        ("by another release of the hub's", [of_first, &later]),
        ("in another order", [&on, of_first]),
    ] {
        let message = handed(what, &path).await;
        assert!(message.contains("is not the one that it names"), "{what}: {message}");
    }
    assert!(handed("one more", &[of_first, &on, &on]).await.contains("is not the one that it names"));
    assert!(handed("none", &[]).await.contains("there is none beside it"));
    // A receipt that names no path has none in its envelope.
    let direct = Receipt::about(gb.domain.parse().unwrap(), ReceiptKind::Stored, vec![], SystemClock.now());
    let own = Receipt { releases: vec![id_of(StatementKind::Release, &of_first.payload)], ..direct };
    let outcome = hub.submit(&gb, by(&hub, &Shown { receipt: own, path: vec![of_first.clone(), on.clone()] })).await;
    assert_eq!((outcome.is_accepted(), outcome.reason.as_str()), (false, "INVALID_ARGUMENT"), "{}", outcome.message);
    let long = hub.submit(&gb, with_path(&genuine, &[of_first; 10])).await;
    assert_eq!((long.is_accepted(), long.reason.as_str()), (false, "STATEMENT_TOO_LARGE"), "{}", long.message);
    for id in [&first, &second] {
        let all = holders(&gb, id).await;
        assert!(all.iter().all(|h| h["holder"] == hub.domain && h["state"] == "pending"), "{all:?}");
    }

    // With its own path it counts, whatever was handed over before.
    let outcome = hub.submit(&gb, genuine.clone()).await;
    assert!(outcome.is_received(), "{outcome:?}");
    holder(&gb, &first, end.domain, "held").await;
    handed("after it was taken", &[of_second, &of_the_second]).await;
    assert!(holders(&gb, &second).await.iter().all(|h| h["holder"] != end.domain));
}

/// The recall of what an entry hands over, signed by anybody.
fn recall_of(entry: &proto::FeedEntry, kind: RecallKind) -> Recall {
    let manifest = wire::manifest::decode(&entry.manifest.as_ref().unwrap().payload).unwrap();
    Recall {
        originator: manifest.originator,
        assessment: manifest.assessment,
        kind,
        reason: "it was wrong".to_owned(),
        recalled_at: SystemClock.now(),
        exercise: false,
    }
}

/// The receipts of one kind that the sender was handed.
fn receipts(served: &Served, kind: ReceiptKind) -> Vec<Receipt> {
    let submitted = served.submitted.lock().unwrap();
    let all = submitted.iter().filter(|e| e.payload_type == StatementKind::Receipt.payload_type());
    all.map(|e| wire::receipt::decode(&e.payload).unwrap()).filter(|r| r.kind == kind).collect()
}

fn release_id(entry: &proto::FeedEntry) -> StatementId {
    id_of(StatementKind::Release, &entry.release.as_ref().unwrap().payload)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_does_not_come_back_and_a_recall_may_come_first() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let pull = async || no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let first = feed.good("first");
    // It is numbered after the first, and recalled before it is sent.
    let ahead = feed.good("ahead");
    served.set(vec![first.clone()]);
    pull().await;
    let (analyst, other) = (&feed.rogue.analyst, Rogue::new("other.example"));
    let hand = async |envelope: proto::Envelope| feed.rogue.submit(&no, envelope).await;
    let statement = |key, recall: &Recall| signed(key, StatementKind::Recall, wire::recall::encode(recall));
    let (of_first, of_ahead) = (recall_of(&first, RecallKind::Withdraw), recall_of(&ahead, RecallKind::Purge));

    let officer_here = signing_key(&feed.rogue.issue("officer/o", Purpose::Signing));

    // Only the originator's officer can recall.
    for key in [analyst, &feed.rogue.node] {
        let outcome = hand(statement(key, &of_first)).await;
        assert_eq!(outcome.reason, "WRONG_DOMAIN", "{}", outcome.message);
    }
    // A recall that does not even have the originator's name is refused, no matter who hands it over.
    let theirs = Recall { originator: other.domain.parse().unwrap(), ..of_first.clone() };
    assert_eq!(hand(statement(&feed.rogue.node, &theirs)).await.reason, "WRONG_DOMAIN");
    // A node knows best about its own assessments, no matter who hands a recall over.
    let own = Recall { originator: "no.example".parse().unwrap(), ..of_first.clone() };
    assert!(hand(statement(&feed.rogue.node, &own)).await.is_received());
    // Whatever is wrong with a third party's recall: the answer is always the same, and the recall has no effect.
    let officer = signing_key(&other.issue("officer/o", Purpose::Signing));
    for key in [&other.node, &officer] {
        let theirs = Recall { originator: "other.example".parse().unwrap(), ..of_first.clone() };
        let outcome = hand(statement(key, &theirs)).await;
        assert_eq!((outcome.is_accepted(), outcome.reason.as_str()), (false, "NOT_YET"), "{}", outcome.message);
        assert!(outcome.message.contains("can't be verified yet"), "{}", outcome.message);
    }
    assert!(no.ask(&["--as", "olu", "assess", "recall", "--list"]).await.is_empty());
    // The recall of a stranger is re-examined once the stranger is known. A forged one has no effect, and a valid one counts from then on.
    other.befriend(&no, "127.0.0.1:1", &terms(other.domain, no.domain, "")).await;
    let taken = until("the stranger's recall counts", async || {
        no.ask(&["--as", "olu", "assess", "recall", "--list"]).await.pop()
    })
    .await;
    assert_eq!((&taken["originator"], &taken["from"]), (&other.domain.into(), &ROGUE.into()), "{taken}");

    for _ in 0..2 {
        for recall in [&of_first, &of_ahead] {
            let outcome = hand(statement(&officer_here, recall)).await;
            assert!(outcome.is_accepted(), "{}", outcome.message);
        }
    }
    let sealed = || {
        let mut all = receipts(&served, ReceiptKind::Withdrawn);
        // The stranger's recall, of an assessment that is not here, gets no receipt.
        all.retain(|r| !r.releases.is_empty());
        all
    };
    let withdrawn = until("it is confirmed", async || sealed().pop()).await;
    assert_eq!(withdrawn.releases, [release_id(&first)]);
    let purged = until("what never came is confirmed", async || receipts(&served, ReceiptKind::Purged).pop()).await;
    assert!(purged.releases.is_empty() && purged.recall.is_some());
    // What arrives later is refused, and its sender is informed.
    served.set(vec![first, ahead.clone()]);
    pull().await;
    let refused = until("the sender is told", async || receipts(&served, ReceiptKind::Quarantined).pop()).await;
    assert_eq!((refused.reason.as_deref(), &refused.releases[..]), (Some("RECALLED"), &[release_id(&ahead)][..]));
    let all = no.ask(&["--as", "olu", "assess", "list", "--quarantined"]).await;
    assert_eq!(all.iter().map(|a| a["state"].as_str().unwrap()).collect::<Vec<_>>(), ["withdrawn"]);
    assert_eq!(no.ask(&["--as", "olu", "assess", "recall", "--list"]).await.len(), 3);
    assert_eq!((sealed().len(), receipts(&served, ReceiptKind::Purged).len()), (1, 1));
}
