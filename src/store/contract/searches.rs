//! Stories of searches: they read summaries, and these are as closed as what they sum up.

use super::{
    Home,
    kit::*,
    quarantine::{held, readmission},
    recalls::step,
};
use crate::{
    domain::{
        level::WarningLevel,
        place::Place,
        recall::RecallState,
        summary::{BodySummary, Filter},
    },
    store::{
        ListFilter, Store,
        recalls::ContentEffect,
        search::{NewestChanges, VersionFilter},
    },
};

fn wanted(summary: Filter) -> VersionFilter {
    VersionFilter::new(summary, vec![], at(2))
}

fn topic(n: u8) -> Filter {
    Filter { topics: vec![format!("t{n}").parse().unwrap()], ..Filter::default() }
}

async fn found(store: &dyn Store, summary: Filter, quarantined: bool) -> Vec<(u8, u32)> {
    let filter = ListFilter { quarantined, ..ListFilter::default() };
    let page = store.search(&filter, &wanted(summary)).await.unwrap();
    assert_eq!(page.next, None);
    names(&page.whole().unwrap())
}

/// The levels of the subjects that a reader is told of.
async fn levels(store: &dyn Store, n: u8, quarantined: bool) -> Option<Vec<u8>> {
    let summary = store.summaries(&[manifest(n, 1)], quarantined).await.unwrap().pop()?;
    let level = |body: &BodySummary| match body {
        BodySummary::Subject { level, .. } => Some(u8::from(*level)),
        _ => None,
    };
    Some(summary.portions?.iter().filter_map(|portion| level(&portion.body)).collect())
}

pub(crate) async fn a_search_is_as_closed_as_what_it_finds(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(9, 1)).await.unwrap();
    receive(&*store, "us", 0, vec![held(1, 1), entry(2, 2, 1)]).await.unwrap();
    assert_eq!(found(&*store, topic(9), false).await, [(9, 1)]);
    assert_eq!(found(&*store, topic(1), false).await, [], "what is in quarantine is not found");
    assert_eq!(found(&*store, topic(1), true).await, [(1, 1)]);
    assert_eq!((levels(&*store, 1, false).await, levels(&*store, 1, true).await), (None, Some(vec![2])));
    assert!(store.readmit(readmission(1, 1)).await.unwrap());
    assert_eq!(found(&*store, topic(1), false).await, [(1, 1)]);
    drop(store);
    let store = home.open();
    assert_eq!(levels(&*store, 1, false).await, Some(vec![2]));
    // What was withdrawn is for officers; what was purged is for nobody.
    store.recall(step(1, "ng", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    let mut purge = step(2, "ng", RecallState::Purged, ContentEffect::Destroy);
    purge.record.id = statement(201);
    store.recall(purge).await.unwrap();
    assert_eq!((found(&*store, topic(1), false).await, found(&*store, topic(1), true).await), (vec![], vec![(1, 1)]));
    assert_eq!((found(&*store, topic(2), false).await, found(&*store, topic(2), true).await), (vec![], vec![]));
    assert_eq!(found(&*store, topic(9), false).await, [(9, 1)]);
}

pub(crate) async fn a_portion_in_quarantine_does_not_lead_to_the_version_that_has_it(home: &dyn Home) {
    let store = home.open();
    receive(&*store, "us", 0, vec![entry(1, 3, 1)]).await.unwrap();
    let more = |quarantined: bool, level: u8| {
        entry_but(if quarantined { 1 } else { 2 }, 3, 1, |c| {
            c.quarantined = quarantined;
            if let Some(BodySummary::Subject { level: of, .. }) = c.summary.portions.first_mut().map(|p| &mut p.body) {
                *of = WarningLevel::try_from(level).unwrap();
            }
        })
    };
    receive(&*store, "de", 0, vec![more(true, 5)]).await.unwrap();
    let of_level = |level: u8| Filter { levels: vec![WarningLevel::try_from(level).unwrap()], ..Filter::default() };
    assert_eq!(found(&*store, of_level(4), false).await, [(3, 1)]);
    assert_eq!(found(&*store, of_level(5), false).await, []);
    assert_eq!(found(&*store, of_level(5), true).await, [(3, 1)]);
    // More portions by another way are found as soon as they are here.
    receive(&*store, "de", 1, vec![more(false, 1)]).await.unwrap();
    assert_eq!(found(&*store, of_level(1), false).await, [(3, 1)]);
    assert_eq!(levels(&*store, 3, false).await, Some(vec![4, 1]));
    assert_eq!(levels(&*store, 3, true).await, Some(vec![4, 5, 1]));
}

pub(crate) async fn the_pages_of_a_search_are_the_list_that_is_wanted(home: &dyn Home) {
    let store = home.open();
    for n in 1..=20 {
        store.publish(publication(n, 1)).await.unwrap();
    }
    let place: Place = subject_states(0, 0).into_iter().next().unwrap().into();
    let (mut filter, mut seen) = (ListFilter { limit: 3, ..ListFilter::default() }, vec![]);
    let wanted = wanted(Filter { places: vec![place], ..Filter::default() });
    loop {
        let page = store.search(&filter, &wanted).await.unwrap();
        assert!(page.records.len() <= 3);
        seen.extend(names(&page.records));
        filter.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(seen, [(20, 1), (15, 1), (10, 1), (5, 1)]);
}

pub(crate) async fn followers_begin_after_the_newest_changes(home: &dyn Home) {
    let store = home.open();
    assert_eq!(store.newest_changes().await.unwrap(), NewestChanges::default());
    receive(&*store, "us", 0, vec![entry(1, 2, 1), entry(2, 3, 1)]).await.unwrap();
    store.recall(step(2, "ng", RecallState::Withdrawn, ContentEffect::Hide)).await.unwrap();
    let newest = store.newest_changes().await.unwrap();
    let arrivals = store.received_after(0, 10).await.unwrap();
    assert_eq!(Some(newest.arrival), arrivals.last().map(|arrival| arrival.arrival));
    let recalls = store.recalls_after(0, None, 10).await.unwrap();
    assert_eq!((Some(newest.recall), newest.request), (recalls.last().map(|recall| recall.turn), 0));
}
