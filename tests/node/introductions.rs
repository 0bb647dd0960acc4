//! Organisations that are known only by a partner's introduction: they are known, marked, judged again after their own words were compared, and
//! forgotten.

use watchfire::{
    domain::{
        introduction::Introduction,
        statement::{Envelope, StatementKind},
        time::Clock,
    },
    identity::devca::Purpose,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile_kit::{Rogue, signing_key},
    hubs::{limit, link, onward, to_watch, watched_by},
    kit::{Org, until},
};

const ALL: [&str; 4] = ["headline", "subject", "limitation", "attachment"];

/// An introduction of another organisation by a partner, signed by these administrators.
pub fn introduction(by: &Rogue, of: &proto::AcceptPartnerRequest, admins: &[&str]) -> proto::Envelope {
    let invitation = wire::envelope::from_proto(of.invitation.clone().unwrap()).unwrap();
    let said = Introduction {
        introducer: by.domain.parse().unwrap(),
        invitation: wire::envelope::encode(&invitation),
        issued: SystemClock.now(),
    };
    let keys: Vec<_> =
        admins.iter().map(|admin| signing_key(&by.issue(&format!("admin/{admin}"), Purpose::Signing))).collect();
    let payload = keys[0].payload(wire::introduction::encode(&said).unwrap());
    let signatures = keys.iter().map(|key| key.sign(StatementKind::Introduction, &payload).unwrap()).collect();
    wire::envelope::to_proto(&Envelope::new(StatementKind::Introduction, payload, signatures))
}

async fn state(org: &Org, of: &str) -> (String, Option<String>) {
    let shown = org.run(&["--as", "root", "partner", "show", of]).await;
    match shown.lines().first().filter(|_| shown.code == 0) {
        Some(view) => {
            (view["state"].as_str().unwrap_or_default().to_owned(), view["introduced_by"].as_str().map(str::to_owned))
        }
        None => ("unknown".to_owned(), None),
    }
}

