//! "Why did they not get this?", asked on a hub: who gets what has arrived, and why not.

use serde_json::Value;

use crate::{
    hubs::{for_all, know, limit, link, onward},
    kit::{Org, note, terms, until, watchfire},
};

const ALL: [&str; 4] = ["headline", "subject", "limitation", "attachment"];

/// What people see, in 80 columns.
async fn page(org: &Org, id: &str, more: &[&str]) -> String {
    let arguments = [&["--as", "ana", "policy", "explain", id], more].concat();
    let answer = watchfire(&org.dir, &arguments).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stdout.lines().all(|l| l.chars().count() <= 80), "{}", answer.stdout);
    answer.stdout
}

/// Without line ends, which may be anywhere.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn explained(org: &Org, id: &str, partner: &str) -> Value {
    org.one(&["--as", "ana", "policy", "explain", id, "--partner", partner]).await
}

/// `+` or `-` for each portion, and `?` if nothing was decided.
fn marks(side: &Value, partner: &str) -> String {
    let decision = side.as_array().unwrap().iter().find(|d| d["partner"] == partner);
    let portions = decision.into_iter().flat_map(|d| d["portions"].as_array().unwrap());
    let mark = |p: &Value| match p["decision"].as_str().unwrap() {
        "release" => '+',
        "withhold" => '-',
        _ => '?',
    };
    portions.map(mark).collect()
}

