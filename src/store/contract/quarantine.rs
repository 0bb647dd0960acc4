//! Stories of what is kept from users, and shown to them after all.

use super::{Home, kit::*};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::Sha256,
    },
    store::{
        AssessmentState, ListFilter, ReceivedEntry, Store,
        receipts::{QuarantineRecord, Readmission},
    },
};

/// An entry of `us` that is kept from users for want of agreement 90.
pub(super) fn held(sequence: u64, n: u8) -> ReceivedEntry {
    let mut entry = entry_but(sequence, n, 1, |c| {
        c.quarantined = true;
        c.attachments = vec![(Sha256([n; 32]), 4)];
    });
    entry.reason = Some("AGREEMENT_DIFFERS".into());
    entry.missing_agreement = Some(statement(90));
    entry
}

pub(super) fn readmission(sequence: u64, n: u8) -> Readmission {
    let partner = domain("us");
    let release = statement(u8::try_from(sequence).unwrap());
    let deed = Deed::Readmitted {
        manifest: manifest(n, 1),
        partner: partner.clone(),
        sequence,
        release,
        agreement: statement(90),
    };
    Readmission {
        catalogue: None,
        partner,
        sequence,
        attachments: vec![(Sha256([n; 32]), 4)],
        post: vec![b"stored".to_vec()],
        events: vec![Event::of_node(at(60), deed)],
        verified: verified(),
    }
}

async fn outbox(store: &dyn Store, name: &str) -> Vec<Vec<u8>> {
    store.outbox(&domain(name), 0, 10).await.unwrap().into_iter().map(|i| i.envelope).collect()
}

pub(crate) async fn receipts_to_post_go_with_the_entries_they_are_about(home: &dyn Home) {
    let store = home.open();
    let us = domain("us");
    let receipts = || vec![b"first".to_vec(), b"second".to_vec()];
    store.receive(&us, since(0), vec![held(1, 1)], at(50), vec![], receipts()).await.unwrap();
    assert_eq!(outbox(&*store, "us").await, receipts());
    // The same entries again are refused as a whole.
    store.receive(&us, since(0), vec![held(1, 1)], at(50), vec![], receipts()).await.unwrap_err();
    drop(store);
    assert_eq!(outbox(&*home.open(), "us").await, receipts());
}

pub(crate) async fn why_an_arrival_is_kept_from_users_is_told(home: &dyn Home) {
    let store = home.open();
    let mut not_covered = entry_but(2, 1, 1, |c| c.quarantined = true);
    not_covered.reason = Some("NOT_COVERED".into());
    receive(&*store, "us", 0, vec![held(1, 1), not_covered, entry(3, 2, 1)]).await.unwrap();
    let kept = |sequence, reason: &str| QuarantineRecord {
        partner: domain("us"),
        sequence,
        release_id: statement(u8::try_from(sequence).unwrap()),
        reason: Some(reason.into()),
        at: at(50),
    };
    let both = [kept(1, "AGREEMENT_DIFFERS"), kept(2, "NOT_COVERED")];
    assert_eq!(store.quarantine_records(&manifest(1, 1)).await.unwrap(), both);
    assert!(store.quarantine_records(&manifest(2, 1)).await.unwrap().is_empty());
    assert!(store.quarantine_records(&manifest(9, 1)).await.unwrap().is_empty());
}

