//! Stories of outgoing feeds: the queue, numbered releases, voids, acknowledgements.

use super::{Home, kit::*};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::{Digest, Sha256},
    },
    store::{OutboundPosition, PendingWork, ReleaseBatch, Store, StoreError},
};

async fn due(store: &dyn Store, second: i64) -> Vec<u8> {
    let items = store.due(&domain("fr"), at(second), 100).await.unwrap();
    items.iter().map(|i| i.manifest_id.0[31]).collect()
}

async fn publish(store: &dyn Store, n: u8, urgency: u8, due_at: i64) {
    let mut p = publication(n, 1);
    p.urgency = urgency;
    p.queue = vec![(domain("fr"), at(due_at))];
    assert!(store.publish(p).await.unwrap());
}

pub(crate) async fn the_urgent_overtakes_and_then_the_oldest_goes_first(home: &dyn Home) {
    let store = home.open();
    // Ids fall while time rises, so that an order by id is noticed.
    for (n, urgency) in [(9, 2), (8, 5), (7, 2), (6, 5), (5, 1)] {
        publish(&*store, n, urgency, 0).await;
    }
    assert_eq!(due(&*store, 0).await, [8, 6, 9, 7, 5]);
    let first = store.due(&domain("fr"), at(0), 2).await.unwrap();
    assert_eq!(first.len(), 2);
}

/// Settles that many due items, without a release.
async fn settle(store: &dyn Store, count: u32) {
    let fr = domain("fr");
    let settled = store.due(&fr, at(0), count).await.unwrap().iter().map(|item| item.id).collect();
    let after = store.outbound(&fr).await.unwrap().sequence;
    store.commit_releases(&fr, ReleaseBatch { settled, ..batch(after, vec![]) }).await.unwrap();
}

pub(crate) async fn equally_urgent_originators_take_turns(home: &dyn Home) {
    let store = home.open();
    // Five items of `ng` in a row, all of the highest urgency, then two of `gb`.
    receive(&*store, "us", 0, (1..=5).map(|n| entry(n.into(), n, 1)).collect()).await.unwrap();
    for n in 1..=5 {
        store.enqueue(&manifest(n, 1), 5, vec![(domain("fr"), at(0))]).await.unwrap();
    }
    for n in [11, 12] {
        publish(&*store, n, 5, 0).await;
    }
    publish(&*store, 21, 4, 0).await;
    assert_eq!(due(&*store, 0).await, [1, 11, 2, 12, 3, 4, 5, 21]);
    settle(&*store, 2).await;
    drop(store);
    let store = home.open();
    publish(&*store, 13, 5, 0).await;
    assert_eq!(due(&*store, 0).await, [2, 12, 3, 13, 4, 5, 21]);
    // Nobody saves turns: an originator that was silent has the next turn, and not all those that it missed.
    settle(&*store, 4).await;
    for n in [14, 15] {
        publish(&*store, n, 5, 0).await;
    }
    assert_eq!(due(&*store, 0).await, [4, 14, 5, 15, 21]);
    // An empty queue remembers whose turn it was.
    settle(&*store, 5).await;
    publish(&*store, 16, 5, 0).await;
    receive(&*store, "us", 5, vec![entry(6, 6, 1)]).await.unwrap();
    store.enqueue(&manifest(6, 1), 5, vec![(domain("fr"), at(0))]).await.unwrap();
    publish(&*store, 17, 5, 0).await;
    assert_eq!(due(&*store, 0).await, [16, 6, 17]);
}

pub(crate) async fn a_look_reads_no_more_than_there_is_room_for(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    for n in 1..=5 {
        let mut large = publication(n, 1);
        large.portions = vec![vec![n; 100 << 10]];
        store.publish(large).await.unwrap();
    }
    let look = async |after, kib: u64| {
        let look = store.pending_work(&fr, after, at(0), kib << 10).await.unwrap();
        (look.due.len(), look.numbered.len(), look.is_more)
    };
    for (kib, count, is_more) in [(0, 1, true), (90, 1, true), (250, 2, true), (480, 4, true), (600, 5, false)] {
        assert_eq!(look(0, kib).await, (count, 0, is_more), "{kib}");
    }
    let all = (1..=5).map(|n| release(n.into(), n, 1)).collect();
    store.commit_releases(&fr, batch(0, all)).await.unwrap();
    for (after, kib, count, is_more) in [(0, 0, 1, true), (0, 250, 2, true), (1, 600, 4, false), (4, 0, 1, false)] {
        assert_eq!(look(after, kib).await, (0, count, is_more), "{after} {kib}");
    }
}

