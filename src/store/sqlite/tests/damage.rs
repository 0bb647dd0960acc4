//! A row that does not open takes its own thing out of service, and nothing else.

use super::*;
use crate::store::contract::fill_more;
use crate::store::{
    PartnerRecord,
    approvals::ApprovalStore as _,
    damage::Damage,
    drafts::DraftStore as _,
    ledger::{LedgerRecordKind, LedgerStore as _},
    lists::ListStore as _,
    outbox::OutboxStore as _,
    people::PeopleStore as _,
    requests::RequestStore as _,
    unverified::{UnverifiedFilter, UnverifiedStore as _},
};

/// Reads all that is kept, as a node does at its start and for its people.
async fn read_everything(store: &SqliteStore) -> Vec<Result<(), StoreError>> {
    let (us, fr, ng) = (domain("us"), domain("fr"), domain("ng"));
    vec![
        store.partners().await.map(drop),
        store.agreements().await.map(drop),
        store.people().await.map(drop),
        store.approvals().await.map(drop),
        store.drafts().await.map(drop),
        store.draft_text(&crate::domain::ids::DraftId([1; 16]), 1).await.map(drop),
        store.revocation_lists().await.map(drop),
        store.revocations().await.map(drop),
        store.rules(None).await.map(drop),
        store.rules_versions(10).await.map(drop),
        store.requests(false, None, 100).await.map(drop),
        store.recalls_after(0, None, 100).await.map(drop),
        store.outbox(&us, 0, 100).await.map(drop),
        store.outbox(&fr, 0, 100).await.map(drop),
        store.unverified_entries(UnverifiedFilter::For(&ng), None, 100).await.map(drop),
        store.ledger_records(LedgerRecordKind::Head, Some(&us), 10).await.map(drop),
        store.ledger_records(LedgerRecordKind::Key, Some(&us), 10).await.map(drop),
        store.list(&ListFilter { whole: true, quarantined: true, ..ListFilter::default() }).await.map(drop),
    ]
}

/// A table, a column of it, and what is out of service once that is torn.
type Case = (&'static str, &'static str, fn(&Damage) -> bool);

