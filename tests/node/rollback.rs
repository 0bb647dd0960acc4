//! Ledgers that went wrong: a restored backup, a fork, two views, no answer. Each is found, reported with its name, and kept with its evidence.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use watchfire::{
    domain::{
        ledger::{LedgerKey, origin},
        statement::StatementKind,
        time::Clock,
    },
    ledger::note::{Checkpoint, Note},
    seal::raw::RawKey,
    telemetry::SystemClock,
    wire::{
        self,
        field::timestamp,
        proto::{self, exchange_service_client::ExchangeServiceClient},
    },
};

use crate::{
    hostile_kit::{Rogue, signed},
    kit::{Org, PATIENCE, note, until},
    ledger::{alarms, quick_pair, witnessed},
};

/// Hellos come every half minute.
async fn sooner_or_later<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("this did not happen: {what}");
}

async fn alarmed(org: &Org, kind: &str, partner: &str) -> Value {
    sooner_or_later(&format!("{} is alarmed by {kind}", org.domain), async || {
        alarms(org).await.into_iter().find(|a| a["kind"] == kind && a["partner"] == partner)
    })
    .await
}

/// Copies the store of a node that is not running. With `back`, copies it into the node's directory from the place of the copy.
fn copy_store(org: &Org, to: &Path, back: bool) {
    std::fs::create_dir_all(to).unwrap();
    for name in ["store.db", "store.db-wal", "store.db-shm"] {
        let (here, there) = (org.dir.join(name), to.join(name));
        let (from, to) = if back { (there, here) } else { (here, there) };
        let _ = std::fs::remove_file(&to);
        if from.exists() {
            std::fs::copy(from, to).unwrap();
        }
    }
}

/// The size of the newest head.
async fn size(org: &Org) -> u64 {
    org.one(&["--as", "root", "ledger", "head"]).await["size"].as_u64().unwrap()
}

/// The size of the newest head of a node that is not running, as it stands beside the store: the second line of the note.
fn size_beside(org: &Org) -> u64 {
    let note = std::fs::read_to_string(org.dir.join("ledger.head")).unwrap();
    note.lines().nth(1).unwrap().parse().unwrap()
}

/// The size of the newest head that the partner holds.
async fn held(of: &Org, partner: &Org) -> u64 {
    let head = partner.one(&["--as", "root", "ledger", "head"]).await;
    let witness = head["witnesses"].as_array().unwrap().iter().find(|w| w["partner"] == of.domain).cloned();
    witness.and_then(|w| w["held_size"].as_u64()).unwrap_or_default()
}

/// Waits until the partner holds a head with more entries.
async fn shown(of: &Org, partner: &Org, before: u64) {
    sooner_or_later("the partner holds a newer head", async || (held(of, partner).await > before).then_some(())).await;
}

/// Publishes, and waits until the other side has everything.
async fn publish(gb: &Org, no: &Org, ids: &mut Vec<String>, headline: &str) {
    ids.push(gb.author().await.publish(&note(headline, "NG")).await);
    no.has(gb.domain, ids).await;
}

