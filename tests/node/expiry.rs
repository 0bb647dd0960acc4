//! What ends is told beforehand, once, and whoever is refused is told why.

use std::{fs, sync::Arc};

use watchfire::{
    desk::client::{self, ConnectError},
    domain::time::{Clock, Time},
    telemetry::SystemClock,
};

use crate::{
    kit::{Org, pair, until, watchfire},
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
    assert!(gb.ask(&["expiry", "list", "--within", "30"]).await.is_empty());
    assert!(!gb.log().contains("days_left"), "{}", gb.log());
    gb.environment = later;
    surroundings::without_ca(&mut gb).await;
    let told = |org: &Org| org.log().matches("TLS certificate of this node ends in 14 days").count();
    until("the log tells", async || (told(&gb) == 1).then_some(())).await;
    gb.kill().await;
    gb.start().await;
    gb.ask(&["expiry", "list"]).await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(told(&gb), 1, "told again after a restart: {}", gb.log());
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
        (answer.code != 0).then_some(answer)
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
    // Nothing runs: were it dialled, it would be unreachable.
    let ended = client::connect(&org.desk, &own, &bundle, (&tls, &key), Arc::new(Later(4_000))).await;
    let error = ended.err().unwrap();
    assert!(matches!(error, ConnectError::Ended { .. }) && error.to_string().contains("ended on"), "{error}");
    let now = client::connect(&org.desk, &own, &bundle, (&tls, &key), Arc::new(SystemClock)).await;
    assert!(matches!(now.err(), Some(ConnectError::Unreachable { .. })));
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
