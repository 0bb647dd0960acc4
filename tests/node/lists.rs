//! Revocation lists between real processes: they expire, go back, vanish, are large, and are installed by hand.

use std::{path::Path, time::Duration};

use watchfire::{
    domain::{
        approval::Matter,
        fault::Reason,
        ids::Sha256,
        time::{Clock, Time},
    },
    identity::{
        crl::Revocation,
        devca::{DevCa, IssuedCertificate, Purpose},
        files::to_pem,
    },
    telemetry::SystemClock,
    wire::{proto, status::to_fault},
};

use crate::{
    hostile_kit::{Rogue, approval},
    kit::{Org, until},
    times::accept_roots,
};

const DAY: i64 = 86_400;

fn nobody() -> [(Vec<u8>, Revocation); 0] {
    []
}

/// A list that is valid for this many more seconds.
fn ending_in(ca: &DevCa, seconds: i64, number: u64, revoked: &[(Vec<u8>, Revocation)]) -> Vec<u8> {
    ca.revocation_list(number, revoked, SystemClock.now().plus_seconds(seconds - DAY), 1).unwrap()
}

fn ca_of(org: &Org) -> DevCa {
    let read = |name: &str| std::fs::read_to_string(org.dir.join("ca").join(name)).unwrap();
    DevCa::load(&org.domain.parse().unwrap(), &read("ca.pem"), &read("ca.key")).unwrap()
}

/// Replaces the node's own list file in one step.
fn put(dir: &Path, list: &[u8]) {
    std::fs::write(dir.join("new.pem"), to_pem("X509 CRL", list)).unwrap();
    std::fs::rename(dir.join("new.pem"), dir.join("crl.pem")).unwrap();
}

/// A number above those that the program gives to its lists.
fn number(n: u64) -> u64 {
    u64::try_from(SystemClock.now().unix_nanos()).unwrap() + 3_600_000_000_000 + n
}

fn revoked(serial: &[u8]) -> (Vec<u8>, Revocation) {
    (serial.to_vec(), Revocation { at: SystemClock.now(), invalid_since: None })
}

/// Somebody who has stolen a node's key.
fn thief(of: &Rogue, tls: IssuedCertificate) -> Rogue {
    let ca = DevCa::load(&of.domain.parse().unwrap(), &of.ca.certificate_pem(), &of.ca.key_pem()).unwrap();
    Rogue { ca, tls, ..Rogue::new(of.domain) }
}

/// The result of a partner's call other than hello.
async fn other_call(rogue: &Rogue, victim: &Org) -> String {
    let mut exchange = rogue.exchange(victim);
    let called = exchange.acknowledge(proto::AcknowledgeRequest { sequence: 0 }).await;
    called.map_or_else(|status| format!("{}: {}", to_fault(&status).reason, status.message()), |_| "well".to_owned())
}

