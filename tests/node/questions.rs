//! What changes something that others see is shown and asked about on a terminal, and goes on where nobody can be asked.

use crate::{
    endorse::with_endorsements,
    hubs::link,
    kit::{Org, note, pair, terms},
    terminal_kit::Terminal,
};

/// Answers no to a question. Returns what was shown.
async fn no_to(org: &Org, arguments: &[&str]) -> String {
    let refused = Terminal::of(120, false).run(&org.dir, arguments, "n\n").await;
    assert!(refused.code == 1 && refused.text.contains("[y/N]"), "{arguments:?}: {}", refused.text);
    refused.text
}

async fn yes_to(org: &Org, arguments: &[&str]) -> String {
    let done = Terminal::of(120, false).run(&org.dir, arguments, "y\n").await;
    assert!(done.code == 0 && done.text.contains("[y/N]"), "{arguments:?}: {}", done.text);
    done.text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endorsement_is_shown_and_says_who_gets_it() {
    let (gb, no) = pair().await;
    let published = gb.author().await.publish(&note("endorsed", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&published)).await;
    let endorse = ["--as", "olu", "assess", "endorse", &published[..8], "--text", "We see the same."];
    let shown = no_to(&gb, &endorse).await;
    for told in ["endorsed", "We see the same.", "TLP:", "nothing was endorsed"] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let seen = gb.one(&["--as", "ana", "assess", "show", &published]).await;
    assert_eq!(seen["endorsements"], serde_json::json!([]));
    // No grant lists endorsements yet.
    let done = yes_to(&gb, &endorse).await;
    assert!(done.contains("NOBODY GETS THIS") && done.contains("gets nothing   no.example"), "{done}");
    let more = gb.file("more.toml", &with_endorsements(&terms(gb.domain, no.domain, "")));
    let id =
        gb.one(&["--as", "root", "agreement", "propose", &more, "--beside"]).await["id"].as_str().unwrap().to_owned();
    no.agreement(&id, "proposed").await;
    no.ask(&["--as", "root", "agreement", "sign", &id, "--beside"]).await;
    gb.agreement(&id, "in-force").await;
    let again = ["--as", "ana", "assess", "endorse", &published[..8], "--text", "So do I."];
    let done = yes_to(&gb, &again).await;
    assert!(done.contains("gets it now    no.example") && !done.contains("NOBODY"), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn proposals_suspensions_and_resumptions_are_asked_about() {
    let (gb, no) = pair().await;
    let root = ["--as", "root"];
    let all = async || gb.ask(&["--as", "root", "agreement", "list"]).await;
    let before = all().await;
    let id = before[0]["id"].as_str().unwrap().to_owned();
    let path = gb.file("second.toml", &terms(gb.domain, no.domain, ""));
    let propose = [&root[..], &["agreement", "propose", &path, "--beside"]].concat();
    let shown = no_to(&gb, &propose).await;
    assert!(shown.contains("gb.example gives no.example") && shown.contains("nothing was proposed"), "{shown}");
    assert_eq!(all().await.len(), before.len());
    let suspend = [&root[..], &["agreement", "suspend", &id, "--reason", "a test"]].concat();
    no_to(&gb, &suspend).await;
    assert_eq!(all().await[0]["state"], "in-force");
    yes_to(&gb, &suspend).await;
    let resume = [&root[..], &["agreement", "resume", &id]].concat();
    no_to(&gb, &resume).await;
    yes_to(&gb, &resume).await;
    let suspend = [&root[..], &["partner", "suspend", "no.example"]].concat();
    no_to(&gb, &suspend).await;
    let state = async || gb.one(&["--as", "root", "partner", "show", "no.example"]).await["state"].clone();
    assert_eq!(state().await, "active");
    yes_to(&gb, &suspend).await;
    assert_eq!(state().await, "suspended");
    // A script is not asked.
    gb.ask(&["--as", "root", "partner", "resume", "no.example"]).await;
    assert_eq!(state().await, "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn agreements_with_many_partners_are_amended_from_one_template() {
    let (gb, no) = pair().await;
    let plain = Org::found("plain.example", "ngo", None).await;
    link(&gb, &plain, &terms(gb.domain, plain.domain, "")).await;
    let template = gb.file("template.toml", &terms(gb.domain, "{partner}", "").replace("A test", "Another purpose"));
    let amend = ["--as", "root", "agreement", "propose", &template, "--for-all", "--amend"];
    let made = gb.ask(&amend).await;
    assert_eq!(made.len(), 2, "{made:?}");
    for one in &made {
        assert_eq!((&one["version"], &one["state"]), (&2.into(), &"signed-here".into()), "{one}");
    }
    // Without an agreement in force there is nothing to amend, and nothing is proposed to anybody.
    let id = made.iter().find(|one| one["partner"] == "no.example").unwrap()["id"].as_str().unwrap();
    no.agreement(id, "proposed").await;
    let stranger = ["--as", "root", "agreement", "propose", &template, "--for", "fr.example", "--amend"];
    let refused = gb.run(&stranger).await;
    assert_eq!(refused.reason(), "NOT_FOUND", "{}", refused.stderr);
    assert!(refused.stderr.contains("no agreement with fr.example is in force"), "{}", refused.stderr);
    let alone = gb.run(&["--as", "root", "agreement", "propose", &template, "--amend"]).await;
    assert_eq!(alone.code, 2, "{}", alone.stderr);
}
