//! An organisation changes its roots: two administrators decide, everybody follows, and nobody follows anybody else.

use std::{fs, path::Path};

use serde_json::Value;
use watchfire::{
    domain::{
        bundle::Bundle,
        ids::Sha256,
        statement::{Envelope, StatementKind},
        time::{Clock, Time},
    },
    identity::{
        bundle::TrustBundle,
        crl::Revocation,
        devca::{DevCa, IssuedCertificate, Purpose},
    },
    seal::sign::SigningKey,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile_kit::{Rogue, accept, signing_key},
    hubs::{for_all, know, limit, link, onward},
    kit::{Org, note, terms, until},
};

fn now() -> Time {
    SystemClock.now()
}

/// A second administrator, after the partners are known. From then on decisions take two.
async fn add_ruth(org: &Org) {
    org.one(&["person", "add", "ruth", "--role", "admin"]).await;
    state_is(org, "ruth", "counts").await;
}

/// Waits until the register has a person in that state.
async fn state_is(org: &Org, name: &str, state: &str) {
    until(&format!("{name} {state}"), async || {
        let people = org.ask(&["--as", "root", "person", "list"]).await;
        let is_it = |p: &Value| p["id"].as_str().unwrap().ends_with(&format!("/{name}")) && p["state"] == state;
        people.iter().any(is_it).then_some(())
    })
    .await;
}

fn new_ca(org: &Org) -> DevCa {
    DevCa::create(&org.domain.parse().unwrap(), now()).unwrap()
}

/// A file with both roots, the old one first.
fn both(org: &Org, new: &DevCa) -> String {
    let old = fs::read_to_string(org.dir.join("bundle.pem")).unwrap();
    org.file("both.pem", &format!("{old}{}", new.certificate_pem()))
}

fn write(dir: &Path, stem: &str, issued: &IssuedCertificate) {
    fs::write(dir.join(format!("{stem}.key")), issued.key_pem.as_bytes()).unwrap();
    fs::write(dir.join(format!("{stem}.pem")), &issued.certificate_pem).unwrap();
}

/// All certificates of the node and its people, issued by another CA.
async fn reissue(org: &Org, ca: &DevCa) {
    let issue = |path: &str, purpose| {
        let id = format!("spiffe://{}/{path}", org.domain).parse().unwrap();
        ca.issue(&id, purpose, now(), 30).unwrap()
    };
    write(&org.dir.join("node"), "tls", &issue("node/n1", Purpose::NodeTls));
    write(&org.dir.join("node"), "signing", &issue("node/n1", Purpose::Signing));
    for (name, role) in [("ana", "analyst"), ("olu", "officer"), ("root", "admin"), ("ruth", "admin")] {
        let dir = org.dir.join(format!("persons/{role}-{name}"));
        write(&dir, "tls", &issue(&format!("{role}/{name}"), Purpose::PersonTls));
        write(&dir, "signing", &issue(&format!("{role}/{name}"), Purpose::Signing));
    }
    until("the new certificates are in force", async || {
        let id = org.run(&["--as", "ana", "assess", "list"]).await;
        (id.code == 0).then_some(())
    })
    .await;
}

async fn in_force(org: &Org, proposed: &serde_json::Value) {
    let id = proposed["id"].as_str().unwrap();
    org.one(&["--as", "ruth", "--yes", "bundle", "sign", &id[..12]]).await;
}

pub async fn held(by: &Org, of: &str) -> (u64, String) {
    let shown = by.one(&["--as", "root", "partner", "show", of]).await;
    (shown["bundle_sequence"].as_u64().unwrap(), shown["state"].as_str().unwrap().to_owned())
}

async fn holds(by: &Org, of: &str, sequence: u64) {
    until("the bundle is held", async || (held(by, of).await.0 == sequence).then_some(())).await;
}

