//! Stories of incoming feeds, and of reading what came in.

use super::{Home, kit::*};
use crate::{
    domain::release::EntryKind,
    store::{
        AssessmentState, AttachedStatement, HubAttestedVersion, InboundPosition, ListFilter, ReceivedEntry, Store,
        StoreError, VersionStatus, forward::Forwarding,
    },
};

async fn state(store: &dyn Store, n: u8, version: u32) -> AssessmentState {
    store.by_manifest(&manifest(n, version), true).await.unwrap().unwrap().state
}

pub(crate) async fn entries_are_received_exactly_once(home: &dyn Home) {
    let store = home.open();
    let us = domain("us");
    assert_eq!(store.inbound(&us).await.unwrap(), InboundPosition::default());
    receive(&*store, "us", 0, vec![entry(1, 1, 1), entry(2, 2, 1)]).await.unwrap();
    let again = receive(&*store, "us", 0, vec![entry(1, 1, 1), entry(2, 2, 1)]).await;
    assert_eq!(again, Err(StoreError::Conflict));
    let position = InboundPosition { sequence: 2, release: Some(statement(2)), at: Some(at(50)) };
    assert_eq!(store.inbound(&us).await.unwrap(), position);
    assert_eq!(store.received_release(&us, 1).await.unwrap(), Some(statement(1)));
    assert_eq!(store.received_release(&us, 3).await.unwrap(), None);
    assert_eq!(store.received_release(&domain("fr"), 1).await.unwrap(), None);
    assert_eq!(store.newest_releases().await.unwrap(), [(us.clone(), b"release 2 of 2".to_vec())]);
    let record = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    assert_eq!((record.originator.clone(), record.state), (domain("ng"), AssessmentState::Current));
    assert_eq!(releases(&record), [b"release 1 of 1"]);
    assert_eq!(sorted(record.portions.clone()), sorted(portions(1, 3)));
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("us")]);
}

pub(crate) async fn a_batch_with_a_gap_leaves_nothing_behind(home: &dyn Home) {
    let store = home.open();
    for entries in [vec![entry(2, 1, 1)], vec![entry(1, 1, 1), entry(3, 2, 1)], vec![entry(1, 1, 1), entry(1, 2, 1)]] {
        assert_eq!(receive(&*store, "us", 0, entries).await, Err(StoreError::Conflict));
    }
    assert_eq!(store.inbound(&domain("us")).await.unwrap(), InboundPosition::default());
    assert!(store.by_manifest(&manifest(1, 1), true).await.unwrap().is_none());
    assert!(store.received_after(0, 10).await.unwrap().is_empty());
    assert!(store.events(0, 10).await.unwrap().is_empty());
}

pub(crate) async fn a_late_lower_version_is_superseded_at_once(home: &dyn Home) {
    let store = home.open();
    receive(&*store, "us", 0, vec![entry(1, 1, 2)]).await.unwrap();
    receive(&*store, "us", 1, vec![entry(2, 1, 1), entry(3, 1, 3)]).await.unwrap();
    assert_eq!(state(&*store, 1, 1).await, AssessmentState::Superseded);
    assert_eq!(state(&*store, 1, 2).await, AssessmentState::Superseded);
    assert_eq!(state(&*store, 1, 3).await, AssessmentState::Current);
    assert_eq!(store.assessment(&assessment(1), None, false).await.unwrap().unwrap().version, 3);
}

pub(crate) async fn several_ways_give_one_assessment_with_each_portion_once(home: &dyn Home) {
    let store = home.open();
    let direct = entry_but(1, 1, 1, |c| c.portions = portions(1, 2));
    let mut by_hub = entry_but(1, 1, 1, |c| c.portions = portions(1, 4)[1..].to_vec());
    by_hub.release = b"release by the hub".to_vec();
    by_hub.provenance = vec![b"release to the hub".to_vec()];
    receive(&*store, "us", 0, vec![direct]).await.unwrap();
    receive(&*store, "au", 0, vec![by_hub]).await.unwrap();
    let record = store.assessment(&assessment(1), None, false).await.unwrap().unwrap();
    assert_eq!(sorted(record.portions.clone()), sorted(portions(1, 4)));
    assert_eq!(releases(&record), [&b"release 1 of 1"[..], b"release by the hub"]);
    let provenances: Vec<_> = record.releases.iter().map(|r| r.provenance.clone()).collect();
    assert_eq!(provenances, [vec![], vec![b"release to the hub".to_vec()]]);
    assert_eq!(names(&store.list(&ListFilter::default()).await.unwrap().whole().unwrap()), [(1, 1)]);
}

