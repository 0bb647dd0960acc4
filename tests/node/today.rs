//! What waits for a person: each kind of thing is there, and no partner fills the list.

use crate::{
    feed_kit::{Feed, ROGUE},
    hostile_kit::{Rogue, credentials, serve},
    kit::{Org, note, pair, terms, until, watchfire},
    surroundings,
    terminal_kit::Terminal,
};

async fn kinds(org: &Org, who: &str) -> Vec<String> {
    let rows = org.ask(&["--as", who, "today"]).await;
    rows.iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_originator_does_not_fill_the_list() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let rogue = Rogue::new(ROGUE);
    let (address, served, _stop) = serve(&rogue, credentials(&rogue.tls), &no).await;
    let duties = "\n[duties]\nacknowledge = [{ min_level = 3, within = \"72h\" }]\n";
    let agreement = rogue.befriend(&no, &address, &terms(ROGUE, no.domain, duties)).await;
    served.followed().await;
    let mut feed = Feed { rogue, recipient: no.domain, agreement, last: None, sequence: 0 };
    served.set((0..20).map(|n| feed.of(&note(&format!("Warning {n} of many"), "BF"))).collect());
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;

    let rows = no.ask(&["--as", "ana", "today"]).await;
    assert_eq!(rows.len(), 13, "{rows:?}");
    let rest: Vec<_> = rows.iter().filter(|row| !row["not_listed"].is_null()).collect();
    assert_eq!((rest.len(), &rest[0]["not_listed"]["number"]), (1, &7.into()), "{rest:?}");
    let command = rest[0]["not_listed"]["command"].as_str().unwrap();
    // The command lists all of them.
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(no.ask(&[&["--as", "ana"], &words[..]].concat()).await.len(), 20, "{command}");
    let seen = Terminal::of(80, false).run(&no.dir, &["--as", "ana", "today"], "").await.text;
    assert!(seen.contains(&format!("and 7 more from {ROGUE}:\n    watchfire {command}")), "{seen}");
    for told in ["in 2 days", "3 warning", "TLP:AMBER", "Burkina Faso", "\n    Warning "] {
        assert!(seen.contains(told), "{told}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proposals_persons_and_second_approvals_wait_for_administrators() {
    let (gb, no) = pair().await;
    let path = gb.file("second.toml", &terms(gb.domain, no.domain, ""));
    let proposed = gb.one(&["--as", "root", "agreement", "propose", &path, "--beside"]).await;
    until("the proposal waits", async || {
        kinds(&no, "root").await.contains(&"approve-agreement".to_owned()).then_some(())
    })
    .await;
    assert_eq!(kinds(&no, "olu").await, Vec::<String>::new());
    let words = watchfire(&no.dir, &["--as", "root", "today"]).await.stdout;
    let short = &proposed["id"].as_str().unwrap()[..16];
    assert!(words.contains("approve agreement  gb.example\n"), "{words}");
    assert!(words.contains(&format!("    watchfire agreement sign {short}\n")), "{words}");

    no.one(&["person", "add", "rita", "--role", "admin"]).await;
    let waits = async |name: &str, state: &str| {
        let people = no.ask(&["--as", "root", "person", "list"]).await;
        people.iter().any(|p| p["id"].as_str().unwrap().ends_with(name) && p["state"] == state).then_some(())
    };
    until("she counts", async || waits("admin/rita", "counts").await).await;
    no.one(&["person", "add", "eve", "--role", "admin"]).await;
    until("she waits", async || waits("admin/eve", "waits").await).await;
    until("she is told of", async || kinds(&no, "root").await.contains(&"confirm-person".to_owned()).then_some(()))
        .await;
    // Who may introduce others takes two administrators now.
    no.one(&["--as", "root", "partner", "introductions", "allow", "gb.example"]).await;
    assert!(kinds(&no, "rita").await.contains(&"approve-change".to_owned()), "{:?}", kinds(&no, "rita").await);
    assert!(!kinds(&no, "root").await.contains(&"approve-change".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantine_waits_for_officers() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    served.set(vec![feed.with(&note("Kept", "BF"), |making| making.release.agreement.id.0[0] ^= 1)]);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    assert!(kinds(&no, "olu").await.contains(&"quarantine".to_owned()));
    assert_eq!(kinds(&no, "ana").await, Vec::<String>::new());
    let words = watchfire(&no.dir, &["--as", "olu", "today"]).await.stdout;
    assert!(words.contains(&format!("    1 entry from {ROGUE} in quarantine\n")) && !words.contains("Kept"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_waits_for_administrators() {
    let Some(later) = surroundings::clock("+350d") else { return };
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    assert_eq!(kinds(&gb, "root").await, Vec::<String>::new());
    gb.environment = later;
    surroundings::without_ca(&mut gb).await;
    until("it is told", async || kinds(&gb, "root").await.contains(&"ending".to_owned()).then_some(())).await;
}