fn by(state: &str, introducer: Option<&str>) -> (String, Option<String>) {
    (state.to_owned(), introducer.map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn introductions_are_permitted_contested_confirmed_and_withdrawn() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (hub, other) = (Rogue::new("hub.example"), Rogue::new("other.example"));
    for partner in [&hub, &other] {
        partner.get_accepted(&gb, "127.0.0.1:1").await;
    }
    let (ke, false_ke, ng) = (Rogue::new("ke.example"), Rogue::new("ke.example"), Rogue::new("ng.example"));
    let invited = |of: &Rogue| of.invited("127.0.0.1:1", true);
    let of_ke = introduction(&hub, &invited(&ke), &["ann", "bob"]);
    // It does not count without a permission, or with only one administrator.
    let outcome = hub.submit(&gb, of_ke.clone()).await;
    assert_eq!((outcome.is_accepted(), outcome.reason.as_str()), (false, "NOT_YET"), "{}", outcome.message);
    for partner in ["hub.example", "other.example"] {
        let allowed = gb.one(&["--as", "root", "partner", "introductions", "allow", partner]).await;
        assert_eq!(allowed["allowed"], true, "{allowed}");
    }
    for admins in [&["ann"][..], &["ann", "ann"]] {
        let outcome = hub.submit(&gb, introduction(&hub, &invited(&ke), admins)).await;
        assert_eq!(outcome.reason, "SECOND_PERSON_REQUIRED", "{}", outcome.message);
    }
    let forged = introduction(&hub, &invited(&ke), &["ann", "bob"]);
    let outcome = other.submit(&gb, forged).await;
    assert_eq!(outcome.reason, "WRONG_DOMAIN", "nobody may hand over another's introduction: {}", outcome.message);
    assert_eq!(state(&gb, "ke.example").await, by("unknown", None));
    let outcome = hub.submit(&gb, of_ke).await;
    assert!(outcome.is_received(), "{outcome:?}");
    assert_eq!(state(&gb, "ke.example").await, by("known", Some("hub.example")));
    // It does not permit any exchange.
    let hello = proto::HelloRequest { protocol_versions: vec![1], ..Default::default() };
    assert!(ke.exchange(&gb).hello(hello).await.is_err());
    // A partner, or an organisation whose own words were compared, stays as it is.
    ng.get_known(&gb).await;
    for of in [&ng, &other] {
        let imposter = Rogue::new(of.domain);
        hub.submit(&gb, introduction(&hub, &invited(&imposter), &["ann", "bob"])).await;
    }
    assert_eq!(state(&gb, "ng.example").await, by("known", None));
    assert_eq!(state(&gb, "other.example").await, by("active", None));
    // A second introduction with the same roots adds nothing. One with other roots makes it contested.
    other.submit(&gb, introduction(&other, &invited(&ke), &["ann", "bob"])).await;
    assert_eq!(state(&gb, "ke.example").await, by("known", Some("hub.example")));
    other.submit(&gb, introduction(&other, &invited(&false_ke), &["ann", "bob"])).await;
    assert_eq!(state(&gb, "ke.example").await, by("contested", Some("hub.example")));
    // Comparing words settles it.
    ke.get_known(&gb).await;
    assert_eq!(state(&gb, "ke.example").await, by("known", None));
    // Withdrawing the permission undoes what depends on it alone.
    hub.submit(&gb, introduction(&hub, &invited(&Rogue::new("ml.example")), &["ann", "bob"])).await;
    assert_eq!(state(&gb, "ml.example").await, by("known", Some("hub.example")));
    let withdrawn = gb.one(&["--as", "root", "partner", "introductions", "withdraw", "hub.example"]).await;
    assert_eq!(withdrawn["forgotten"], 1, "{withdrawn}");
    assert_eq!(state(&gb, "ml.example").await.0, "forgotten");
    assert_eq!(state(&gb, "ke.example").await, by("known", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_ends_takes_everything_along_that_rested_on_it() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (hub, other) = (Rogue::new("hub.example"), Rogue::new("other.example"));
    for partner in [&hub, &other] {
        partner.get_accepted(&gb, "127.0.0.1:1").await;
        gb.one(&["--as", "root", "partner", "introductions", "allow", partner.domain]).await;
    }
    let (ke, false_ke) = (Rogue::new("ke.example"), Rogue::new("ke.example"));
    let invited = |of: &Rogue| of.invited("127.0.0.1:1", true);
    ke.get_known(&gb).await;
    // A contest is undone as well.
    hub.submit(&gb, introduction(&hub, &invited(&Rogue::new("tg.example")), &["ann", "bob"])).await;
    other.submit(&gb, introduction(&other, &invited(&Rogue::new("tg.example")), &["ann", "bob"])).await;
    assert_eq!(state(&gb, "tg.example").await.0, "contested");
    gb.one(&["--as", "root", "partner", "introductions", "withdraw", "other.example"]).await;
    assert_eq!(state(&gb, "tg.example").await, by("known", Some("hub.example")));
    // An organisation that was forgotten after its words were compared is not brought back by another's introduction. Otherwise one
    // administrator and a partner could change who an organisation is.
    gb.one(&["--as", "root", "partner", "forget", "ke.example"]).await;
    hub.submit(&gb, introduction(&hub, &invited(&false_ke), &["ann", "bob"])).await;
    assert_eq!(state(&gb, "ke.example").await, by("forgotten", None));
    // One administrator's approval of a permission ends when the permission is withdrawn.
    gb.one(&["person", "add", "ruth", "--role", "admin"]).await;
    let allow = async |who| {
        gb.one(&["--as", who, "partner", "introductions", "allow", "other.example"]).await["allowed"].clone()
    };
    until("she counts", async || (allow("root").await == false).then_some(())).await;
    gb.one(&["--as", "root", "partner", "introductions", "withdraw", "other.example"]).await;
    assert_eq!(allow("ruth").await, false);
    let verified = gb.run(&["--as", "root", "ledger", "verify"]).await;
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

/// A hub with two administrators, a member that writes, and members that read. Each member has compared the hub's words and no others.
async fn members_of_a_hub(members: usize) {
    let names: Vec<&'static str> =
        (0..members).map(|n| &*Box::leak(format!("m{n}.example").into_boxed_str())).collect();
    let hub = Org::found("hub.example", "regional", None).await;
    let mut all = vec![];
    for name in &names {
        all.push(Org::found(name, "ngo", None).await);
    }
    let (writer, readers) = all.split_first().unwrap();
    let goes_on = limit("group:watch", &ALL, "AMBER", 1);
    let watching: Vec<&str> = names.iter().copied().chain(["hub.example"]).collect();
    link(writer, &hub, &onward(writer.domain, "hub.example", &goes_on, &watching)).await;
    for reader in readers {
        link(&hub, reader, &onward("hub.example", reader.domain, "", &[reader.domain])).await;
    }
    let (late, early) = readers.split_last().unwrap();
    let allow = ["--as", "root", "partner", "introductions", "allow", "hub.example"];
    for reader in early {
        reader.one(&allow).await;
    }
    hub.one(&["person", "add", "ruth", "--role", "admin"]).await;
    let proposed = hub.ask(&["--as", "root", "partner", "introduce", "--all"]).await;
    assert_eq!(proposed.len(), members);
    assert_eq!(
        hub.run(&["--as", "root", "--yes", "partner", "introductions", "sign"]).await.reason(),
        "SECOND_PERSON_REQUIRED"
    );
    let signed = hub.ask(&["--as", "ruth", "--yes", "partner", "introductions", "sign"]).await;
    assert!(signed.iter().all(|i| i["signed"] == true), "{signed:?}");
    until("the hub is told what one of them waits for", async || {
        let problem = hub.feed(late.domain, "out").await["problem"].to_string();
        problem.contains("permit them: there, `watchfire partner introductions allow hub.example`").then_some(())
    })
    .await;
    late.one(&allow).await;
    let warning = writer.author().await.publish(&watched_by(&to_watch("the first warning", "BF"), &watching)).await;
    for reader in readers {
        reader.has(writer.domain, std::slice::from_ref(&warning)).await;
        let listed = reader.ask(&["--as", "ana", "assess", "list"]).await;
        assert!(listed.iter().any(|row| row["introduced_by"] == "hub.example"), "{listed:?}");
        let shown = reader.one(&["--as", "ana", "assess", "show", &warning]).await;
        assert_eq!((&shown["introduced_by"], &shown["signatures"][0]["valid"]), (&"hub.example".into(), &true.into()));
        assert!(shown["signatures"][0]["reason"].as_str().unwrap().contains("INTRODUCTION OF hub.example"), "{shown}");
    }
    let (first, last) = (readers.first().unwrap(), readers.last().unwrap());
    judged_again(writer, first, last, &warning).await;
}

/// What was read on an introduction is judged again by the writer's own roots. When the permission ends, it goes into quarantine.
async fn judged_again(writer: &Org, reader: &Org, last: &Org, warning: &str) {
    // Comparing its own words removes the mark.
    let path = reader.place("writer.txt");
    let fingerprint = writer.invite(&path, None).await;
    reader.one(&["--as", "root", "partner", "know", &path, "--fingerprint", &fingerprint]).await;
    let shown = reader.one(&["--as", "ana", "assess", "show", warning]).await;
    assert!(shown["introduced_by"].is_null() && shown["signatures"][0]["reason"].is_null(), "{shown}");
    // When the permission ends, what depends on it goes into quarantine.
    if last.domain != reader.domain {
        last.one(&["--as", "root", "partner", "introductions", "withdraw", "hub.example"]).await;
        assert!(last.assessments(writer.domain).await.is_empty());
        until("an officer sees why", async || {
            let kept = last.ask(&["--as", "olu", "assess", "list", "--quarantined"]).await;
            kept.iter().any(|row| row.to_string().contains("ORIGIN_UNKNOWN")).then_some(())
        })
        .await;
        // It waits. Comparing the originator's own words brings it back.
        let path = last.place("writer.txt");
        let fingerprint = writer.invite(&path, None).await;
        last.one(&["--as", "root", "partner", "know", &path, "--fingerprint", &fingerprint]).await;
        last.has(writer.domain, &[warning.to_owned()]).await;
        let shown = last.one(&["--as", "ana", "assess", "show", warning]).await;
        assert!(shown["introduced_by"].is_null() && shown["signatures"][0]["valid"] == true, "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifteen_members_of_a_hub_read_each_other_after_one_confirmation_each() {
    members_of_a_hub(15).await;
}