#[tokio::test]
async fn yesterdays_store_is_not_served_until_that_is_settled_and_then_the_feed_goes_on() {
    let root = tempfile::tempdir().unwrap();
    let (mut gb, no) = quick_pair(root.path()).await;
    let mut ids = vec![];
    publish(&gb, &no, &mut ids, "Before the backup").await;
    let before = size(&gb).await;
    gb.kill().await;
    copy_store(&gb, &root.path().join("backup"), false);
    gb.start().await;
    publish(&gb, &no, &mut ids, "After the backup").await;
    publish(&gb, &no, &mut ids, "Once more").await;
    shown(&gb, &no, before).await;
    gb.kill().await;
    copy_store(&gb, &root.path().join("backup"), true);
    gb.start().await;
    // It finds out by the head in the file next to the store, before any partner connects.
    let refused = gb.run(&["--as", "root", "partner", "suspend", "no.example"]).await;
    assert_eq!((refused.code, refused.reason().as_str()), (1, "BEHIND_WITNESSES"), "{}", refused.stdout);
    assert!(refused.stderr.contains("watchfire ledger settle"), "{}", refused.stderr);
    assert!(gb.author().await.try_publish(&note("Not now", "NG")).await.is_err());
    let doctor = gb.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("watchfire ledger settle"), "{}", doctor.stdout);
    // Reading still works.
    assert_eq!(gb.assessments(gb.domain).await.len(), 1);
    let problem = until("the feed is refused, with its reason", async || {
        let problem = no.feed("gb.example", "in").await["problem"].as_str().unwrap_or_default().to_owned();
        problem.contains("BEHIND_WITNESSES").then_some(problem)
    })
    .await;
    assert!(problem.contains("its administrator has settled"), "{problem}");
    let rollback = alarmed(&no, "rollback", "gb.example").await;
    assert_eq!(rollback["evidence"].as_array().unwrap().len(), 2, "{rollback}");
    let settle = ["--as", "root", "--yes", "ledger", "settle", "--reason", "the disk of the node broke"];
    let settled = gb.one(&settle).await;
    assert_eq!((&settled["settled"], &settled["origin"]), (&true.into(), &"gb.example/ledger/2".into()));
    assert_eq!(gb.run(&settle).await.reason(), "CONFLICT");
    // The partner keeps what it holds, and numbers continue.
    publish(&gb, &no, &mut ids, "After it was settled").await;
    assert_eq!(no.feed("gb.example", "in").await["last_sequence"], 4);
    assert_eq!(gb.feed("no.example", "out").await["acknowledged"], 4);
    let new_epoch = alarmed(&no, "new-epoch", "gb.example").await;
    assert!(new_epoch["message"].as_str().unwrap().contains("gb.example/ledger/2"));
    let record = gb.one(&["--as", "root", "ledger", "list", "--about", "ledger-settled"]).await;
    assert!(record["event"]["lost"].as_str().unwrap().starts_with("gb.example/ledger\n"), "{record}");
    assert_eq!(gb.ask(&["--as", "root", "ledger", "list", "--about", "position-adopted"]).await.len(), 1);
    assert_eq!(gb.one(&["--as", "root", "ledger", "verify"]).await["ok"], true);
    witnessed(&gb, "no.example").await;
}

#[tokio::test]
async fn a_restored_store_without_its_head_is_found_by_the_partner_and_by_the_node_itself() {
    let root = tempfile::tempdir().unwrap();
    let (mut gb, no) = quick_pair(root.path()).await;
    witnessed(&gb, "no.example").await;
    gb.kill().await;
    copy_store(&gb, &root.path().join("backup"), false);
    // It signs one head after its start, and shows it to the partner.
    let before = size_beside(&gb);
    gb.environment = vec![("WATCHFIRE_LEDGER_INTERVAL_SECONDS", "3600".into())];
    gb.start().await;
    shown(&gb, &no, before).await;
    gb.kill().await;
    copy_store(&gb, &root.path().join("backup"), true);
    std::fs::remove_file(gb.dir.join("ledger.head")).unwrap();
    gb.start().await;
    let own = alarmed(&gb, "behind", "gb.example").await;
    assert!(own["evidence"][0].as_str().unwrap().starts_with("gb.example/ledger\n"), "{own}");
    // The same size, signed again over other entries; or an earlier head.
    let there = sooner_or_later("the partner is alarmed", async || {
        alarms(&no).await.into_iter().find(|a| a["kind"] == "fork" || a["kind"] == "rollback")
    })
    .await;
    assert_eq!(there["evidence"].as_array().unwrap().len(), 2, "{there}");
    assert_eq!(gb.run(&["--as", "root", "partner", "suspend", "no.example"]).await.reason(), "BEHIND_WITNESSES");
}

#[tokio::test]
async fn where_there_are_two_administrators_both_settle() {
    let root = tempfile::tempdir().unwrap();
    let mut gb = Org::make(root.path(), "gb.example", "state", Some("GB")).await;
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    gb.start().await;
    gb.kill().await;
    copy_store(&gb, &root.path().join("backup"), false);
    gb.start().await;
    gb.kill().await;
    copy_store(&gb, &root.path().join("backup"), true);
    gb.start().await;
    let settle = async |who: &str| gb.run(&["--as", who, "--yes", "ledger", "settle", "--reason", "a test"]).await;
    let first = settle("root").await.lines().remove(0);
    assert_eq!((&first["settled"], &first["approvals"], &first["needed"]), (&false.into(), &1.into(), &2.into()));
    // The statements and the findings survive a restart.
    gb.kill().await;
    gb.start().await;
    let settle = async |who: &str| gb.run(&["--as", who, "--yes", "ledger", "settle", "--reason", "a test"]).await;
    assert_eq!(
        gb.run(&["--as", "root", "partner", "invite", "--out", &gb.place("x")]).await.reason(),
        "BEHIND_WITNESSES"
    );
    assert_eq!(settle("root").await.reason(), "SECOND_PERSON_REQUIRED");
    assert_eq!(settle("olu").await.reason(), "ROLE_REQUIRED");
    let second = settle("rita").await.lines().remove(0);
    assert_eq!((&second["settled"], &second["approvals"]), (&true.into(), &2.into()));
}

