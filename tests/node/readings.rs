//! A sender learns what was read, but neither when nor in which order: at fixed times, all readings of an interval together.

use watchfire::{
    domain::{
        ids::{Role, StatementId},
        receipt::{Receipt, ReceiptKind},
        statement::StatementKind,
        time::Time,
    },
    seal::statement::id_of,
    wire::{self, proto},
};

use crate::{
    feed_kit::{Feed, ROGUE},
    hostile_kit::Served,
    kit::{Org, until},
};

const EVERY: &str = "WATCHFIRE_RECEIPTS_READINGS_EVERY_SECONDS";

/// The receipts `read` that the sender was handed. A node that was killed before it noted the answer hands the same one over again.
fn readings(served: &Served) -> Vec<Receipt> {
    let submitted = served.submitted.lock().unwrap();
    let mut payloads: Vec<&[u8]> = vec![];
    for envelope in submitted.iter().filter(|e| e.payload_type == StatementKind::Receipt.payload_type()) {
        if !payloads.contains(&&envelope.payload[..]) {
            payloads.push(&envelope.payload);
        }
    }
    let receipts = payloads.into_iter().map(|payload| wire::receipt::decode(payload).unwrap());
    receipts.filter(|r| r.kind == ReceiptKind::Read).collect()
}

fn ids(entry: &proto::FeedEntry) -> (String, StatementId) {
    let manifest = wire::manifest::decode(&entry.manifest.as_ref().unwrap().payload).unwrap();
    (manifest.assessment.to_string(), id_of(StatementKind::Release, &entry.release.as_ref().unwrap().payload))
}

async fn again(org: &mut Org, every: &str) {
    org.kill().await;
    org.environment = vec![(EVERY, every.to_owned())];
    org.start().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_in_an_interval_is_told_together_at_its_end_also_over_a_kill() {
    let mut no = Org::found("no.example", "state", Some("NO")).await;
    again(&mut no, "86400").await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let entries = [feed.good("first"), feed.good("second"), feed.good("third")];
    let [first, second, third] = [ids(&entries[0]), ids(&entries[1]), ids(&entries[2])];
    served.set(entries.to_vec());
    let pulled = ["--as", "ana", "feed", "pull", "--from", ROGUE];
    until("all three came", async || {
        no.ask(&pulled).await;
        (no.assessments(ROGUE).await.len() == 3).then_some(())
    })
    .await;
    // Not in the order of their numbers, and one of them in two roles.
    for (who, id) in [("ana", &second.0), ("ana", &first.0), ("olu", &first.0), ("ana", &second.0)] {
        no.ask(&["--as", who, "assess", "show", id]).await;
    }
    // What a person says is sent at once, and so after the readings that were reported before it.
    no.ask(&["--as", "ana", "assess", "acknowledge", &third.0]).await;
    let said = until("what was said comes", async || readings(&served).pop()).await;
    assert_eq!((readings(&served).len(), &said.releases[..]), (1, &[third.1][..]), "no reading may be reported yet");

    again(&mut no, "1").await;
    let told = until("the readings come", async || {
        let all = readings(&served).split_off(1);
        (all.len() >= 2).then_some(all)
    })
    .await;
    let of = |role| told.iter().find(|r| r.role == Some(role)).unwrap();
    assert_eq!(told.len(), 2, "one for each role: {told:?}");
    assert_eq!(of(Role::Analyst).releases, [first.1, second.1], "in the order of their numbers");
    assert_eq!(of(Role::Officer).releases, [first.1]);
    let whole = |at: Time| at == at.whole_seconds();
    assert!(told.iter().all(|r| whole(r.at)) && !whole(said.at), "the time is the interval's end: {told:?}");

    // Each reading is reported once. A later one in the same role is not.
    no.ask(&["--as", "ana", "assess", "show", &first.0]).await;
    no.ask(&["--as", "olu", "assess", "show", &second.0]).await;
    let last = until("the next reading comes", async || readings(&served).split_off(3).pop()).await;
    assert_eq!((last.role, &last.releases[..]), (Some(Role::Officer), &[second.1][..]));
    assert_eq!(readings(&served).len(), 4);
}
