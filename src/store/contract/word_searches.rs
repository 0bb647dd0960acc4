//! Stories of searches for words: they are as closed as the portions in which the words are.

use super::{
    Home,
    kit::*,
    quarantine::{held, readmission},
    recalls::step,
};
use crate::{
    domain::{fold::folded_words, recall::RecallState, summary::Filter},
    store::{
        ListFilter, Publication, ReceivedEntry, Store, recalls::ContentEffect, search::VersionFilter,
        title::tests::headline,
    },
};

fn wanted(words: &str) -> VersionFilter {
    VersionFilter { words: folded_words(words), ..VersionFilter::new(Filter::default(), vec![], at(2)) }
}

/// A publication whose headline is this text.
fn published(n: u8, version: u32, text: &str) -> Publication {
    Publication { portions: vec![headline(text)], ..publication(n, version) }
}

fn with_text(mut entry: ReceivedEntry, text: &str) -> ReceivedEntry {
    if let Some(content) = &mut entry.content {
        content.portions = vec![headline(text)];
    }
    entry
}

async fn found(store: &dyn Store, words: &str, quarantined: bool) -> Vec<(u8, u32)> {
    let (mut filter, mut all) =
        (ListFilter { quarantined, current_only: true, limit: 2, ..ListFilter::default() }, vec![]);
    loop {
        let page = store.search(&filter, &wanted(words)).await.unwrap();
        filter.before = page.next;
        all.extend(names(&page.whole().unwrap()));
        if filter.before.is_none() {
            return all;
        }
    }
}

pub(crate) async fn words_are_found_in_what_the_reader_may_read_and_nowhere_else(home: &dyn Home) {
    let store = home.open();
    store.publish(published(9, 1, "Raid near Djibo")).await.unwrap();
    let more = with_text(entry_but(2, 2, 1, |_| {}), "A raid, and a siege of Djibo");
    let quarantined = with_text(held(1, 1), "Massacre in Djibo");
    receive(&*store, "us", 0, vec![quarantined, more]).await.unwrap();
    assert!(store.has_word_index().await.unwrap());
    assert_eq!(found(&*store, "DJIBO", false).await, [(2, 1), (9, 1)]);
    assert_eq!(found(&*store, "djibo raid", false).await, [(2, 1), (9, 1)]);
    assert_eq!(found(&*store, "djibo siege", false).await, [(2, 1)]);
    assert_eq!(found(&*store, "sieg", false).await, [], "words match whole");
    assert_eq!(found(&*store, "massacre", false).await, [], "what is in quarantine is not found");
    assert_eq!(found(&*store, "massacre", true).await, [(1, 1)]);
    let all = [manifest(1, 1), manifest(2, 1), manifest(9, 1), manifest(77, 1)];
    let having = async |words: &str, quarantined| store.having_words(&all, &folded_words(words), quarantined).await;
    assert_eq!(having("massacre", false).await.unwrap(), []);
    assert_eq!(having("djibo", true).await.unwrap(), all[..3]);
    assert!(store.readmit(readmission(1, 1)).await.unwrap());
    assert_eq!(found(&*store, "massacre", false).await, [(1, 1)]);

    // A portion in quarantine does not lead to the version that another arrival shows.
    let by_another_way = with_text(entry_but(1, 2, 1, |c| c.quarantined = true), "hostages");
    receive(&*store, "de", 0, vec![by_another_way]).await.unwrap();
    assert_eq!(
        (found(&*store, "hostages", false).await, found(&*store, "hostages", true).await),
        (vec![], vec![(2, 1)])
    );
    assert_eq!(found(&*store, "siege hostages", false).await, []);
    let shown = with_text(entry_but(2, 2, 1, |_| {}), "besieged");
    receive(&*store, "de", 1, vec![shown]).await.unwrap();
    assert_eq!(found(&*store, "siege besieged", false).await, [(2, 1)], "the words of all ways count together");

    // Of a later version, only its own words count, and the earlier one is found among all versions.
    store.publish(published(9, 2, "Raid near Arbinda")).await.unwrap();
    assert_eq!(
        (found(&*store, "arbinda", false).await, found(&*store, "near djibo", false).await),
        (vec![(9, 2)], vec![])
    );
    let page = store.search(&ListFilter::default(), &wanted("near djibo")).await.unwrap();
    assert_eq!(names(&page.whole().unwrap()), [(9, 1)]);
}

