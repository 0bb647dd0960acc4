//! Hubs: a warning goes as far as each hop's terms allow, and the last reader checks all of them by itself.

use serde_json::Value;

use crate::kit::{Org, days_from_now, note, terms, until};

/// All members of the group `watch` in any test.
const WATCH: [&str; 6] = ["au.example", "ecowas.example", "fr.example", "hub.example", "no.example", "reader.example"];

/// A note that may be passed on to the group `watch`.
pub fn for_all(headline: &str, place: &str) -> String {
    watched_by(&to_watch(headline, place), &WATCH)
}

/// The same, without the group's members.
pub fn to_watch(headline: &str, place: &str) -> String {
    note(headline, place).replace("onward = \"within-organisation\"", "onward = [\"group:watch\"]")
}

/// The same draft, with the members of the group `watch`.
pub fn watched_by(draft: &str, members: &[&str]) -> String {
    format!("{draft}\n[groups.watch]\nas_of = \"{}\"\norganisations = {members:?}\n", days_from_now(-1))
}

/// Terms with the group `watch`, and what may be passed on.
pub fn onward(from: &str, to: &str, more: &str, members: &[&str]) -> String {
    let groups = format!("[groups.watch]\nas_of = \"{}\"\norganisations = {members:?}\n\n[[grant]]", days_from_now(-1));
    terms(from, to, more).replacen("[[grant]]", &groups, 1)
}

pub fn limit(to: &str, kinds: &[&str], tlp: &str, depth: u32) -> String {
    format!("[grant.onward]\nto = [\"{to}\"]\nkinds = {kinds:?}\nmax_tlp = \"{tlp}\"\ndepth = {depth}\n")
}

const ALL: [&str; 4] = ["headline", "subject", "limitation", "attachment"];

/// `a` gives to `b`, which follows it.
pub async fn link(a: &Org, b: &Org, terms: &str) -> String {
    b.accept(a, &a.peer).await;
    a.accept(b, &b.peer).await;
    a.agree(b, terms).await
}

/// Makes another organisation known.
pub async fn know(reader: &Org, other: &Org) {
    let path = reader.place(&format!("known-{}.txt", other.domain));
    let fingerprint = other.invite(&path, None).await;
    let known = reader.one(&["--as", "root", "partner", "know", &path, "--fingerprint", &fingerprint]).await;
    assert_eq!(known["state"], "known");
}

async fn orgs() -> (Org, Org, Org, Org) {
    tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("au.example", "regional", None),
        Org::found("no.example", "state", Some("NO")),
    )
}

/// gb → ecowas → au → no, each hop under other terms.
async fn chain() -> (Org, Org, Org, Org) {
    let (gb, ecowas, au, no) = orgs().await;
    let all = ["ecowas.example", "au.example", "no.example"];
    link(&gb, &ecowas, &onward("gb.example", "ecowas.example", &limit("group:watch", &ALL, "AMBER", 2), &all)).await;
    let narrower = format!("retention = \"30 days\"\n{}", limit("no.example", &ALL[..2], "AMBER", 1));
    let members = ["au.example", "no.example"];
    link(&ecowas, &au, &onward("ecowas.example", "au.example", &narrower, &members)).await;
    link(&au, &no, &onward("au.example", "no.example", "", &["no.example"])).await;
    know(&au, &gb).await;
    (gb, ecowas, au, no)
}

fn kinds(shown: &Value) -> Vec<String> {
    shown["portions"].as_array().unwrap().iter().map(|p| p["kind"].as_str().unwrap().to_owned()).collect()
}

