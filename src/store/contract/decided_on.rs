//! Stories of two stores on one database: what was decided on another version of the catalogue is refused, and numbers by which followers
//! resume are given once.

use std::collections::BTreeSet;

use super::{
    Home,
    approvals::waits,
    kit::*,
    lists::list,
    people::person,
    quarantine::{held, readmission},
    recalls::withdrawn,
    records::partner,
    requests::{asked, request_step},
    rules::rules,
    unverified,
};
use crate::{
    domain::{
        ids::{Sha256, TrustDomain},
        partner::PartnerState,
        request::RequestState,
    },
    store::{
        PartnerRecord, Publication, ReceivingBasis, ReleaseBatch, Store, StoreError,
        bundles::BundleChange,
        catalogue::CatalogueChange,
        forward::Forwarding,
        ledger::{LedgerChange, SettlingApproval},
        recalls::RecallStep,
        receipts::Readmission,
        requests::{RequestRecord, RequestStep},
    },
};

/// Makes every kind of decision on that version of the catalogue, and returns what came of each.
async fn decide(store: &dyn Store, catalogue: Option<u64>) -> Vec<(&'static str, Option<StoreError>)> {
    let us = domain("us");
    let receiving = ReceivingBasis { after: 3, catalogue };
    let forwarding = Forwarding { catalogue, from: 0, upto: 3, queue: vec![], events: vec![refused("us")] };
    let answered = RequestRecord { state: RequestState::Answered, ..asked(8, false) };
    let settled = RequestStep { catalogue, ..request_step(answered, false) };
    let begun = RequestStep { catalogue, ..request_step(asked(9, true), false) };
    let examined = entry(2, 5, 1);
    vec![
        ("publish", store.publish(Publication { catalogue, ..publication(2, 1) }).await.err()),
        (
            "release",
            store
                .commit_releases(&domain("fr"), ReleaseBatch { catalogue, ..batch(0, vec![release(1, 1, 1)]) })
                .await
                .err(),
        ),
        ("forward", store.forward(forwarding).await.err()),
        ("receive", store.receive(&us, receiving, vec![entry(4, 4, 1)], at(50), vec![], vec![]).await.err()),
        ("readmit", store.readmit(Readmission { catalogue, ..readmission(1, 3) }).await.err()),
        (
            "settle unverified",
            store.settle_unverified(&us, examined, at(50), catalogue, vec![refused("us")], vec![]).await.err(),
        ),
        ("ask", store.begin_request(begun).await.err()),
        ("answer", store.settle_request(settled).await.err()),
        ("recall", store.recall(RecallStep { catalogue, ..withdrawn(6, "ng") }).await.err()),
    ]
}

pub(crate) async fn what_was_decided_on_another_catalogue_is_refused_as_a_whole(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    one.publish(publication(1, 1)).await.unwrap();
    let arrivals = vec![held(1, 3), unverified::held(2, "ng", Some(b"waits")), entry(3, 7, 1)];
    receive(&*one, "us", 0, arrivals).await.unwrap();
    one.begin_request(request_step(asked(8, false), true)).await.unwrap();
    let read = one.catalogue().await.unwrap();
    // The other process suspends a partner.
    let record = PartnerRecord { state: PartnerState::Suspended, ..partner("fr") };
    let change = CatalogueChange::Partner { record, event: refused("fr") };
    let moved = other.change_catalogue(Some(read), change).await.unwrap();
    assert_eq!((moved.before, moved.after), (read, read + 1));
    let before = one.ledger().await.unwrap().size;
    for (what, outcome) in decide(&*one, Some(read)).await {
        assert_eq!(outcome, Some(StoreError::CatalogueMoved), "{what}");
    }
    assert_eq!(one.ledger().await.unwrap().size, before, "nothing was recorded");
    assert_eq!(one.outbound(&domain("fr")).await.unwrap().sequence, 0);
    assert_eq!((one.inbound(&domain("us")).await.unwrap().sequence, one.forwarded().await.unwrap()), (3, 0));
    // A look says on which version there is to be decided.
    let look = one.pending_work(&domain("fr"), 0, at(100), u64::MAX).await.unwrap();
    assert_eq!(look.catalogue, moved.after);
    assert_eq!(one.pending_work(&domain("nobody"), 0, at(100), 1).await.unwrap().catalogue, moved.after);
    for (what, outcome) in decide(&*one, Some(moved.after)).await {
        assert_eq!(outcome, None, "{what}");
    }
    let look = other.pending_work(&domain("fr"), 0, at(100), u64::MAX).await.unwrap();
    assert_eq!((look.catalogue, look.recalls), (moved.after, 1), "the recall by the other process is seen");
    assert!(one.verify_ledger(Box::new(|_| ())).await.unwrap().fault.is_none());
}

/// A change of every kind.
fn changes() -> Vec<CatalogueChange> {
    let bundle = BundleChange { partner: Some(partner("us")), ..BundleChange::default() };
    vec![
        CatalogueChange::Partner { record: partner("fr"), event: refused("fr") },
        CatalogueChange::Agreements { records: vec![], send: None, events: vec![refused("fr")] },
        CatalogueChange::Rules { rules: rules(1, &[]), event: refused("fr") },
        CatalogueChange::Roots { of: domain("gb"), roots: vec![b"root".to_vec()], at: at(1) },
        CatalogueChange::Bundles { change: Box::new(bundle), events: vec![] },
        CatalogueChange::Introductions { records: vec![], events: vec![] },
        CatalogueChange::List { list: list("us", 1, 0, b"list"), added: vec![], events: vec![] },
        CatalogueChange::Revocations { of: domain("us"), issuing_key: Sha256([1; 32]), added: vec![b"x".to_vec()] },
        CatalogueChange::People { people: vec![person("admin/a", 1)], events: vec![] },
        CatalogueChange::Approval { record: waits(1, &["admin/a"]), events: vec![] },
        CatalogueChange::ForgetApproval(Sha256([1; 32])),
    ]
}

