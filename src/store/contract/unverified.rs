//! Stories of entries that wait until they can be verified, and of releasing again.

use super::{Home, kit::*};
use crate::{
    domain::event::{Deed, Event},
    store::{
        ReceivedEntry, Store, StoreError,
        unverified::{PendingVerification, UnverifiedFilter},
    },
};

pub(super) fn held(sequence: u64, waits_for: &str, kept: Option<&[u8]>) -> ReceivedEntry {
    let hold =
        PendingVerification { waits_for: domain(waits_for), entry: kept.map(<[u8]>::to_vec), of: Some(assessment(1)) };
    ReceivedEntry {
        content: None,
        refused: true,
        reason: Some("CHAIN_INVALID".into()),
        pending_verification: Some(hold),
        ..entry(sequence, 1, 1)
    }
}

fn entry(sequence: u64, n: u8, version: u32) -> ReceivedEntry {
    super::kit::entry(sequence, n, version)
}

async fn usage(store: &dyn Store) -> Vec<(String, String, u64, u64, u64)> {
    let all = store.unverified_usage(None).await.unwrap();
    all.into_iter()
        .map(|u| (u.partner.to_string(), u.waits_for.to_string(), u.entries, u.bytes, u.over_budget))
        .collect()
}

pub(crate) async fn what_can_t_be_verified_waits_sealed_and_is_settled_once(home: &dyn Home) {
    let store = home.open();
    let us = domain("us");
    let arrivals = vec![held(1, "ng", Some(b"canary-held")), held(2, "ng", None), held(3, "ci", Some(b"another"))];
    receive(&*store, "us", 0, arrivals).await.unwrap();
    drop(store);
    let store = home.open();
    let of =
        |who: &str, entries, bytes, over| ("us.example".to_owned(), format!("{who}.example"), entries, bytes, over);
    assert_eq!(usage(&*store).await, [of("ci", 1, 7, 0), of("ng", 1, 11, 1)]);
    assert!(store.unverified_usage(Some(&domain("fr"))).await.unwrap().is_empty());
    let waiting = store.unverified_entries(UnverifiedFilter::For(&domain("ng")), None, 10).await.unwrap();
    let entries: Vec<_> = waiting.iter().map(|h| (h.sequence, h.entry.as_deref())).collect();
    assert_eq!(entries, [(1, Some(&b"canary-held"[..])), (2, None)]);
    let after = Some((us.clone(), 1));
    assert_eq!(store.unverified_entries(UnverifiedFilter::For(&domain("ng")), after, 10).await.unwrap(), waiting[1..]);
    // It is shown as of when it came, arrives anew, and is settled once.
    let before = store.received_after(0, 10).await.unwrap().last().unwrap().arrival;
    let shown = || entry(1, 1, 1);
    let post = vec![b"stored".to_vec()];
    assert!(store.settle_unverified(&us, shown(), at(7), None, vec![refused("us")], post.clone()).await.unwrap());
    let kept = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    assert_eq!((kept.since, kept.releases[0].received_at, kept.verified), (at(7), at(7), Some(verified())));
    let arrived = store.received_after(before, 10).await.unwrap();
    assert_eq!(arrived.iter().map(|r| (r.sequence, r.quarantined)).collect::<Vec<_>>(), [(1, false)]);
    assert_eq!(store.inbound(&us).await.unwrap().sequence, 3, "the feed's place is not touched");
    assert!(!store.settle_unverified(&us, shown(), at(7), None, vec![], post).await.unwrap());
    assert_eq!(store.outbox(&us, 0, 10).await.unwrap().len(), 1);
    // One that is let go of leaves only that it came.
    let refusal = ReceivedEntry { pending_verification: None, ..held(3, "ci", None) };
    assert!(store.settle_unverified(&us, refusal, at(9), None, vec![], vec![]).await.unwrap());
    assert_eq!(usage(&*store).await, [of("ng", 0, 0, 1)]);
}

pub(crate) async fn what_waited_is_not_shown_once_it_was_taken_back(home: &dyn Home) {
    let store = home.open();
    receive(&*store, "us", 0, vec![held(1, "ng", Some(b"held"))]).await.unwrap();
    let step = super::recalls::withdrawn(1, "ng");
    store.recall(step).await.unwrap();
    let settled = store.settle_unverified(&domain("us"), entry(1, 1, 1), at(7), None, vec![], vec![]).await;
    assert_eq!(settled, Err(StoreError::Recalled));
    assert!(store.by_manifest(&manifest(1, 1), true).await.unwrap().is_none());
}

pub(crate) async fn what_was_given_is_given_again_as_if_it_had_not_been(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    store.publish(publication(1, 1)).await.unwrap();
    store.commit_releases(&fr, batch(0, vec![release(1, 1, 1)])).await.unwrap();
    let given = store.disclosed(&fr, &manifest(1, 1)).await.unwrap();
    assert!(!given.is_empty());
    let event = || {
        let deed = Deed::ReleasedAgain { manifest: manifest(1, 1), partner: domain("fr") };
        Event::of_node(at(50), deed)
    };
    let again =
        async |only_over_budget| store.release_again(&fr, &manifest(1, 1), only_over_budget, 3, event()).await.unwrap();
    assert!(!again(true).await, "the partner has not said that it had no room");
    assert!(again(false).await && !again(false).await);
    assert!(store.disclosed(&fr, &manifest(1, 1)).await.unwrap().is_empty());
    let due = store.due(&fr, at(50), 10).await.unwrap();
    assert!(due.iter().any(|item| item.manifest_id == manifest(1, 1) && item.due_at == at(50)));
    assert!(!store.release_again(&domain("de"), &manifest(1, 1), false, 3, event()).await.unwrap());
}