async fn log_has(org: &Org, words: &[&str]) {
    until(&format!("the log says {words:?}"), async || {
        org.log().lines().any(|line| words.iter().all(|word| line.contains(word))).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_whose_list_is_past_its_next_update_brings_a_new_one_and_nothing_else() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let stolen = fr.issue("node/stolen", Purpose::NodeTls);
    let bad = [revoked(&stolen.serial)];
    assert!(fr.hand_over(&gb, 1, &ending_in(&fr.ca, 2, 1, &bad)).await.unwrap());
    assert_eq!(other_call(&fr, &gb).await, "well");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let refused = other_call(&fr, &gb).await;
    for word in ["LIST_LAPSED", "at `fr.example`, put a current list", "`watchfire partner crl FILE`"] {
        assert!(refused.contains(word), "{refused}");
    }
    // A revoked node may not exchange lists either.
    let thief = thief(&fr, stolen);
    let list = fr.ca.revocation_list(2, &bad, SystemClock.now(), 30).unwrap();
    thief.hand_over(&gb, 2, &list).await.unwrap_err();
    // A new list lifts the limit at once. The list leaves out who was revoked before, which changes nothing.
    let list = fr.ca.revocation_list(2, &nobody(), SystemClock.now(), 30).unwrap();
    assert!(fr.hand_over(&gb, 2, &list).await.unwrap());
    assert_eq!(other_call(&fr, &gb).await, "well");
    thief.hand_over(&gb, 3, &list).await.unwrap_err();
    // The list is not asked for a second time, and neither is an older one.
    assert!(!fr.hand_over(&gb, 2, &list).await.unwrap());
    assert!(!fr.hand_over(&gb, 1, &ending_in(&fr.ca, DAY, 1, &bad)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_50_000_entries_goes_over_the_wire_in_both_directions_and_lasts() {
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let stolen = fr.issue("node/stolen", Purpose::NodeTls);
    let entry = |n: u32| revoked(&[&[0x40], &n.to_be_bytes()[..], &[0; 11]].concat());
    let mut entries: Vec<_> = (0..49_999).map(entry).collect();
    entries.push(revoked(&stolen.serial));
    let list = fr.ca.revocation_list(1, &entries, SystemClock.now(), 30).unwrap();
    assert!(list.len() > 1 << 20, "{} bytes", list.len());
    assert!(fr.hand_over(&gb, 1, &list).await.unwrap());
    let thief = thief(&fr, stolen);
    thief.hand_over(&gb, 2, &list).await.unwrap_err();
    // Neither a restart nor another invitation loses the list.
    gb.kill().await;
    gb.start().await;
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    assert!(!fr.hand_over(&gb, 1, &list).await.unwrap(), "the list was forgotten");
    thief.hand_over(&gb, 2, &list).await.unwrap_err();
    // The other direction.
    let own = ca_of(&gb).revocation_list(number(1), &entries, SystemClock.now(), 30).unwrap();
    put(&gb.dir, &own);
    let mut exchange = fr.exchange(&gb);
    let sha256 = watchfire::seal::hash::sha256(&[&own]).to_vec();
    let request = proto::FetchRevocationListRequest { sha256: sha256.into(), offset: 0 };
    let mut pieces = until("the node serves its own list", async || {
        exchange.fetch_revocation_list(request.clone()).await.ok().map(tonic::Response::into_inner)
    })
    .await;
    let mut fetched = vec![];
    while let Some(piece) = pieces.message().await.unwrap() {
        assert_eq!(usize::try_from(piece.offset).unwrap(), fetched.len());
        fetched.extend_from_slice(&piece.data);
    }
    assert!(fetched == own, "{} of {} bytes", fetched.len(), own.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_list_does_not_go_back_or_vanish() {
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    gb.one(&["person", "add", "bob", "--role", "analyst"]).await;
    let (files, copy, crl) = (gb.dir.join("persons/analyst-bob"), gb.dir.join("bob"), gb.dir.join("crl.pem"));
    let before = std::fs::read(&crl).unwrap();
    std::fs::rename(&files, &copy).unwrap();
    let back = || {
        std::fs::create_dir_all(&files).unwrap();
        for file in std::fs::read_dir(&copy).unwrap().flatten() {
            std::fs::copy(file.path(), files.join(file.file_name())).unwrap();
        }
    };
    back();
    gb.one(&["person", "revoke", "analyst/bob"]).await;
    back();
    let bob = async |gb: &Org| gb.run(&["--as", "analyst/bob", "assess", "list"]).await.code;
    until("bob is out", async || (bob(&gb).await != 0).then_some(())).await;
    let write = |bytes: &[u8]| std::fs::write(&crl, bytes).unwrap();
    let renewals = |gb: &Org| gb.log().matches("trust bundle and revocation lists").count();
    let before_it = renewals(&gb);
    write(&before);
    log_has(&gb, &["ERROR", "crl.pem", "NOT newer"]).await;
    assert_ne!(bob(&gb).await, 0, "an older list lets him in");
    let told = async |gb: &Org, words: &str| {
        let (check, doctor) = (gb.run(&["config", "check"]).await, gb.run(&["--as", "root", "doctor"]).await);
        assert!(check.stdout.contains(words), "{}", check.stdout);
        assert!(doctor.code != 0 && doctor.stdout.contains(words), "{}", doctor.stdout);
    };
    told(&gb, "NOT in force").await;
    std::fs::remove_file(&crl).unwrap();
    log_has(&gb, &["ERROR", "crl.pem", "lacks a revocation list"]).await;
    assert_ne!(bob(&gb).await, 0, "no file lets him in");
    told(&gb, "lacks the revocation list").await;
    assert_eq!(renewals(&gb), before_it, "nothing was renewed: {}", gb.log());
    std::os::unix::fs::symlink("/nonexistent/crl.pem", &crl).unwrap();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_ne!(bob(&gb).await, 0, "a link that leads nowhere lets him in");
    gb.kill().await;
    std::fs::remove_file(&crl).unwrap();
    write(b"");
    gb.start().await;
    assert_ne!(bob(&gb).await, 0, "an empty file lets him in after a restart");
    assert_eq!(gb.run(&["--as", "ana", "assess", "list"]).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_list_past_its_next_update_is_named_everywhere_and_its_successor_taken_up() {
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    let ca = ca_of(&gb);
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    crate::surroundings::without_ca(&mut gb).await;
    put(&gb.dir, &ending_in(&ca, 3, number(1), &nobody()));
    tokio::time::sleep(Duration::from_secs(4)).await;
    // Partners say nothing about their ledgers to a node whose list has lapsed. This raises no alarm.
    let hellos = async |gb: &Org| {
        for _ in 0..4 {
            let list = fr.ca.revocation_list(1, &nobody(), SystemClock.now(), 30).unwrap();
            fr.hand_over(gb, 1, &list).await.unwrap();
        }
    };
    hellos(&gb).await;
    let named = |text: &str| {
        text.contains("revocation list") && text.contains("past its next update") && text.contains("crl.pem")
    };
    let said = gb.run(&["--as", "ana", "assess", "list"]).await;
    assert!(said.code == 6 && named(&said.stderr), "{}", said.stderr);
    let doctor = gb.run(&["--as", "root", "doctor"]).await;
    assert!(doctor.code != 0 && named(&doctor.stdout), "{}", doctor.stdout);
    // The node starts all the same, and the check reports the same.
    gb.kill().await;
    let check = gb.run(&["config", "check"]).await;
    assert!(check.code == 0 && named(&check.stdout), "{} {}", check.stdout, check.stderr);
    gb.start().await;
    log_has(&gb, &["ERROR", "past its next update"]).await;
    put(&gb.dir, &ca.revocation_list(number(2), &nobody(), SystemClock.now(), 30).unwrap());
    until("people can sign in again", async || {
        (gb.run(&["--as", "ana", "assess", "list"]).await.code == 0).then_some(())
    })
    .await;
    let alarms = async || gb.ask(&["--as", "root", "ledger", "alarms"]).await.len();
    assert_eq!(alarms().await, 0);
    hellos(&gb).await;
    assert_eq!(alarms().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_that_lost_its_number_takes_two_administrators() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let now: Time = SystemClock.now();
    let stolen = fr.issue("node/stolen", Purpose::NodeTls);
    let write = |name: &str, list: Vec<u8>| gb.file(name, &to_pem("X509 CRL", &list));
    let high = write("high.pem", fr.ca.revocation_list(9, &[revoked(&stolen.serial)], now, 30).unwrap());
    let low = write("low.pem", fr.ca.revocation_list(2, &nobody(), now, 30).unwrap());
    let give = async |who: &str, more: &[&str]| {
        let arguments: Vec<&str> = ["--as", who, "partner", "crl"].into_iter().chain(more.iter().copied()).collect();
        gb.run(&arguments).await
    };
    let taken = give("root", &[&high]).await;
    assert_eq!(taken.lines()[0]["organisations"][0]["outcome"], "taken", "{}", taken.stderr);
    assert_eq!(taken.lines()[0]["organisations"][0]["domain"], "fr.example");
    assert!(give("root", &[&low]).await.stderr.contains("--replace"));
    let by = Some(approval(&gb, "analyst-ana", Matter::RevocationList, Sha256([0; 32])));
    let replace = proto::GiveRevocationListRequest { data: vec![1].into(), issuers: vec![], replace: by };
    let mut ana = gb.connect("analyst-ana").await;
    let refused = ana.trust.give_revocation_list(tokio_stream::iter([replace])).await.unwrap_err();
    assert_eq!(to_fault(&refused).reason, Reason::RoleRequired);
    let waits = give("root", &[&low, "--replace"]).await;
    assert_eq!(waits.lines()[0]["organisations"][0]["outcome"], "waits", "{}", waits.stderr);
    assert!(give("root", &[&low, "--replace"]).await.stderr.contains("you have said so already"));
    let taken = give("rita", &[&low, "--replace"]).await;
    assert_eq!(taken.lines()[0]["organisations"][0]["outcome"], "taken", "{}", taken.stderr);
    // What the other list has revoked stays revoked.
    let thief = thief(&fr, stolen);
    thief.hand_over(&gb, 3, &[0x30, 0]).await.unwrap_err();
    // From now on, the numbers of the partner's own lists count from there.
    let next = fr.ca.revocation_list(3, &nobody(), now, 30).unwrap();
    assert!(fr.hand_over(&gb, 3, &next).await.unwrap());
    // A list that no known CA has issued is answered with that reason.
    let other = write("other.pem", Rogue::new("de.example").ca.revocation_list(1, &nobody(), now, 30).unwrap());
    assert!(give("root", &[&other]).await.stderr.contains("no organisation that is known here"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_a_minute_is_taken_and_whoever_waits_is_named() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    for n in 1..=62_u8 {
        let list = fr.ca.revocation_list(n.into(), &nobody(), SystemClock.now(), 30).unwrap();
        assert_eq!(fr.hand_over(&gb, n, &list).await.unwrap(), n <= 60, "list {n}");
    }
    log_has(&gb, &["a new revocation list of the partner waits", "watchfire partner crl FILE"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_a_new_ca_is_taken_as_soon_as_its_root_is() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let old_thief = thief(&fr, fr.issue("node/old", Purpose::NodeTls));
    let old = fr.ca.revocation_list(1, &[revoked(&old_thief.tls.serial)], SystemClock.now(), 30).unwrap();
    assert!(fr.hand_over(&gb, 1, &old).await.unwrap());
    // Its node shows a certificate of the first CA, and already has a list of the second one.
    let second = DevCa::create(&fr.domain.parse().unwrap(), SystemClock.now()).unwrap();
    let stolen =
        second.issue(&"spiffe://fr.example/node/n1".parse().unwrap(), Purpose::NodeTls, SystemClock.now(), 9).unwrap();
    let list = second.revocation_list(1, &[revoked(&stolen.serial)], SystemClock.now(), 30).unwrap();
    let fr = Rogue { ca: fr.ca, tls: fr.tls, ..Rogue::new(fr.domain) };
    let fr_second = Rogue { ca: second, tls: fr.issue("node/n1", Purpose::NodeTls), ..Rogue::new(fr.domain) };
    fr_second.hand_over(&gb, 1, &list).await.unwrap_err();
    for _ in 0..6 {
        assert!(!fr_second.hand_over(&gb, 1, &list).await.unwrap(), "not asked for again under the same roots");
    }
    let signer = Rogue { node: crate::hostile_kit::signing_key(&fr.issue("node/n1", Purpose::Signing)), ..fr };
    accept_roots(&signer, &gb, "127.0.0.1:1", &[&signer.ca, &fr_second.ca]).await;
    assert!(fr_second.hand_over(&gb, 1, &list).await.unwrap());
    // Both lists are in force: the one of the new root, and the one from before the new bundle.
    let new_thief = Rogue { tls: stolen, ..fr_second };
    for thief in [&new_thief, &old_thief] {
        thief.hand_over(&gb, 2, &list).await.unwrap_err();
    }
}
