//! A simulation and then the real change: the predicted differences occur, and the simulation leaves no trace.

use std::collections::BTreeSet;

use serde_json::Value;
use watchfire::{
    domain::event::{Deed, Event},
    store::{Store, sqlite::SqliteStore},
    wire::proto,
};

use crate::kit::{Author, Org, note, pair_by, terms, until};

/// The kinds that are released to the only partner.
async fn goes(author: &mut Author, headline: &str) -> BTreeSet<String> {
    released(&author.try_publish(&note(headline, "BF")).await.unwrap())
}

fn released(answer: &proto::PublishAssessmentResponse) -> BTreeSet<String> {
    let portions = answer.decisions[0].portions.iter().filter(|p| p.release);
    portions.map(|p| p.kind.clone()).collect()
}

/// The kinds for which a simulation predicts this change, in each of `assessments` assessments.
fn told(simulated: &Value, change: &str, assessments: usize) -> BTreeSet<String> {
    let all = simulated["differences"].as_array().unwrap();
    let found: Vec<&Value> = all.iter().filter(|d| d["change"] == change).collect();
    let named: BTreeSet<&str> = found.iter().map(|d| d["assessment"].as_str().unwrap()).collect();
    assert!(found.is_empty() || named.len() == assessments, "{simulated}");
    found.iter().flat_map(|d| d["kinds"].as_array().unwrap()).map(|k| k.as_str().unwrap().to_owned()).collect()
}

/// What the stopped node's store contains: the ledger's length, what waits for the partner, agreements, rules.
async fn traces(org: &mut Org) -> (usize, u64, usize, usize) {
    org.kill().await;
    let key = std::fs::read_to_string(org.dir.join("storage.key")).unwrap();
    let mut bytes = [0; 32];
    hex::decode_to_slice(key.trim(), &mut bytes).unwrap();
    let path = org.dir.join("store.db");
    let store = until("the store is free", async || SqliteStore::open(&path, &bytes).ok()).await;
    // Each start pads the ledger, and a person who comes back signs in.
    let counts = |e: &Event| !matches!(e.deed, Deed::Padding | Deed::SignedIn);
    let events = store.events(0, 100_000).await.unwrap().iter().filter(|e| counts(e)).count();
    let queued = store.queued(&"no.example".parse().unwrap()).await.unwrap();
    let (agreements, rules) = (store.agreements().await.unwrap(), store.rules_versions(9).await.unwrap());
    let kept = (events, queued, agreements.len(), rules.len());
    drop(store);
    org.start().await;
    kept
}

#[tokio::test(flavor = "multi_thread")]
async fn amended_terms_do_what_was_simulated() {
    let (gb, no, first) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    let mut author = gb.author().await;
    let mut now = goes(&mut author, "one").await;
    goes(&mut author, "two").await;
    let mut held = 2;
    let full = terms("gb.example", "no.example", "");
    let fewer = full.replace("\"limitation\", ", "");
    let lower = full.replace("AMBER+STRICT", "GREEN");
    let later = terms("gb.example", "no.example", "delay = \"1h\"");
    assert!(fewer != full && lower != full);
    let same = gb.file("same.toml", &full);
    let simulated = gb.one(&["--as", "ana", "agreement", "simulate", &same, "--amends", &first]).await;
    assert_eq!((&simulated["assessments"], &simulated["counts"]), (&2.into(), &Value::Array(vec![])), "{simulated}");
    let beside = gb.one(&["--as", "ana", "agreement", "simulate", &same, "--beside"]).await;
    assert_eq!(beside["counts"], Value::Array(vec![]), "the same terms twice give the same");
    let delayed = gb.file("later.toml", &later);
    let simulated = gb.one(&["--as", "ana", "agreement", "simulate", &delayed]).await;
    assert_eq!(simulated["replaces"], first.as_str());
    assert_eq!(told(&simulated, "later", 2), now);

    let mut before = first;
    for (name, text) in [("fewer", &fewer), ("full", &full), ("lower", &lower)] {
        let file = gb.file(&format!("{name}.toml"), text);
        let simulated = gb.one(&["--as", "ana", "agreement", "simulate", &file, "--amends", &before]).await;
        let mut expected = now.clone();
        expected.extend(told(&simulated, "newly-released", held));
        for kind in told(&simulated, "newly-withheld", held) {
            assert!(expected.remove(&kind), "{kind} was not given");
        }
        assert_ne!(expected, now, "{name} changes something");
        let next = gb.one(&["--as", "root", "agreement", "propose", &file, "--amends", &before]).await;
        before = next["id"].as_str().unwrap().to_owned();
        no.agreement(&before, "proposed").await;
        no.ask(&["--as", "root", "agreement", "sign", &before]).await;
        gb.agreement(&before, "in-force").await;
        now = goes(&mut author, name).await;
        held += 1;
        assert_eq!(now, expected, "{name}: {simulated}");
    }
    assert!(now.is_empty(), "GREEN terms give nothing that is AMBER");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulation_leaves_no_trace_and_shows_headlines_only_to_readers() {
    let (mut gb, mut no, _) = pair_by(async |gb: &Org| gb.peer.clone(), "").await;
    no.kill().await;
    let mut author = gb.author().await;
    for n in 0..3 {
        author.publish(&note(&format!("canary {n}"), "BF")).await;
    }
    let before = traces(&mut gb).await;
    assert_eq!(before.1, 3);
    let rule = gb.file(
        "rule.cedar",
        "@id(\"none\") @reason(\"nothing to states\") forbid (principal, action, resource) when { principal.kind == \"state\" };",
    );
    let by = |person| ["--as", person, "policy", "check", "--simulate", &rule, "--last", "2"];
    let read = gb.one(&by("ana")).await;
    assert_eq!(read["assessments"], 2);
    assert_eq!(read["counts"][0]["portions"], 6, "{read}");
    assert_eq!(read["differences"][0]["headline"], "canary 2", "the newest first: {read}");
    assert_eq!(read["differences"][0]["because"][0], "house:none: nothing to states", "{read}");
    let counted = gb.one(&by("root")).await;
    assert_eq!(counted["counts"], read["counts"]);
    assert!(!counted.to_string().contains("canary"), "{counted}");
    let narrow = gb.file("narrow.toml", &terms("gb.example", "no.example", "").replace("\"M49:001\"", "\"NG\""));
    gb.one(&["--as", "ana", "agreement", "simulate", &narrow]).await;
    let words = crate::kit::watchfire(&gb.dir, &["--as", "ana", "agreement", "simulate", &narrow]).await;
    assert!(words.stdout.contains("newly withheld") && words.stdout.contains("no.example"), "{}", words.stdout);
    assert_eq!(traces(&mut gb).await, before);

    let unknown = gb.file("unknown.toml", &terms("gb.example", "fr.example", ""));
    let refused = gb.run(&["--as", "ana", "agreement", "simulate", &unknown]).await;
    assert_eq!((refused.code, refused.reason().as_str()), (5, "NOT_A_PARTNER"), "{}", refused.stdout);
}