#[tokio::test]
async fn a_restored_store_does_not_make_one_administrator_enough() {
    let root = tempfile::tempdir().unwrap();
    let (mut gb, no) = quick_pair(root.path()).await;
    gb.kill().await;
    copy_store(&gb, &root.path().join("backup"), false);
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    gb.start().await;
    let known = async || no.one(&["--as", "root", "partner", "show", "gb.example"]).await["persons_needed"].clone();
    until("the partner knows that decisions take two", async || (known().await == 2).then_some(())).await;
    gb.kill().await;
    // The second person's files are in another place, as the documents advise.
    let (here, elsewhere) = (gb.dir.join("persons/admin-rita"), root.path().join("rita"));
    std::fs::rename(&here, &elsewhere).unwrap();
    copy_store(&gb, &root.path().join("backup"), true);
    gb.start().await;
    let told = alarmed(&gb, "fewer-persons", "gb.example").await;
    assert!(told["message"].as_str().unwrap().starts_with("no.example know"), "{told}");
    let settle = async |gb: &Org, who: &str| {
        gb.run(&["--as", who, "--yes", "ledger", "settle", "--reason", "an old store"]).await.lines().remove(0)
    };
    let first = settle(&gb, "root").await;
    assert_eq!((&first["settled"], &first["needed"]), (&false.into(), &2.into()));
    // This survives a restart without the partner. Adding a person takes more than the one who is left.
    gb.kill().await;
    std::fs::rename(&elsewhere, &here).unwrap();
    gb.start().await;
    let confirm = async |who: &str| gb.one(&["--as", who, "person", "confirm", "rita"]).await["state"].clone();
    assert_eq!(confirm("root").await, "waits");
    assert_eq!(confirm("olu").await, "counts");
    assert_eq!(settle(&gb, "rita").await["settled"], true);
    let doctor = gb.run(&["doctor"]).await;
    assert!(!doctor.stdout.contains("fewer-persons"), "{}", doctor.stdout);
    // The partner still knows it, although the store is a newer one now.
    assert_eq!(known().await, 2);
}

