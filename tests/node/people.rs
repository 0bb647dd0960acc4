//! The register of people: who counts in decisions that take two, wherever the files are.

use std::fs;

use serde_json::Value;
use watchfire::{
    draft::Lineage,
    seal::compose::new_assessment_id,
    wire::{proto, status::to_fault},
};

use crate::{
    hostile_kit::{Rogue, accept},
    kit::{Org, terms, until},
};

async fn people(gb: &Org) -> Vec<Value> {
    gb.ask(&["--as", "root", "person", "list"]).await
}

async fn state_of(gb: &Org, path: &str) -> Value {
    let id = format!("spiffe://{}/{path}", gb.domain);
    people(gb).await.into_iter().find(|p| p["id"] == id).map_or(Value::Null, |p| p["state"].clone())
}

/// Moves a person's files to their own machine.
fn move_away(gb: &Org, person: &str) -> std::path::PathBuf {
    let (from, to) = (gb.dir.join("persons").join(person), gb.dir.join("elsewhere").join("persons").join(person));
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(from, &to).unwrap();
    to
}

/// Returns the files for a command.
fn back(gb: &Org, person: &str) {
    let (to, from) = (gb.dir.join("persons").join(person), gb.dir.join("elsewhere").join("persons").join(person));
    fs::create_dir_all(&to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

/// The id of an agreement that the partner proposes.
async fn proposed(gb: &Org, partner: &Rogue) -> String {
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    partner.propose(gb, &terms(gb.domain, partner.domain, ""), lineage).await.to_string()
}

async fn waits_for_two(gb: &Org, partner: &Rogue) {
    let agreement = proposed(gb, partner).await;
    let signed = gb.ask(&["--as", "root", "agreement", "sign", &agreement]).await;
    assert_ne!(signed[0]["state"], "in-force", "{signed:?}");
    assert_eq!(signed[0]["approvals_needed"], 2, "{signed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_administrators_stay_two_though_their_files_move_and_one_is_revoked() {
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    until("she is registered", async || (state_of(&gb, "admin/rita").await == "counts").then_some(())).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let elsewhere = move_away(&gb, "admin-rita");
    waits_for_two(&gb, &fr).await;
    // She is revoked by her name, although her files are elsewhere.
    gb.one(&["person", "revoke", "rita"]).await;
    until("she is out", async || (state_of(&gb, "admin/rita").await == "gone").then_some(())).await;
    back(&gb, "admin-rita");
    assert!(elsewhere.exists());
    assert_eq!(gb.run(&["--as", "rita", "partner", "list"]).await.code, 5);
    fs::remove_dir_all(gb.dir.join("persons/admin-rita")).unwrap();
    waits_for_two(&gb, &fr).await;
    gb.kill().await;
    gb.start().await;
    waits_for_two(&gb, &fr).await;
    // With the development CA alone, nobody can create a second administrator.
    gb.one(&["person", "add", "eve", "--role", "admin"]).await;
    until("she is registered", async || (state_of(&gb, "admin/eve").await == "waits").then_some(())).await;
    let agreement = proposed(&gb, &fr).await;
    let refused = gb.run(&["--as", "eve", "agreement", "sign", &agreement]).await;
    assert!(refused.stderr.contains("`watchfire person confirm admin/eve`"), "{}", refused.stderr);
    assert!(
        gb.run(&["--as", "eve", "person", "confirm", "eve"]).await.stderr.contains("somebody else must confirm you")
    );
    let half = gb.one(&["--as", "root", "person", "confirm", "eve"]).await;
    assert_eq!(half["state"], "waits", "{half}");
    // The only administrator left and an officer confirm her.
    let whole = gb.one(&["--as", "olu", "person", "confirm", "eve"]).await;
    assert_eq!(whole["state"], "counts", "{whole}");
    let signed = async |who: &str| gb.ask(&["--as", who, "agreement", "sign", &agreement]).await;
    signed("root").await;
    assert_eq!(signed("eve").await[0]["state"], "in-force");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_from_before_a_renewal_is_revoked_with_its_person() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let old = gb.dir.join("old");
    fs::create_dir_all(&old).unwrap();
    let files = gb.dir.join("persons/analyst-ana");
    for file in ["tls.pem", "tls.key", "signing.pem", "signing.key"] {
        fs::copy(files.join(file), old.join(file)).unwrap();
    }
    gb.ask(&["ca", "renew", "--all"]).await;
    until("the new one is registered", async || {
        let ana = people(&gb).await.into_iter().find(|p| p["role"] == "analyst")?;
        (ana["certificates"].as_array()?.len() == 4).then_some(())
    })
    .await;
    let revoked = gb.one(&["person", "revoke", "ana"]).await;
    assert_eq!(revoked["serials"].as_array().unwrap().len(), 4, "{revoked}");
    fs::create_dir_all(&files).unwrap();
    for file in ["tls.pem", "tls.key", "signing.pem", "signing.key"] {
        fs::copy(old.join(file), files.join(file)).unwrap();
    }
    until("she is out", async || (gb.run(&["--as", "ana", "assess", "list"]).await.code == 5).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_register_is_read_without_a_node_and_kept_from_who_may_not() {
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    let names = async |gb: &Org| -> Vec<String> {
        people(gb)
            .await
            .iter()
            .map(|p| format!("{} {}", p["id"].as_str().unwrap(), p["state"].as_str().unwrap()))
            .collect()
    };
    let running = names(&gb).await;
    let mut ana = gb.connect("analyst-ana").await;
    let refused = ana.people.list_people(proto::ListPeopleRequest::default()).await.unwrap_err();
    assert_eq!(to_fault(&refused).reason.to_string(), "ROLE_REQUIRED");
    gb.kill().await;
    assert_eq!(names(&gb).await, running);
    let ana = people(&gb).await.into_iter().find(|p| p["role"] == "analyst").unwrap();
    let serial = ana["certificates"][0]["serial"].as_str().unwrap().to_owned();
    let revoked = gb.one(&["person", "revoke", &serial]).await;
    assert_eq!(revoked["serials"], serde_json::json!([serial]));
    assert!(people(&gb).await.into_iter().any(|p| p["certificates"][0]["revoked"] == true));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_administrator_of_two_cannot_pose_as_a_partner() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (fr, imposter) = (Rogue::new("fr.example"), Rogue::new("fr.example"));
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let shown = async || gb.one(&["--as", "root", "partner", "show", "fr.example"]).await;
    let before = shown().await;
    let accept = async |who: &str, request: &proto::AcceptPartnerRequest| accept(&gb, who, request).await;
    // Another endpoint takes one administrator, because TLS proves who is there.
    let moved = accept("admin-root", &fr.invited("127.0.0.1:2", false)).await.unwrap();
    assert_eq!((moved.needed, moved.partner.unwrap().endpoint.as_str()), (0, "127.0.0.1:2"));
    // Other roots take two, with any command, also after the partner was suspended.
    gb.one(&["--as", "root", "partner", "suspend", "fr.example"]).await;
    gb.one(&["--as", "root", "partner", "resume", "fr.example"]).await;
    let other = imposter.invited("127.0.0.1:2", false);
    let half = accept("admin-root", &other).await.unwrap();
    assert_eq!((half.approvals, half.needed), (1, 2));
    assert_eq!(shown().await["fingerprint"], before["fingerprint"]);
    assert!(imposter.exchange(&gb).acknowledge(proto::AcknowledgeRequest { sequence: 0 }).await.is_err());
    let again = accept("admin-root", &other).await.unwrap_err();
    assert!(again.message().contains("you have said so already"), "{again}");
    let different = accept("admin-rita", &imposter.invited("127.0.0.1:2", false)).await.unwrap();
    assert_eq!((different.approvals, different.needed), (1, 2), "another file needs its own approvals");
    // The other administrator sees what waits.
    let listed = crate::kit::watchfire(&gb.dir, &["--as", "rita", "partner", "list"]).await;
    let words = "of fr.example waits for another administrator";
    assert!(listed.stderr.contains(words) && listed.stderr.contains("admin/root"), "{}", listed.stderr);
    // With both it is in force, and the waiting one is over.
    let whole = accept("admin-rita", &other).await.unwrap();
    assert_eq!((whole.approvals, whole.needed), (2, 2));
    assert_ne!(shown().await["fingerprint"], before["fingerprint"]);
    let back = accept("admin-rita", &fr.invited("127.0.0.1:2", false)).await.unwrap();
    assert_eq!((back.approvals, back.needed), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_that_is_only_known_is_no_easier_to_pose_as() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (fr, imposter) = (Rogue::new("fr.example"), Rogue::new("fr.example"));
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    fr.get_known(&gb).await;
    let half = accept(&gb, "admin-root", &imposter.invited("127.0.0.1:1", true)).await.unwrap();
    assert_eq!((half.approvals, half.needed), (1, 2));
    // Nor after it was forgotten.
    gb.one(&["--as", "root", "partner", "forget", "fr.example"]).await;
    for only_know in [true, false] {
        let half = accept(&gb, "admin-root", &imposter.invited("127.0.0.1:1", only_know)).await.unwrap();
        assert_eq!((half.approvals, half.needed), (1, 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_left_somebody_is_made_to_count_on_the_stopped_node_and_partners_are_told() {
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    let no = Org::found("no.example", "state", Some("NO")).await;
    gb.accept(&no, &no.peer).await;
    no.accept(&gb, &gb.peer).await;
    gb.agree(&no, &terms(gb.domain, no.domain, "")).await;
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    until("she counts", async || (state_of(&gb, "admin/rita").await == "counts").then_some(())).await;
    for who in ["root", "rita"] {
        gb.one(&["person", "revoke", who]).await;
    }
    let recover = ["person", "add", "carol", "--role", "admin", "--recover"];
    let refused = gb.run(&recover).await;
    assert!(refused.code == 3 && refused.stderr.contains("does not count yet"), "{}", refused.stderr);
    assert_eq!(gb.run(&["person", "add", "ada", "--role", "analyst", "--recover"]).await.code, 2);
    gb.kill().await;
    gb.one(&recover).await;
    let twice = gb.run(&recover).await;
    assert!(twice.code == 3 && twice.stderr.contains("already counts"), "{}", twice.stderr);
    gb.start().await;
    let people = gb.ask(&["--as", "carol", "person", "list"]).await;
    let carol = people.iter().find(|p| p["id"].as_str().unwrap().ends_with("/carol")).unwrap();
    assert_eq!((&carol["state"], carol["recovered"].is_string()), (&"counts".into(), true), "{carol}");
    let alarms = async || {
        let all = no.ask(&["--as", "root", "ledger", "alarms"]).await;
        all.into_iter().filter(|a| a["kind"] == "recovered" && a["partner"] == "gb.example").count()
    };
    until("the partner is told", async || (alarms().await == 1).then_some(())).await;
    assert_eq!(no.run(&["--as", "root", "doctor"]).await.code, 1, "and `doctor` says so");
    gb.kill().await;
    gb.start().await;
    until("they meet again", async || (no.feed("gb.example", "in").await["live"] == true).then_some(())).await;
    assert_eq!(alarms().await, 1, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partner_alone_does_not_say_how_many_persons_decide_here() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (fr, de) = (Rogue::new("fr.example"), Rogue::new("de.example"));
    for partner in [&fr, &de] {
        partner.get_accepted(&gb, "127.0.0.1:1").await;
    }
    let says = async |partner: &Rogue, held_persons_needed| {
        let said = proto::HelloRequest { held_persons_needed, ..crate::hostile_kit::hello() };
        let answer = partner.exchange(&gb).hello(said).await.unwrap().into_inner();
        let alarms = gb.ask(&["--as", "root", "ledger", "alarms"]).await;
        (answer.persons_needed, alarms.iter().filter(|alarm| alarm["kind"] == "fewer-persons").count())
    };
    assert_eq!(says(&fr, 2).await, (1, 0));
    assert_eq!(says(&fr, u32::MAX).await, (1, 0));
    assert_eq!(says(&de, 1).await, (1, 0));
    assert_eq!(says(&de, 2).await, (2, 1));
    assert_eq!(says(&fr, 0).await, (2, 1), "partners must remember it");
    let needed = gb
        .connect("admin-root")
        .await
        .people
        .list_people(proto::ListPeopleRequest::default())
        .await
        .unwrap()
        .into_inner()
        .needed;
    assert_eq!(needed, 2);
}
