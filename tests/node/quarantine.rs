//! What is not covered is hidden from readers, explained to officers, reported to the sender, and read once it is covered.

use std::time::Duration;

use watchfire::{
    domain::statement::StatementKind,
    domain::{ids::StatementId, receipt::ReceiptKind, release::AgreementRef},
    draft::Lineage,
    seal::{compose::new_assessment_id, statement::id_of},
    wire::{self, proto},
};

use crate::{
    hostile::{Feed, ROGUE},
    hostile_kit::Served,
    kit::{Org, note, terms, until},
};

/// The receipts that the sender was handed: kind, reason, releases.
fn receipts(served: &Served) -> Vec<(ReceiptKind, Option<String>, Vec<StatementId>)> {
    let submitted = served.submitted.lock().unwrap();
    let receipts = submitted.iter().filter(|e| e.payload_type == StatementKind::Receipt.payload_type());
    receipts
        .map(|e| {
            let receipt = wire::receipt::decode(&e.payload).unwrap();
            assert_eq!(receipt.sender.as_str(), ROGUE);
            (receipt.kind, receipt.reason, receipt.releases)
        })
        .collect()
}

fn refusals(served: &Served) -> Vec<(ReceiptKind, Option<String>, Vec<StatementId>)> {
    receipts(served).into_iter().filter(|r| r.0 == ReceiptKind::Quarantined).collect()
}

fn id(entry: &proto::FeedEntry) -> StatementId {
    id_of(StatementKind::Release, &entry.release.as_ref().unwrap().payload)
}