#[tokio::test]
async fn two_ledgers_shown_to_two_partners_are_found_by_both_when_they_next_meet() {
    let root = tempfile::tempdir().unwrap();
    let mut all = vec![];
    for (domain, country) in [("gb.example", "GB"), ("no.example", "NO"), ("fr.example", "FR")] {
        let mut org = Org::make(root.path(), domain, "state", Some(country)).await;
        org.environment = vec![("WATCHFIRE_LEDGER_INTERVAL_SECONDS", "1".into())];
        org.start().await;
        all.push(org);
    }
    let [mut gb, no, fr] = <[Org; 3]>::try_from(all).unwrap_or_else(|_| panic!("three"));
    // It knows both copies and dials none. Which copy a partner dials is the partner's choice.
    let nowhere = "127.0.0.1:9";
    gb.accept(&no, nowhere).await;
    gb.accept(&fr, nowhere).await;
    let other = Org::free_ports();
    for (partner, endpoint) in [(&no, gb.peer.clone()), (&fr, other.0.clone())] {
        let path = partner.place("invitation-of-gb.txt");
        let fingerprint = gb.invite(&path, Some(&endpoint)).await;
        partner.ask(&["--as", "root", "partner", "accept", &path, "--fingerprint", &fingerprint]).await;
    }
    let common = gb.one(&["--as", "root", "ledger", "head"]).await["size"].as_u64().unwrap();
    gb.kill().await;
    let mut copy = gb.copied(&root.path().join("copy"), other);
    gb.start().await;
    copy.start().await;
    // Each copy continues with only one of them.
    gb.ask(&["--as", "root", "partner", "suspend", "fr.example"]).await;
    copy.ask(&["--as", "root", "partner", "suspend", "no.example"]).await;
    let holds = async |org: &Org| {
        let head = org.one(&["--as", "root", "ledger", "head"]).await;
        let of_gb = head["witnesses"].as_array().unwrap().iter().find(|w| w["partner"] == "gb.example").cloned();
        of_gb.unwrap_or_default()["held_size"].as_u64()
    };
    // Beyond the next multiple of 64 after what both have in common.
    let beyond = (common / 64 + 2) * 64;
    for partner in [&no, &fr] {
        let what = "each partner holds a head of its copy's";
        sooner_or_later(what, async || (holds(partner).await > Some(beyond)).then_some(())).await;
    }
    assert!(alarms(&no).await.is_empty() && alarms(&fr).await.is_empty(), "neither can notice anything by itself");
    // Now they meet: one exchange is enough.
    fr.accept(&no, nowhere).await;
    no.accept(&fr, &fr.peer).await;
    for partner in [&no, &fr] {
        let alarm = alarmed(partner, "split-view", "gb.example").await;
        let evidence: Vec<&str> = alarm["evidence"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(evidence.len() == 4 && evidence[0] != evidence[1], "{alarm}");
        assert!(evidence[..2].iter().all(|e| e.starts_with("gb.example/ledger\n")), "{alarm}");
        // With the roots at a size that both heads cover, and their proofs.
        assert!(evidence[2..].iter().all(|e| e.contains("\"consistency\"")), "{alarm}");
    }
}

/// A rogue's ledger, with which it signs whatever it wants.
pub struct Forger {
    pub rogue: Rogue,
    key: RawKey,
    client: ExchangeServiceClient<tonic::transport::Channel>,
}

impl Forger {
    async fn new(victim: &Org) -> Self {
        Self::named("xx.example", victim).await
    }

    pub async fn named(domain: &'static str, victim: &Org) -> Self {
        let rogue = Rogue::new(domain);
        rogue.get_accepted(victim, "127.0.0.1:9").await;
        let key = RawKey::new(&RawKey::generate().unwrap()).unwrap();
        let client = rogue.exchange(victim);
        Self { rogue, key, client }
    }

    pub async fn hello(&mut self, ledger: Option<proto::LedgerGreeting>) -> proto::LedgerGreeting {
        let payload_types = StatementKind::ALL.iter().map(|k| k.payload_type().to_owned()).collect();
        let now = timestamp(SystemClock.now());
        let hello =
            proto::HelloRequest { protocol_versions: vec![1], payload_types, now, ledger, ..Default::default() };
        self.client.hello(hello).await.unwrap().into_inner().ledger.unwrap()
    }

    pub fn greeting(&self, epoch: u32, size: u64, root: u8, from_size: u64) -> proto::LedgerGreeting {
        let origin = origin(&self.rogue.domain.parse().unwrap(), epoch);
        let created = SystemClock.now();
        let key = LedgerKey { origin: origin.clone(), public: self.key.public_key(), epoch, created, succession: None };
        let key = signed(&self.rogue.node, StatementKind::LedgerKey, wire::ledger::encode_key(&key));
        let note = Note::sign(Checkpoint { origin, size, root: [root; 32] }, &self.key).to_string();
        proto::LedgerGreeting {
            key: Some(key),
            note: note.into_bytes().into(),
            from_size,
            salt: vec![0; 16].into(),
            ..proto::LedgerGreeting::default()
        }
    }
}

async fn kinds(org: &Org) -> Vec<String> {
    let mut kinds: Vec<String> =
        alarms(org).await.iter().map(|a| a["kind"].as_str().unwrap_or_default().to_owned()).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn each_lie_about_a_ledger_is_an_alarm_of_its_own_and_is_told_once() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let mut forger = Forger::new(&gb).await;
    let first = forger.greeting(1, 8, 1, 0);
    let answer = forger.hello(Some(first.clone())).await;
    let witnessed = Note::parse(&answer.witnessed).unwrap();
    assert_eq!((witnessed.checkpoint.size, witnessed.signatures.len()), (8, 2), "taken and cosigned");
    assert!(kinds(&gb).await.is_empty());
    // Another root at the same size.
    for _ in 0..2 {
        let forked = forger.greeting(1, 8, 2, 0);
        forger.hello(Some(forked)).await;
    }
    assert_eq!(kinds(&gb).await, ["fork"]);
    // A later head whose proof does not lead from the held one.
    let unproved = proto::LedgerGreeting { consistency: vec![vec![7; 32].into()], ..forger.greeting(1, 16, 3, 8) };
    forger.hello(Some(unproved)).await;
    assert_eq!(kinds(&gb).await, ["fork", "fork"]);
    // A proof from another size: it is told which head is held, and asked again.
    let elsewhere = forger.greeting(1, 16, 3, 4);
    let answer = forger.hello(Some(elsewhere)).await;
    assert_eq!(Note::parse(&answer.witnessed).unwrap().checkpoint.size, 8);
    assert_eq!(kinds(&gb).await, ["fork", "fork"]);
    // An earlier head, although it says that it knows the later one.
    let earlier = forger.greeting(1, 4, 1, 8);
    forger.hello(Some(earlier)).await;
    assert_eq!(kinds(&gb).await, ["fork", "fork", "rollback"]);
    // A new epoch, and then the old one again.
    let anew = forger.greeting(2, 8, 5, 0);
    forger.hello(Some(anew.clone())).await;
    assert_eq!(kinds(&gb).await, ["fork", "fork", "new-epoch", "rollback"]);
    // Far beyond any possible epoch: it is not followed, and reported once.
    for epoch in [19, u32::MAX] {
        let beyond = forger.greeting(epoch, 8, 5, 0);
        forger.hello(Some(beyond)).await;
        assert_eq!(kinds(&gb).await, ["fork", "fork", "new-epoch", "new-epoch", "rollback"]);
    }
    let answer = forger.hello(Some(anew)).await;
    assert!(Note::parse(&answer.witnessed).unwrap().checkpoint.origin.ends_with("/ledger/2"));
    forger.hello(Some(first)).await;
    assert_eq!(kinds(&gb).await, ["fork", "fork", "new-epoch", "new-epoch", "rollback", "rollback"]);
    forger.key = RawKey::new(&RawKey::generate().unwrap()).unwrap();
    let other_key = forger.greeting(2, 16, 6, 8);
    forger.hello(Some(other_key)).await;
    assert!(kinds(&gb).await.contains(&"key-changed".to_owned()));
    for alarm in alarms(&gb).await {
        assert!(alarm["evidence"].as_array().unwrap().len() == 2 && alarm["partner"] == "xx.example", "{alarm}");
    }
    let entries = gb.ask(&["--as", "root", "ledger", "list", "--about", "ledger-alarm"]).await;
    assert_eq!(entries.len(), alarms(&gb).await.len());
    assert_eq!(gb.one(&["--as", "root", "ledger", "verify"]).await["ok"], true);
}

#[tokio::test]
async fn a_partner_that_says_nothing_of_its_ledger_is_an_alarm_until_it_does() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let mut forger = Forger::new(&gb).await;
    for hellos in 1..=4 {
        forger.hello(None).await;
        assert_eq!(kinds(&gb).await.len(), usize::from(hellos >= 3), "after {hellos} hellos");
    }
    let alarm = alarms(&gb).await.remove(0);
    assert_eq!((&alarm["kind"], &alarm["open"]), (&"no-answer".into(), &true.into()));
    let greeting = forger.greeting(1, 8, 1, 0);
    forger.hello(Some(greeting)).await;
    assert_eq!(alarms(&gb).await.remove(0)["open"], false);
}

#[tokio::test]
async fn proofs_lead_from_signed_heads_and_multiples_only() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let mut forger = Forger::new(&gb).await;
    let answer = forger.hello(None).await;
    let head = Note::parse(&answer.note).unwrap().checkpoint;
    let mut ask = async |from_size: u64| {
        forger.client.get_ledger_proof(proto::GetLedgerProofRequest { from_size }).await.map(|a| a.into_inner())
    };
    let proof = ask(head.size).await.unwrap();
    assert!(proof.note == answer.note && proof.consistency.is_empty() && proof.root[..] == head.root[..]);
    assert!(ask(head.size - 1).await.is_err(), "nothing may be shown between two heads");
    assert!(ask(0).await.is_err() && ask(1 << 20).await.is_err(), "nor anything that does not exist");
}
