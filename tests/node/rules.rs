//! House rules while the node runs: they come into force at once, earlier ones stay in force while new ones have mistakes, and `policy rules`
//! shows both.

use std::{fs, time::Duration};

use watchfire::wire::proto;

use crate::kit::{Author, Org, note, pair, until};

const RULE: &str = "@id(\"no-limitations\")\n@reason(\"limitations stay in the house\")\n\
                    forbid (principal, action, resource)\nwhen { context.kind == \"limitation\" };\n";
const BROKEN: &str =
    "@id(\"typo\") @reason(\"r\")\nforbid (principal, action, resource) when { context.knid == \"gap\" };\n";

fn write(org: &Org, name: &str, text: &str) {
    fs::create_dir_all(org.dir.join("rules")).unwrap();
    fs::write(org.dir.join("rules").join(name), text).unwrap();
}

fn remove(org: &Org, name: &str) {
    fs::remove_file(org.dir.join("rules").join(name)).unwrap();
}

/// Waits until `policy rules` reports this.
async fn rules(org: &Org, what: &str, is_so: impl Fn(&proto::GetRulesResponse) -> bool) -> proto::GetRulesResponse {
    let mut desk = org.connect("admin-root").await;
    until(what, async || {
        let said = desk.rules.get_rules(proto::GetRulesRequest { version: 0 }).await.unwrap().into_inner();
        is_so(&said).then_some(said)
    })
    .await
}

/// Publishes a note. Returns its id, and for each of its portions whether it goes to the only partner.
async fn publish(author: &mut Author, headline: &str) -> (String, Vec<bool>) {
    let answer = author.try_publish(&note(headline, "BF")).await.unwrap();
    let goes = answer.decisions[0].portions.iter().map(|p| p.release).collect();
    (hex::encode(&answer.assessment_id), goes)
}

