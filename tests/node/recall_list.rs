//! More recalls than fit into one message.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use watchfire::{
    domain::{
        ids::AssessmentId,
        recall::{Recall, RecallKind, RecallStanding, RecallState},
        statement::StatementKind,
        time::Clock,
    },
    identity::devca::Purpose,
    seal::{sign::SigningKey, statement},
    store::{
        recalls::{ContentEffect, RecallRecord, RecallStep, RecallStore},
        sqlite::SqliteStore,
    },
    telemetry::SystemClock,
    wire,
};

use crate::{
    hostile_kit::{Rogue, signing_key},
    kit::Org,
};

/// Enough recalls to exceed a message of 4 MiB.
const MANY: u32 = 6_000;

/// The recall of an assessment that is not here, signed by a partner's officer.
fn taken_back(n: u32, officer: &SigningKey) -> RecallStep {
    let mut assessment = AssessmentId([7; 16]);
    assessment.0[..4].copy_from_slice(&n.to_be_bytes());
    let recall = Recall {
        originator: "rogue.example".parse().unwrap(),
        assessment,
        kind: RecallKind::Purge,
        reason: "the source was wrong; ".repeat(15),
        recalled_at: SystemClock.now().whole_seconds(),
        exercise: false,
    };
    let envelope = officer.statement(StatementKind::Recall, wire::recall::encode(&recall)).unwrap();
    let state = if n.is_multiple_of(3) { RecallState::AwaitingApproval } else { RecallState::Purged };
    let record = RecallRecord {
        assessment,
        originator: recall.originator,
        id: statement::id(&envelope),
        kind: recall.kind,
        envelope: wire::envelope::encode(&envelope),
        standing: RecallStanding { state, approvals: vec![], declined: None },
        from: None,
        at: recall.recalled_at,
        turn: 0,
    };
    let (post, events, except) = (vec![], vec![], vec![]);
    RecallStep {
        catalogue: None,
        record,
        before: None,
        effect: ContentEffect::None,
        is_told: false,
        except,
        post,
        events,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_recalls_than_a_message_holds_are_listed_whole() {
    let root = tempfile::tempdir().unwrap();
    let mut no = Org::make(root.path(), "no.example", "state", Some("NO")).await;
    let key = std::fs::read_to_string(no.dir.join("storage.key")).unwrap();
    let mut bytes = [0; 32];
    hex::decode_to_slice(key.trim(), &mut bytes).unwrap();
    let store = SqliteStore::open(&no.dir.join("store.db"), &bytes).unwrap();
    let officer = signing_key(&Rogue::new("rogue.example").issue("officer/o", Purpose::Signing));
    let all: Vec<RecallStep> = (0..MANY).map(|n| taken_back(n, &officer)).collect();
    let size: usize = all.iter().map(|r| r.record.envelope.len()).sum();
    assert!(size > 4 << 20, "they would go into one message: {size} bytes");
    for some in all.chunks(500) {
        join_all(some.iter().map(|r| store.recall(r.clone()))).await.into_iter().for_each(|r| drop(r.unwrap()));
    }
    drop(store);
    no.start().await;

    let assessments = async |arguments: &[&str]| -> BTreeSet<String> {
        let listed = no.ask(arguments).await;
        let ids: BTreeSet<String> = listed.iter().map(|r| r["assessment"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), listed.len(), "one is listed twice");
        ids
    };
    let listed = assessments(&["--as", "olu", "assess", "recall", "--list"]).await;
    assert_eq!(listed, all.iter().map(|r| r.record.assessment.to_string()).collect());
    let waiting = assessments(&["--as", "olu", "assess", "purge", "--list"]).await;
    assert_eq!(waiting.len(), MANY as usize / 3);
    let doctor = no.run(&["--as", "root", "doctor"]).await;
    assert_eq!(doctor.stdout.matches("asks for a purge of").count(), waiting.len());
    // The last one is found by the beginning of its id, and so is the subject of its purge.
    let last = waiting.last().unwrap();
    let answer = no.one(&["--as", "olu", "--yes", "assess", "purge", &last[..8]]).await;
    assert_eq!((answer["assessment"].as_str(), answer["approvals"].as_array().unwrap().len()), (Some(&**last), 1));
}