pub(crate) async fn quarantine_keeps_from_users(home: &dyn Home) {
    let store = home.open();
    let held_back = entry_but(1, 1, 1, |c| c.quarantined = true);
    receive(&*store, "us", 0, vec![held_back]).await.unwrap();
    assert!(store.by_manifest(&manifest(1, 1), false).await.unwrap().is_none());
    assert!(store.by_manifests(&[manifest(1, 1)], false).await.unwrap().is_empty());
    assert!(store.assessment(&assessment(1), None, false).await.unwrap().is_none());
    assert!(store.list(&ListFilter::default()).await.unwrap().whole().unwrap().is_empty());
    let officer = ListFilter { quarantined: true, current_only: true, ..ListFilter::default() };
    let seen = store.list(&officer).await.unwrap().whole().unwrap();
    assert_eq!((seen[0].state, &seen[0].portions), (AssessmentState::Quarantined, &portions(1, 1)));
    assert!(store.received_after(0, 10).await.unwrap()[0].quarantined);

    // By another way some of it is covered: that part is shown, and only that.
    let covered = entry_but(1, 1, 1, |c| c.portions = portions(1, 1));
    receive(&*store, "au", 0, vec![covered]).await.unwrap();
    let users = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    assert_eq!((users.state, users.portions, users.releases.len()), (AssessmentState::Current, portions(1, 1), 1));
    let officers = store.by_manifest(&manifest(1, 1), true).await.unwrap().unwrap();
    assert_eq!((officers.portions.len(), officers.releases.len()), (3, 2));
}

pub(crate) async fn ids_are_found_between_two_bounds(home: &dyn Home) {
    let store = home.open();
    let mut entries: Vec<_> = (1..=4).map(|n| entry(u64::from(n), n, 1)).collect();
    entries[1] = entry_but(2, 2, 1, |c| c.quarantined = true);
    entries.push(entry(5, 3, 2));
    receive(&*store, "us", 0, entries).await.unwrap();
    let found = async |first, last, quarantined, limit| {
        store.assessments_between(&assessment(first), &assessment(last), quarantined, limit).await.unwrap()
    };
    assert_eq!(found(1, 3, false, 10).await, [assessment(1), assessment(3)], "each once, none from quarantine");
    assert_eq!(found(2, 3, true, 10).await, [assessment(2), assessment(3)]);
    assert_eq!(found(1, 4, true, 2).await, [assessment(1), assessment(2)]);
    assert_eq!(found(5, 9, true, 10).await, []);
    let manifests = store.manifests_between(&assessment(2), &assessment(3), 10).await.unwrap();
    assert_eq!(manifests, [manifest(2, 1), manifest(3, 1), manifest(3, 2)], "all versions, whatever their state");
    assert_eq!(store.manifests_between(&assessment(1), &assessment(4), 2).await.unwrap().len(), 2);
}

