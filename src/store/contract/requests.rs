//! Stories of what is attached to portions, and of requests for more.

use super::{Home, kit::*};
use crate::{
    domain::{
        endorsement::{MAX_ENDORSEMENT_BYTES, MAX_ENDORSEMENTS},
        request::RequestState,
    },
    store::{
        AttachedStatement, LoggedStatement, ReceivedEntry, ReturnedEndorsements, StoreError,
        requests::{NewAttachedStatement, RequestRecord, RequestStep},
    },
};

pub(super) fn attached(n: u8, version: u32, statement: &[u8]) -> NewAttachedStatement {
    NewAttachedStatement {
        manifest_id: manifest(n, version),
        from: domain("gb"),
        envelope: statement.to_vec(),
        at: at(5),
        urgency: 3,
        queue: vec![(domain("fr"), at(90))],
    }
}

fn bytes(statements: Vec<LoggedStatement>) -> Vec<Vec<u8>> {
    statements.into_iter().map(|s| s.envelope).collect()
}

pub(super) fn asked(n: u8, outgoing: bool) -> RequestRecord {
    RequestRecord {
        id: statement(n),
        partner: domain("fr"),
        outgoing,
        manifest_id: manifest(1, 1),
        state: RequestState::Sent,
        at: at(i64::from(n)),
        turn: 0,
        envelope: format!("request {n}").into_bytes(),
        answer: None,
        by: outgoing.then(|| "spiffe://gb.example/analyst/alice".parse().unwrap()),
        reason: None,
    }
}

pub(super) fn request_step(record: RequestRecord, is_theirs: bool) -> RequestStep {
    RequestStep { catalogue: None, record, is_theirs, post: None, attached: None, events: vec![refused("fr")] }
}

/// An arrival that brings endorsements of version 1 of assessment 1, which was published here.
fn came_back(sequence: u64, statements: &[&[u8]]) -> ReceivedEntry {
    let endorsements = statements.iter().map(|s| AttachedStatement { envelope: s.to_vec(), verified: true }).collect();
    let (manifest_id, originator, assessment) = (manifest(1, 1), domain("gb"), assessment(1));
    let back = ReturnedEndorsements { manifest_id, originator, assessment, endorsements };
    ReceivedEntry { content: None, came_back: Some(back), ..entry(sequence, 1, 1) }
}

pub(crate) async fn an_endorsement_that_came_back_is_attached_to_what_was_published_and_nothing_else_changes(
    home: &dyn Home,
) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    let published = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    receive(&*store, "fr", 0, vec![came_back(1, &[b"one"]), came_back(2, &[b"one", b"two"])]).await.unwrap();
    let unknown = came_back(1, &[b"x"]);
    let back = unknown.came_back.clone().map(|b| ReturnedEndorsements { manifest_id: manifest(9, 1), ..b });
    let unknown = ReceivedEntry { came_back: back, ..unknown };
    assert_eq!(receive(&*store, "us", 0, vec![unknown]).await, Err(StoreError::Conflict));
    drop(store);
    let store = home.open();
    let record = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    assert!(record.attached.iter().all(|s| s.verified && s.at == at(50)));
    assert_eq!(bytes(record.attached), [b"one".to_vec(), b"two".to_vec()]);
    assert!(record.releases.is_empty(), "it was published here, and did not come");
    assert_eq!((record.state, record.since, record.portions), (published.state, published.since, published.portions));
    assert!(store.unanswered(&domain("fr"), 10).await.unwrap().arrived.is_empty());
    assert!(store.arrived_after(0, 10).await.unwrap().is_empty(), "nothing is passed on");
    let arrivals = store.received_after(0, 10).await.unwrap();
    let told: Vec<_> = arrivals.iter().map(|a| (a.is_endorsement, a.kind, a.assessment, a.manifest_id)).collect();
    assert_eq!(told, [(true, None, Some((assessment(1), 1)), Some(manifest(1, 1))); 2]);
    // A partner fills no version with endorsements.
    for n in 3..40_u8 {
        receive(&*store, "fr", u64::from(n) - 1, vec![came_back(n.into(), &[&[n]])]).await.unwrap();
    }
    let record = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    assert_eq!(record.attached.len(), MAX_ENDORSEMENTS);
}

pub(crate) async fn what_came_back_has_so_much_room_and_quarantine_takes_none_of_it(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    let shown = async || bytes(store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap().attached);
    let quarantined = entry_but(1, 1, 1, |content| {
        content.originator = domain("gb");
        content.quarantined = true;
        content.attached = vec![AttachedStatement { envelope: b"again".to_vec(), verified: false }];
    });
    receive(&*store, "fr", 0, vec![quarantined]).await.unwrap();
    assert!(shown().await.is_empty());
    receive(&*store, "fr", 1, vec![came_back(2, &[b"again"])]).await.unwrap();
    assert_eq!(shown().await, [b"again".to_vec()]);
    // However many come in one entry, and however long they are.
    let many: Vec<Vec<u8>> = (0..20).map(|n| vec![n; 2]).collect();
    let many: Vec<&[u8]> = many.iter().map(Vec::as_slice).collect();
    receive(&*store, "de", 0, vec![came_back(1, &many[..10]), came_back(2, &many[10..])]).await.unwrap();
    assert_eq!(shown().await.len(), 1 + MAX_ENDORSEMENTS);
    let (first, second) = (vec![1_u8; MAX_ENDORSEMENT_BYTES - 10], vec![2_u8; 11]);
    receive(&*store, "us", 0, vec![came_back(1, &[first.as_slice(), second.as_slice(), b"short"])]).await.unwrap();
    let now = shown().await;
    assert!(now.contains(&first) && now.contains(&b"short".to_vec()) && !now.contains(&second));
    // Nothing is decrypted for a partner that has no room left.
    receive(&*store, "us", 1, vec![came_back(2, &[b"x"])]).await.unwrap();
    assert_eq!(shown().await, now);
}