pub async fn quarantined(org: &Org, sequence: u64, reason: &str) {
    until(&format!("{} keeps entry {sequence} from users: {reason}", org.domain), async || {
        let log = org.log();
        let mut lines = log.lines().filter(|l| l.contains("kept an entry from users"));
        lines.any(|l| l.contains(&format!("sequence={sequence}")) && l.contains(reason)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warning_goes_over_three_hops_under_three_different_agreements() {
    let (gb, ecowas, au, no) = chain().await;
    let mut author = gb.author().await;
    let id = author.publish(&for_all("over three hops", "BF")).await;
    // Nobody has made gb.example and ecowas.example known to no.example.
    quarantined(&no, 1, "ORIGIN_UNKNOWN").await;
    assert!(no.assessments("gb.example").await.is_empty());
    know(&no, &gb).await;
    know(&no, &ecowas).await;
    no.has("gb.example", std::slice::from_ref(&id)).await;

    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    assert_eq!(shown["originator"], "gb.example");
    assert!(shown["signatures"].as_array().unwrap().iter().all(|s| s["valid"] == true), "{shown}");
    assert_eq!(shown["via"][0]["way"], serde_json::json!(["gb.example", "ecowas.example", "au.example"]));
    let terms = &shown["via"][0]["release"]["terms"];
    assert!(terms["onward"].is_null(), "{terms}");
    assert_eq!(terms["retention_days"], 29, "of 30 days a part has gone");
    assert_eq!(terms["barred_states"], serde_json::json!(["BF"]));
    // Each hop gave what the hop before permitted.
    assert_eq!(
        kinds(&ecowas.one(&["--as", "ana", "assess", "show", &id]).await),
        ["headline", "subject", "limitation"]
    );
    assert_eq!(kinds(&au.one(&["--as", "ana", "assess", "show", &id]).await), ["headline", "subject", "limitation"]);
    assert_eq!(kinds(&shown), ["headline", "subject"]);
    let text = crate::kit::watchfire(&no.dir, &["--as", "ana", "assess", "show", &id]).await.stdout;
    assert!(text.contains("gb.example → ecowas.example → au.example → here"), "{text}");

    // What comes from an organisation that is no longer known is not accepted any more.
    no.ask(&["--as", "root", "partner", "forget", "gb.example"]).await;
    author.publish(&for_all("from somebody forgotten", "BF")).await;
    quarantined(&no, 2, "ORIGIN_UNKNOWN").await;
    assert_eq!(no.run(&["--as", "root", "partner", "resume", "gb.example"]).await.reason(), "NOT_FOUND");
    assert_eq!(no.run(&["--as", "root", "partner", "forget", "au.example"]).await.reason(), "CONFLICT");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subject_rule_holds_at_every_hop_and_what_may_not_go_on_does_not() {
    let (gb, ecowas, au, no) = chain().await;
    know(&no, &gb).await;
    know(&no, &ecowas).await;
    let mut author = gb.author().await;
    let about_no = author.publish(&for_all("about Norway", "NO")).await;
    let region = author.publish(&for_all("about northern Europe", "M49:154")).await;
    let kept = author.publish(&note("for its recipient only", "BF")).await;
    let last = author.publish(&for_all("goes all the way", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&last)).await;
    au.has("gb.example", &[about_no.clone(), region.clone(), last.clone()]).await;
    ecowas.has("gb.example", &[about_no, region, kept, last.clone()]).await;
    assert_eq!(no.feed("au.example", "in").await["last_sequence"], 1, "a denied release must have no number");
    // It is never sent back to anybody who had it.
    for (giver, taker) in [(&ecowas, "gb.example"), (&au, "ecowas.example")] {
        assert_eq!(giver.feed(taker, "out").await["last_sequence"], 0);
    }
    let why = au.one(&["--as", "olu", "policy", "explain", &last, "--partner", "ecowas.example"]).await;
    assert!(
        why.to_string().contains("had it before it came here") || why.to_string().contains("no agreement"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn several_ways_give_one_assessment_with_several_provenances() {
    let (gb, ecowas, _au, no) = orgs().await;
    let members = ["ecowas.example", "no.example"];
    let on = limit("group:watch", &ALL[..2], "AMBER", 1);
    link(&gb, &ecowas, &onward("gb.example", "ecowas.example", &on, &members)).await;
    link(&ecowas, &no, &onward("ecowas.example", "no.example", "", &["no.example"])).await;
    link(&gb, &no, &terms("gb.example", "no.example", "")).await;
    let id = gb.author().await.publish(&for_all("by two ways", "BF")).await;
    until("it came by both ways", async || {
        let shown = no.run(&["--as", "ana", "assess", "show", &id]).await.lines().pop()?;
        (shown["via"].as_array()?.len() == 2).then_some(())
    })
    .await;
    no.has("gb.example", std::slice::from_ref(&id)).await;
    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    let mut ways: Vec<_> = shown["via"].as_array().unwrap().iter().map(|v| v["way"].to_string()).collect();
    ways.sort();
    assert_eq!(ways, ["[\"gb.example\",\"ecowas.example\"]", "[\"gb.example\"]"]);
    assert_eq!(kinds(&shown).len(), 3, "each portion once");
}