pub(crate) async fn each_change_of_the_catalogue_moves_it_and_names_both_versions(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    for (n, (change, again)) in changes().into_iter().zip(changes()).enumerate() {
        let read = other.catalogue().await.unwrap();
        let moved = one.change_catalogue(Some(read), change).await.unwrap_or_else(|e| panic!("change {n}: {e}"));
        assert_eq!((moved.before, moved.after), (read, read + 1), "change {n}");
        assert_eq!(other.change_catalogue(Some(read), again).await, Err(StoreError::CatalogueMoved), "change {n}");
        assert_eq!(other.catalogue().await.unwrap(), moved.after, "change {n}");
    }
    // What is there already, and what is only handed over, gives nobody anything to load anew.
    let read = one.catalogue().await.unwrap();
    let same = [
        CatalogueChange::Roots { of: domain("gb"), roots: vec![b"root".to_vec()], at: at(2) },
        CatalogueChange::ForgetTornLists(domain("us")),
        CatalogueChange::Bundles {
            change: Box::new(BundleChange {
                send: Some((vec![domain("us")], b"bundle".to_vec())),
                ..BundleChange::default()
            }),
            events: vec![],
        },
    ];
    for change in same {
        let moved = one.change_catalogue(Some(read), change).await.unwrap();
        assert_eq!((moved.before, moved.after), (read, read));
    }
    assert_eq!(other.catalogue().await.unwrap(), read);
    assert_eq!(other.outbox(&domain("us"), 0, 10).await.unwrap().len(), 1);
}

pub(crate) async fn a_loss_of_the_ledger_is_decided_on_the_catalogue_and_moves_it(home: &dyn Home) {
    let (one, other) = (home.open(), home.open_second());
    let state = one.ledger().await.unwrap();
    let read = one.catalogue().await.unwrap();
    let behind = one.change_ledger(&state, LedgerChange::Behind(b"note".to_vec()), Some(read), vec![]).await.unwrap();
    assert_eq!(other.catalogue().await.unwrap(), read + 1, "nobody releases before knowing of it");
    let by = approved("spiffe://gb.example/admin/a", 1);
    let settling = || LedgerChange::Settling(vec![SettlingApproval { approved: by.clone(), reason: "x".into() }]);
    // Somebody was confirmed or revoked in the meantime.
    assert_eq!(
        other.change_ledger(&behind, settling(), Some(read), vec![refused("fr")]).await,
        Err(StoreError::CatalogueMoved)
    );
    let waiting = other.change_ledger(&behind, settling(), Some(read + 1), vec![]).await.unwrap();
    assert_eq!(one.catalogue().await.unwrap(), read + 1, "an approval alone settles nothing");
    one.change_ledger(&waiting, LedgerChange::Settled { epoch: 2, key: None }, Some(read + 1), vec![]).await.unwrap();
    assert_eq!(other.catalogue().await.unwrap(), read + 2);
    assert!(other.ledger().await.unwrap().behind.is_empty());
}

pub(crate) async fn two_stores_give_each_arrival_and_each_step_of_a_request_a_number_of_its_own(home: &dyn Home) {
    const ROUNDS: u8 = 20;
    let (one, other) = (home.open(), home.open_second());
    let arriving = async |store: &dyn Store, from: &str, first: u8| {
        for n in 0..ROUNDS {
            receive(store, from, n.into(), vec![entry(u64::from(n) + 1, first + n, 1)]).await.unwrap();
            let record = RequestRecord { partner: domain(from), ..asked(first + n, false) };
            while let Err(error) = store.begin_request(request_step(record.clone(), true)).await {
                // Two steps at once; the second one gets the next turn.
                assert_eq!(error, StoreError::Conflict);
            }
        }
    };
    tokio::join!(arriving(&*one, "us", 1), arriving(&*other, "fr", 101));
    let arrivals = one.received_after(0, 1000).await.unwrap();
    let numbers: Vec<u64> = arrivals.iter().map(|arrival| arrival.arrival).collect();
    assert_eq!(numbers, (1..=2 * u64::from(ROUNDS)).collect::<Vec<_>>());
    let turns: Vec<u64> = other.requests_after(0, 1000).await.unwrap().iter().map(|request| request.turn).collect();
    assert_eq!(turns, (1..=2 * u64::from(ROUNDS)).collect::<Vec<_>>());
    let senders: BTreeSet<&TrustDomain> = arrivals.iter().map(|arrival| &arrival.partner).collect();
    assert_eq!(senders.len(), 2);
    // What leaves quarantine gets the next number, too.
    receive(&*one, "de", 0, vec![held(1, 99)]).await.unwrap();
    let newest = one.received_after(0, 1000).await.unwrap().pop().unwrap().arrival;
    let readmitted = Readmission { partner: domain("de"), post: vec![], ..readmission(1, 99) };
    assert!(other.readmit(readmitted).await.unwrap());
    assert_eq!(one.received_after(newest, 10).await.unwrap().pop().unwrap().arrival, newest + 1);
}
