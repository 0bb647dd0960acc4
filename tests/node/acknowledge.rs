//! A sender is informed about what was stored, read, acted upon or not, even if nodes are killed. Both sides track the duties to acknowledge in
//! time.

use std::time::Duration;

use crate::{
    kit::{Org, note, pair, pair_by, until},
    recall::{holder, holders, publish},
};

#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_all_kinds_survive_kills_on_both_sides() {
    const COUNT: usize = 40;
    let (mut gb, mut no) = pair().await;
    let mut ids = vec![];
    for i in 0..COUNT {
        ids.push(publish(&gb, &note(&format!("note {i}"), "BF")).await);
    }
    no.has("gb.example", &ids).await;
    // The receipts are made a while after the entries came, so kills happen before, between and after.
    for pause in [50, 300, 520, 700] {
        no.kill().await;
        no.start().await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    gb.kill().await;
    no.ask(&["--as", "ana", "assess", "show", &ids[0]]).await;
    no.ask(&["--as", "olu", "assess", "show", &ids[0]]).await;
    no.ask(&["--as", "olu", "assess", "show", &ids[0]]).await;
    let acting = ["--as", "ana", "assess", "acknowledge", &ids[1], "--acting", "--note", "two observers go there"];
    no.ask(&acting).await;
    no.ask(&["--as", "olu", "assess", "acknowledge", &ids[2][..10], "--decline", "no mandate there"]).await;
    no.ask(&["--as", "ana", "assess", "acknowledge", &ids[3]]).await;
    no.kill().await;
    gb.start().await;
    no.start().await;
    for id in &ids {
        holder(&gb, id, "no.example", "held").await;
    }
    let read = until("the readings come", async || {
        let seen = holders(&gb, &ids[0]).await.pop().unwrap();
        (seen["read"].as_array().unwrap().len() == 2).then_some(seen)
    })
    .await;
    let mut roles: Vec<_> = read["read"].as_array().unwrap().iter().map(|r| r["role"].as_str().unwrap()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["analyst", "officer"], "each role once");
    let last = until("what people said comes", async || {
        let mut all = vec![];
        for id in &ids[1..4] {
            all.extend(holders(&gb, id).await);
        }
        (all[0]["acting"].is_object() && all[1]["declined"].is_object() && !all[2]["read"][0].is_null()).then_some(all)
    })
    .await;
    assert_eq!(last[0]["acting"]["text"], "two observers go there");
    assert_eq!(
        (&last[1]["declined"]["text"], &last[1]["declined"]["role"]),
        (&"no mandate there".into(), &"officer".into())
    );
    nobody_s_words_are_legible(&[&gb, &no]);
    // The names of persons are not sent to others.
    assert!(!holders(&gb, &ids[0]).await[0].to_string().contains("spiffe"));
}

fn nobody_s_words_are_legible(orgs: &[&Org]) {
    for org in orgs {
        assert!(!org.log().contains("observers") && !org.log().contains("mandate"), "{}", org.log());
        for file in ["store.db", "store.db-wal"] {
            let bytes = std::fs::read(org.dir.join(file)).unwrap_or_default();
            assert!(
                !bytes.windows(9).any(|w| w == b"observers"),
                "{}: what people wrote must be encrypted",
                org.domain
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_that_is_none_is_refused() {
    let (gb, no) = pair().await;
    let id = publish(&gb, &note("note", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let own = gb.run(&["--as", "ana", "assess", "acknowledge", &id]).await;
    assert_eq!(own.reason(), "INVALID_ARGUMENT");
    let long = "x".repeat(201);
    let too_long = no.run(&["--as", "ana", "assess", "acknowledge", &id, "--decline", &long]).await;
    assert_eq!(too_long.reason(), "INVALID_ARGUMENT");
    assert_eq!(no.run(&["--as", "root", "assess", "acknowledge", &id]).await.reason(), "ROLE_REQUIRED");
    assert_eq!(no.run(&["--as", "ana", "assess", "acknowledge", &"0".repeat(32)]).await.reason(), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_that_is_overdue_is_shown_on_both_sides_until_it_is_met() {
    let duties = "\n[duties]\nacknowledge = [{ min_level = 3, within = \"1s\" }]\n";
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), duties).await;
    let urgent = publish(&gb, &note("urgent", "BF")).await;
    let minor = publish(&gb, &note("minor", "BF").replace("level   = 3", "level   = 2")).await;
    no.has("gb.example", &[urgent.clone(), minor]).await;
    let overdue = async |org: &Org, partner: &str, direction: &str, count: u64| {
        until(&format!("{}: {count} overdue", org.domain), async || {
            let feed = org.feed(partner, direction).await;
            (feed["overdue"] == count).then_some(feed)
        })
        .await
    };
    let there = overdue(&gb, "no.example", "out", 1).await;
    assert_eq!(there["overdue_oldest"][0]["assessment"], urgent.as_str(), "{there}");
    assert!(there["overdue_oldest"][0]["since"].is_string());
    let here = overdue(&no, "gb.example", "in", 1).await;
    assert_eq!(here["overdue_oldest"][0]["assessment"], urgent.as_str());
    assert_eq!(no.feed("gb.example", "out").await["overdue"], 0);
    let doctor = no.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("duties with gb.example"), "{}", doctor.stdout);
    let words = crate::kit::watchfire(&gb.dir, &["--as", "olu", "feed", "status"]).await.stdout;
    assert!(words.contains("it has not acknowledged 1 assessment in time"), "{words}");
    no.ask(&["--as", "ana", "assess", "show", &urgent]).await;
    overdue(&no, "gb.example", "in", 0).await;
    overdue(&gb, "no.example", "out", 0).await;
}
