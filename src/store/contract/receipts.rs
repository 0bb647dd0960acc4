//! Stories of what partners answer to releases.

use super::{Home, kit::*};
use crate::{
    domain::{
        event::{Deed, Event},
        receipt::ReceiptKind,
    },
    store::{
        Store,
        receipts::{AnswerRecord, ReceiptRecord, Released},
    },
};

/// A receipt by `fr` about releases of the first assessment.
fn receipt(n: u8, kind: ReceiptKind, reason: Option<&str>, sequences: &[u64]) -> ReceiptRecord {
    let reason = reason.map(str::to_owned);
    let answer = |sequence: &u64| {
        let deed = Deed::Answered {
            manifest: manifest(1, 1),
            partner: domain("fr"),
            sequence: *sequence,
            release: statement(u8::try_from(*sequence).unwrap()),
            receipt: statement(n),
            kind,
            reason: reason.clone(),
        };
        (*sequence, Some(Event { at: at(70), by: None, deed }))
    };
    let answers = sequences.iter().map(answer).collect();
    ReceiptRecord {
        id: statement(n),
        envelope: vec![n],
        kind,
        reason: reason.clone(),
        at: at(i64::from(n)),
        answers,
        event: None,
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
        Released { sequence, id, manifest_id: manifest(1, 1) }
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
            Deed::Answered { sequence, kind, receipt, .. } => (*sequence, *kind, receipt.0[0]),
            other => panic!("{other:?}"),
        })
        .collect();
    let quarantined = ReceiptKind::Quarantined;
    let wanted = [(1, quarantined, 40), (3, quarantined, 40), (2, quarantined, 41), (2, ReceiptKind::Stored, 42)];
    assert_eq!(answered, wanted);
    let of_manifest = store.events_of(&manifest(1, 1)).await.unwrap();
    assert_eq!(of_manifest[of_manifest.len() - 4..], events[before..]);
}
