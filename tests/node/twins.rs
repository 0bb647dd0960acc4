//! Somebody else signs with a node's ledger key: a copy of the node, or a thief. The exchange continues, an alarm is raised, and a new key ends
//! it.

use watchfire::{
    ledger::note::{Checkpoint, Note},
    seal::raw::RawKey,
    wire::proto,
};

use crate::{
    hostile_kit::Rogue,
    kit::{Org, until},
    ledger::{alarms, quick_pair, witnessed},
};

async fn kinds(org: &Org) -> Vec<String> {
    let own = alarms(org).await.into_iter().filter(|a| a["partner"] == org.domain);
    own.map(|a| a["kind"].as_str().unwrap().to_owned()).collect()
}

fn ledger_key(org: &Org) -> RawKey {
    use rustls_pki_types::{PrivateKeyDer, pem::PemObject};
    let pem = std::fs::read(org.dir.join("node/ledger.key")).unwrap();
    RawKey::new(PrivateKeyDer::from_pem_slice(&pem).unwrap().secret_der()).unwrap()
}

/// A partner that shows the node a note as if it were the node's own.
async fn shows(rogue: &Rogue, victim: &Org, note: &Note) -> Result<proto::HelloResponse, tonic::Status> {
    let ledger = proto::LedgerGreeting {
        witnessed: note.to_string().into_bytes().into(),
        salt: vec![0; 16].into(),
        key: Some(crate::hostile_kit::signed(
            &rogue.node,
            watchfire::domain::statement::StatementKind::LedgerKey,
            watchfire::wire::ledger::encode_key(&watchfire::domain::ledger::LedgerKey {
                origin: format!("{}/ledger", rogue.domain),
                public: [7; 32],
                epoch: 1,
                created: watchfire::domain::time::Clock::now(&watchfire::telemetry::SystemClock),
                succession: None,
            }),
        )),
        ..Default::default()
    };
    let hello = proto::HelloRequest {
        protocol_versions: vec![1],
        now: watchfire::wire::field::timestamp(watchfire::domain::time::Clock::now(&watchfire::telemetry::SystemClock)),
        ledger: Some(ledger),
        ..Default::default()
    };
    rogue.exchange(victim).hello(hello).await.map(|answer| answer.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_under_a_stolen_key_is_an_alarm_and_stops_nothing_and_another_key_ends_it() {
    let root = tempfile::tempdir().unwrap();
    let (gb, no) = quick_pair(root.path()).await;
    witnessed(&gb, "no.example").await;
    let rogue = Rogue::new("xx.example");
    rogue.get_accepted(&gb, "127.0.0.1:9").await;
    let stolen = ledger_key(&gb);
    let forged =
        |size, root: u8| Note::sign(Checkpoint { origin: "gb.example/ledger".into(), size, root: [root; 32] }, &stolen);
    for n in 1..=20 {
        shows(&rogue, &gb, &forged(1 << 30, n)).await.unwrap();
    }
    assert_eq!(kinds(&gb).await, ["twin"], "the alarm must be raised once, however many notes are shown");
    let doctor = gb.run(&["doctor"]).await;
    assert!(doctor.code == 1 && doctor.stdout.contains("ledger rotate-key"), "{}", doctor.stdout);
    // The exchange continues.
    let first = gb.author().await.publish(&crate::kit::note("while a twin is told", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&first)).await;
    // Another key ends it, and a partner that has seen nothing raises no alarm.
    let rotated = gb.one(&["--as", "root", "--yes", "ledger", "rotate-key"]).await;
    assert_eq!(rotated["origin"], "gb.example/ledger/2");
    assert!(!gb.dir.join("node/ledger.key.next").exists());
    assert_ne!(ledger_key(&gb).public_key(), stolen.public_key());
    until("the partner holds a head under the new name", async || {
        let head = no.one(&["--as", "root", "ledger", "head"]).await;
        head["witnesses"].to_string().contains("gb.example/ledger/2").then_some(())
    })
    .await;
    assert!(alarms(&no).await.is_empty(), "{:?}", alarms(&no).await);
    let twin = alarms(&gb).await.into_iter().find(|a| a["kind"] == "twin").unwrap();
    assert_eq!(twin["open"], false);
    shows(&rogue, &gb, &forged(1 << 31, 1)).await.unwrap();
    assert_eq!(kinds(&gb).await, ["twin"]);
    witnessed(&gb, "no.example").await;
    let second = gb.author().await.publish(&crate::kit::note("after it", "BF")).await;
    no.has("gb.example", &[first, second]).await;
    assert_eq!(gb.one(&["--as", "root", "ledger", "verify"]).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_prepared_and_not_taken_up_is_passed_over_and_one_that_was_is_used() {
    let root = tempfile::tempdir().unwrap();
    let (mut gb, no) = quick_pair(root.path()).await;
    witnessed(&gb, "no.example").await;
    let (key, next) = (gb.dir.join("node/ledger.key"), gb.dir.join("node/ledger.key.next"));
    // Stopped before the store recorded the epoch. Another key is next to the current one.
    gb.kill().await;
    std::fs::copy(no.dir.join("node/ledger.key"), &next).unwrap();
    let before = std::fs::read(&key).unwrap();
    gb.start().await;
    assert_eq!(std::fs::read(&key).unwrap(), before);
    until("its partner was heard", async || {
        let rotated = gb.run(&["--as", "root", "--yes", "ledger", "rotate-key"]).await;
        (rotated.code == 0).then_some(())
    })
    .await;
    let after = std::fs::read(&key).unwrap();
    // Stopped after that, and before the file was renamed.
    gb.kill().await;
    std::fs::write(&next, &after).unwrap();
    std::fs::write(&key, &before).unwrap();
    use std::os::unix::fs::PermissionsExt;
    for file in [&key, &next] {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    gb.start().await;
    assert!(std::fs::read(&key).unwrap() == after && !next.exists());
    until("the partner holds a head under the new name", async || {
        let head = no.one(&["--as", "root", "ledger", "head"]).await;
        head["witnesses"].to_string().contains("gb.example/ledger/2").then_some(())
    })
    .await;
    assert!(alarms(&no).await.is_empty(), "{:?}", alarms(&no).await);
}