pub(crate) async fn a_second_manifest_for_a_version_is_quarantined_and_does_not_stop_the_feed(home: &dyn Home) {
    let store = home.open();
    let other = entry_but(2, 1, 1, |c| c.manifest_id = manifest(9, 1));
    receive(&*store, "us", 0, vec![entry(1, 1, 1), other, entry(3, 2, 1)]).await.unwrap();
    assert_eq!(store.inbound(&domain("us")).await.unwrap().sequence, 3);
    assert!(store.by_manifest(&manifest(9, 1), false).await.unwrap().is_none());
    assert_eq!(state(&*store, 9, 1).await, AssessmentState::Quarantined);
    let asked =
        ["ng", "ng", "us", "xx"].map(domain).into_iter().zip([1, 7, 1, 1]).map(|(by, v)| (by, assessment(1), v));
    let here = VersionStatus { manifest: Some(manifest(1, 1)), latest: 1, ..VersionStatus::default() };
    let other_version = VersionStatus { manifest: None, ..here };
    let nothing = VersionStatus::default();
    assert_eq!(
        store.version_statuses(&domain("us"), asked.collect()).await.unwrap(),
        [here, other_version, nothing, nothing]
    );
    let shown = store.assessment(&assessment(1), None, true).await.unwrap().unwrap();
    assert_eq!(shown.manifest_id, manifest(1, 1));
    let flags: Vec<_> = store.received_after(0, 10).await.unwrap().iter().map(|r| r.quarantined).collect();
    assert_eq!(flags, [false, true, false]);
}

pub(crate) async fn a_quarantined_version_does_not_hide_the_one_before(home: &dyn Home) {
    let store = home.open();
    let later = || entry_but(2, 1, 2, |c| c.quarantined = true);
    receive(&*store, "us", 0, vec![entry(1, 1, 1), later()]).await.unwrap();
    assert_eq!(state(&*store, 1, 1).await, AssessmentState::Current);
    assert_eq!(store.assessment(&assessment(1), None, false).await.unwrap().unwrap().version, 1);
    assert_eq!(store.assessment(&assessment(1), None, true).await.unwrap().unwrap().version, 2);
    // Once it comes by a way that covers it, it counts.
    receive(&*store, "au", 0, vec![entry(1, 1, 2)]).await.unwrap();
    assert_eq!(state(&*store, 1, 1).await, AssessmentState::Superseded);
    assert_eq!(state(&*store, 1, 2).await, AssessmentState::Current);
}

/// A version that a thief wrote and that counts on the word of `au`: shown only in the place of nothing.
fn hub_attested(sequence: u64, n: u8, version: u32) -> ReceivedEntry {
    entry_but(sequence, n, version, |c| {
        c.manifest_id = manifest(n + 100, version);
        c.verified.on_word_of = Some(domain("au"));
        c.attached = vec![AttachedStatement { envelope: b"endorsement".to_vec(), verified: true }];
    })
}