pub(crate) async fn where_a_page_of_a_search_ends_says_nothing_of_quarantine(home: &dyn Home) {
    let store = home.open();
    store.publish(published(99, 1, "Raid near Djibo")).await.unwrap();
    // More than a page walks over in tests.
    let kept = (1..=20).map(|n| with_text(held(n.into(), n), "Massacre in Djibo")).collect();
    receive(&*store, "us", 0, kept).await.unwrap();
    let page = async |quarantined| {
        let filter = ListFilter { quarantined, limit: 10, ..ListFilter::default() };
        store.search(&filter, &wanted("raid")).await.unwrap()
    };
    let reader = page(false).await;
    assert_eq!((names(&reader.records), reader.next), (vec![(99, 1)], None));
    // The pages of somebody who may see them end there, so the test sees such a place.
    let officer = page(true).await;
    assert_eq!(names(&officer.records), []);
    assert!((1..=20).any(|n| officer.next == Some(manifest(n, 1))), "{:?}", officer.next);
}

pub(crate) async fn a_purge_and_an_index_that_is_off_leave_no_words(home: &dyn Home) {
    let store = home.open();
    let entries = vec![with_text(entry(1, 1, 1), "Djibo"), with_text(entry(2, 2, 1), "Djibo")];
    receive(&*store, "us", 0, entries).await.unwrap();
    store.recall(step(1, "ng", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    assert_eq!(found(&*store, "djibo", false).await, [(2, 1)]);
    assert_eq!(found(&*store, "djibo", true).await, [(2, 1), (1, 1)], "what was withdrawn is for officers");
    let mut purge = step(2, "ng", RecallState::Purged, ContentEffect::Destroy);
    purge.record.id = statement(201);
    store.recall(purge).await.unwrap();
    assert_eq!((found(&*store, "djibo", false).await, found(&*store, "djibo", true).await), (vec![], vec![(1, 1)]));
    assert!(store.having_words(&[manifest(2, 1)], &folded_words("djibo"), true).await.unwrap().is_empty());
    store.prepare_word_index(false).await.unwrap();
    assert!(!store.has_word_index().await.unwrap());
    assert_eq!((found(&*store, "djibo", false).await, found(&*store, "djibo", true).await), (vec![], vec![(1, 1)]));
}

pub(crate) async fn words_are_found_alike_with_and_without_an_index(home: &dyn Home) {
    let store = home.open();
    store.prepare_word_index(false).await.unwrap();
    for n in 1..=9 {
        let text = if n % 3 == 0 { "Raid near Djibo" } else { "Calm in Bamako" };
        store.publish(published(n, 1, text)).await.unwrap();
    }
    let raids = [(9, 1), (6, 1), (3, 1)];
    assert!(!store.has_word_index().await.unwrap());
    assert_eq!(found(&*store, "raid djibo", false).await, raids);
    store.prepare_word_index(true).await.unwrap();
    assert!(store.has_word_index().await.unwrap());
    assert_eq!(found(&*store, "raid djibo", false).await, raids);
    store.prepare_word_index(true).await.unwrap();
    assert_eq!(found(&*store, "bamako", false).await.len(), 6);
    // A store that keeps no index, with the same data, makes the index incomplete, and searches notice it.
    let other = home.open_second();
    other.publish(published(12, 1, "Raid near Djibo, again")).await.unwrap();
    assert_eq!(found(&*store, "raid again", false).await, [(12, 1)]);
    drop((store, other));
    let store = home.open();
    assert_eq!(found(&*store, "raid djibo", false).await, [&[(12, 1)][..], &raids].concat());
}
