//! "Why did they not get this?": the test follows the answer, and then they get it.

use serde_json::Value;

use crate::kit::{Org, days_from_now, note, terms, watchfire};

/// A note with a portion that needs more than the others do.
fn with_evidence(marking: &str) -> String {
    format!(
        "{}\n[[portion]]\nkind = \"evidence\"\nwhat = \"seen by two\"\nwhen = \"2026-01-01\"\ngrade = \"B2\"\nmarking = {marking}\n",
        note("Tension in the north", "ML")
    )
}

fn portion<'a>(side: &'a Value, partner: &str, kind: &str) -> &'a Value {
    let decision = side.as_array().unwrap().iter().find(|d| d["partner"] == partner).unwrap();
    decision["portions"].as_array().unwrap().iter().find(|p| p["kind"] == kind).unwrap()
}

fn words(explained: &Value) -> Vec<String> {
    let all = explained["remedies"].as_array().unwrap().iter().flat_map(|r| r["changes"].as_array().unwrap());
    all.map(|c| c["words"].as_str().unwrap().to_owned()).collect()
}

async fn explain(org: &Org, id: &str, partner: &str) -> Value {
    org.one(&["--as", "ana", "policy", "explain", id, "--partner", partner]).await
}

/// A note with a source, which no headline summarises.
fn with_source(marking: &str) -> String {
    let note = note("Tension in the north", "ML");
    format!("{note}\n[[portion]]\nkind = \"source\"\ntext = \"a friend\"\nmarking = {marking}\n")
}

/// What people see, in 80 columns.
async fn page(org: &Org, arguments: &[&str]) -> String {
    let answer = watchfire(&org.dir, arguments).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    answer.stdout
}

async fn kinds_of(org: &Org, id: &str) -> Vec<String> {
    let shown = org.run(&["--as", "ana", "assess", "show", id]).await;
    let portions = shown.lines().pop().map(|v| v["portions"].clone()).unwrap_or_default();
    portions.as_array().into_iter().flatten().map(|p| p["kind"].as_str().unwrap().to_owned()).collect()
}

async fn befriend(gb: &Org, other: &Org) {
    other.accept(gb, &gb.peer).await;
    gb.accept(other, &other.peer).await;
}

/// Terms with another highest level, and with evidence.
fn wider(gb: &Org, no: &Org) -> String {
    terms(gb.domain, no.domain, "")
        .replace("\"limitation\"", "\"limitation\", \"source\"")
        .replace("AMBER+STRICT", "RED")
}