pub(crate) async fn what_is_not_due_yet_is_not_offered(home: &dyn Home) {
    let store = home.open();
    for (n, urgency, due_at) in [(1, 5, 100), (2, 1, 0), (3, 3, 50)] {
        publish(&*store, n, urgency, due_at).await;
    }
    assert_eq!(due(&*store, 0).await, [2]);
    assert_eq!(due(&*store, 50).await, [3, 2]);
    assert_eq!(due(&*store, 100).await, [1, 3, 2]);
    let next = async |second| store.pending_work(&domain("fr"), 0, at(second), 1 << 20).await.unwrap().next_due;
    assert_eq!([next(0).await, next(50).await, next(100).await], [Some(at(50)), Some(at(100)), None]);
    assert_eq!(store.pending_work(&domain("us"), 0, at(0), 1 << 20).await.unwrap(), PendingWork::default());
}

pub(crate) async fn releases_are_numbered_without_gaps(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    for n in 1..=3 {
        publish(&*store, n, 3, 0).await;
    }
    assert_eq!(store.outbound(&domain("us")).await.unwrap(), OutboundPosition::default());
    store.commit_releases(&fr, batch(0, vec![release(1, 1, 1), release(2, 2, 1)])).await.unwrap();
    let with_gap = batch(2, vec![release(4, 3, 1)]);
    assert_eq!(store.commit_releases(&fr, with_gap).await, Err(StoreError::Conflict));
    let unknown = batch(2, vec![release(3, 77, 1)]);
    assert_eq!(store.commit_releases(&fr, unknown).await, Err(StoreError::Conflict));
    store.commit_releases(&fr, batch(2, vec![release(3, 3, 1)])).await.unwrap();
    let position = store.outbound(&fr).await.unwrap();
    assert_eq!((position.sequence, position.release), (3, Some(statement(3))));
    let all = store.releases_after(&fr, 0, 10).await.unwrap();
    assert_eq!(all, [release(1, 1, 1), release(2, 2, 1), release(3, 3, 1)]);
    assert_eq!(store.releases_after(&fr, 1, 1).await.unwrap(), [release(2, 2, 1)]);
    assert!(store.releases_after(&fr, i64::MAX as u64, 10).await.unwrap().is_empty());
    assert_eq!(store.releases_after(&fr, u64::MAX, 10).await, Err(StoreError::TooLarge));
    assert!(store.releases_after(&domain("us"), 0, 10).await.unwrap().is_empty());
    assert_eq!(store.disclosed(&fr, &manifest(1, 1)).await.unwrap(), [Digest([1; 32])]);
    assert!(store.disclosed(&domain("us"), &manifest(1, 1)).await.unwrap().is_empty());
}

pub(crate) async fn two_rounds_of_releasing_do_not_both_win(home: &dyn Home) {
    let store = home.open();
    publish(&*store, 1, 3, 0).await;
    let fr = domain("fr");
    let (one, other) = tokio::join!(
        store.commit_releases(&fr, batch(0, vec![release(1, 1, 1)])),
        store.commit_releases(&fr, batch(0, vec![release(1, 1, 1)])),
    );
    assert!(one.is_ok() != other.is_ok());
    assert_eq!(one.and(other), Err(StoreError::Conflict));
    assert_eq!(store.events(0, 10).await.unwrap().len(), 3, "two of the publication, one of the release");
}