/// Each sealed column, with what is out of service once no row of it opens.
const SEALED: &[Case] = &[
    ("agreement", "sealed", |d| matches!(d, Damage::Agreement(..))),
    ("agreement", "standing", |d| matches!(d, Damage::Agreement(..))),
    ("person", "sealed", |d| matches!(d, Damage::Person(_))),
    ("approval", "sealed", |d| matches!(d, Damage::Approval(_))),
    ("draft", "sealed", |d| matches!(d, Damage::Draft(_))),
    ("draft_text", "sealed", |d| matches!(d, Damage::Draft(_))),
    ("revocation_list", "sealed", |d| matches!(d, Damage::Revocations(_))),
    ("revocation", "sealed", |d| matches!(d, Damage::Revocations(_))),
    ("house_rules", "sealed", |d| matches!(d, Damage::Rules(_))),
    ("request", "sealed", |d| matches!(d, Damage::Request(_))),
    ("recall", "sealed", |d| matches!(d, Damage::Recall(..))),
    ("recall", "standing", |d| matches!(d, Damage::Recall(..))),
    ("outbox", "sealed", |d| matches!(d, Damage::Outbox(_))),
    ("held", "sealed", |d| matches!(d, Damage::UnverifiedEntry(..))),
    ("portion_set", "sealed", |d| matches!(d, Damage::Version(_))),
    ("beside", "sealed", |d| matches!(d, Damage::Version(_))),
    ("assessment", "wrapped", |d| matches!(d, Damage::Version(_) | Damage::Assessment(..))),
    ("partner", "country", |d| matches!(d, Damage::Partner(_))),
    ("partner", "roots", |d| matches!(d, Damage::Partner(_))),
    ("partner", "bundle", |d| matches!(d, Damage::Partner(_))),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_does_not_open_takes_nothing_else_with_it() {
    for (table, column, is_expected) in SEALED {
        let folder = Folder::new();
        let store = folder.store();
        fill(&store).await;
        fill_more(&store).await;
        drop(store);
        let torn = if matches!(*column, "country" | "bundle") { "'?'" } else { "x'00ff'" };
        folder.tamper(&format!("UPDATE {table} SET {column} = {torn} WHERE {column} IS NOT NULL"));
        let store = folder.store();
        let read = read_everything(&store).await;
        let damages = store.damages();
        assert!(damages.iter().any(is_expected), "{table}.{column}: {damages:?}");
        assert!(damages.iter().all(is_expected), "{table}.{column}: {damages:?}");
        // Only what is asked for by itself may fail, and never but as that thing.
        for outcome in read {
            assert!(outcome.is_ok() || matches!(outcome, Err(StoreError::Damaged(_))), "{table}.{column}: {outcome:?}");
        }
        assert_eq!(store.failure(), None, "{table}.{column}");
        store.publish(publication(9, 1)).await.unwrap();
        assert!(store.by_manifest(&manifest(9, 1), false).await.unwrap().is_some());
        store.purge_is_not_held_up().await;
    }
}

impl SqliteStore {
    /// What is taken back goes, also where something of it is torn.
    async fn purge_is_not_held_up(&self) {
        let purge = step(1, "gb", RecallState::Purged, ContentEffect::Destroy);
        let known = self.recall_of(&domain("gb"), &assessment(1)).await;
        if matches!(known, Ok(None)) {
            self.recall(purge).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_everything_rests_on_makes_the_store_read_only() {
    for sql in [
        "UPDATE ledger_state SET sealed = x'00ff'",
        "UPDATE ledger SET sealed = x'00ff' WHERE number = 0",
        "UPDATE ledger SET leaf = x'07' WHERE number = 0",
    ] {
        let folder = Folder::new();
        fill(&folder.store()).await;
        folder.tamper(sql);
        let store = folder.store();
        let read = (store.ledger().await.map(drop), store.events(0, 10).await.map(drop));
        assert!(read.0.is_err() || read.1.is_err(), "{sql}");
        assert!(matches!(store.failure(), Some(StoreError::Corrupt(_))), "{sql}: {:?}", store.failure());
        assert!(store.publish(publication(9, 1)).await.is_err(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_saved_again_is_damaged_no_more() {
    let folder = Folder::new();
    let store = folder.store();
    fill(&store).await;
    fill_more(&store).await;
    let (partners, agreements) = (store.partners().await.unwrap(), store.agreements().await.unwrap());
    let (lists, seen) = (store.revocation_lists().await.unwrap(), store.revocations().await.unwrap());
    assert!(!lists.is_empty() && !seen.is_empty() && !agreements.is_empty() && !partners.is_empty());
    drop(store);
    for sql in [
        "UPDATE partner SET roots = x'00ff'",
        "UPDATE agreement SET sealed = x'00ff'",
        "UPDATE revocation_list SET sealed = x'00ff'",
        "UPDATE revocation SET sealed = x'00ff'",
    ] {
        folder.tamper(sql);
    }
    let store = folder.store();
    assert_eq!(store.partners().await.unwrap(), [] as [PartnerRecord; 0]);
    assert!(store.agreements().await.unwrap().is_empty() && store.revocation_lists().await.unwrap().is_empty());
    assert!(store.revocations().await.unwrap().is_empty());
    assert!(store.damages().iter().all(|damage| damage.closes().is_some()), "{:?}", store.damages());
    for partner in &partners {
        store.save_partner(partner.clone(), refused("us")).await.unwrap();
    }
    store.save_agreements(agreements.clone(), None, vec![]).await.unwrap();
    for record in &seen {
        store.forget_torn_lists(&record.of).await.unwrap();
        store.save_revocations(&record.of, &record.issuing_key, record.entries.clone()).await.unwrap();
    }
    for list in &lists {
        store.forget_torn_lists(&list.of).await.unwrap();
        store.save_list(list.clone(), vec![], vec![]).await.unwrap();
    }
    assert!(store.partners().await.unwrap() == partners && store.agreements().await.unwrap() == agreements);
    assert_eq!(store.revocation_lists().await.unwrap(), lists);
    assert!(!store.revocations().await.unwrap().is_empty());
    assert_eq!(store.damages(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_head_gives_way_to_the_one_before_and_a_torn_key_to_none() {
    let folder = Folder::new();
    let (store, us) = (folder.store(), domain("us"));
    let record = |kind, number, value: &[u8]| crate::store::ledger::LedgerRecord {
        kind,
        of: Some(us.clone()),
        number,
        value: value.to_vec(),
    };
    let kept = vec![
        record(LedgerRecordKind::Head, 1, b"first"),
        record(LedgerRecordKind::Head, 2, b"second"),
        record(LedgerRecordKind::Key, 1, b"key"),
    ];
    store.put_ledger_records(kept, vec![refused("us")]).await.unwrap();
    drop(store);
    folder.tamper("UPDATE ledger_kept SET sealed = x'00ff' WHERE number = 2 OR kind = 'key'");
    let store = folder.store();
    let head = store.ledger_records(LedgerRecordKind::Head, Some(&us), 1).await.unwrap();
    assert_eq!(head.iter().map(|r| r.value.as_slice()).collect::<Vec<_>>(), [b"first"]);
    let key = store.ledger_records(LedgerRecordKind::Key, Some(&us), 1).await;
    assert_eq!(key, Err(StoreError::Damaged(Damage::Witnessed(us.clone()))), "no other key takes its place");
    assert_eq!(store.damages(), [Damage::Witnessed(us.clone())]);
    assert_eq!(store.failure(), None);
    store.put_ledger_records(vec![record(LedgerRecordKind::Key, 1, b"key")], vec![]).await.unwrap();
    assert_eq!(store.ledger_records(LedgerRecordKind::Key, Some(&us), 1).await.unwrap()[0].value, b"key");
    let check = store.verify_ledger(Box::new(|_| ())).await.unwrap();
    assert!(check.fault.is_some() && store.failure().is_none(), "the own ledger is whole: {check:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_comes_is_kept_though_the_one_before_can_not_be_read() {
    let folder = Folder::new();
    let store = folder.store();
    receive(&store, "us", 0, vec![entry(1, 5, 1)]).await.unwrap();
    drop(store);
    folder.tamper("UPDATE assessment SET wrapped = x'00ff'");
    let store = folder.store();
    receive(&store, "us", 1, vec![entry(2, 5, 2)]).await.unwrap();
    assert!(store.by_manifest(&manifest(5, 2), false).await.unwrap().is_some());
    assert!(matches!(store.by_manifest(&manifest(5, 1), false).await, Err(StoreError::Damaged(_))));
    assert_eq!(store.failure(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn torn_recalls_leave_no_page_empty_before_the_last_one() {
    let folder = Folder::new();
    let store = folder.store();
    for n in 1..=4 {
        let mut step = crate::store::contract::withdrawn(n, "ng");
        step.record.id = statement(n);
        store.recall(step).await.unwrap();
    }
    drop(store);
    folder.tamper("UPDATE recall SET sealed = x'00ff' WHERE turn IN (1, 2)");
    let store = folder.store();
    let page = store.recalls_after(0, None, 1).await.unwrap();
    assert_eq!(page.iter().map(|r| r.turn).collect::<Vec<_>>(), [3]);
}