async fn pull(no: &Org) {
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sender_gets_one_receipt_for_each_reason_and_the_officer_the_reasons() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let mut entries = vec![feed.good("covered")];
    for n in 0..2 {
        entries.push(feed.next(&format!("by a grant that is none, {n}"), |m| {
            m.release.grants = vec!["moon".parse().unwrap()];
        }));
    }
    let mut torn = feed.good("a portion is missing");
    torn.portions.pop();
    entries.push(torn);
    served.set(entries.clone());
    pull(&no).await;
    let wanted = until("the receipts come", async || {
        let mut all = refusals(&served);
        all.sort_by_key(|r| r.1.clone());
        (all.iter().map(|r| r.2.len()).sum::<usize>() == 3).then_some(all)
    })
    .await;
    let by_reason = |reason: &str| -> Vec<StatementId> {
        let of = wanted.iter().filter(|r| r.0 == ReceiptKind::Quarantined && r.1.as_deref() == Some(reason));
        of.flat_map(|r| r.2.clone()).collect()
    };
    assert_eq!(by_reason("AGREEMENT_DIFFERS"), [id(&entries[1]), id(&entries[2])]);
    assert_eq!(by_reason("DIGEST_NOT_LISTED"), [id(&entries[3])]);
    // Nothing is reported twice.
    pull(&no).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(refusals(&served).len(), wanted.len());
    assert!(receipts(&served).contains(&(ReceiptKind::Stored, None, vec![id(&entries[0])])));

    let all = no.ask(&["--as", "olu", "assess", "list", "--quarantined"]).await;
    let kept: Vec<_> = all.iter().filter(|a| a["state"] == "quarantined").collect();
    assert_eq!(kept.len(), 2);
    for row in &kept {
        let why = &row["quarantines"][0];
        assert_eq!(
            (why["partner"].as_str(), why["reason"].as_str()),
            (Some(ROGUE), Some("AGREEMENT_DIFFERS")),
            "{row}"
        );
        let release = entries[why["sequence"].as_u64().unwrap() as usize - 1].clone();
        assert_eq!(why["release"], id(&release).to_string());
    }
    let words = crate::kit::watchfire(&no.dir, &["--as", "olu", "assess", "list", "--quarantined"]).await.stdout;
    assert!(words.contains("is in quarantine") && words.contains(&format!("#2 from {ROGUE}")), "{words}");
    let secret = kept[0]["assessment"].as_str().unwrap();
    let words =
        crate::kit::watchfire(&no.dir, &["--as", "olu", "assess", "show", secret, "--quarantined"]).await.stdout;
    assert!(words.contains("AGREEMENT_DIFFERS: the agreement or grant"), "{words}");
    // Readers are not informed either.
    let seen = no.ask(&["--as", "ana", "assess", "list"]).await;
    assert_eq!(seen.len(), 1);
    assert!(seen[0]["quarantines"].as_array().unwrap().is_empty());
    for nosy in [&["assess", "list", "--quarantined"][..], &["assess", "show", secret, "--quarantined"]] {
        for who in ["ana", "root"] {
            let answer = no.run(&[&["--as", who], nosy].concat()).await;
            assert_eq!((answer.code, answer.reason().as_str()), (5, "ROLE_REQUIRED"), "{who}: {nosy:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_its_agreement_is_read_once_that_is_signed_here() {
    let mut no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let later = feed.rogue.propose(&no, &terms(ROGUE, no.domain, ""), lineage).await;
    let under = |agreement| AgreementRef { id: agreement, version: 1 };
    let mut entries = vec![feed.good("under the first")];
    entries.push(feed.next("under the later", |m| m.release.agreement = under(later)));
    entries.push(feed.next("under none", |m| m.release.agreement = under(StatementId([3; 32]))));
    entries.push(feed.next("under the later, by no grant", |m| {
        m.release.agreement = under(later);
        m.release.grants = vec!["moon".parse().unwrap()];
    }));
    served.set(entries.clone());
    pull(&no).await;
    let headlines = async |no: &Org| {
        let all = no.ask(&["--as", "ana", "assess", "list"]).await;
        let mut all: Vec<_> = all.iter().map(|a| a["headline"].as_str().unwrap().to_owned()).collect();
        all.sort();
        all
    };
    // An agreement that was never signed here covers nothing.
    assert_eq!(headlines(&no).await, ["under the first"]);
    let mut follow = no.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { partner: String::new(), new_only: true, ..Default::default() };
    let mut items = follow.assessments.follow_feed(request).await.unwrap().into_inner();
    // The first response names the place from which everything is new.
    assert_eq!(items.message().await.unwrap().unwrap().item, None);

    no.ask(&["--as", "root", "agreement", "sign", &later.to_string(), "--beside"]).await;
    let item = tokio::time::timeout(Duration::from_secs(5), items.message()).await.unwrap().unwrap().unwrap();
    let item = item.item.unwrap();
    assert_eq!((item.sequence, item.state.as_str(), item.headline.as_str()), (2, "current", "under the later"));
    assert_eq!(headlines(&no).await, ["under the first", "under the later"]);
    until("the sender learns that it is read after all", async || {
        let stored = (ReceiptKind::Stored, None, vec![id(&entries[1])]);
        receipts(&served).contains(&stored).then_some(())
    })
    .await;
    // The others stay in quarantine, also over a restart, and the feed continues.
    no.kill().await;
    no.start().await;
    entries.push(feed.good("and on"));
    served.set(entries);
    pull(&no).await;
    assert_eq!(headlines(&no).await, ["and on", "under the first", "under the later"]);
    let kept = no.ask(&["--as", "olu", "assess", "list", "--quarantined"]).await;
    assert_eq!(kept.iter().filter(|a| a["state"] == "quarantined").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_its_agreement_was_suspended_stays_in_quarantine() {
    let mut no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let agreement = feed.agreement.to_string();
    no.ask(&["--as", "root", "agreement", "suspend", &agreement]).await;
    served.set(vec![feed.good("while it is suspended")]);
    pull(&no).await;
    assert!(no.assessments(ROGUE).await.is_empty());
    no.kill().await;
    // A restart alone changes nothing.
    no.start().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(no.assessments(ROGUE).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_released_the_moment_the_other_side_has_signed_is_not_lost() {
    let (gb, no) = crate::kit::pair().await;
    let path = no.file("later.toml", &terms(gb.domain, no.domain, ""));
    let later =
        no.one(&["--as", "root", "agreement", "propose", &path, "--beside"]).await["id"].as_str().unwrap().to_owned();
    gb.agreement(&later, "proposed").await;
    // The first agreement ends, so that only the new one gives anything. The stream between the two stays open.
    let all = gb.ask(&["--as", "root", "agreement", "list"]).await;
    let first = all.iter().find(|a| a["state"] == "in-force").unwrap()["id"].as_str().unwrap().to_owned();
    gb.ask(&["--as", "root", "--yes", "agreement", "terminate", &first]).await;
    no.agreement(&first, "ended").await;
    until("the stream is live", async || (gb.feed("no.example", "out").await["live"] == true).then_some(())).await;
    let mut author = gb.author().await;
    let publish = async {
        let mut released = vec![];
        while released.len() < 20 {
            let answer = author.try_publish(&note("at once", "BF")).await.unwrap();
            if answer.decisions.iter().any(|d| d.release) {
                released.push(hex::encode(answer.assessment_id));
            }
        }
        released
    };
    let sign = ["--as", "root", "agreement", "sign", &later];
    let (released, _) = tokio::join!(publish, gb.ask(&sign));
    no.agreement(&later, "in-force").await;
    no.has("gb.example", &released).await;
    let kept = no.ask(&["--as", "olu", "assess", "list", "--quarantined"]).await;
    assert!(kept.iter().all(|a| a["state"] != "quarantined"), "{kept:?}");
    until("nothing is said to be in quarantine", async || {
        (gb.feed("no.example", "out").await["quarantined_there"] == 0).then_some(())
    })
    .await;
    assert_eq!(no.feed("gb.example", "in").await["last_sequence"], released.len());
}