pub(crate) async fn what_is_held_for_an_agreement_is_found_by_it_page_by_page(home: &dyn Home) {
    let store = home.open();
    let mut other = held(2, 2);
    other.missing_agreement = Some(statement(91));
    receive(&*store, "us", 0, vec![held(1, 1), other, held(3, 3), entry(4, 4, 1)]).await.unwrap();
    receive(&*store, "au", 0, vec![held(1, 5)]).await.unwrap();
    let (us, wanted) = (domain("us"), statement(90));
    let mut seen = vec![];
    let mut after = 0;
    while let [entry] = &store.quarantined_for(&us, &wanted, after, 1).await.unwrap()[..] {
        assert_eq!(entry.release, format!("release {} of {}", entry.sequence, entry.sequence).into_bytes());
        let n = u8::try_from(entry.sequence).unwrap();
        assert_eq!((entry.manifest_id, sorted(entry.portions.clone())), (manifest(n, 1), sorted(portions(n, 3))));
        seen.push(entry.sequence);
        after = entry.sequence;
    }
    assert_eq!(seen, [1, 3]);
    assert!(store.quarantined_for(&us, &statement(92), 0, 10).await.unwrap().is_empty());
    assert!(store.quarantined_for(&domain("fr"), &wanted, 0, 10).await.unwrap().is_empty());
}

pub(crate) async fn what_is_readmitted_is_shown_once_and_arrives_anew(home: &dyn Home) {
    let store = home.open();
    let us = domain("us");
    receive(&*store, "us", 0, vec![held(1, 1), entry(2, 2, 1)]).await.unwrap();
    let last = store.received_after(0, 10).await.unwrap().last().unwrap().arrival;
    assert!(store.wanted_attachments(&us).await.unwrap().is_empty());
    assert!(store.readmit(readmission(1, 1)).await.unwrap());
    drop(store);
    let store = home.open();
    let shown = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    assert_eq!((shown.state, sorted(shown.portions.clone())), (AssessmentState::Current, sorted(portions(1, 3))));
    assert_eq!(releases(&shown), [b"release 1 of 1"]);
    assert_eq!(store.list(&ListFilter::default()).await.unwrap().whole().unwrap().len(), 2);
    assert!(store.quarantine_records(&manifest(1, 1)).await.unwrap().is_empty());
    assert_eq!(store.wanted_attachments(&us).await.unwrap(), [(Sha256([1; 32]), 4)]);
    assert_eq!(outbox(&*store, "us").await, [b"stored".to_vec()]);
    let again = store.received_after(last, 10).await.unwrap();
    assert_eq!(again.iter().map(|r| (r.sequence, r.quarantined)).collect::<Vec<_>>(), [(1, false)]);
    assert_eq!(store.events_of(&manifest(1, 1)).await.unwrap(), readmission(1, 1).events);
    // A second time there is nothing to show.
    assert!(!store.readmit(readmission(1, 1)).await.unwrap());
    assert_eq!(outbox(&*store, "us").await.len(), 1);
    assert!(store.quarantined_for(&us, &statement(90), 0, 10).await.unwrap().is_empty());
    // The feed goes on, and what comes next arrives behind it.
    assert_eq!(store.inbound(&us).await.unwrap().sequence, 2);
    receive(&*store, "us", 2, vec![entry(3, 3, 1)]).await.unwrap();
    let arrived = store.received_after(last, 10).await.unwrap();
    assert_eq!(arrived.iter().map(|r| r.sequence).collect::<Vec<_>>(), [1, 3]);
}

pub(crate) async fn what_can_t_be_shown_is_not_readmitted(home: &dyn Home) {
    let store = home.open();
    let mut other = held(1, 1);
    other.content.as_mut().unwrap().manifest_id = manifest(9, 1);
    receive(&*store, "us", 0, vec![other, entry(2, 1, 1)]).await.unwrap();
    let before = store.events(0, 10).await.unwrap();
    // Users see another manifest under this version.
    assert!(!store.readmit(readmission(1, 9)).await.unwrap());
    // It was never kept from anybody, or never came.
    assert!(!store.readmit(readmission(2, 1)).await.unwrap());
    assert!(!store.readmit(readmission(7, 7)).await.unwrap());
    assert!(store.by_manifest(&manifest(9, 1), false).await.unwrap().is_none());
    assert_eq!(store.events(0, 10).await.unwrap(), before);
    assert!(outbox(&*store, "us").await.is_empty());
}
