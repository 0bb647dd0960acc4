//! Many recalls: they hold back their own assessments, and nothing else of anybody.

use std::time::Duration;

use watchfire::{
    domain::{
        ids::{AssessmentId, StatementId},
        marking::Audience,
        recall::{Recall, RecallKind},
        release::OnwardLimit,
        statement::StatementKind,
        time::Clock,
    },
    identity::devca::Purpose,
    seal::sign::SigningKey,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    asked::number,
    feed_kit::{Feed, ROGUE},
    hostile_kit::{Rogue, credentials, serve, signed, signing_key},
    hubs::{for_all, limit, link, onward},
    kit::{Org, PATIENCE, note, pair, terms, until},
};

/// More than a reader keeps of one partner's recalls that it can't verify.
const MANY: u64 = 1_025;
const KINDS: [&str; 4] = ["headline", "subject", "limitation", "attachment"];

fn recall(by: &SigningKey, originator: &str, assessment: AssessmentId) -> proto::Envelope {
    let recall = Recall {
        originator: originator.parse().unwrap(),
        assessment,
        kind: RecallKind::Withdraw,
        reason: "the source was wrong".to_owned(),
        recalled_at: SystemClock.now().whole_seconds(),
        exercise: false,
    };
    signed(by, StatementKind::Recall, wire::recall::encode(&recall))
}

/// What the originator lets the hub pass on to the reader.
fn to_the_reader() -> OnwardLimit {
    let to: Vec<Audience> = vec!["no.example".parse().unwrap()];
    let kinds = ["headline", "subject", "limitation"].map(|k| k.parse().unwrap()).to_vec();
    OnwardLimit { later_kinds: vec![], to, kinds, max_tlp: "AMBER".parse().unwrap(), depth: 1, groups: vec![] }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_recalls_than_a_reader_keeps_hold_up_no_warning_of_the_hub() {
    let (hub, no) =
        tokio::join!(Org::found("hub.example", "regional", None), Org::found("no.example", "state", Some("NO")));
    link(&hub, &no, &onward(hub.domain, no.domain, "", &["no.example"])).await;
    let rogue = Rogue::new(ROGUE);
    let (address, served, _stop) = serve(&rogue, credentials(&rogue.tls), &hub).await;
    let given = onward(ROGUE, hub.domain, &limit("no.example", &KINDS[..3], "AMBER", 1), &["no.example"]);
    let agreement = rogue.befriend(&hub, &address, &given).await;
    let mut feed = Feed { rogue, recipient: hub.domain, agreement, last: None, sequence: 0 };
    let officer = signing_key(&feed.rogue.issue("officer/o", Purpose::Signing));
    let (mut entries, mut recalls) = (vec![], vec![]);
    for n in 0..MANY {
        let text = for_all(&format!("number {n}"), "BF").replace("group:watch", "no.example");
        let entry = feed.with(&text, |m| {
            m.release.terms.onward = Some(to_the_reader());
            recalls.push(recall(&officer, ROGUE, m.assessment));
        });
        entries.push(entry);
    }
    served.set(entries);
    hub.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let sent = async |to: &Org, from: &str, direction: &str| to.feed(from, direction).await["last_sequence"].as_u64();
    until("the reader has all", async || (sent(&no, hub.domain, "in").await == Some(MANY)).then_some(())).await;
    let mut exchange = feed.rogue.exchange(&hub);
    for statements in recalls.chunks(128) {
        let request = proto::SubmitStatementsRequest { statements: statements.to_vec() };
        let outcomes = exchange.submit_statements(request).await.unwrap().into_inner().outcomes;
        assert!(outcomes.iter().all(proto::StatementOutcome::is_accepted), "{:?}", outcomes.last());
    }
    let warning = hub.author().await.publish(&urgent("the hub's own warning")).await;
    no.has(hub.domain, std::slice::from_ref(&warning)).await;
}

/// A warning of the highest level.
fn urgent(headline: &str) -> String {
    note(headline, "BF").replace("level   = 3", "level   = 5")
}

/// What the entries of a feed from the beginning hand over: nothing (a void), or a manifest with this many portions.
async fn entries(rogue: &Rogue, gb: &Org, count: usize) -> Vec<Option<usize>> {
    let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: false, ..Default::default() };
    let mut feed = rogue.exchange(gb).subscribe(request).await.unwrap().into_inner();
    let mut seen = vec![];
    while seen.len() < count {
        let entry = tokio::time::timeout(PATIENCE, feed.message()).await.unwrap().unwrap().unwrap();
        seen.push(entry.manifest.is_some().then_some(entry.portions.len()));
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_that_nobody_fetches_holds_back_what_it_takes_back_and_nothing_else() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    // It can't be dialled, and it fetches no statements.
    let rogue = Rogue::new(ROGUE);
    rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, ROGUE, "")).await;
    let mut author = gb.author().await;
    let wrong = author.publish(&note("wrong", "BF")).await;
    assert_eq!(entries(&rogue, &gb, 1).await, [Some(3)]);
    let queued = author.publish(&note("wrong too", "BF")).await;
    for id in [&wrong, &queued] {
        gb.ask(&["--as", "olu", "--yes", "assess", "recall", id, "--withdraw", "--reason", "wrong"]).await;
    }
    author.publish(&urgent("right")).await;
    assert_eq!(entries(&rogue, &gb, 2).await, [None, Some(3)], "a void, and then the warning");
    let request = proto::SubscribeRequest { after_sequence: 1, until_caught_up: true, ..Default::default() };
    let mut feed = rogue.exchange(&gb).subscribe(request).await.unwrap().into_inner();
    assert!(feed.message().await.unwrap().is_some() && feed.message().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_recall_of_thousands_works_through_and_a_warning_overtakes_it() {
    // More than are accepted in an hour for assessments that are not held. 5,000 in the long form.
    let all: u64 = number("RECALLS", 1_200);
    let (gb, no) = pair().await;
    let mut author = gb.author().await;
    let mut ids = vec![];
    for n in 0..all {
        ids.push(author.publish(&note(&format!("number {n}"), "BF")).await);
    }
    let sequence = async || no.feed(gb.domain, "in").await["last_sequence"].as_u64();
    patiently("all of them are there", async || (sequence().await == Some(all)).then_some(())).await;
    let files = gb.dir.join("persons/officer-olu");
    let officer = watchfire::app::signing_key(&files.join("signing.pem"), &files.join("signing.key")).unwrap();
    let mut desk = gb.connect("officer-olu").await;
    let mut warning = None;
    for (n, id) in ids.iter().enumerate() {
        let recall = recall(&officer, gb.domain, AssessmentId::try_from(&hex::decode(id).unwrap()[..]).unwrap());
        let request = proto::RecallAssessmentRequest { recall: Some(recall), keep_own: false };
        desk.recalls.recall_assessment(request).await.unwrap();
        if n == ids.len() / 2 {
            warning = Some(author.publish(&urgent("not recalled")).await);
        }
    }
    let warning = warning.unwrap();
    until("the warning is read", async || {
        let shown = no.run(&["--as", "ana", "assess", "show", &warning]).await;
        (shown.code == 0).then_some(())
    })
    .await;
    patiently("all of them are recalled", async || {
        (count(&no, "SELECT count(*) FROM recall WHERE state = 'withdrawn'") == all).then_some(())
    })
    .await;
    patiently("each is answered", async || (count(&gb, "SELECT count(*) FROM outbox") == 0).then_some(())).await;
    assert_eq!(count(&no, "SELECT count(*) FROM manifest WHERE state = 'current'"), 1, "the warning alone");
}

/// What the store of a running node says.
pub fn count(org: &Org, sql: &str) -> u64 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let store = rusqlite::Connection::open_with_flags(org.dir.join("store.db"), flags).unwrap();
    store.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
}

