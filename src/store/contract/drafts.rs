//! Drafts that the node keeps.

use super::{Home, kit::*, recalls::step};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::{DraftId, Sha256, SpiffeId},
        recall::RecallState,
        stored_draft::{NewRevision, StoredDraft},
    },
    seal::hash::sha256,
    store::{
        Store, StoreError,
        drafts::DraftChange,
        recalls::{ContentEffect, RecallStep},
    },
};

fn person(path: &str) -> SpiffeId {
    format!("spiffe://us.example/{path}").parse().unwrap()
}

fn revision(by: &str, second: i64, based_on: &[u32], text: &[u8]) -> NewRevision {
    let (based_on, bytes) = (based_on.to_vec(), text.len() as u64);
    NewRevision { by: person(by), at: at(second), based_on, bytes, sha256: Sha256(sha256(&[text])) }
}

/// A new draft. Its name must not be legible at rest either.
pub(super) fn begun(n: u8, text: &[u8]) -> DraftChange {
    let draft = StoredDraft::begin(DraftId([n; 16]), "canary-name", revision("analyst/a", 1, &[], text)).unwrap();
    DraftChange { draft, text: Some((1, text.to_vec())), dropped: vec![], events: vec![] }
}

/// A further text of a draft, as its reader makes it of what they have read.
fn changed(before: &StoredDraft, by: &str, based_on: &[u32], text: &[u8]) -> DraftChange {
    let mut draft = before.clone();
    let saved = draft.save(revision(by, 2, based_on, text)).unwrap();
    DraftChange { draft, text: Some((saved.number, text.to_vec())), dropped: saved.dropped, events: vec![] }
}

async fn texts(store: &dyn Store, n: u8, numbers: std::ops::RangeInclusive<u32>) -> Vec<Option<Vec<u8>>> {
    let mut all = vec![];
    for number in numbers {
        all.push(store.draft_text(&DraftId([n; 16]), number).await.unwrap());
    }
    all
}

pub(crate) async fn a_draft_keeps_each_text_byte_for_byte_until_it_gives_way(home: &dyn Home) {
    let store = home.open();
    assert_eq!(store.drafts().await.unwrap(), []);
    // What people type need be neither complete nor in any form, and a line end stays what it is.
    let typed: [&[u8]; 3] = [b"[assessment\r\nlevel = FILL IN\t\0\xff", b"", &[b'x'; 70_000]];
    let first = begun(1, typed[0]);
    store.save_draft(first.clone()).await.unwrap();
    store.save_draft(begun(2, b"another")).await.unwrap();
    let second = changed(&first.draft, "analyst/b", &[1], typed[1]);
    store.save_draft(second.clone()).await.unwrap();
    let third = changed(&second.draft, "analyst/a", &[1], typed[2]);
    store.save_draft(third.clone()).await.unwrap();
    drop(store);
    let store = home.open();
    let kept: Vec<Option<Vec<u8>>> = typed.iter().map(|text| Some(text.to_vec())).collect();
    assert_eq!(texts(&*store, 1, 1..=3).await, kept);
    assert_eq!(store.draft(&DraftId([1; 16])).await.unwrap().as_ref(), Some(&third.draft));
    assert_eq!(store.drafts().await.unwrap(), [third.draft.clone(), begun(2, b"another").draft]);
    assert_eq!(store.draft(&DraftId([3; 16])).await.unwrap(), None);
    assert_eq!(texts(&*store, 3, 1..=1).await, [None]);
    // The first one gives way.
    let fourth = DraftChange { dropped: vec![1], ..changed(&third.draft, "analyst/a", &[2], b"4") };
    store.save_draft(DraftChange { events: vec![refused("us")], ..fourth }).await.unwrap();
    assert_eq!(texts(&*store, 1, 1..=2).await, [None, kept[1].clone()]);
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("us")]);
}

