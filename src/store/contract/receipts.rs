//! Stories of what partners answer to releases.

use super::{Home, kit::*};
use crate::{
    domain::{
        event::{AnsweredRelease, Deed, Event},
        ids::{Role, StatementId},
        recall::RecallState,
        receipt::ReceiptKind,
    },
    store::{
        Store, StoreError,
        recalls::ContentEffect,
        receipts::{Acknowledgement, AnswerRecord, HolderReport, ReceiptRecord, ReleaseRef, ReportedReadings},
    },
};

/// A receipt by `fr` about releases of the first assessment.
fn receipt(n: u8, kind: ReceiptKind, reason: Option<&str>, sequences: &[u64]) -> ReceiptRecord {
    let reason = reason.map(str::to_owned);
    let one = |sequence: &u64| AnsweredRelease {
        manifest: manifest(1, 1),
        sequence: *sequence,
        release: statement(u8::try_from(*sequence).unwrap()),
    };
    let releases = sequences.iter().map(one).collect();
    let deed = Deed::Answered { partner: domain("fr"), receipt: statement(n), kind, reason: reason.clone(), releases };
    ReceiptRecord {
        id: statement(n),
        envelope: vec![n],
        kind,
        reason: reason.clone(),
        at: at(i64::from(n)),
        answers: sequences.to_vec(),
        event: Event::of_node(at(70), deed),
        post: vec![],
    }
}

async fn released_three(store: &dyn Store) {
    store.publish(publication(1, 1)).await.unwrap();
    let releases = (1..=3).map(|n| release(n, 1, 1)).collect();
    store.commit_releases(&domain("fr"), batch(0, releases)).await.unwrap();
}

pub(crate) async fn a_receipt_answers_only_what_was_released_to_its_signer(home: &dyn Home) {
    let store = home.open();
    released_three(&*store).await;
    store.void_releases(&domain("fr"), vec![(2, b"void".to_vec())], vec![]).await.unwrap();
    let named = |sequence: u64| {
        let id = statement(u8::try_from(sequence).unwrap());
        ReleaseRef { sequence, id, manifest_id: manifest(1, 1) }
    };
    let fr = domain("fr");
    let found = store.released(&fr, &[statement(3), statement(99), statement(2)]).await.unwrap();
    assert_eq!(found, [named(3), named(2)]);
    for other in ["de", "nobody"] {
        assert!(store.released(&domain(other), &[statement(1)]).await.unwrap().is_empty());
    }
}

