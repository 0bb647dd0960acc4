//! An originator that signs two different manifests of one version: a reader that has seen both keeps a proof that anybody can check.

use std::path::Path;

use prost::Message;
use serde_json::Value;
use watchfire::{
    domain::{
        ids::AssessmentId,
        recall::{Recall, RecallKind},
        statement::StatementKind,
        time::Clock,
    },
    identity::devca::Purpose,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    feed_kit::{Feed, ROGUE},
    hostile_hub::{HUB, ORIGIN, reader},
    hostile_kit::{Rogue, signed, signing_key},
    hubs::for_all,
    kit::{Answer, Org, note, until, watchfire},
};

/// An entry with another manifest for the version of `first`.
fn other_manifest(feed: &mut Feed, first: &proto::FeedEntry, headline: &str) -> proto::FeedEntry {
    let first = proto::Manifest::decode(first.manifest.as_ref().unwrap().payload.clone()).unwrap();
    feed.next(headline, |m| {
        m.assessment = AssessmentId(first.assessment_id[..].try_into().unwrap());
        m.manifest.assessment_id = first.assessment_id.clone();
        m.list_anew();
    })
}

fn assessment_of(entry: &proto::FeedEntry) -> String {
    let manifest = proto::Manifest::decode(entry.manifest.as_ref().unwrap().payload.clone()).unwrap();
    hex::encode(manifest.assessment_id)
}

async fn alarms(org: &Org) -> Vec<Value> {
    let all = org.ask(&["--as", "root", "ledger", "alarms"]).await;
    all.into_iter().filter(|a| a["kind"] == "equivocation").collect()
}

/// The entries of the ledger.
async fn on_record(org: &Org, event: &str) -> usize {
    org.ask(&["--as", "root", "ledger", "list", "--about", event]).await.len()
}

/// Whether the bytes are in a file of the node.
fn stands_in(dir: &Path, bytes: &[u8]) -> bool {
    let found = |path: &Path| std::fs::read(path).is_ok_and(|file| memchr::memmem::find(&file, bytes).is_some());
    std::fs::read_dir(dir).unwrap().flatten().any(|e| e.path().is_file() && found(&e.path()))
}