/// Like `until`, for what takes thousands of steps.
async fn patiently(what: &str, mut ask: impl AsyncFnMut() -> Option<()>) {
    for _ in 0..600 {
        if ask().await.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("this did not happen within minutes: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stops_a_feed_is_an_error_and_named_in_its_status() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new(ROGUE);
    rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, ROGUE, "")).await;
    let ask = async |after_sequence| {
        let request = proto::SubscribeRequest { after_sequence, until_caught_up: true, ..Default::default() };
        rogue.exchange(&gb).subscribe(request).await.unwrap().into_inner().message().await
    };
    for _ in 0..3 {
        assert!(ask(7).await.is_err(), "it has no number 7");
    }
    let problem = async || gb.feed(ROGUE, "out").await["problem"].as_str().unwrap_or_default().to_owned();
    assert!(problem().await.contains("SEQUENCE_FORK"), "{}", problem().await);
    let log = gb.log();
    let told: Vec<&str> = log.lines().filter(|l| l.contains("the feed to the partner has stopped")).collect();
    assert_eq!(told.len(), 1, "each reason must be logged once: {told:?}");
    assert!(told[0].contains("ERROR") && told[0].contains("SEQUENCE_FORK"), "{told:?}");
    assert!(ask(0).await.unwrap().is_none());
    assert_eq!(problem().await, "", "the feed must continue");
    // The other direction: an entry that does not continue the feed.
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    (feed.sequence, feed.last) = (3, Some(StatementId([7; 32])));
    served.set(vec![feed.good("number 4 comes first")]);
    let answer = no.run(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    assert_eq!(answer.code, 1);
    assert!(no.feed(ROGUE, "in").await["problem"].as_str().unwrap_or_default().contains("SEQUENCE_GAP"));
    let log = no.log();
    assert!(log.lines().any(|l| l.contains("ERROR") && l.contains("SEQUENCE_GAP")), "{log}");
}
