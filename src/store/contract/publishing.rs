//! Stories of publishing.

use super::{Home, kit::*};
use crate::store::{AssessmentState, StoreError};

pub(crate) async fn a_publication_is_there_with_its_portions_queue_and_ledger(home: &dyn Home) {
    let store = home.open();
    assert!(store.publish(publication(1, 1)).await.unwrap());
    let record = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    let wanted = publication(1, 1);
    assert_eq!((record.assessment, record.version, record.manifest_id), (assessment(1), 1, manifest(1, 1)));
    assert_eq!((record.manifest, record.originator, record.since), (wanted.manifest, domain("gb"), at(1)));
    assert_eq!(record.state, AssessmentState::Current);
    assert_eq!(sorted(record.portions), sorted(wanted.portions));
    assert!(record.releases.is_empty());
    for partner in ["fr", "de"] {
        let due = store.due(&domain(partner), at(0), 10).await.unwrap();
        assert_eq!(due.iter().map(|i| (i.manifest_id, i.due_at)).collect::<Vec<_>>(), [(manifest(1, 1), at(0))]);
    }
    assert_eq!(store.queued(&domain("fr")).await.unwrap(), 1);
    assert!(store.due(&domain("us"), at(0), 10).await.unwrap().is_empty());
    assert_eq!(store.events(0, 10).await.unwrap(), wanted.events);
}

pub(crate) async fn publishing_again_changes_nothing(home: &dyn Home) {
    let store = home.open();
    assert!(store.publish(publication(1, 1)).await.unwrap());
    assert!(!store.publish(publication(1, 1)).await.unwrap());
    assert_eq!(store.events(0, 10).await.unwrap().len(), 2);
    assert_eq!(store.due(&domain("fr"), at(0), 10).await.unwrap().len(), 1);
    assert_eq!(store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap().portions.len(), 3);
}

pub(crate) async fn a_version_must_follow_the_one_that_is_here(home: &dyn Home) {
    let store = home.open();
    assert_eq!(store.publish(publication(1, 2)).await, Err(StoreError::Conflict));
    store.publish(publication(1, 1)).await.unwrap();
    assert_eq!(store.publish(publication(1, 3)).await, Err(StoreError::Conflict));
    assert!(store.publish(publication(1, 2)).await.unwrap());
    assert_eq!(store.events(0, 10).await.unwrap().len(), 4, "a refused publication leaves no trace");
    // What is superseded waits no more: the newer version goes.
    let due = store.due(&domain("fr"), at(0), 10).await.unwrap();
    assert_eq!(due.iter().map(|i| i.manifest_id).collect::<Vec<_>>(), [manifest(1, 2)]);
}

pub(crate) async fn a_later_version_supersedes(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    store.publish(publication(2, 1)).await.unwrap();
    store.publish(publication(1, 2)).await.unwrap();
    let state = async |n, v| store.by_manifest(&manifest(n, v), false).await.unwrap().unwrap().state;
    assert_eq!(state(1, 1).await, AssessmentState::Superseded);
    assert_eq!(state(1, 2).await, AssessmentState::Current);
    assert_eq!(state(2, 1).await, AssessmentState::Current, "another assessment is not touched");
    let version = async |v| store.assessment(&assessment(1), v, false).await.unwrap().map(|r| r.version);
    assert_eq!(version(None).await, Some(2));
    assert_eq!(version(Some(1)).await, Some(1));
    assert_eq!(version(Some(3)).await, None);
}

pub(crate) async fn what_versions_are_about_is_known_of_all_of_them(home: &dyn Home) {
    {
        let store = home.open();
        store.publish(publication(1, 1)).await.unwrap();
        store.publish(publication(1, 2)).await.unwrap();
        let mut hidden = entry(1, 2, 1);
        hidden.content.as_mut().unwrap().quarantined = true;
        store.receive(&domain("fr"), since(0), vec![hidden, entry(2, 2, 2)], at(0), vec![], vec![]).await.unwrap();
    }
    let store = home.open();
    let both = |n| subject_states(n, 1).union(&subject_states(n, 2)).copied().collect();
    assert_eq!(store.subject_states(&domain("gb"), &assessment(1)).await.unwrap(), both(1));
    assert_eq!(store.subject_states(&domain("ng"), &assessment(2)).await.unwrap(), both(2), "in quarantine, too");
    for version in [1, 2] {
        assert_eq!(store.by_manifest(&manifest(1, version), false).await.unwrap().unwrap().subject_states, both(1));
    }
    assert!(store.subject_states(&domain("gb"), &assessment(2)).await.unwrap().is_empty(), "another's of that id");
    assert!(store.subject_states(&domain("gb"), &assessment(9)).await.unwrap().is_empty());
}

pub(crate) async fn another_manifest_for_the_same_version_is_a_conflict(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    let mut other = publication(1, 1);
    other.manifest_id = manifest(9, 1);
    assert_eq!(store.publish(other).await, Err(StoreError::Conflict));
    assert_eq!(store.version(&domain("gb"), &assessment(1), 1).await.unwrap(), Some(manifest(1, 1)));
    assert_eq!(store.version(&domain("fr"), &assessment(1), 1).await.unwrap(), None);
}

pub(crate) async fn a_partner_may_wait_twice_for_different_times(home: &dyn Home) {
    let store = home.open();
    let mut p = publication(1, 1);
    p.queue = vec![(domain("fr"), at(0)), (domain("fr"), at(60)), (domain("fr"), at(0))];
    store.publish(p).await.unwrap();
    assert_eq!(store.due(&domain("fr"), at(60), 10).await.unwrap().len(), 2);
}

pub(crate) async fn more_queues_are_filled_once(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    let queue = vec![(domain("us"), at(0)), (domain("fr"), at(0))];
    for _ in 0..2 {
        store.enqueue(&manifest(1, 1), 5, queue.clone()).await.unwrap();
    }
    for partner in ["us", "fr"] {
        assert_eq!(store.due(&domain(partner), at(0), 10).await.unwrap().len(), 1);
    }
    assert_eq!(store.enqueue(&manifest(9, 1), 5, queue).await, Err(StoreError::Conflict));
}

pub(crate) async fn concurrent_publications_are_all_there(home: &dyn Home) {
    let store: std::sync::Arc<dyn crate::store::Store> = home.open().into();
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = std::sync::Arc::clone(&store);
        // Every fourth one is refused, and must take no other with it.
        tasks.spawn(async move { (n, store.publish(publication(n, if n % 4 == 0 { 2 } else { 1 })).await) });
    }
    for (n, result) in tasks.join_all().await {
        assert_eq!(result, if n % 4 == 0 { Err(StoreError::Conflict) } else { Ok(true) }, "{n}");
    }
    drop(store);
    let store = home.open();
    for n in 0..200u8 {
        let record = store.by_manifest(&manifest(n, 1), false).await.unwrap();
        assert_eq!(record.map(|r| sorted(r.portions)), (n % 4 != 0).then(|| sorted(portions(n, 3))), "{n}");
        let events = store.events_of(&manifest(n, 1)).await.unwrap();
        assert_eq!(events, if n % 4 == 0 { vec![] } else { publication(n, 1).events }, "{n}");
    }
    assert_eq!(store.events(0, 1000).await.unwrap().len(), 300);
}