pub(crate) async fn of_two_who_change_a_draft_that_both_have_read_one_reads_again(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    let begun = begun(1, b"first");
    one.save_draft(begun.clone()).await.unwrap();
    assert_eq!(other.save_draft(begun.clone()).await, Err(StoreError::Conflict), "the id is taken");
    let mut read = begun.draft;
    for _ in 0..10 {
        let newest = [read.current];
        let [a, b] = [("analyst/a", &b"by a"[..]), ("analyst/b", b"by b")]
            .map(|(by, text)| changed(&read, by, &newest, &[text, read.changes.to_string().as_bytes()].concat()));
        let outcomes = tokio::join!(one.save_draft(a.clone()), other.save_draft(b.clone()));
        let (won, lost) = match outcomes {
            (Ok(()), Err(StoreError::Conflict)) => (a, b),
            (Err(StoreError::Conflict), Ok(())) => (b, a),
            outcomes => panic!("exactly one side wins: {outcomes:?}"),
        };
        let id = won.draft.id;
        assert_eq!(one.draft(&id).await.unwrap().as_ref(), Some(&won.draft));
        let (number, text) = won.text.clone().unwrap();
        assert_eq!(other.draft_text(&id, number).await.unwrap(), Some(text));
        // Whoever lost reads again, and their text is kept beside the other one.
        let (_, text) = lost.text.unwrap();
        let again = changed(&won.draft, "analyst/c", &newest, &text);
        other.save_draft(again.clone()).await.unwrap();
        assert_eq!(again.draft.current, won.draft.current);
        read = again.draft;
    }
}

pub(crate) async fn nothing_of_a_deleted_draft_is_left(home: &dyn Home) {
    let store = home.open();
    let (id, begun) = (DraftId([1; 16]), begun(1, b"first"));
    assert!(!store.delete_draft(&id, vec![refused("us")]).await.unwrap());
    store.save_draft(begun.clone()).await.unwrap();
    let second = changed(&begun.draft, "analyst/b", &[1], b"second");
    store.save_draft(second.clone()).await.unwrap();
    assert!(store.delete_draft(&id, vec![refused("fr")]).await.unwrap());
    drop(store);
    let store = home.open();
    assert_eq!((store.drafts().await.unwrap(), texts(&*store, 1, 1..=2).await), (vec![], vec![None, None]));
    // Whoever still has it open is told, and brings nothing back.
    let third = changed(&second.draft, "analyst/a", &[2], b"third");
    assert_eq!(store.save_draft(third).await, Err(StoreError::Conflict));
    assert_eq!(texts(&*store, 1, 1..=3).await, [None, None, None]);
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("fr")]);
}

pub(crate) async fn a_purge_takes_the_draft_of_what_was_published_here_and_no_other(home: &dyn Home) {
    let store = home.open();
    let mut kept = vec![];
    for n in 1..=4 {
        let begun = begun(n, b"first");
        store.save_draft(begun.clone()).await.unwrap();
        let second = changed(&begun.draft, "analyst/b", &[1], b"second");
        store.save_draft(second.clone()).await.unwrap();
        kept.push(second.draft);
    }
    store.publish(publication(1, 1)).await.unwrap();
    store.publish(publication(2, 1)).await.unwrap();
    store.recall(step(1, "gb", RecallState::Purged, ContentEffect::Destroy)).await.unwrap();
    // A withdrawal leaves the draft.
    let named = |mut step: RecallStep, id: u8| {
        step.record.id = statement(id);
        step
    };
    store.recall(named(step(2, "gb", RecallState::Withdrawn, ContentEffect::Hide), 201)).await.unwrap();
    // So does a purge of another organisation's assessment that has the draft's id.
    receive(&*store, "us", 0, vec![entry(1, 3, 1)]).await.unwrap();
    let mut others = named(step(3, "ng", RecallState::Purged, ContentEffect::Destroy), 202);
    others.record.from = Some(domain("us"));
    store.recall(others).await.unwrap();
    drop(store);
    let store = home.open();
    assert_eq!(store.drafts().await.unwrap(), kept[1..]);
    assert_eq!(texts(&*store, 1, 1..=2).await, [None, None]);
    for n in 2..=4 {
        assert_eq!(texts(&*store, n, 1..=2).await, [Some(b"first".to_vec()), Some(b"second".to_vec())]);
    }
    // Whoever still has it open brings nothing back.
    assert_eq!(store.save_draft(changed(&kept[0], "analyst/a", &[2], b"third")).await, Err(StoreError::Conflict));
    // A purge after a withdrawal takes it, too.
    let purge = named(step(2, "gb", RecallState::Purged, ContentEffect::Destroy), 203);
    store.recall(RecallStep { before: Some(RecallState::Withdrawn), ..purge }).await.unwrap();
    assert_eq!(store.drafts().await.unwrap(), kept[2..]);
    assert_eq!(texts(&*store, 2, 1..=2).await, [None, None]);
    let mut deleted = store.events(0, 100).await.unwrap();
    deleted.retain(|event| matches!(event.deed, Deed::DraftDeleted { .. }));
    assert_eq!(deleted, [1, 2].map(|n| Event::of_node(at(90), Deed::DraftDeleted { draft: DraftId([n; 16]) })));
}