#[tokio::test]
async fn a_remedy_that_is_followed_lets_the_portion_go() {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    befriend(&gb, &no).await;
    let mut author = gb.author().await;

    // There is no agreement, so one is needed.
    let early = author.publish(&with_source("{ tlp = \"AMBER\" }")).await;
    let explained = explain(&gb, &early[..8], no.domain).await;
    assert!(words(&explained)[0].starts_with("an agreement with no.example would have to give"), "{explained}");

    let first = gb.agree(&no, &terms(gb.domain, no.domain, "")).await;
    let id = author.publish(&with_source("{ tlp = \"RED\", releasable_to = [\"no.example\"] }")).await;
    // What was published before is not offered to a partner that was permitted nothing then.
    no.has(gb.domain, std::slice::from_ref(&id)).await;
    let explained = explain(&gb, &early, no.domain).await;
    assert!(explained["now"][0]["because"][0].as_str().unwrap().starts_with("not-offered"), "{explained}");
    assert!(!kinds_of(&no, &id).await.contains(&"source".to_owned()));

    let explained = explain(&gb, &id, no.domain).await;
    for side in ["then", "now"] {
        assert_eq!(portion(&explained[side], no.domain, "source")["decision"], "withhold");
        assert_eq!(portion(&explained[side], no.domain, "headline")["decision"], "release");
    }
    assert_eq!(
        words(&explained),
        [
            "grant world would have to give source too and reach RED (now up to AMBER+STRICT)",
            "then it would have to be published anew: what is out already is not offered again"
        ]
    );
    assert_eq!(explained["released"][0]["partner"], no.domain);
    assert_eq!(explained["released"][0]["portions"].as_array().unwrap().len(), 3);

    // The answer names exactly the differences between the two drafts.
    let before = gb.file("before.toml", &terms(gb.domain, no.domain, ""));
    let amended = gb.file("amended.toml", &wider(&gb, &no));
    let compared = gb.one(&["agreement", "diff", &before, &amended]).await;
    let fields: Vec<_> = compared["changes"].as_array().unwrap().iter().map(|c| (&c["field"], &c["effect"])).collect();
    assert_eq!(fields, [(&"kinds".into(), &"widens".into()), (&"max_tlp".into(), &"widens".into())]);
    let same = gb.one(&["--as", "root", "agreement", "diff", &first[..6], &before]).await;
    assert_eq!(same["changes"].as_array().unwrap().len(), 0);

    let next = gb.one(&["--as", "root", "agreement", "propose", &amended, "--amends", &first]).await;
    let next = next["id"].as_str().unwrap().to_owned();
    no.agreement(&next, "proposed").await;
    no.ask(&["--as", "root", "agreement", "sign", &next]).await;
    gb.agreement(&next, "in-force").await;
    let again = author.publish(&with_source("{ tlp = \"RED\", releasable_to = [\"no.example\"] }")).await;
    no.has(gb.domain, &[id.clone(), again.clone()]).await;
    assert!(kinds_of(&no, &again).await.contains(&"source".to_owned()));
    assert!(!kinds_of(&no, &id).await.contains(&"source".to_owned()));

    // The decisions then and now differ, and the page says so.
    let explained = explain(&gb, &id, no.domain).await;
    assert_eq!(portion(&explained["then"], no.domain, "source")["decision"], "withhold");
    assert_eq!(portion(&explained["now"], no.domain, "source")["decision"], "release");
    assert!(words(&explained).is_empty());
    let text = page(&gb, &["--as", "ana", "policy", "explain", &id]).await;
    assert!(text.contains("As it would be decided now") && text.contains("not offered again"), "{text}");
}

#[tokio::test]
async fn the_name_in_a_new_version_s_marking_lets_red_go() {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    befriend(&gb, &no).await;
    gb.agree(&no, &wider(&gb, &no)).await;
    let mut author = gb.author().await;
    let id = author.publish(&with_source("{ tlp = \"RED\", releasable_to = [\"gb.example\"] }")).await;
    let explained = explain(&gb, &id, no.domain).await;
    assert_eq!(words(&explained), ["the portion would have to name no.example as releasable_to, in a new version"]);
    let named = author.publish(&with_source("{ tlp = \"RED\", releasable_to = [\"no.example\"] }")).await;
    no.has(gb.domain, &[id.clone(), named.clone()]).await;
    assert!(!kinds_of(&no, &id).await.contains(&"source".to_owned()));
    assert!(kinds_of(&no, &named).await.contains(&"source".to_owned()));
}

