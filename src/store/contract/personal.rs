//! Stories of what each person keeps for themselves, and of what waits for persons.

use super::{Home, kit::*, quarantine::held};
use crate::{
    domain::{ids::SpiffeId, summary::Filter},
    store::{ListFilter, Store, personal::SavedSearch, receipts::QuarantineCount, search::VersionFilter},
};

fn person(name: &str) -> SpiffeId {
    format!("spiffe://gb.example/analyst/{name}").parse().unwrap()
}

async fn unread(store: &dyn Store, name: &str) -> Vec<(u8, u32)> {
    let unread_by = Some(person(name));
    let wanted = VersionFilter { unread_by, ..VersionFilter::new(Filter::default(), vec![], at(2)) };
    let filter = ListFilter { current_only: true, ..ListFilter::default() };
    names(&store.search(&filter, &wanted).await.unwrap().whole().unwrap())
}

pub(crate) async fn what_a_person_has_read_is_that_person_s_own(home: &dyn Home) {
    let store = home.open();
    for n in 1..=3 {
        store.publish(publication(n, 1)).await.unwrap();
    }
    let (alice, all) = (person("alice"), [1, 2, 3].map(|n| manifest(n, 1)));
    assert_eq!(unread(&*store, "alice").await, [(3, 1), (2, 1), (1, 1)]);
    assert_eq!(unread(&*store, "author").await, [], "whoever publishes it has read it");
    store.mark_read(&alice, &[all[1], manifest(77, 1)], true).await.unwrap();
    store.mark_read(&alice, &[all[1]], true).await.unwrap();
    assert_eq!(store.read_by(&alice, &all).await.unwrap(), [all[1]]);
    assert_eq!(store.read_by(&person("bob"), &all).await.unwrap(), []);
    assert_eq!(unread(&*store, "alice").await, [(3, 1), (1, 1)]);
    assert_eq!(unread(&*store, "bob").await.len(), 3);
    // A new version has not been read.
    store.publish(publication(2, 2)).await.unwrap();
    assert_eq!(unread(&*store, "alice").await, [(2, 2), (3, 1), (1, 1)]);
    drop(store);
    let store = home.open();
    store.mark_read(&alice, &all, false).await.unwrap();
    store.mark_read(&alice, &[all[2]], true).await.unwrap();
    assert_eq!(unread(&*store, "alice").await, [(2, 2), (1, 1)]);
}

pub(crate) async fn searches_are_saved_by_name_for_one_person(home: &dyn Home) {
    let store = home.open();
    let saved = |name: &str, search: &[u8], second| SavedSearch {
        name: name.to_owned(),
        search: search.to_vec(),
        saved_at: at(second),
    };
    let (alice, bob) = (person("alice"), person("bob"));
    assert!(store.save_search(&alice, saved("sahel", b"first", 1), 2).await.unwrap());
    assert!(store.save_search(&alice, saved("lakes", b"other", 2), 2).await.unwrap());
    assert!(!store.save_search(&alice, saved("third", b"", 3), 2).await.unwrap());
    assert!(store.save_search(&alice, saved("sahel", b"second", 4), 2).await.unwrap(), "it takes the place");
    assert!(store.save_search(&bob, saved("sahel", b"of bob", 5), 2).await.unwrap());
    drop(store);
    let store = home.open();
    let both = [saved("lakes", b"other", 2), saved("sahel", b"second", 4)];
    assert_eq!(store.saved_searches(&alice).await.unwrap(), both);
    assert!(store.delete_search(&alice, "sahel").await.unwrap());
    assert!(!store.delete_search(&alice, "sahel").await.unwrap());
    assert_eq!(store.saved_searches(&alice).await.unwrap(), both[..1]);
    assert_eq!(store.saved_searches(&bob).await.unwrap(), [saved("sahel", b"of bob", 5)]);
}

pub(crate) async fn what_is_owed_and_what_is_kept_from_users_is_counted(home: &dyn Home) {
    let store = home.open();
    let owed = |sequence, n, second| entry_but(sequence, n, 1, |c| c.due = Some(at(second)));
    receive(&*store, "us", 0, vec![owed(1, 1, 900), owed(2, 2, 100), held(3, 3), held(4, 4)]).await.unwrap();
    receive(&*store, "de", 0, vec![owed(1, 5, 500)]).await.unwrap();
    let duties = store.own_duties(10, 10).await.unwrap();
    let seen: Vec<_> = duties.iter().map(|d| (d.partner.clone(), d.assessment.0.0[0], d.due_at)).collect();
    assert_eq!(seen, [(domain("us"), 2, at(100)), (domain("de"), 5, at(500)), (domain("us"), 1, at(900))]);
    assert_eq!(duties[0].manifest_id, manifest(2, 1));
    assert_eq!(store.own_duties(10, 2).await.unwrap(), duties[..2]);
    // Of each originator only so many, and how many there are.
    let first = store.own_duties(1, 10).await.unwrap();
    assert_eq!(first, duties[..1]);
    assert_eq!((first[0].of_originator, &first[0].originator), (3, &domain("ng")));
    let kept = QuarantineCount { partner: domain("us"), entries: 2, since: at(50) };
    assert_eq!(store.quarantine_counts().await.unwrap(), [kept]);
    // What came only into quarantine gives users no duty, although another partner has brought the same version to them.
    let hidden = entry_but(1, 5, 1, |c| (c.due, c.quarantined) = (Some(at(20)), true));
    receive(&*store, "fr", 0, vec![hidden]).await.unwrap();
    assert_eq!(store.own_duties(10, 10).await.unwrap(), duties);
    assert_eq!(store.acknowledge_by(&manifest(5, 1)).await, Ok(Some(at(500))));
}