pub(crate) async fn settled_items_leave_the_queue(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    for n in 1..=3 {
        store.publish(publication(n, 1)).await.unwrap();
    }
    let items = store.due(&fr, at(0), 10).await.unwrap();
    let foreign = store.due(&domain("de"), at(0), 1).await.unwrap();
    let mut round = batch(0, vec![release(1, 1, 1)]);
    round.settled = vec![items[0].id, items[1].id, foreign[0].id];
    store.commit_releases(&fr, round).await.unwrap();
    assert_eq!(due(&*store, 0).await, [3]);
    assert_eq!(store.queued(&fr).await.unwrap(), 1);
    assert_eq!(store.due(&domain("de"), at(0), 10).await.unwrap().len(), 3, "another partner's queue is not touched");
    let figures = store.feed_figures().await.unwrap();
    let of = |name: &str| figures.iter().find(|f| f.partner == domain(name)).unwrap();
    let waiting = |name, outbound, queued| {
        (of(name).inbound, of(name).outbound, of(name).acknowledged, of(name).queued) == (0, outbound, 0, queued)
    };
    assert!(waiting("fr", 1, 1) && waiting("de", 0, 3), "{figures:?}");
    assert!(figures.is_sorted_by_key(|f| f.partner.to_string()) && figures.len() == 2, "{figures:?}");
    // Dropped without a release: the position stays.
    let mut dropped = batch(1, vec![]);
    dropped.settled = vec![items[2].id];
    store.commit_releases(&fr, dropped).await.unwrap();
    assert!(due(&*store, 0).await.is_empty());
    assert_eq!(store.outbound(&fr).await.unwrap().sequence, 1);
}

pub(crate) async fn a_void_takes_the_place_and_ends_the_right_to_attachments(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    for n in [1, 2] {
        publish(&*store, n, 3, 0).await;
    }
    store.commit_releases(&fr, batch(0, vec![release(1, 1, 1), release(2, 2, 1)])).await.unwrap();
    let may = async |partner: &str, n| {
        !store.attachment_releases(&domain(partner), &Sha256([n; 32])).await.unwrap().is_empty()
    };
    assert!(may("fr", 1).await && may("fr", 2).await && !may("de", 1).await);
    let deed = Deed::Voided { partner: fr.clone(), sequence: 1, release: statement(1) };
    let event = Event::of_node(at(3), deed);
    store.void_releases(&fr, vec![(1, b"void 1".to_vec())], vec![event.clone()]).await.unwrap();
    let all = store.releases_after(&fr, 0, 10).await.unwrap();
    assert_eq!((all[0].is_void, &all[0].envelope[..], all[0].id), (true, &b"void 1"[..], statement(1)));
    assert!(all[0].digests.is_empty() && all[0].attachments.is_empty());
    assert_eq!(all[1], release(2, 2, 1));
    assert!(!may("fr", 1).await && may("fr", 2).await);
    assert!(store.disclosed(&fr, &manifest(1, 1)).await.unwrap().is_empty());
    assert_eq!(store.events(6, 10).await.unwrap(), [event]);
    let beyond = store.void_releases(&fr, vec![(2, vec![1]), (3, vec![2])], vec![]).await;
    assert_eq!(beyond, Err(StoreError::Conflict));
    assert_eq!(store.releases_after(&fr, 1, 10).await.unwrap(), [release(2, 2, 1)], "all or nothing");
}

pub(crate) async fn acknowledgement_never_goes_backwards(home: &dyn Home) {
    let store = home.open();
    let fr = domain("fr");
    publish(&*store, 1, 3, 0).await;
    store.commit_releases(&fr, batch(0, vec![release(1, 1, 1), release(2, 1, 1)])).await.unwrap();
    for (sequence, second, wanted) in [(1, 5, (1, 5)), (2, 6, (2, 6)), (1, 7, (2, 6)), (99, 8, (2, 6))] {
        assert_eq!(store.acknowledged(&fr, sequence, at(second)).await.unwrap(), sequence <= 2);
        let position = store.outbound(&fr).await.unwrap();
        assert_eq!((position.acknowledged, position.acknowledged_at), (wanted.0, Some(at(wanted.1))));
    }
    assert!(!store.acknowledged(&domain("us"), 4, at(1)).await.unwrap());
    assert_eq!(store.outbound(&domain("us")).await.unwrap(), OutboundPosition::default());
}