pub(crate) async fn what_counts_on_a_hub_s_word_gives_way_to_its_originator_s_own(home: &dyn Home) {
    let store = home.open();
    let forged = |n: u8, version| HubAttestedVersion { version, manifest: manifest(n + 100, version) };
    let here = async |n, version| {
        let named = vec![(domain("ng"), assessment(n), version)];
        store.version_statuses(&domain("us"), named).await.unwrap().remove(0)
    };
    let of_hub = vec![hub_attested(1, 1, 1), hub_attested(2, 2, 5), hub_attested(3, 3, 1), hub_attested(4, 4, 1)];
    receive(&*store, "au", 0, of_hub).await.unwrap();
    assert_eq!(here(1, 1).await, VersionStatus { hub_attested: Some(forged(1, 1)), ..VersionStatus::default() });
    let queue = vec![(manifest(101, 1), 3, vec![(domain("fr"), at(0))])];
    store.forward(Forwarding { catalogue: None, from: 0, upto: 4, queue, events: vec![] }).await.unwrap();
    assert_eq!(store.queued(&domain("fr")).await.unwrap(), 1);
    let of = |figures: Vec<crate::store::FeedFigures>, name: &str| {
        let one = figures.into_iter().find(|f| f.partner == domain(name)).unwrap();
        (one.inbound, one.outbound, one.acknowledged, one.queued)
    };
    assert_eq!(of(store.feed_figures().await.unwrap(), "au"), (4, 0, 0, 0));
    assert_eq!(of(store.feed_figures().await.unwrap(), "fr"), (0, 0, 0, 1));
    // The same version, and a later one: hidden from users, whole for officers, and nothing of it goes on.
    receive(&*store, "us", 0, vec![entry(1, 1, 1), entry(2, 2, 4), entry(3, 3, 2)]).await.unwrap();
    assert_eq!(store.queued(&domain("fr")).await.unwrap(), 0);
    for (n, version, by_thief) in [(1, 1, 1), (2, 4, 5)] {
        let expected =
            VersionStatus { manifest: Some(manifest(n, version)), latest: version, ..VersionStatus::default() };
        assert_eq!(here(n, version).await, expected);
        let hidden = manifest(n + 100, by_thief);
        assert!(store.by_manifest(&hidden, false).await.unwrap().is_none());
        let officers = store.by_manifest(&hidden, true).await.unwrap().unwrap();
        assert_eq!(
            (officers.state, officers.portions.len(), officers.attached.len()),
            (AssessmentState::Quarantined, 3, 1)
        );
        let why = store.quarantine_records(&hidden).await.unwrap();
        assert_eq!(why[0].reason.as_deref(), Some("REPLAY_DIFFERS"));
        assert_eq!(state(&*store, n, version).await, AssessmentState::Current);
    }
    // An earlier version stays in the history.
    assert_eq!(here(3, 2).await.hub_attested, Some(forged(3, 1)));
    assert_eq!(store.by_manifest(&manifest(103, 1), false).await.unwrap().unwrap().state, AssessmentState::Superseded);
    // The same manifest by its originator: it is confirmed where it stands.
    let own = entry_but(4, 4, 1, |c| c.manifest_id = manifest(104, 1));
    receive(&*store, "us", 3, vec![own]).await.unwrap();
    assert_eq!(
        here(4, 1).await,
        VersionStatus { manifest: Some(manifest(104, 1)), latest: 1, ..VersionStatus::default() }
    );
    let confirmed = store.by_manifest(&manifest(104, 1), false).await.unwrap().unwrap();
    assert_eq!((confirmed.state, confirmed.releases.len(), confirmed.attached.len()), (AssessmentState::Current, 1, 0));
    let officers = store.by_manifest(&manifest(104, 1), true).await.unwrap().unwrap();
    assert_eq!((officers.releases.len(), officers.attached.len()), (2, 1));
    // Nothing brings back what gave way.
    receive(&*store, "au", 4, vec![hub_attested(5, 1, 1)]).await.unwrap();
    assert_eq!(store.assessment(&assessment(1), None, false).await.unwrap().unwrap().manifest_id, manifest(1, 1));
    assert_eq!(here(1, 1).await.hub_attested, None);
}

pub(crate) async fn what_an_entry_brought_is_hidden_by_a_later_entry_of_the_same_batch(home: &dyn Home) {
    let store = home.open();
    let own = entry_but(2, 4, 1, |c| c.manifest_id = manifest(104, 1));
    receive(&*store, "au", 0, vec![hub_attested(1, 4, 1), own]).await.unwrap();
    let confirmed = store.by_manifest(&manifest(104, 1), false).await.unwrap().unwrap();
    assert_eq!((confirmed.state, confirmed.releases.len(), confirmed.attached.len()), (AssessmentState::Current, 1, 0));
    let officers = store.by_manifest(&manifest(104, 1), true).await.unwrap().unwrap();
    assert_eq!((officers.releases.len(), officers.attached.len()), (2, 1));
}

pub(crate) async fn what_counts_on_a_hub_s_word_is_shown_only_where_nothing_else_is(home: &dyn Home) {
    let store = home.open();
    receive(&*store, "us", 0, vec![entry(1, 1, 2), entry(2, 2, 2)]).await.unwrap();
    receive(&*store, "au", 0, vec![hub_attested(1, 1, 3), hub_attested(2, 2, 2), hub_attested(3, 3, 1)]).await.unwrap();
    receive(&*store, "fr", 0, vec![hub_attested(1, 3, 2)]).await.unwrap();
    for (n, version) in [(1, 3), (2, 2), (3, 2)] {
        assert!(store.by_manifest(&manifest(n + 100, version), false).await.unwrap().is_none(), "{n}");
    }
    assert_eq!(store.assessment(&assessment(1), None, false).await.unwrap().unwrap().version, 2);
}