#[tokio::test]
async fn the_matrix_shows_each_partner_and_each_clause_once() {
    let (gb, no, ml, un) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("no.example", "state", Some("NO")),
        Org::found("ml.example", "state", Some("ML")),
        Org::found("un.example", "international", None)
    );
    for other in [&no, &ml, &un] {
        befriend(&gb, other).await;
    }
    gb.agree(&no, &terms(gb.domain, no.domain, "retention = \"30 days\"")).await;
    gb.agree(&ml, &terms(gb.domain, ml.domain, "")).await;
    gb.agree(&un, &terms(gb.domain, un.domain, "delay = \"24h\"")).await;
    let id = gb.author().await.publish(&with_evidence("{ tlp = \"AMBER\" }")).await;
    no.has(gb.domain, std::slice::from_ref(&id)).await;

    let text = page(&gb, &["--as", "ana", "policy", "explain", &id[..5]]).await;
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
    assert!(!text.contains('\u{1b}') && text.contains("and the same now:"), "{text}");
    let row = |name: &str| text.lines().find(|l| l.starts_with(name)).unwrap().to_owned();
    assert!(row("headline 1").contains("Tension in the north"), "{text}");
    // The partners in order: ml.example gets it never, no.example at once, un.example later.
    assert!(row("headline 1").ends_with("○A  ●B  ◐C"), "{text}");
    assert!(row("evidence 1").ends_with("○A  ○D  ○D"), "{text}");
    assert_eq!(text.matches("subject-rule: the assessment is about the recipient's own state").count(), 1);
    assert!(text.contains("no.example: number 1 on"), "{text}");

    // Administrators see who gets what, and not the content.
    let text = page(&gb, &["--as", "root", "policy", "explain", &id]).await;
    assert!(text.contains("headline 1") && !text.contains("Tension") && !text.contains("seen by two"), "{text}");
    let all = gb.one(&["--as", "root", "policy", "explain", &id]).await;
    assert!(!all.to_string().contains("Tension"), "{all}");

    // Nothing can change the subject rule, and what is released later anyway needs no change.
    let explained = explain(&gb, &id, ml.domain).await;
    assert!(explained["remedies"].as_array().unwrap().iter().all(|r| r["possible"] == false), "{explained}");
    let explained = explain(&gb, &id, un.domain).await;
    let from = portion(&explained["now"], un.domain, "headline")["not_before"].as_str().unwrap().to_owned();
    assert!(
        from > days_from_now(0).to_string() && portion(&explained["then"], un.domain, "headline")["not_before"] == from
    );
    let steps = words(&explained);
    assert_eq!(steps.len(), 2, "{steps:?}");
    assert!(steps[1].contains("from"), "{steps:?}");

    // A suspended partner gets nothing, and the page says so.
    gb.ask(&["--as", "root", "partner", "suspend", no.domain]).await;
    let explained = explain(&gb, &id, no.domain).await;
    let headline = portion(&explained["now"], no.domain, "headline");
    assert!(headline["because"][0].as_str().unwrap().starts_with("partner-suspended"), "{headline}");
    assert_eq!(words(&explained)[0], "no.example would have to be resumed");
    gb.ask(&["--as", "root", "partner", "resume", no.domain]).await;

    // On the receiving node, it says by which release it came. Other agreements don't matter there.
    let there = no.one(&["--as", "ana", "policy", "explain", &id]).await;
    assert_eq!((&there["arrived"][0]["partner"], &there["arrived"][0]["sequence"]), (&"gb.example".into(), &1.into()));
    assert_eq!(there["now"].as_array().unwrap().len(), 0);
    let text = page(&no, &["--as", "ana", "policy", "explain", &id]).await;
    assert!(text.contains("may be kept for 30 days") && text.contains("may not be passed on to anybody"), "{text}");
    assert!(text.contains("never to organisations of Mali (ML)"), "{text}");

    // An assessment of this organisation is complete here. Ids may be as short as permitted. A wrong partner is reported.
    let text = page(&gb, &["--as", "ana", "assess", "show", &id[..4]]).await;
    assert!(!text.contains("withheld from you"), "{text}");
    assert!(page(&no, &["--as", "ana", "assess", "show", &id[..4]]).await.contains("withheld from you"));
    for (arguments, code) in [(["policy", "explain", &id[..3]], 2), (["policy", "explain", "ffffff"], 1)] {
        let mut all = vec!["--as", "ana"];
        all.extend(arguments);
        assert_eq!(gb.run(&all).await.code, code, "{arguments:?}");
    }
    let answer = gb.run(&["--as", "ana", "policy", "explain", &id, "--partner", "xx.example"]).await;
    assert_eq!((answer.code, answer.reason().as_str()), (1, "NOT_FOUND"));
}