/// The roots of an organisation, as a file for checking.
fn roots_of(rogue: &Rogue, dir: &Path, name: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, rogue.bundle().to_pem()).unwrap();
    path.to_string_lossy().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_manifest_of_a_version_leaves_one_proof_that_anybody_can_check() {
    let mut no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let first = feed.good("what the one was told");
    let id = assessment_of(&first);
    let second = other_manifest(&mut feed, &first, "what the other was told");
    let third = other_manifest(&mut feed, &first, "what nobody was told");
    served.set(vec![first.clone(), second.clone(), third, feed.good("something else")]);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;

    // The reader sees it at the assessment and among the alarms.
    let rows = no.ask(&["--as", "ana", "assess", "list"]).await;
    let twice = |row: &Value| row["signed_twice"].as_array().unwrap().len();
    assert_eq!(
        rows.iter().map(|r| (r["assessment"] == id.as_str(), twice(r))).collect::<Vec<_>>(),
        [(false, 0), (true, 1)]
    );
    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    assert_eq!(shown["signed_twice"], serde_json::json!(["version 1"]), "{shown}");
    assert!(shown.to_string().contains("what the one was told"), "{shown}");
    let words = watchfire(&no.dir, &["--as", "ana", "assess", "show", &id]).await.stdout;
    assert!(words.contains("two different versions 1 were signed: a fault or a deception"), "{words}");
    let words = watchfire(&no.dir, &["--as", "ana", "assess", "list"]).await.stdout;
    assert!(words.contains("SIGNED TWICE"), "{words}");
    let alarmed = alarms(&no).await;
    assert_eq!(alarmed.len(), 1, "{alarmed:?}");
    assert_eq!((&alarmed[0]["partner"], &alarmed[0]["open"]), (&ROGUE.into(), &true.into()));
    assert!(alarmed[0]["message"].as_str().unwrap().contains(&id), "{alarmed:?}");
    assert_eq!(on_record(&no, "equivocated").await, 1);
    assert_eq!(no.log().matches("ALARM: two different versions 1").count(), 1);

    // The file is checked with the roots alone, in a directory without a node.
    let path = no.place("evidence.txt");
    let export = |who: &'static str| ["--as", who, "evidence", "export", &id[..8], "--out", &path].map(str::to_owned);
    let as_ = async |who| no.run(&export(who).iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(as_("ana").await.reason(), "ROLE_REQUIRED");
    assert_eq!(as_("olu").await.code, 0);
    assert_eq!(on_record(&no, "evidence-exported").await, 1);
    let elsewhere = tempfile::tempdir().unwrap();
    let roots = roots_of(&feed.rogue, elsewhere.path(), "roots.pem");
    let checked = check(elsewhere.path(), &path, &roots).await;
    assert_eq!(checked.code, 0, "{}", checked.stdout);
    let told = checked.lines().pop().unwrap();
    assert_eq!(
        (&told["originator"], &told["assessment"], &told["signed_twice"]),
        (&ROGUE.into(), &id.as_str().into(), &"version 1".into())
    );
    let ids: Vec<_> = told["statements"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap()).collect();
    let wanted = [&first, &second].map(|e| {
        watchfire::seal::statement::id_of(StatementKind::Manifest, &e.manifest.as_ref().unwrap().payload).to_string()
    });
    assert!(ids.len() == 2 && wanted.iter().all(|id| ids.contains(&id.as_str())), "{told}");

    nothing_else_passes(&path, elsewhere.path(), &feed.rogue, [&first, &second]).await;

    // Nothing of it was sent, and it is encrypted here: what was refused is in no file.
    let payload = second.manifest.as_ref().unwrap().payload.clone();
    assert!(served.submitted.lock().unwrap().iter().all(|s| !s.payload.windows(32).any(|w| w == &payload[..32])));
    no.kill().await;
    assert!(!stands_in(&no.dir, &payload[payload.len() - 64..]));
    no.start().await;
    assert_eq!(alarms(&no).await.len(), 1);
}

async fn check(place: &Path, file: &str, roots: &str) -> Answer {
    watchfire(place, &["--json", "evidence", "check", file, "--bundle", roots]).await
}

/// Other roots, one statement alone, an altered one, a statement of another kind.
async fn nothing_else_passes(path: &str, place: &Path, rogue: &Rogue, both: [&proto::FeedEntry; 2]) {
    let roots = roots_of(rogue, place, "roots.pem");
    let written = |name: &str, text: &str| {
        std::fs::write(place.join(name), text).unwrap();
        place.join(name).to_string_lossy().into_owned()
    };
    let [first, second] = both.map(|entry| entry.manifest.clone().unwrap());
    let others = roots_of(&Rogue::new(ROGUE), place, "others.pem");
    assert_eq!(check(place, path, &others).await.reason(), "CHAIN_INVALID");
    let alone = written("alone.txt", &armoured(&first).repeat(2));
    let alone = check(place, &alone, &roots).await;
    assert_eq!((alone.code, alone.reason().as_str()), (6, "INVALID_ARGUMENT"), "{}", alone.stdout);
    let good = written("good.txt", &(armoured(&first) + &armoured(&second)));
    assert_eq!(check(place, &good, &roots).await.code, 0);
    let mut bent = second.clone();
    bent.signatures[0].value = bent.signatures[0].value.iter().map(|b| b ^ 1).collect();
    let bent = written("bent.txt", &(armoured(&first) + &armoured(&bent)));
    assert_eq!(check(place, &bent, &roots).await.reason(), "SIGNATURE_INVALID");
    let release = both[0].release.clone().unwrap();
    let release = written("release.txt", &(armoured(&first) + &armoured(&release)));
    assert_eq!(check(place, &release, &roots).await.reason(), "INVALID_ARGUMENT");
}

/// The form in which `watchfire` writes statements for people to send.
fn armoured(envelope: &proto::Envelope) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(envelope.encode_to_vec());
    format!("-----BEGIN WATCHFIRE STATEMENT-----\n{text}\n-----END WATCHFIRE STATEMENT-----\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_lie_raises_no_alarm_and_a_lie_is_found_whichever_way_it_comes() {
    let (no, mut chain, served, _stop) = reader().await;
    let text = |headline: &str| for_all(headline, "BF").replace("group:watch", "no.example");
    let piece = chain.piece(&text("the first words"), "no.example");
    let id = hex::encode(piece.assessment);
    let mut entries = vec![chain.entry(piece.clone())];
    // The same again; and a version by somebody who only uses the originator's name.
    let again = chain.at_place(&piece);
    entries.push(chain.entry(again));
    let forger = Rogue::new(ORIGIN);
    let forged = chain.other_text(&forger.analyst, &piece, &text("forged words"));
    entries.push(chain.entry(forged));
    served.send(entries.clone());
    let pulled = async |count: u64| {
        until("all has come", async || (no.feed(HUB, "in").await["last_sequence"] == count).then_some(())).await;
    };
    pulled(3).await;
    crate::hubs::quarantined(&no, 3, "CHAIN_INVALID").await;
    assert!(alarms(&no).await.is_empty());
    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    assert_eq!(shown["signed_twice"], serde_json::json!([]), "{shown}");
    assert_eq!(no.run(&["--as", "olu", "evidence", "export", &id]).await.reason(), "NOT_FOUND");
    // One that the originator did sign, by way of the same hub.
    let lie = chain.other_text(&chain.origin.analyst, &piece, &text("other words"));
    entries.push(chain.entry(lie));
    served.set(entries);
    no.ask(&["--as", "ana", "feed", "pull", "--from", HUB]).await;
    let alarmed = alarms(&no).await;
    assert_eq!(alarmed.iter().map(|a| a["partner"].as_str().unwrap()).collect::<Vec<_>>(), [ORIGIN], "not the hub");
    assert!(no.one(&["--as", "ana", "assess", "show", &id]).await.to_string().contains("the first words"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_different_recalls_of_one_kind_are_a_proof_that_outlives_a_purge() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    no.one(&["person", "add", "ola", "--role", "officer"]).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let entry = feed.good("recalled for two reasons");
    let id = assessment_of(&entry);
    served.set(vec![entry]);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let officer = signing_key(&feed.rogue.issue("officer/o", Purpose::Signing));
    let recall = |kind, reason: &str| {
        let recall = Recall {
            originator: ROGUE.parse().unwrap(),
            assessment: id.parse().unwrap(),
            kind,
            reason: reason.to_owned(),
            recalled_at: SystemClock.now().whole_seconds(),
            exercise: false,
        };
        signed(&officer, StatementKind::Recall, wire::recall::encode(&recall))
    };
    let submit = async |statement: proto::Envelope| {
        let outcome = feed.rogue.submit(&no, statement).await;
        assert!(outcome.is_accepted(), "{}", outcome.message);
    };
    let one = recall(RecallKind::Withdraw, "the source was wrong");
    submit(one.clone()).await;
    submit(one).await;
    submit(recall(RecallKind::Purge, "it names a person")).await;
    assert!(alarms(&no).await.is_empty(), "a purge may follow, and the same recall again is no equivocation");
    submit(recall(RecallKind::Purge, "it was a mistake of ours")).await;
    assert_eq!(alarms(&no).await.len(), 1);
    for officer in ["olu", "ola"] {
        no.ask(&["--as", officer, "--yes", "assess", "purge", &id]).await;
    }
    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    assert_eq!((&shown["state"], &shown["signed_twice"]), (&"purged".into(), &serde_json::json!(["purge"])), "{shown}");
    let path = no.place("evidence.txt");
    no.ask(&["--as", "root", "evidence", "export", &id, "--out", &path]).await;
    let roots = roots_of(&feed.rogue, &no.dir, "roots.pem");
    let checked = no.one(&["evidence", "check", &path, "--bundle", &roots]).await;
    assert_eq!((&checked["signed_twice"], &checked["originator"]), (&"purge".into(), &ROGUE.into()), "{checked}");
    let words = watchfire(&no.dir, &["evidence", "check", &path, "--bundle", &roots]).await.stdout;
    assert!(words.contains("has signed two different statements of purge"), "{words}");
    // Another assessment of the same originator is not affected.
    assert_eq!(no.author().await.publish(&note("of our own", "BF")).await.len(), 32);
}