/// How many of its portions an organisation holds.
async fn held(org: &Org, id: &str) -> usize {
    let request =
        proto::GetAssessmentRequest { assessment_id: hex::decode(id).unwrap().into(), version: 0, quarantined: false };
    let answer = org.connect("analyst-ana").await.assessments.get_assessment(request).await.unwrap().into_inner();
    answer.assessment.unwrap().portions.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_come_into_force_and_go_while_a_stream_is_live() {
    let (gb, mut no) = pair().await;
    let mut author = gb.author().await;
    let (before, goes) = publish(&mut author, "before").await;
    assert_eq!(goes, [true, true, true]);
    let mut published = vec![before];
    no.has("gb.example", &published).await;

    write(&gb, "a.cedar", RULE);
    let written = fs::metadata(gb.dir.join("rules/a.cedar")).unwrap().modified().unwrap();
    let said = rules(&gb, "the rule is in force", |r| r.in_force == 1).await;
    let since = said.since.unwrap();
    let since =
        std::time::UNIX_EPOCH + Duration::new(since.seconds.try_into().unwrap(), since.nanos.try_into().unwrap());
    assert!(since.duration_since(written).unwrap_or_default() < Duration::from_secs(2));
    assert_eq!((said.rules[0].id.as_str(), said.faults.len()), ("house:no-limitations", 0));
    let answer = author.try_publish(&note("under the rule", "BF")).await.unwrap();
    let withheld = &answer.decisions[0].portions[2];
    assert!(!withheld.release && withheld.because[0].contains("house:no-limitations"), "{withheld:?}");
    published.push(hex::encode(&answer.assessment_id));
    no.has("gb.example", &published).await;
    assert_eq!(held(&no, &published[1]).await, 2);

    // Removing all files lifts no rule, and is reported. A file with only a comment does lift the rules.
    remove(&gb, "a.cedar");
    rules(&gb, "the empty directory is told", |r| r.in_force == 1 && r.faults.len() == 1).await;
    let ill = gb.run(&["--as", "root", "doctor"]).await;
    assert!(ill.code == 1 && ill.stdout.contains("NOT in force"), "{}", ill.stdout);
    // The decision on what waits in the queue is made again.
    write(&gb, "none.cedar", "// no rules for now\n");
    rules(&gb, "the rule is gone", |r| r.in_force == 2).await;
    no.kill().await;
    let (queued, goes) = publish(&mut author, "in the queue").await;
    assert_eq!(goes, [true, true, true]);
    write(&gb, "a.cedar", RULE);
    rules(&gb, "the rule is back", |r| r.in_force == 3).await;
    no.start().await;
    published.push(queued);
    no.has("gb.example", &published).await;
    assert_eq!(held(&no, &published[2]).await, 2);

    remove(&gb, "a.cedar");
    // (The comment is still there.)
    rules(&gb, "the rule is gone again", |r| r.in_force == 4).await;
    let (after, goes) = publish(&mut author, "after").await;
    assert_eq!(goes, [true, true, true]);
    published.push(after);
    no.has("gb.example", &published).await;
    assert_eq!(held(&no, &published[3]).await, 3);
    let seen = gb.one(&["--as", "ana", "policy", "rules"]).await;
    let versions: Vec<_> = seen["versions"].as_array().unwrap().iter().map(|v| v["version"].as_u64()).collect();
    assert_eq!(versions, [Some(4), Some(3), Some(2), Some(1)]);
    let first = gb.one(&["--as", "ana", "policy", "rules", "--version", "1"]).await;
    assert_eq!(first["shown"]["files"][0]["text"], RULE);
    let never = gb.run(&["--as", "ana", "policy", "rules", "--version", "9"]).await;
    assert_eq!((never.code, never.reason().as_str()), (1, "NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_rules_leave_those_before_in_force_over_a_restart_too() {
    let (mut gb, no) = pair().await;
    let mut author = gb.author().await;
    write(&gb, "a.cedar", RULE);
    rules(&gb, "the rule is in force", |r| r.in_force == 1).await;
    write(&gb, "b.cedar", BROKEN);
    write(&gb, "c.cedar", "");
    let said = rules(&gb, "the mistakes are told", |r| r.faults.len() == 2).await;
    assert_eq!((said.faults[0].file.as_str(), said.faults[0].line, said.faults[0].column), ("b.cedar", 2, 45));
    assert_eq!((said.faults[1].file.as_str(), said.in_force), ("c.cedar", 1));
    assert!(gb.log().contains("b.cedar:2:45"), "{}", gb.log());
    assert_eq!(publish(&mut author, "while a file is broken").await.1, [true, true, false]);

    let told = gb.run(&["policy", "check"]).await;
    assert_eq!((told.code, &told.lines()[0]["line"]), (3, &2.into()), "{}", told.stdout);
    assert_eq!(gb.run(&["config", "check"]).await.code, 3);

    gb.kill().await;
    gb.start().await;
    let said = rules(&gb, "it started with those before", |r| r.faults.len() == 2).await;
    assert_eq!((said.in_force, said.rules.len()), (1, 1));
    remove(&gb, "b.cedar");
    remove(&gb, "c.cedar");
    let said = rules(&gb, "nothing is wrong any more", |r| r.faults.is_empty()).await;
    assert_eq!(said.versions.len(), 1, "the same rules must be the same version");
    gb.kill().await;
    gb.start().await;
    assert_eq!(rules(&gb, "it is up", |_| true).await.versions.len(), 1, "after a restart, too");

    // An administrator does not lift rules by a directory that has vanished.
    fs::remove_dir_all(gb.dir.join("rules")).unwrap();
    let said = rules(&gb, "the missing directory is told", |r| !r.faults.is_empty()).await;
    assert_eq!(said.in_force, 1);
    assert_eq!(publish(&mut gb.author().await, "without the directory").await.1, [true, true, false]);
    drop(no);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_changed_while_the_node_was_down_are_a_new_version_and_broken_first_ones_stop_it() {
    let root = tempfile::tempdir().unwrap();
    let mut gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    write(&gb, "a.cedar", BROKEN);
    let refused = gb.run(&["serve"]).await;
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("a.cedar:2:45"), "{}", refused.stderr);
    write(&gb, "a.cedar", RULE);
    gb.start().await;
    assert_eq!(rules(&gb, "it is up", |_| true).await.in_force, 1);
    gb.kill().await;
    write(&gb, "b.cedar", &RULE.replace("no-limitations", "another"));
    gb.start().await;
    let said = rules(&gb, "it is up again", |_| true).await;
    assert_eq!((said.in_force, said.rules.len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_checked_without_a_node() {
    let root = tempfile::tempdir().unwrap();
    let gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    assert_eq!(gb.one(&["policy", "check"]).await["rules"].as_array().unwrap().len(), 0);
    let good = gb.file("good.cedar", RULE);
    let checked = gb.one(&["policy", "check", &good]).await;
    assert_eq!(checked["rules"][0]["id"], "house:no-limitations");
    let broken = gb.file("broken.cedar", BROKEN);
    let told = gb.run(&["policy", "check", &good, &broken]).await;
    assert_eq!((told.code, told.reason().as_str()), (3, "FILES_AT_FAULT"));
    assert!(told.lines()[0]["help"].as_str().unwrap().contains("kind"), "{}", told.stdout);
    assert!(gb.one(&["policy", "schema"]).await["schema"].as_str().unwrap().contains("releasable_to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_applies_is_refused_and_who_is_not_known_is_told() {
    let (gb, _no) = pair().await;
    let rule = |id: &str, condition: &str| {
        format!("@id(\"{id}\") @reason(\"r\")\nforbid (principal, action, resource)\nwhen {{ {condition} }};\n")
    };
    write(&gb, "a.cedar", &rule("a", "principal.kind == \"State\" && resource.countries.contains(\"SDN\")"));
    write(&gb, "b.cedar", &rule("b", "context.knid == \"gap\""));
    let told = gb.run(&["--as", "root", "policy", "check"]).await;
    let places: Vec<_> = told.lines().iter().filter_map(|l| l["line"].as_u64().zip(l["column"].as_u64())).collect();
    assert_eq!((told.code, places), (3, vec![(3, 26), (3, 65), (3, 8)]), "{}", told.stdout);
    rules(&gb, "they are not in force", |r| r.in_force == 0 && r.faults.len() == 3).await;

    // A rule for a future partner is in force, with a warning.
    write(&gb, "b.cedar", &rule("b", "principal == Organisation::\"ng.example\""));
    write(&gb, "a.cedar", &rule("a", "principal == Organisation::\"no.example\" && resource.cosigners < 1"));
    rules(&gb, "they are in force", |r| r.in_force == 1 && r.faults.is_empty()).await;
    assert!(gb.log().contains("`ng.example` is not known here"), "{}", gb.log());
    assert!(!gb.log().contains("`no.example` is not known here"), "{}", gb.log());
    let told = gb.one(&["--as", "root", "policy", "check"]).await;
    assert_eq!((&told["names_checked"], told["warnings"].as_array().unwrap().len()), (&true.into(), 1), "{told}");
    assert_eq!((&told["warnings"][0]["line"], &told["warnings"][0]["column"]), (&3.into(), &35.into()));
    // The rule depends on who has signed: nobody in addition to the author.
    assert_eq!(publish(&mut gb.author().await, "by its author alone").await.1, [false, false, false]);
}