async fn show(org: &Org, assessment: &str) -> String {
    org.run(&["--as", "ana", "assess", "show", assessment]).await.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_is_replaced_without_a_telephone_call() {
    let (mut gb, ecowas, fr) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("fr.example", "state", Some("FR")),
    );
    let kinds = ["headline", "subject", "limitation", "attachment"];
    let goes_on = limit("group:watch", &kinds, "AMBER", 1);
    let all = ["ecowas.example", "fr.example"];
    link(&gb, &ecowas, &onward("gb.example", "ecowas.example", &goes_on, &all)).await;
    link(&ecowas, &fr, &onward("ecowas.example", "fr.example", "", &["fr.example"])).await;
    know(&fr, &gb).await;
    add_ruth(&gb).await;
    let before = gb.author().await.publish(&for_all("before", "BF")).await;
    fr.has("gb.example", std::slice::from_ref(&before)).await;
    // Old and new root. The person who proposes it can't sign it a second time.
    let ca = new_ca(&gb);
    let proposed = gb.one(&["--as", "root", "bundle", "propose", &both(&gb, &ca)]).await;
    assert_eq!(gb.run(&["--as", "ruth", "--yes", "bundle", "sign"]).await.code, 2, "signed without being shown");
    let again = gb.run(&["--as", "root", "--yes", "bundle", "sign", proposed["id"].as_str().unwrap()]).await;
    assert_eq!(again.reason(), "SECOND_PERSON_REQUIRED", "{}", again.stderr);
    assert_eq!(held(&ecowas, "gb.example").await.0, 1);
    in_force(&gb, &proposed).await;
    holds(&ecowas, "gb.example", 2).await;
    // The reader behind the hub gets it through the hub.
    holds(&fr, "gb.example", 2).await;
    until("the organisation's file holds both", async || {
        let file = fs::read_to_string(gb.dir.join("bundle.pem")).unwrap();
        (file.matches("BEGIN").count() == 2).then_some(())
    })
    .await;
    until("the partner has said that it holds it", async || {
        let status = gb.one(&["--as", "root", "bundle", "status"]).await;
        (status["partners"][0]["sequence"] == 2 && status["file_differs"] == false).then_some(())
    })
    .await;
    reissue(&gb, &ca).await;
    let between = gb.author().await.publish(&for_all("under both", "BF")).await;
    fr.has("gb.example", &[before.clone(), between.clone()]).await;
    // The old root is retired: not at once without `--now`, and not while any certificate of the node leads to it.
    let old = TrustBundle::from_pem(gb.domain.parse().unwrap(), &fs::read(gb.dir.join("bundle.pem")).unwrap()).unwrap();
    let old = hex::encode(watchfire::seal::hash::sha256(&[&old.roots()[0]]));
    until("it uses the new certificates, and says that a week has not passed", async || {
        let early = gb.run(&["--as", "root", "bundle", "retire", &old[..16]]).await;
        assert_eq!(early.reason(), "CONFLICT", "{}", early.stderr);
        early.stderr.contains("7 days").then_some(())
    })
    .await;
    let retired = gb.one(&["--as", "root", "bundle", "retire", &old[..16], "--now"]).await;
    in_force(&gb, &retired).await;
    holds(&ecowas, "gb.example", 3).await;
    holds(&fr, "gb.example", 3).await;
    gb.kill().await;
    gb.start().await;
    let after = gb.author().await.publish(&for_all("under the new one", "BF")).await;
    fr.has("gb.example", &[before.clone(), between.clone(), after.clone()]).await;
    for org in [&gb, &ecowas, &fr] {
        for assessment in [&before, &between, &after] {
            let shown = show(org, assessment).await;
            assert!(shown.contains("verified") && !shown.contains("DOES NOT VERIFY"), "{}: {shown}", org.domain);
        }
    }
    assert!(gb.ask(&["--as", "root", "ledger", "alarms"]).await.is_empty());
    assert!(ecowas.ask(&["--as", "root", "ledger", "alarms"]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_away_gets_the_whole_chain_in_order_also_by_a_file() {
    let (gb, mut no, mut se) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("no.example", "state", Some("NO")),
        Org::found("se.example", "state", Some("SE")),
    );
    for partner in [&no, &se] {
        partner.accept(&gb, &gb.peer).await;
        gb.accept(partner, &partner.peer).await;
    }
    add_ruth(&gb).await;
    let invitation = no.place("invitation.txt");
    let old = gb.invite(&invitation, Some(&gb.peer)).await;
    no.kill().await;
    se.kill().await;
    let first = new_ca(&gb);
    let proposed = gb.one(&["--as", "root", "bundle", "propose", &both(&gb, &first)]).await;
    in_force(&gb, &proposed).await;
    until("the file", async || {
        fs::read_to_string(gb.dir.join("bundle.pem")).unwrap().matches("BEGIN").nth(1).map(drop)
    })
    .await;
    let second = new_ca(&gb);
    let proposed = gb.one(&["--as", "root", "bundle", "propose", &both(&gb, &second)]).await;
    in_force(&gb, &proposed).await;
    no.start().await;
    holds(&no, "gb.example", 3).await;
    // The last step is taken while one partner is offline, and the node shows certificates that only the newest root proves. So TLS fails there.
    reissue(&gb, &second).await;
    until("the node shows the new certificate", async || gb.log().contains("TLS certificate").then_some(())).await;
    let refused = no.run(&["--as", "root", "partner", "accept", &invitation, "--fingerprint", &old]).await;
    assert!(refused.code == 1 && refused.stderr.contains("which is newer"), "{}", refused.stderr);
    let status = gb.one(&["--as", "root", "bundle", "status", "--out", &gb.place("chain.txt")]).await;
    let mut roots = status["roots"].as_array().unwrap().iter();
    let newest = hex::encode(watchfire::seal::hash::sha256(&[second.certificate()]));
    assert!(roots.any(|r| r["sha256"] == *newest));
    se.start().await;
    assert_eq!(held(&se, "gb.example").await.0, 1);
    // Exactly the one that has not adopted it refuses.
    let refuses = async |org: &Org| {
        let doctor = org.run(&["--as", "root", "doctor"]).await.lines();
        doctor.iter().any(|check| check["check"] == "link to gb.example" && check["ok"] == false)
    };
    until("one refuses", async || refuses(&se).await.then_some(())).await;
    assert!(!refuses(&no).await);
    let file = gb.dir.join("chain.txt");
    let taken = se.one(&["--as", "root", "bundle", "take", file.to_str().unwrap()]).await;
    assert_eq!((&taken["sequence"], &taken["state"]), (&3.into(), &"active".into()), "{taken}");
    until("the link is there again", async || {
        let status = se.ask(&["--as", "root", "feed", "status"]).await;
        (status[0]["live"] == true || status[0]["problem"].is_null()).then_some(())
    })
    .await;
    // Loading the same file again changes nothing.
    assert_eq!(se.one(&["--as", "root", "bundle", "take", file.to_str().unwrap()]).await["sequence"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_bundle_that_waits_does_not_stand_in_the_way_of_the_next() {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    add_ruth(&gb).await;
    let invitation = no.place("invitation.txt");
    let words = gb.invite(&invitation, Some(&gb.peer)).await;
    let proposed = gb.one(&["--as", "root", "bundle", "propose", &both(&gb, &new_ca(&gb))]).await;
    in_force(&gb, &proposed).await;
    until("the file", async || {
        fs::read_to_string(gb.dir.join("bundle.pem")).unwrap().matches("BEGIN").nth(1).map(drop)
    })
    .await;
    // From here on, what is signed waits for the new partner, which begins with the first bundle.
    gb.accept(&no, &no.peer).await;
    let proposed = gb.one(&["--as", "root", "bundle", "propose", &both(&gb, &new_ca(&gb))]).await;
    in_force(&gb, &proposed).await;
    no.one(&["--as", "root", "partner", "accept", &invitation, "--fingerprint", &words]).await;
    holds(&no, "gb.example", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_with_one_administrator_is_told_to_send_a_new_invitation() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let refused = gb.run(&["--as", "root", "bundle", "propose", &both(&gb, &new_ca(&gb))]).await;
    assert_eq!((refused.code, refused.reason().as_str()), (1, "CONFLICT"), "{}", refused.stderr);
    assert!(refused.stderr.contains("partner invite"), "{}", refused.stderr);
}

/// What its administrators may sign, and imitations of that.
pub struct Signers {
    pub ann: SigningKey,
    pub bob: SigningKey,
}

impl Signers {
    pub fn of(rogue: &Rogue) -> Self {
        let key = |path| signing_key(&rogue.issue(path, Purpose::Signing));
        Self { ann: key("admin/ann"), bob: key("admin/bob") }
    }
}

pub fn bundle(rogue: &Rogue, sequence: u64, roots: &[&DevCa], previous: &TrustBundle) -> Bundle {
    Bundle {
        domain: rogue.domain.parse().unwrap(),
        sequence,
        roots: roots.iter().map(|ca| ca.certificate().to_vec()).collect(),
        issued: now(),
        previous: Sha256(previous.fingerprint().0),
        compromised: vec![],
    }
}

pub fn signed(bundle: &Bundle, keys: &[&SigningKey]) -> proto::Envelope {
    let payload = keys[0].payload(wire::bundle::encode(bundle));
    let signatures = keys.iter().map(|key| key.sign(StatementKind::Bundle, &payload).unwrap()).collect();
    wire::envelope::to_proto(&Envelope::new(StatementKind::Bundle, payload, signatures))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_two_administrators_have_not_signed_is_refused() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let ca = || DevCa::create(&"fr.example".parse().unwrap(), now()).unwrap();
    let (new, signers) = (ca(), Signers::of(&fr));
    let next = bundle(&fr, 2, &[&fr.ca, &new], &fr.bundle());
    let of_new = |path: &str| {
        let id = format!("spiffe://fr.example/{path}").parse().unwrap();
        signing_key(&new.issue(&id, Purpose::Signing, now(), 30).unwrap())
    };
    let (ann, bob) = (&signers.ann, &signers.bob);
    let other_ann = signing_key(&fr.issue("admin/ann", Purpose::Signing));
    let (officer, new_bob) = (signing_key(&fr.issue("officer/o", Purpose::Signing)), of_new("admin/bob"));
    let revoked = fr.issue("admin/eve", Purpose::Signing);
    let (serial, eve) = (revoked.serial.clone(), signing_key(&revoked));
    let entry = (serial, Revocation { at: now(), invalid_since: None });
    let list = fr.ca.revocation_list(1, &[entry], now(), 30).unwrap();
    assert!(fr.hand_over(&gb, 1, &list).await.unwrap());
    let old = Bundle { issued: now().plus_seconds(-40 * 86_400), ..next.clone() };
    let elsewhere = Bundle { previous: Sha256([7; 32]), ..next.clone() };
    for (what, reason, statement) in [
        ("one", "SECOND_PERSON_REQUIRED", signed(&next, &[ann])),
        ("one, twice", "SECOND_PERSON_REQUIRED", signed(&next, &[ann, ann])),
        ("one, with two keys", "SECOND_PERSON_REQUIRED", signed(&next, &[ann, &other_ann])),
        ("with a node", "WRONG_DOMAIN", signed(&next, &[ann, &fr.node])),
        ("with an officer", "WRONG_DOMAIN", signed(&next, &[ann, &officer])),
        ("with one of the new CA", "CHAIN_INVALID", signed(&next, &[ann, &new_bob])),
        ("with a revoked one", "CERTIFICATE_REVOKED", signed(&next, &[ann, &eve])),
        ("dated back", "CONFLICT", signed(&old, &[ann, bob])),
        ("after another", "CONFLICT", signed(&elsewhere, &[ann, bob])),
    ] {
        let outcome = fr.submit(&gb, statement).await;
        assert!(!outcome.is_taken() && outcome.reason == reason, "{what}: {} {}", outcome.reason, outcome.message);
        assert_eq!(held(&gb, "fr.example").await, (1, "active".to_owned()), "{what}");
    }
    // A correct bundle. Another one with the same number stops the exchange until words are compared.
    let outcome = fr.submit(&gb, signed(&next, &[ann, bob])).await;
    assert!(outcome.is_accepted(), "{}", outcome.message);
    assert_eq!(held(&gb, "fr.example").await, (2, "active".to_owned()));
    let other = bundle(&fr, 2, &[&fr.ca, &ca()], &fr.bundle());
    fr.submit(&gb, signed(&other, &[ann])).await;
    assert_eq!(held(&gb, "fr.example").await, (2, "active".to_owned()), "an unsigned rival does not count");
    // This also cuts its connection.
    let request = proto::SubmitStatementsRequest { statements: vec![signed(&other, &[ann, bob])] };
    drop(fr.exchange(&gb).submit_statements(request).await);
    assert_eq!(held(&gb, "fr.example").await, (2, "contested".to_owned()));
    let alarms = gb.ask(&["--as", "root", "ledger", "alarms"]).await;
    assert_eq!(alarms[0]["kind"], "bundle-fork", "{alarms:?}");
    assert!(fr.exchange(&gb).acknowledge(proto::AcknowledgeRequest { sequence: 0 }).await.is_err());
    // Words are compared, and the exchange continues.
    accept(&gb, "admin-root", &fr.invited_with("127.0.0.1:1", false, 3)).await.unwrap();
    assert_eq!(held(&gb, "fr.example").await, (3, "active".to_owned()));
    // The same rival again has no effect any more.
    fr.submit(&gb, signed(&other, &[ann, bob])).await;
    assert_eq!(held(&gb, "fr.example").await, (3, "active".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_logged_under_a_compromised_root_is_marked_as_doubtful() {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    link(&gb, &no, &terms("gb.example", "no.example", "")).await;
    add_ruth(&gb).await;
    let assessment = gb.author().await.publish(&note("a warning", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&assessment)).await;
    let ca = new_ca(&gb);
    let old = gb.one(&["--as", "root", "bundle", "status"]).await["roots"][0]["sha256"].as_str().unwrap().to_owned();
    let proposed = gb.one(&["--as", "root", "bundle", "propose", &both(&gb, &ca)]).await;
    in_force(&gb, &proposed).await;
    reissue(&gb, &ca).await;
    let retire = async |since: &str| {
        let mut last = String::new();
        for _ in 0..50 {
            let retire = ["--as", "root", "bundle", "retire", &old[..16], "--compromised-since", since];
            let answer = gb.run(&retire).await;
            if answer.code == 0 {
                return answer.lines()[0].clone();
            }
            last = answer.stderr;
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        panic!("{last}");
    };
    let later = now().plus_seconds(3 * 86_400).day().to_string();
    until("the node uses the new certificates, and a day that has not come is refused", async || {
        let answer = gb.run(&["--as", "root", "bundle", "retire", &old[..16], "--compromised-since", &later]).await;
        assert_eq!(answer.reason(), "CONFLICT", "{}", answer.stderr);
        answer.stderr.contains("has not come").then_some(())
    })
    .await;
    let yesterday = now().day().before().to_string();
    let retired = retire(&yesterday).await;
    in_force(&gb, &retired).await;
    holds(&no, "gb.example", 3).await;
    for org in [&gb, &no] {
        until("it is marked", async || {
            let doubtful = format!("DOUBTFUL: it was first logged here after {yesterday}");
            show(org, &assessment).await.contains(&doubtful).then_some(())
        })
        .await;
    }
    let under_the_new = gb.author().await.publish(&note("another", "BF")).await;
    no.has("gb.example", &[assessment, under_the_new.clone()]).await;
    assert!(!show(&no, &under_the_new).await.contains("DOUBTFUL"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hands_a_bundle_on_says_nothing_with_it_and_a_forgery_stands_in_nobody_s_way() {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    // A courier that is a partner of both, and an originator that both know.
    let (courier, fr) = (Rogue::new("courier.example"), Rogue::new("fr.example"));
    for org in [&gb, &no] {
        courier.get_accepted(org, "127.0.0.1:1").await;
        fr.get_known(org).await;
    }
    let signers = Signers::of(&fr);
    let (ann, bob) = (&signers.ann, &signers.bob);
    let new = DevCa::create(&"fr.example".parse().unwrap(), now()).unwrap();
    let second = bundle(&fr, 2, &[&fr.ca, &new], &fr.bundle());
    let both =
        TrustBundle::new("fr.example".parse().unwrap(), vec![fr.ca.certificate().clone(), new.certificate().clone()])
            .unwrap();
    let third = bundle(&fr, 3, &[&new], &both);
    // Out of order: the third one waits, first as a forgery with the same roots, then as the genuine one.
    let forged = signed(&third, &[ann, &courier.node]);
    let bad = {
        let mut bad = signed(&third, &[ann, bob]);
        bad.signatures[1].value = vec![7; 64].into();
        bad
    };
    for statement in [bad, signed(&third, &[ann, bob])] {
        let outcome = courier.submit(&gb, statement).await;
        assert!(outcome.is_received(), "{outcome:?}");
    }
    assert!(!courier.submit(&gb, forged).await.is_taken(), "with a signature of somebody who is not involved");
    assert_eq!(held(&gb, "fr.example").await.0, 1);
    let outcome = courier.submit(&gb, signed(&second, &[ann, bob])).await;
    assert!(outcome.is_received(), "{outcome:?}");
    assert_eq!(held(&gb, "fr.example").await, (3, "known".to_owned()));
    // The answers do not show whether the organisation is known: they are the same if it is not, however many bundles come.
    let stranger = Rogue::new("stranger.example");
    let strangers = Signers::of(&stranger);
    for n in 0..70 {
        let of = bundle(&stranger, 2 + n, &[&stranger.ca], &stranger.bundle());
        let outcome = courier.submit(&gb, signed(&of, &[&strangers.ann, &strangers.bob])).await;
        assert!(outcome.is_received(), "{n}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_revoked_since_the_proposal_signs_nothing_and_an_invitation_lets_an_open_one_follow() {
    let (gb, no, se) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("no.example", "state", Some("NO")),
        Org::found("se.example", "state", Some("SE")),
    );
    no.accept(&gb, &gb.peer).await;
    gb.accept(&no, &no.peer).await;
    add_ruth(&gb).await;
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    state_is(&gb, "rita", "waits").await;
    for who in ["root", "ruth"] {
        gb.one(&["--as", who, "person", "confirm", "rita"]).await;
    }
    let proposed = gb.one(&["--as", "rita", "bundle", "propose", &both(&gb, &new_ca(&gb))]).await;
    gb.one(&["person", "revoke", "rita"]).await;
    let id = proposed["id"].as_str().unwrap().to_owned();
    state_is(&gb, "rita", "gone").await;
    let answer = gb.run(&["--as", "ruth", "--yes", "bundle", "sign", &id]).await;
    assert_eq!(answer.reason(), "CERTIFICATE_REVOKED", "{}", answer.stderr);
    // An invitation that is written while a proposal is open.
    let proposed = gb.one(&["--as", "root", "bundle", "propose", &both(&gb, &new_ca(&gb))]).await;
    se.accept(&gb, &gb.peer).await;
    gb.accept(&se, &se.peer).await;
    in_force(&gb, &proposed).await;
    holds(&no, "gb.example", 2).await;
    holds(&se, "gb.example", 2).await;
}
