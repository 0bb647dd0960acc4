//! What ends is announced in advance, once, and a person who is refused learns why.

use std::{fs, process::Stdio, sync::Arc};

use serde_json::Value;
use watchfire::{
    desk::client::{self, ConnectError},
    domain::time::{Clock, Time},
    identity::devca::{DevCa, Purpose},
    telemetry::SystemClock,
};

use crate::{
    kit::{Org, days_from_now, pair, terms, until, watchfire},
    surroundings,
};

/// A clock that is far ahead.
struct Later(i64);

impl Clock for Later {
    fn now(&self) -> Time {
        SystemClock.now().plus_seconds(self.0 * 86_400)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_is_listed_and_the_log_tells_each_stage_once() {
    let Some(later) = surroundings::clock("+350d") else { return };
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    let list = gb.ask(&["expiry", "list"]).await;
    for kind in ["certificate", "root", "revocation_list", "person"] {
        assert!(list.iter().any(|e| e["kind"] == kind), "{kind}: {list:?}");
    }
    let days: Vec<i64> = list.iter().map(|e| e["days_left"].as_i64().unwrap()).collect();
    assert!(days.is_sorted() && days.iter().all(|d| *d > 300), "{days:?}");
    assert!(days.contains(&365), "made today for 365 days: {days:?}");
    assert!(gb.ask(&["expiry", "list", "--within", "30"]).await.is_empty());
    assert!(list.iter().any(|e| e["kind"] == "person" && e["fix"] == "`watchfire ca renew`"), "{list:?}");
    assert!(!gb.log().contains("days_left"), "{}", gb.log());
    gb.environment = later;
    surroundings::without_ca(&mut gb).await;
    let told = |org: &Org| org.log().matches("TLS certificate of this node ends in 15 days").count();
    until("the log tells", async || (told(&gb) == 1).then_some(())).await;
    gb.kill().await;
    gb.start().await;
    // Without a development CA, nobody is told to use one.
    let list = gb.ask(&["expiry", "list"]).await;
    assert!(list.iter().all(|e| !e["fix"].as_str().unwrap().contains("ca renew")), "{list:?}");
    assert!(!gb.log().lines().any(|l| l.contains("days_left") && l.contains("ca renew")), "{}", gb.log());
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(told(&gb), 1, "announced again after a restart: {}", gb.log());
}

/// A command with the same clock as the node.
async fn later(org: &Org, arguments: &[&str]) -> Vec<Value> {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_watchfire"));
    command.envs(org.environment.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
    let output = command.arg("--dir").arg(&org.dir).arg("--json").args(arguments).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let stdout = text(&output.stdout);
    // `doctor` ends with an error if it finds something.
    let is_done = output.status.success() || arguments == ["doctor"];
    assert!(is_done, "{arguments:?}: {stdout} {}", text(&output.stderr));
    stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The agreements among what ends, by their names.
fn agreements(list: &[Value]) -> Vec<&Value> {
    list.iter().filter(|e| e["kind"] == "agreement").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_has_run_out_is_told_of_until_its_next_version_is_in_force() {
    let Some(environment) = surroundings::clock("+7d") else { return };
    let (mut gb, mut no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    no.accept(&gb, &gb.peer).await;
    gb.accept(&no, &no.peer).await;
    let last = days_from_now(5).to_string();
    let text = terms(gb.domain, no.domain, "").replace(&days_from_now(700).to_string(), &last);
    let id = gb.agree(&no, &text).await;
    // The same day is shown everywhere.
    let list = gb.ask(&["expiry", "list"]).await;
    let told = agreements(&list);
    assert!(told.len() == 1 && told[0]["last_day"] == last && told[0]["days_left"] == 5, "{told:?}");
    assert!(told[0]["message"].as_str().unwrap().ends_with(&format!("ends in 5 days, on {last}")), "{told:?}");
    for org in [&mut gb, &mut no] {
        org.kill().await;
        org.environment.clone_from(&environment);
        org.start().await;
    }
    gb.agreement(&id, "ended").await;
    let list = later(&gb, &["expiry", "list"]).await;
    let told = agreements(&list);
    assert!(told.len() == 1 && told[0]["act_now"] == true, "{told:?}");
    let ended = format!("has ended on {last}");
    assert!(told[0]["message"].as_str().unwrap().ends_with(&ended), "{told:?}");
    let ill = later(&gb, &["doctor"]).await;
    assert!(
        ill.iter().any(|c| c["ok"] == false && c["message"].as_str().is_some_and(|m| m.ends_with(&ended))),
        "{ill:?}"
    );
    until("the log tells", async || (gb.log().matches(&ended).count() == 1).then_some(())).await;
    // The named command solves it.
    let next = gb.place("next.toml");
    later(&gb, &["agreement", "draft", "--amends", &id, "--out", &next]).await;
    let draft = fs::read_to_string(&next).unwrap();
    assert!(draft.contains(&format!("# It ended on {last}, so `from` is today")), "{draft}");
    assert!(
        draft.contains(&format!("until   = \"{}\"", days_from_now(7 + 35))),
        "the draft must be for as many days as before: {draft}"
    );
    let proposed = later(&gb, &["--as", "root", "agreement", "propose", &next, "--amends", &id]).await;
    let second = proposed[0]["id"].as_str().unwrap();
    no.agreement(second, "proposed").await;
    later(&no, &["--as", "root", "agreement", "sign", second]).await;
    gb.agreement(second, "in-force").await;
    let list = later(&gb, &["expiry", "list"]).await;
    let told = agreements(&list);
    assert!(told.len() == 1 && told[0]["days_left"] == 35, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_had_from_the_files_where_the_node_cannot_be_asked() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let answer = org.run(&["expiry", "list"]).await;
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for kind in ["certificate", "root", "revocation_list", "person"] {
        assert!(answer.lines().iter().any(|e| e["kind"] == kind), "{kind}: {}", answer.stdout);
    }
    let missing = "partners' certificates and lists, agreements and exceptions are missing, because the node could not be asked: ";
    assert!(answer.stderr.contains(missing) && answer.stderr.contains("watchfire serve"), "{}", answer.stderr);
    // A fault of the command itself is still reported as such.
    assert_eq!(org.run(&["--as", "nobody", "expiry", "list"]).await.code, 3);
    for (within, code) in [("30d", 0), ("30", 0), ("-1", 2), ("soon", 2)] {
        let answer = org.run(&["expiry", "list", "--within", within]).await;
        assert_eq!(answer.code, code, "{within}: {}", answer.stderr);
        assert_eq!(code == 2, answer.stderr.contains("write a number of days, 0 or more, e.g. 30 or 30d"), "{within}");
    }
    for help in [&["expiry", "--help"][..], &["expiry", "list", "--help"]] {
        let told = watchfire(&org.dir, help).await.stdout;
        assert!(told.contains("people"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_revoked_is_nobody_to_renew_for_whether_the_node_runs_or_not() {
    let mut org = Org::found("gb.example", "state", Some("GB")).await;
    org.ask(&["person", "revoke", "ana"]).await;
    // As with an organisation's own PKI, where the people's files stay in place.
    let aside = fs::read_dir(org.dir.join("persons/revoked")).unwrap().next().unwrap().unwrap().path();
    fs::rename(aside, org.dir.join("persons/analyst-ana")).unwrap();
    let revoked = async |org: &Org| {
        let list = org.ask(&["--as", "root", "expiry", "list"]).await;
        let of_ana = list.into_iter().filter(|e| e["name"].as_str().unwrap().starts_with("person ana:"));
        let told: Vec<Value> = of_ana.filter(|e| e["revoked"] == true && e["act_now"] == false).collect();
        (told.len() == 2).then_some(told)
    };
    let told = until("the node knows of it", async || revoked(&org).await).await;
    assert_eq!(told[0]["fix"], "the directory persons/analyst-ana may be removed");
    let table = watchfire(&org.dir, &["--as", "root", "expiry", "list"]).await.stdout;
    assert!(table.lines().any(|l| l.contains("person ana") && l.contains("revoked")), "{table}");
    let doctor = org.run(&["--as", "root", "doctor"]).await;
    let told = doctor.lines();
    let of_ana: Vec<_> =
        told.iter().filter(|c| c["message"].as_str().is_some_and(|m| m.contains("person ana"))).collect();
    assert!(of_ana.len() == 2 && of_ana.iter().all(|c| c["ok"] == true), "{of_ana:?}");
    org.kill().await;
    assert!(revoked(&org).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_refused_is_told_why() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    org.ask(&["person", "revoke", "ana"]).await;
    let named = org.run(&["--as", "ana", "assess", "list"]).await;
    assert!(named.code == 5 && named.reason() == "CERTIFICATE_REVOKED", "{} {}", named.code, named.stderr);
    // As on a machine where nobody moved the files away.
    let aside = fs::read_dir(org.dir.join("persons/revoked")).unwrap().next().unwrap().unwrap().path();
    fs::rename(aside, org.dir.join("persons/analyst-ana")).unwrap();
    let refused = until("the node knows of it", async || {
        let answer = org.run(&["--as", "ana", "assess", "list"]).await;
        // A call that is in progress at that moment ends without an error message.
        let is_cut_off = ["connection reset", "close_notify"].iter().any(|word| answer.stderr.contains(word));
        (answer.code != 0 && !is_cut_off).then_some(answer)
    })
    .await;
    assert!(refused.code == 5 && refused.reason() == "CERTIFICATE_REVOKED", "{} {}", refused.code, refused.stderr);
    assert!(
        refused.stderr.contains("was revoked") && refused.stderr.contains("`watchfire person add"),
        "{}",
        refused.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_certificate_has_ended_is_told_before_dialling() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let files = org.dir.join("persons/analyst-ana");
    let (tls, key) = (files.join("tls.pem"), files.join("tls.key"));
    let (own, bundle) = (org.domain.parse().unwrap(), org.dir.join("bundle.pem"));
    // Nothing runs. If it dialled, the node would be unreachable.
    let ended = client::connect(&org.desk, &own, &bundle, &tls, &key, Arc::new(Later(4_000))).await;
    let error = ended.err().unwrap();
    assert!(matches!(error, ConnectError::Ended { .. }) && error.to_string().contains("ended on"), "{error}");
    let now = client::connect(&org.desk, &own, &bundle, &tls, &key, Arc::new(SystemClock)).await;
    assert!(matches!(now.err(), Some(ConnectError::Unreachable { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_and_the_list_of_endings_say_the_same() {
    let root = tempfile::tempdir().unwrap();
    let org = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    let read = |name: &str| std::fs::read_to_string(org.dir.join("ca").join(name)).unwrap();
    let ca = DevCa::load(&org.domain.parse().unwrap(), &read("ca.pem"), &read("ca.key")).unwrap();
    let past = SystemClock.now().plus_seconds(-20 * 86_400);
    let id = "spiffe://gb.example/analyst/ana".parse().unwrap();
    for (usage, purpose) in [("tls", Purpose::PersonTls), ("signing", Purpose::Signing)] {
        let issued = ca.issue(&id, purpose, past, 10).unwrap();
        let file = |end: &str| org.dir.join(format!("persons/analyst-ana/{usage}.{end}"));
        std::fs::write(file("pem"), &issued.certificate_pem).unwrap();
        std::fs::write(file("key"), issued.key_pem.as_bytes()).unwrap();
    }
    let listed = watchfire(&org.dir, &["expiry", "list"]).await.stdout;
    let refused = org.run(&["--as", "ana", "assess", "list"]).await;
    let said = "person ana: TLS certificate has ended on ";
    assert!(refused.code == 5, "{}", refused.stderr);
    let (words, fix) = refused.stderr.split_once(said).unwrap().1.split_once("; ").unwrap();
    let fix = fix.trim_end().trim_end_matches(['"', '}']);
    let doctor = org.run(&["doctor"]).await.stdout;
    for text in [listed.replace('\n', " "), doctor] {
        let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words) && text.contains("`watchfire ca renew`"), "{text}");
    }
    assert!(fix.contains("`watchfire ca renew`"), "{fix}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_partner_signs_with_is_listed_before_it_has_released_anything() {
    let (gb, no) = pair().await;
    for (org, other) in [(&gb, "no.example"), (&no, "gb.example")] {
        let name = format!("signing certificate of {other}'s node");
        let listed = org.ask(&["--as", "root", "expiry", "list"]).await;
        assert_eq!(listed.iter().filter(|e| e["name"] == name).count(), 1, "{listed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_link_says_which_side_refuses_and_what_each_can_do() {
    let (gb, no) = pair().await;
    no.ask(&["--as", "root", "partner", "suspend", "gb.example"]).await;
    let problem = until("the link is refused", async || {
        let feed = gb.feed("no.example", "in").await;
        feed["problem"].as_str().filter(|p| p.contains("refuses")).map(str::to_owned)
    })
    .await;
    assert!(problem.contains("the partner's node refuses this node"), "{problem}");
    assert!(problem.contains("Here: ") && problem.contains("There: "), "{problem}");
    let doctor = watchfire(&gb.dir, &["--as", "root", "doctor"]).await;
    assert!(doctor.code == 1 && doctor.stdout.contains("the partner's node refuses this node"), "{}", doctor.stdout);
}