pub(crate) async fn a_release_is_answered_once_as_quarantined_and_then_as_stored(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    released_three(&*store).await;
    let before = store.events(0, 100).await.unwrap().len();
    assert_eq!(store.quarantined_there(&fr, 10).await.unwrap(), (0, vec![]));
    let first = || receipt(40, ReceiptKind::Quarantined, Some("NOT_COVERED"), &[1, 3]);
    assert_eq!(store.save_receipt(&fr, first()).await.unwrap(), 2);
    // The same again, and another one about the same releases, say nothing new.
    assert_eq!(store.save_receipt(&fr, first()).await.unwrap(), 0);
    let other = receipt(41, ReceiptKind::Quarantined, Some("AGREEMENT_DIFFERS"), &[1, 2]);
    assert_eq!(store.save_receipt(&fr, other).await.unwrap(), 1);
    let there = |sequence, reason: &str, second| AnswerRecord {
        sequence,
        assessment: (assessment(1), 1),
        manifest_id: manifest(1, 1),
        reason: Some(reason.into()),
        at: at(second),
    };
    let all = vec![there(3, "NOT_COVERED", 40), there(2, "AGREEMENT_DIFFERS", 41), there(1, "NOT_COVERED", 40)];
    assert_eq!(store.quarantined_there(&fr, 10).await.unwrap(), (3, all.clone()));
    assert_eq!(store.quarantined_there(&fr, 2).await.unwrap(), (3, all[..2].to_vec()));
    assert_eq!(store.quarantined_there(&domain("de"), 2).await.unwrap(), (0, vec![]));
    // What is readable there is not kept from users any more, whatever comes late.
    assert_eq!(store.save_receipt(&fr, receipt(42, ReceiptKind::Stored, None, &[2])).await.unwrap(), 1);
    let late = receipt(43, ReceiptKind::Quarantined, Some("NOT_COVERED"), &[2]);
    assert_eq!(store.save_receipt(&fr, late).await.unwrap(), 0);
    assert_eq!(store.quarantined_there(&fr, 10).await.unwrap().0, 2);
    drop(store);
    let store = home.open();
    let events = store.events(0, 100).await.unwrap();
    let answered: Vec<_> = events[before..]
        .iter()
        .map(|e| match &e.deed {
            Deed::Answered { releases, kind, receipt, .. } => {
                (releases.iter().map(|r| r.sequence).collect::<Vec<_>>(), *kind, receipt.0[0])
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let quarantined = ReceiptKind::Quarantined;
    let wanted = [(vec![1, 3], quarantined, 40), (vec![1, 2], quarantined, 41), (vec![2], ReceiptKind::Stored, 42)];
    assert_eq!(answered, wanted);
    let of_manifest = store.events_of(&manifest(1, 1)).await.unwrap();
    assert_eq!(of_manifest[of_manifest.len() - 3..], events[before..]);
}

/// What is to be told at the end of an interval: versions, roles, and from whom these came.
async fn to_tell(store: &dyn Store, second: i64) -> Vec<(StatementId, Role, Vec<String>)> {
    let found = store.readings_to_report(at(second), at(second + 20), 10).await.unwrap();
    let senders =
        |arrived: &[crate::store::receipts::ReceiptTarget]| arrived.iter().map(|a| a.sender.to_string()).collect();
    found.iter().map(|reading| (reading.manifest_id, reading.role, senders(&reading.arrived))).collect()
}

fn told(manifest_id: StatementId, role: Role) -> ReportedReadings {
    let post = vec![(domain("us"), format!("read by {role}").into_bytes())];
    ReportedReadings { readings: vec![(manifest_id, role)], post, events: vec![refused("us")] }
}

pub(crate) async fn a_reading_is_told_once_at_its_time_and_no_restart_loses_it(home: &dyn Home) {
    let version = manifest(3, 1);
    let store = home.open();
    receive(&*store, "us", 0, vec![entry_but(1, 3, 1, |c| c.due = Some(at(10))), entry(2, 4, 1)]).await.unwrap();
    let overdue = async |store: &dyn Store| store.overdue(&domain("us"), false, at(25), 1).await.unwrap().0;
    let before = store.events(0, 10).await.unwrap().len();
    for due in [10, 20] {
        store.note_reading(&version, Role::Analyst, at(due), vec![refused("us")]).await.unwrap();
    }
    store.note_reading(&version, Role::Officer, at(20), vec![]).await.unwrap();
    assert_eq!(store.events(0, 10).await.unwrap().len(), before + 2, "each reading is on record");
    let unknown = store.note_reading(&manifest(9, 1), Role::Analyst, at(10), vec![]).await;
    assert_eq!(unknown, Err(StoreError::Conflict));
    assert!(to_tell(&*store, 5).await.is_empty(), "its interval runs");
    assert_eq!(overdue(&*store).await, 1, "the sender does not know of it yet");
    assert_eq!(store.acknowledge_by(&version).await, Ok(Some(at(10))));
    assert_eq!(store.acknowledge_by(&manifest(4, 1)).await, Ok(None), "nobody waits for it");
    drop(store);
    let store = home.open();
    let us = || vec!["us.example".to_owned()];
    assert_eq!(to_tell(&*store, 10).await, [(version, Role::Analyst, us())]);
    assert_eq!(to_tell(&*store, 20).await, [(version, Role::Analyst, us()), (version, Role::Officer, us())]);
    // Due after two more intervals: another clock, or another interval, said so.
    assert_eq!(to_tell(&*store, -30).await.len(), 2);
    store.mark_readings_reported(told(version, Role::Analyst)).await.unwrap();
    assert_eq!(store.mark_readings_reported(told(version, Role::Analyst)).await, Err(StoreError::Conflict));
    assert_eq!(overdue(&*store).await, 0);
    assert_eq!(store.acknowledge_by(&version).await, Ok(None), "it was told");
    store.note_reading(&version, Role::Analyst, at(30), vec![]).await.unwrap();
    assert_eq!(to_tell(&*store, 30).await, [(version, Role::Officer, us())], "once in each role");
    let said = |kind| Acknowledgement { manifest_id: version, kind, role: Role::Officer, post: vec![], events: vec![] };
    assert!(store.acknowledge(said(ReceiptKind::Acting)).await.unwrap());
    assert_eq!(to_tell(&*store, 30).await.len(), 1, "what else is said of it leaves it to be told");
    assert!(store.acknowledge(said(ReceiptKind::Read)).await.unwrap(), "somebody tells it at once");
    assert!(to_tell(&*store, 30).await.is_empty());
    assert_eq!(store.outbox(&domain("us"), 0, 10).await.unwrap().len(), 1);
}

pub(crate) async fn what_was_taken_back_is_not_told_as_read(home: &dyn Home) {
    let store = home.open();
    receive(&*store, "us", 0, vec![entry(1, 3, 1)]).await.unwrap();
    store.note_reading(&manifest(3, 1), Role::Analyst, at(10), vec![]).await.unwrap();
    store.recall(super::recalls::step(3, "ng", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    assert_eq!(to_tell(&*store, 10).await, [(manifest(3, 1), Role::Analyst, vec![])]);
    let nothing = ReportedReadings { post: vec![], events: vec![], ..told(manifest(3, 1), Role::Analyst) };
    store.mark_readings_reported(nothing).await.unwrap();
    assert!(to_tell(&*store, 10).await.is_empty());
}

pub(crate) async fn of_holders_that_nobody_can_verify_a_version_has_so_many(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    let said = async |holder: &str, id: u16, kind: ReceiptKind| {
        let bytes: Vec<u8> = id.to_be_bytes().into_iter().cycle().take(32).collect();
        let id = bytes.as_slice().try_into().unwrap();
        store.save_report(HolderReport { id, ..super::recalls::report(1, holder, &["us"], kind, false) }).await.unwrap()
    };
    for n in 0..256 {
        assert!(said(&format!("made-up-{n}"), n, ReceiptKind::Stored).await, "{n}");
    }
    assert!(!said("one-more", 256, ReceiptKind::Stored).await);
    assert!(said("made-up-7", 257, ReceiptKind::Read).await, "who is among them may say more");
    assert!(store.save_report(super::recalls::report(200, "fr", &["us"], ReceiptKind::Stored, true)).await.unwrap());
}