pub(crate) async fn what_is_attached_to_portions_is_kept_once_and_queues_its_version(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    let before = store.events(0, 100).await.unwrap().len();
    assert_eq!(
        store.attach_statement(attached(2, 1, b"x"), vec![]).await,
        Err(StoreError::Conflict),
        "no such version"
    );
    for (statement, is_new) in [(b"first", true), (b"first", false), (b"other", true)] {
        assert_eq!(store.attach_statement(attached(1, 1, statement), vec![refused("fr")]).await, Ok(is_new));
    }
    assert_eq!(store.events(0, 100).await.unwrap().len(), before + 2, "what is there already leaves no record");
    drop(store);
    let store = home.open();
    let kept = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap();
    assert_eq!(bytes(kept.attached), [b"first".to_vec(), b"other".to_vec()]);
    let due = store.due(&domain("fr"), at(90), 10).await.unwrap();
    assert!(due.iter().any(|item| item.manifest_id == manifest(1, 1) && item.due_at == at(90)));
}

pub(crate) async fn what_came_attached_to_portions_is_kept_from_users_with_them(home: &dyn Home) {
    let store = home.open();
    let with = |statement: &[u8], quarantined: bool, sequence: u64| {
        entry_but(sequence, 1, 1, |content| {
            content.attached = vec![AttachedStatement { envelope: statement.to_vec(), verified: false }];
            content.quarantined = quarantined;
        })
    };
    receive(&*store, "fr", 0, vec![with(b"seen", false, 1), with(b"kept", true, 2)]).await.unwrap();
    let attached = async |all: bool| bytes(store.by_manifest(&manifest(1, 1), all).await.unwrap().unwrap().attached);
    assert_eq!(attached(false).await, [b"seen".to_vec()]);
    assert_eq!(attached(true).await, [b"seen".to_vec(), b"kept".to_vec()]);
}

pub(crate) async fn a_request_is_begun_once_and_settled_once(home: &dyn Home) {
    let store = home.open();
    store.publish(publication(1, 1)).await.unwrap();
    assert!(store.begin_request(request_step(asked(1, true), false)).await.unwrap());
    assert!(store.begin_request(request_step(asked(2, false), true)).await.unwrap());
    assert!(!store.begin_request(request_step(asked(2, false), true)).await.unwrap(), "the same request");
    assert_eq!(store.open_requests(&domain("fr")).await.unwrap(), 1, "its own requests are not the partner's");
    // What partners did: a request of theirs.
    let turns = async |after| -> Vec<_> {
        store.requests_after(after, 10).await.unwrap().iter().map(|r| (r.id, r.turn)).collect()
    };
    assert_eq!(turns(0).await, [(statement(2), 1)]);

    let answered = RequestRecord {
        state: RequestState::Released,
        answer: Some(b"answer".to_vec()),
        by: Some("spiffe://gb.example/officer/olu".parse().unwrap()),
        turn: 1,
        ..asked(2, false)
    };
    let give = RequestStep {
        catalogue: None,
        post: Some(b"answer".to_vec()),
        attached: Some(attached(1, 1, b"exception")),
        ..request_step(answered.clone(), false)
    };
    assert!(store.settle_request(give.clone()).await.unwrap());
    assert!(!store.settle_request(give).await.unwrap(), "it is not open any more");
    let waiting = store.outbox(&domain("fr"), 0, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|i| &*i.envelope).collect::<Vec<_>>(), [b"answer"]);
    let kept = store.by_manifest(&manifest(1, 1), false).await.unwrap().unwrap().attached;
    assert_eq!(kept, [LoggedStatement { envelope: b"exception".to_vec(), at: at(5), verified: true }]);
    // And an answer of theirs.
    let told = RequestRecord { state: RequestState::Answered, answer: Some(b"text".to_vec()), ..asked(1, true) };
    assert!(store.settle_request(request_step(told.clone(), true)).await.unwrap());
    assert_eq!(turns(1).await, [(statement(1), 2)]);
    drop(store);
    let store = home.open();
    assert_eq!(store.request(&statement(2)).await.unwrap(), Some(answered.clone()));
    assert_eq!(
        store.requests(false, None, 10).await.unwrap(),
        [answered.clone(), RequestRecord { turn: 2, ..told.clone() }]
    );
    let after = Some((answered.at, answered.id));
    assert_eq!(store.requests(false, after, 10).await.unwrap(), [RequestRecord { turn: 2, ..told }]);
    assert!(store.requests(true, None, 10).await.unwrap().is_empty());
    assert_eq!(store.request(&statement(9)).await.unwrap(), None);
}
