//! A partner that sends what it must not. A fault in one entry never reaches a user and never delays correct entries. A fault in the feed itself
//! stops only that feed, and is reported with the partner's name.

use prost::Message;
use watchfire::{
    domain::{
        ids::{AssessmentId, StatementId},
        release::FeedPosition,
        statement::StatementKind,
        time::Clock,
    },
    draft::Lineage,
    seal::sign::SigningKey,
    telemetry::SystemClock,
    wire::{field::timestamp, proto},
};

pub use crate::feed_kit::{Feed, Making, ROGUE};
use crate::{
    hostile_kit::{Rogue, credentials, serve, signed},
    kit::{Org, note, pair, terms, until},
};

fn flipped(bytes: &[u8], at: usize) -> prost::bytes::Bytes {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes.into()
}

/// An unknown field 99 with the value 1.
const UNKNOWN_FIELD: [u8; 3] = [0x98, 0x06, 0x01];

/// The reasons why entries were put into quarantine, by their number, as the log reports them.
fn kept(log: &str) -> Vec<(u64, String)> {
    let after = |line: &str, key: &str| {
        let rest = line.split_once(key).unwrap().1;
        rest.trim_start_matches('"').split(['"', ' ']).next().unwrap().to_owned()
    };
    let lines = log.lines().filter(|l| l.contains("kept an entry from users"));
    lines.map(|l| (after(l, "sequence=").parse().unwrap(), after(l, "reason="))).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a list of attacks, in the order of the feed")]
async fn an_entry_whose_content_is_wrong_reaches_nobody_and_holds_up_nothing() {
    let (gb, no) = pair().await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let mut entries = vec![feed.good("the first good one")];
    let mut wanted: Vec<(u64, &str)> = vec![];
    let mut wrong = |entry: proto::FeedEntry, reason: &'static str| {
        entries.push(entry);
        wanted.push((entries.len() as u64, reason));
    };

    let mut entry = feed.good("a byte of a portion is flipped");
    entry.portions[1] = flipped(&entry.portions[1], 40);
    wrong(entry, "DIGEST_NOT_LISTED");

    let mut entry = feed.good("a byte of the manifest is flipped");
    let manifest = entry.manifest.as_mut().unwrap();
    manifest.payload = flipped(&manifest.payload, 5);
    wrong(entry, "SIGNATURE_INVALID");

    let mut entry = feed.good("a byte of the manifest's signature is flipped");
    let signature = &mut entry.manifest.as_mut().unwrap().signatures[0];
    signature.value = flipped(&signature.value, 9);
    wrong(entry, "SIGNATURE_INVALID");

    let (other, _) = feed.made(&note("another one", "BF"), |_| {});
    let mut entry = feed.good("a portion of another assessment came along");
    entry.portions.push(other.portions[0].clone());
    wrong(entry, "DIGEST_NOT_LISTED");

    let mut entry = feed.good("a portion came twice");
    let again = entry.portions[0].clone();
    entry.portions.push(again);
    wrong(entry, "DIGEST_REPEATED");

    let mut entry = feed.good("a portion did not come");
    entry.portions.pop();
    wrong(entry, "DIGEST_NOT_LISTED");

    let entry = feed.next("the manifest lists a digest twice", |m| {
        m.manifest.digests[1] = m.manifest.digests[0].clone();
    });
    wrong(entry, "DIGEST_REPEATED");

    let entry = feed.next("the manifest has an unknown field", |m| m.appended = UNKNOWN_FIELD.to_vec());
    wrong(entry, "UNKNOWN_OR_NON_CANONICAL");

    // `exercise` is false, which proto3 does not write. So this is the same meaning in other bytes.
    let entry = feed.next("the manifest says the same in other bytes", |m| m.appended = vec![0x40, 0x00]);
    wrong(entry, "UNKNOWN_OR_NON_CANONICAL");

    let entry = feed.next("a portion has an unknown field", |m| {
        m.portions[0].extend(UNKNOWN_FIELD);
        m.list_anew();
    });
    wrong(entry, "UNKNOWN_OR_NON_CANONICAL");

    let entry = feed.next("it was issued in the future", |m| {
        m.manifest.issued = timestamp(SystemClock.now().plus_seconds(20 * 60));
    });
    wrong(entry, "STATEMENT_FROM_FUTURE");

    let entry = feed.next("it says that it is somebody else's", |m| m.manifest.originator = "gb.example".to_owned());
    wrong(entry, "WRONG_DOMAIN");

    let entry = feed.next("a node signed what a person must sign", |m| m.by_node = true);
    wrong(entry, "WRONG_DOMAIN");

    let first = entries[0].manifest.as_ref().unwrap().payload.clone();
    let first = proto::Manifest::decode(first).unwrap();
    let assessment = AssessmentId(first.assessment_id[..].try_into().unwrap());
    let entry = feed.next("the first one's version with other bytes", |m| {
        m.assessment = assessment;
        m.manifest.assessment_id = first.assessment_id.clone();
        m.list_anew();
    });
    entries.push(entry);
    wanted.push((entries.len() as u64, "REPLAY_DIFFERS"));

    entries.push(feed.good("the last good one"));
    let total = entries.len() as u64;
    served.set(entries);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;

    let seen = no.ask(&["--as", "ana", "assess", "list", "--from", ROGUE]).await;
    let mut headlines: Vec<_> = seen.iter().map(|a| a["headline"].as_str().unwrap()).collect();
    headlines.sort_unstable();
    assert_eq!(headlines, ["the first good one", "the last good one"]);
    assert_eq!(no.feed(ROGUE, "in").await["last_sequence"], total);
    until("all is acknowledged", async || (*served.acknowledged.lock().unwrap() == total).then_some(())).await;
    let wanted: Vec<_> = wanted.into_iter().map(|(n, reason)| (n, reason.to_owned())).collect();
    assert_eq!(kept(&no.log()), wanted);
    // An entry that does not verify is shown to nobody, not even to officers.
    assert_eq!(no.ask(&["--as", "olu", "assess", "list", "--from", ROGUE, "--quarantined"]).await.len(), 2);
    // It does not affect what another partner sends either.
    let published = gb.author().await.publish(&note("an honest one", "BF")).await;
    no.has("gb.example", &[published]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_own_copy_of_the_agreement_does_not_cover_only_officers_see() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let mut entries = vec![feed.good("covered")];
    let mut wanted = vec![];
    let mut uncovered = |feed: &mut Feed, text: String, reason: &str, bend: &dyn Fn(&mut Making)| {
        let (entry, id) = feed.made(&text, bend);
        (feed.last, feed.sequence) = (Some(id), feed.sequence + 1);
        entries.push(entry);
        wanted.push((entries.len() as u64, reason.to_owned()));
    };
    let gap = "\n[[portion]]\nkind = \"gap\"\ntext = \"a kind that no grant names\"\n";
    uncovered(&mut feed, note("a kind too much", "BF") + gap, "NOT_COVERED", &|_| {});
    uncovered(&mut feed, note("about the reader's own state", "NO"), "NOT_COVERED", &|_| {});
    let red = note("too secret", "BF").replace("\"AMBER\"", "\"RED\"");
    uncovered(&mut feed, red, "NOT_COVERED", &|_| {});
    uncovered(&mut feed, note("by a grant that is none", "BF"), "AGREEMENT_DIFFERS", &|m| {
        m.release.grants = vec!["moon".parse().unwrap()];
    });
    uncovered(&mut feed, note("by an agreement that is none", "BF"), "AGREEMENT_DIFFERS", &|m| {
        m.release.agreement.id.0[0] ^= 1;
    });
    entries.push(feed.good("covered too"));
    served.set(entries.clone());
    let pulled = no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    assert_eq!(pulled.len(), entries.len());
    assert_eq!(pulled.iter().filter(|i| i["state"] == "quarantined").count(), wanted.len());
    for item in pulled.iter().filter(|i| i["state"] == "quarantined") {
        assert_eq!(item["headline"], serde_json::Value::Null, "{item}");
    }
    assert_eq!(kept(&no.log()), wanted);
    assert_eq!(no.assessments(ROGUE).await.len(), 2);
    let all = no.ask(&["--as", "olu", "assess", "list", "--from", ROGUE, "--quarantined"]).await;
    assert_eq!(all.iter().filter(|a| a["state"] == "quarantined").count(), wanted.len(), "{all:?}");
    let secret = all.iter().find(|a| a["headline"] == "too secret").unwrap()["assessment"].as_str().unwrap();
    let shown = no.one(&["--as", "olu", "assess", "show", secret, "--quarantined"]).await;
    assert_eq!(shown["state"], "quarantined");
    let hidden = no.run(&["--as", "ana", "assess", "show", secret]).await;
    assert_eq!((hidden.code, hidden.reason().as_str()), (1, "NOT_FOUND"));
    let nosy = no.run(&["--as", "ana", "assess", "show", secret, "--quarantined"]).await;
    assert_eq!((nosy.code, nosy.reason().as_str()), (5, "ROLE_REQUIRED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_under_the_version_before_is_taken_while_the_next_one_is_in_force_and_not_beyond() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let rogue = Rogue::new(ROGUE);
    let (address, served, _stop) = serve(&rogue, credentials(&rogue.tls), &no).await;
    rogue.get_accepted(&no, &address).await;
    let series = watchfire::seal::compose::new_assessment_id().unwrap();
    let text = terms(ROGUE, no.domain, "");
    let first = rogue.agree(&no, &text, Lineage { series, previous: None }).await;
    let second = rogue.agree(&no, &text, Lineage { series, previous: Some((1, first)) }).await;
    no.agreement(&first.to_string(), "ended").await;
    // The rogue has not seen the countersigned copy, so it still cites the first version.
    let mut feed = Feed { rogue, recipient: no.domain, agreement: first, last: None, sequence: 0 };
    let mut entries = vec![feed.good("on its way")];
    served.followed().await;
    served.set(entries.clone());
    let taken = no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    assert_eq!(taken[0]["state"], "current", "{taken:?}");
    no.ask(&["--as", "root", "agreement", "suspend", &second.to_string()]).await;
    entries.push(feed.good("too late"));
    served.set(entries);
    let taken = no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    assert_eq!(taken[0]["state"], "quarantined", "{taken:?}");
    assert_eq!(kept(&no.log()), [(2, "AGREEMENT_DIFFERS".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_does_not_continue_stops_by_name_and_goes_on_once_it_is_mended() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let stranger = Rogue::new("stranger.example");
    stranger.get_accepted(&no, "127.0.0.1:1").await;
    let mut good = vec![feed.good("number 1")];
    served.set(good.clone());
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;

    let bent = |feed: &Feed, bend: &dyn Fn(&mut Making)| feed.made(&note("never seen", "BF"), bend).0;
    let resigned = |mut entry: proto::FeedEntry, key: &SigningKey, more: &[u8]| {
        let mut payload = entry.release.unwrap().payload.to_vec();
        payload.extend(more);
        entry.release = Some(signed(key, StatementKind::Release, payload));
        entry
    };
    type Wrong<'a> = (&'static str, Box<dyn Fn(&Feed) -> proto::FeedEntry + 'a>);
    let wrong: Vec<Wrong<'_>> = vec![
        ("SEQUENCE_GAP", Box::new(|f| bent(f, &|m| m.release.position.sequence += 1))),
        ("SEQUENCE_FORK", Box::new(|f| bent(f, &|m| m.release.position.previous = Some(StatementId([7; 32]))))),
        ("WRONG_DOMAIN", Box::new(|f| bent(f, &|m| m.release.recipient = "gb.example".parse().unwrap()))),
        ("WRONG_DOMAIN", Box::new(|f| resigned(bent(f, &|_| {}), &stranger.node, &[]))),
        ("WRONG_DOMAIN", Box::new(|f| resigned(bent(f, &|_| {}), &f.rogue.analyst, &[]))),
        ("UNKNOWN_OR_NON_CANONICAL", Box::new(|f| resigned(bent(f, &|_| {}), &f.rogue.node, &UNKNOWN_FIELD))),
        (
            "STATEMENT_FROM_FUTURE",
            Box::new(|f| bent(f, &|m| m.release.released_at = SystemClock.now().plus_seconds(600))),
        ),
        (
            "SIGNATURE_INVALID",
            Box::new(|f| {
                let mut entry = bent(f, &|_| {});
                let release = entry.release.as_mut().unwrap();
                release.signatures[0].value = flipped(&release.signatures[0].value, 3);
                entry
            }),
        ),
        (
            "REPLAY_DIFFERS",
            Box::new(|f| bent(f, &|m| m.release.position = FeedPosition { sequence: 1, previous: None })),
        ),
    ];
    for (reason, make) in wrong {
        let mut entries = good.clone();
        entries.push(make(&feed));
        served.set(entries);
        let answer = no.run(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
        assert_eq!(answer.code, 1, "{reason} was taken");
        assert!(answer.stderr.contains(reason), "{reason} is missing in: {}", answer.stderr);
        let status = no.feed(ROGUE, "in").await;
        assert_eq!(status["last_sequence"], good.len(), "{reason}");
        assert!(status["problem"].as_str().unwrap_or_default().contains(reason), "{reason}: {status}");
        // The sender corrects it under the same number.
        good.push(feed.good(&format!("number {} after {reason}", good.len() + 1)));
        served.set(good.clone());
        no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
        assert_eq!(no.assessments(ROGUE).await.len(), good.len(), "{reason}");
    }
    let all = no.ask(&["--as", "olu", "assess", "list", "--from", ROGUE, "--quarantined"]).await;
    assert!(!all.iter().any(|a| a["headline"] == "never seen"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_entries_again_change_nothing() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let entries = vec![feed.good("number 1"), feed.good("number 2")];
    served.set(entries.clone());
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    // After number 2 it sends 1 and 2 again, then 3.
    let again = [entries.clone(), entries.clone(), vec![feed.good("number 3")]].concat();
    served.set(again);
    let pulled = no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    assert_eq!(pulled.iter().map(|i| i["sequence"].as_u64().unwrap()).collect::<Vec<_>>(), [3]);
    assert_eq!(no.assessments(ROGUE).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_restored_from_an_old_copy_is_found_out() {
    let (mut gb, no) = pair().await;
    let mut published = vec![gb.author().await.publish(&note("before the copy", "BF")).await];
    no.has("gb.example", &published).await;
    gb.kill().await;
    let aside = gb.dir.join("copy");
    std::fs::create_dir(&aside).unwrap();
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for name in ["store.db", "store.db-wal", "store.db-shm"] {
            let _ = std::fs::remove_file(to.join(name));
            let _ = std::fs::copy(from.join(name), to.join(name));
        }
    };
    copy(&gb.dir, &aside);
    gb.start().await;
    published.push(gb.author().await.publish(&note("after the copy", "BF")).await);
    no.has("gb.example", &published).await;
    gb.kill().await;
    copy(&aside, &gb.dir);
    gb.start().await;
    let pulled = no.run(&["--as", "ana", "feed", "pull", "--from", "gb.example"]).await;
    assert_eq!(pulled.code, 1);
    // It is found by its ledger. If it was copied back before it had signed a head, it is found by the sequence of its feed.
    let found_out = ["BEHIND_WITNESSES", "SEQUENCE_FORK"].iter().any(|reason| pulled.stderr.contains(reason));
    assert!(found_out, "{}", pulled.stderr);
    no.has("gb.example", &published).await;
}