pub(crate) async fn another_originator_with_the_same_id_hides_nothing(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    let squatter = entry_but(1, 1, 7, |c| c.manifest_id = manifest(9, 7));
    receive(&*store, "us", 0, vec![squatter]).await.unwrap();
    let shown = store.assessment(&assessment(1), None, false).await.unwrap().unwrap();
    assert_eq!((shown.originator, shown.version), (domain("gb"), 1));
    assert!(store.publish(publication(1, 2)).await.unwrap(), "a stranger's version 7 must not block version 2");
    assert_eq!(store.version(&domain("ng"), &assessment(1), 7).await.unwrap(), Some(manifest(9, 7)));
}

pub(crate) async fn a_void_is_received_without_content(home: &dyn Home) {
    let store = home.open();
    let void = ReceivedEntry {
        sequence: 1,
        release_id: statement(1),
        release: b"void".to_vec(),
        provenance: vec![],
        content: None,
        refused: false,
        reason: None,
        missing_agreement: None,
        pending_verification: None,
        signed: None,
        came_back: None,
    };
    receive(&*store, "us", 0, vec![void, entry(2, 1, 1)]).await.unwrap();
    let records = store.received_after(0, 10).await.unwrap();
    assert_eq!((records[0].kind, records[0].assessment, records[0].sequence), (None, None, 1));
    assert_eq!(records[1].assessment, Some((assessment(1), 1)));
}

pub(crate) async fn followers_resume_by_arrival(home: &dyn Home) {
    let store = home.open();
    receive(&*store, "us", 0, vec![entry(1, 1, 1)]).await.unwrap();
    receive(&*store, "fr", 0, vec![entry(1, 2, 1), entry(2, 2, 2)]).await.unwrap();
    receive(&*store, "us", 1, vec![entry(2, 3, 1)]).await.unwrap();
    let all = store.received_after(0, 10).await.unwrap();
    let seen: Vec<_> = all.iter().map(|r| (r.partner.clone(), r.sequence, r.kind)).collect();
    let (first, later) = (Some(EntryKind::Assessment), Some(EntryKind::Correction));
    let (us, fr) = (domain("us"), domain("fr"));
    assert_eq!(seen, [(us.clone(), 1, first), (fr.clone(), 1, first), (fr, 2, later), (us, 2, first)]);
    assert!(all.is_sorted_by(|a, b| a.arrival < b.arrival));
    assert!(all.iter().all(|r| r.at == at(50)));
    let mut by_pages = vec![];
    while let [.., record] = &store.received_after(by_pages.last().copied().unwrap_or(0), 1).await.unwrap()[..] {
        by_pages.push(record.arrival);
    }
    assert_eq!(by_pages, all.iter().map(|r| r.arrival).collect::<Vec<_>>());
}

pub(crate) async fn lists_are_newest_first_and_filtered(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    receive(&*store, "us", 0, vec![entry(1, 2, 1), entry(2, 2, 2)]).await.unwrap();
    store.publish(publication(3, 1)).await.unwrap();
    let all = ListFilter::default();
    let list = async |filter: &ListFilter| names(&store.list(filter).await.unwrap().whole().unwrap());
    assert_eq!(list(&all).await, [(3, 1), (2, 2), (2, 1), (1, 1)]);
    assert_eq!(list(&ListFilter { current_only: true, ..all.clone() }).await, [(3, 1), (2, 2), (1, 1)]);
    assert_eq!(list(&ListFilter { limit: 2, ..all.clone() }).await, [(3, 1), (2, 2)]);
    let of = |name| ListFilter { originator: Some(domain(name)), ..all.clone() };
    assert_eq!(list(&of("gb")).await, [(3, 1), (1, 1)]);
    assert_eq!(list(&ListFilter { current_only: true, ..of("ng") }).await, [(2, 2)]);
    assert!(list(&of("fr")).await.is_empty());
    let wanted = [manifest(3, 1), manifest(88, 1), manifest(2, 1), manifest(1, 1)];
    assert_eq!(names(&store.by_manifests(&wanted, false).await.unwrap()), [(3, 1), (2, 1), (1, 1)]);
}