/// gb gives the hub everything. Headlines and subjects of it may be passed on to no. au is the hub's partner and is not named.
async fn orgs() -> [Org; 4] {
    let (gb, hub, no, au) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("no.example", "state", Some("NO")),
        Org::found("au.example", "regional", None),
    );
    let members = ["ecowas.example", "no.example"];
    let on = limit("group:watch", &ALL[..2], "AMBER", 1);
    link(&gb, &hub, &onward("gb.example", "ecowas.example", &on, &members)).await;
    link(&hub, &no, &onward("ecowas.example", "no.example", "", &["no.example"])).await;
    link(&hub, &au, &terms("ecowas.example", "au.example", "")).await;
    know(&no, &gb).await;
    [gb, hub, no, au]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_tells_who_gets_what_came_and_who_does_not() {
    let [gb, hub, no, _au] = orgs().await;
    let id = gb.author().await.publish(&for_all("over a hub", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;

    let text = page(&hub, &id, &[]).await;
    // Without a partner, the answer is the table. What arrived was not published here.
    let flat = flowing(&text);
    assert!(flat.contains("of gb.example, here since") && !flat.contains("published"), "{text}");
    assert!(text.contains("gb.example, number 1") && text.contains("As decided when it came"), "{text}");
    let row = |name: &str| text.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{text}")).to_owned();
    // The partners in order: au.example, gb.example, no.example.
    let marks_of = |row: &str| row.chars().filter(|c| "●◐○◌".contains(*c)).collect::<String>();
    assert_eq!(marks_of(&row("headline 1")), "○○●", "{text}");
    assert_eq!(marks_of(&row("limitation 1")), "○○○", "{text}");
    assert!(text.contains("limitation is not among the kinds that may be passed on"), "{text}");
    assert!(text.contains("no.example: number 1 on"), "{text}");
    // What may be passed on is limited by the terms: not the limitation, which its marking alone would allow.
    assert!(flat.contains("may be passed on: headline 1, subject 1 to group:watch, over 1 hop at most"), "{text}");
    assert!(flat.contains("everything else may not be passed on"), "{text}");

    // An active partner is listed, whatever it gets.
    let text = page(&hub, &id, &["--partner", "no.example"]).await;
    assert!(text.contains("no.example gets 2 of 3 portions."), "{text}");
    assert!(!text.contains("no longer a partner") && !text.contains("published"), "{text}");
    assert!(text.contains("gb.example, number 1"), "each partner's answer names the release by which it came: {text}");
    let of = explained(&hub, &id, "no.example").await;
    assert_eq!((marks(&of["then"], "no.example"), marks(&of["now"], "no.example")), ("++-".into(), "++-".into()));
    // Nothing here can release the limitation, because the originator's terms withhold it.
    let remedies = of["remedies"].as_array().unwrap();
    assert_eq!((remedies.len(), &remedies[0]["possible"]), (1, &false.into()), "{of}");
    let passed = of["arrived"][0]["portions"].as_array().unwrap().iter().map(|p| p["onward"].to_string());
    assert_eq!(passed.collect::<Vec<_>>(), ["[\"group:watch\"]", "[\"group:watch\"]", "[]"]);
    let of = explained(&hub, &id, "au.example").await;
    assert_eq!((marks(&of["then"], "au.example"), marks(&of["now"], "au.example")), ("---".into(), "---".into()));
    assert!(of["now"].to_string().contains("au.example is not among those that it may be passed on to"), "{of}");

    // A partner that was given something was given it, although it would get nothing now.
    hub.ask(&["--as", "root", "partner", "suspend", "no.example"]).await;
    let text = page(&hub, &id, &["--partner", "no.example"]).await;
    assert!(!text.contains("gets 0 of 3"), "{text}");
    let flat = flowing(&text);
    let told = "no.example was given 2 of 3 portions; as it would be decided now it would get 0.";
    assert!(flat.contains(told), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_go_on_at_all_has_no_table_and_is_explained_for_each_partner() {
    let [gb, hub, no, _au] = orgs().await;
    let id = gb.author().await.publish(&note("for the hub only", "BF")).await;
    hub.has("gb.example", std::slice::from_ref(&id)).await;
    let decided = async || {
        let of = explained(&hub, &id, "no.example").await;
        (marks(&of["now"], "no.example") == "---").then_some(of)
    };
    let of = until("it is decided", decided).await;
    assert!(of["now"].to_string().contains("keeps it within the organisation"), "{of}");
    let text = page(&hub, &id, &["--partner", "no.example"]).await;
    assert!(text.contains("no.example gets 0 of 3 portions.") && !text.contains("any more"), "{text}");
    assert!(page(&hub, &id, &[]).await.contains("may not be passed on to anybody"));
    assert!(no.assessments("gb.example").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_comes_later_is_for_what_comes_later_on_hubs_too() {
    let (gb, hub, no) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("no.example", "state", Some("NO")),
    );
    let members = ["ecowas.example", "no.example"];
    let on = limit("group:watch", &ALL, "AMBER", 1);
    link(&gb, &hub, &onward("gb.example", "ecowas.example", &on, &members)).await;
    no.accept(&hub, &hub.peer).await;
    hub.accept(&no, &no.peer).await;
    let id = gb.author().await.publish(&for_all("before there was an agreement", "BF")).await;
    hub.has("gb.example", std::slice::from_ref(&id)).await;
    until("it was decided when it came", async || {
        (marks(&explained(&hub, &id, "no.example").await["then"], "no.example") == "---").then_some(())
    })
    .await;
    let of = explained(&hub, &id, "no.example").await;
    let told = of["remedies"].to_string();
    assert!(told.contains("an agreement with no.example would have to give"), "{told}");
    assert!(told.contains("its originator would have to publish it anew"), "{told}");

    hub.agree(&no, &onward("ecowas.example", "no.example", "", &["no.example"])).await;
    let of = explained(&hub, &id, "no.example").await;
    assert_eq!((marks(&of["then"], "no.example"), marks(&of["now"], "no.example")), ("---".into(), "+++".into()));
    assert!(of["now"].to_string().contains("its originator would have to publish it anew"), "{of}");
    let text = page(&hub, &id, &[]).await;
    assert!(text.contains("As decided when it came") && text.contains("As it would be decided now"), "{text}");
    assert!(!text.contains("published"), "{text}");
}
