//! The story of a store's life: filled, dropped, opened again.

use super::{Home, kit::*, records};
use crate::{
    domain::{ids::Sha256, statement::StatementKind},
    store::{
        AgreementRecord, AssessmentRecord, AttachmentStatus, CopyName, InboundPosition, ListFilter, OutboundPosition,
        PartnerRecord, QueueItem, ReceivedRecord, ReleaseRecord, Store, outbox::OutboxItem,
    },
};

/// Everything that can be read, to be compared.
#[derive(PartialEq)]
pub(crate) struct Sight {
    partners: Vec<PartnerRecord>,
    agreements: Vec<AgreementRecord>,
    outbox: Vec<OutboxItem>,
    list: Vec<AssessmentRecord>,
    due: Vec<QueueItem>,
    outbound: OutboundPosition,
    releases: Vec<ReleaseRecord>,
    inbound: InboundPosition,
    received: Vec<ReceivedRecord>,
    attachment: (AttachmentStatus, Vec<u8>),
    events: Vec<crate::domain::event::Event>,
    decisions: Vec<crate::domain::event::Event>,
}

/// Looks at everything.
pub(crate) async fn sight(store: &dyn Store) -> Sight {
    let (fr, us, file) = (domain("fr"), domain("us"), CopyName::own(Sha256([7; 32])));
    let mut list = store
        .list(&ListFilter { quarantined: true, whole: true, ..ListFilter::default() })
        .await
        .unwrap()
        .whole()
        .unwrap();
    list.iter_mut().for_each(|r| r.portions.sort());
    Sight {
        partners: store.partners().await.unwrap(),
        agreements: store.agreements().await.unwrap(),
        outbox: store.outbox(&fr, 0, 100).await.unwrap(),
        list,
        due: store.due(&fr, at(100), 100).await.unwrap(),
        outbound: store.outbound(&fr).await.unwrap(),
        releases: store.releases_after(&fr, 0, 100).await.unwrap(),
        inbound: store.inbound(&us).await.unwrap(),
        received: store.received_after(0, 100).await.unwrap(),
        attachment: (store.attachment(&file).await.unwrap(), store.read_attachment(&file, 0, 100).await.unwrap()),
        events: store.events(0, 100).await.unwrap(),
        decisions: store.events_of(&manifest(1, 1)).await.unwrap(),
    }
}

/// Puts something of everything into a store. What must not be legible at rest holds the word `canary`.
pub(crate) async fn fill(store: &dyn Store) {
    let mut p = publication(1, 1);
    p.portions = vec![b"canary-portion".to_vec(), b"canary-other".repeat(500)];
    p.title = vec![b"canary-title".to_vec()];
    store.publish(p).await.unwrap();
    store.publish(publication(2, 1)).await.unwrap();
    let item = store.due(&domain("fr"), at(0), 1).await.unwrap()[0].id;
    let mut round = batch(0, vec![release(1, 1, 1), release(2, 2, 1)]);
    round.settled = vec![item];
    store.commit_releases(&domain("fr"), round).await.unwrap();
    store.void_releases(&domain("fr"), vec![(2, b"void".to_vec())], vec![]).await.unwrap();
    store.acknowledged(&domain("fr"), 1, at(1)).await.unwrap();
    let held_back = entry_but(2, 4, 1, |c| {
        c.portions = vec![b"canary-quarantine".to_vec()];
        c.quarantined = true;
    });
    receive(store, "us", 0, vec![entry(1, 3, 1), held_back]).await.unwrap();
    let mut event = refused("us");
    event.deed = crate::domain::event::Deed::Refused {
        partner: domain("us"),
        kind: StatementKind::Receipt,
        reason: "canary-event".into(),
        count: 1,
    };
    store.record(vec![event]).await.unwrap();
    store.save_draft(super::drafts::begun(2, b"canary-draft")).await.unwrap();
    records::fill_records(store).await;
    super::recalls::fill_recalls(store).await;
}

/// One of each thing that [`fill`] leaves out.
pub(crate) async fn fill_more(store: &dyn Store) {
    store.save_people(vec![super::people::person("admin/b", 1)], vec![]).await.unwrap();
    store.save_approval(super::approvals::waits(1, &["admin/a"]), vec![]).await.unwrap();
    store.save_draft(super::drafts::begun(1, b"canary-draft")).await.unwrap();
    store.save_list(super::lists::list("us", 1, 0, b"list"), vec![b"serial".to_vec()], vec![]).await.unwrap();
    store.begin_request(super::requests::request_step(super::requests::asked(9, true), false)).await.unwrap();
    store.attach_statement(super::requests::attached(1, 1, b"beside"), vec![]).await.unwrap();
    receive(store, "fr", 0, vec![super::unverified::held(1, "ng", Some(b"waits"))]).await.unwrap();
    store.post(&domain("us"), b"post".to_vec(), at(1)).await.unwrap();
}

pub(crate) async fn everything_is_there_after_a_restart(home: &dyn Home) {
    let store = home.open();
    fill(&*store).await;
    let before = sight(&*store).await;
    drop(store);
    let store = home.open();
    assert!(sight(&*store).await == before);
    // And it goes on where it was.
    store.commit_releases(&domain("fr"), batch(2, vec![release(3, 1, 1)])).await.unwrap();
    receive(&*store, "us", 2, vec![entry(3, 5, 1)]).await.unwrap();
    assert_eq!(store.received_after(2, 10).await.unwrap().len(), 1);
    assert_eq!(store.events(0, 100).await.unwrap().len(), before.events.len() + 2);
}
