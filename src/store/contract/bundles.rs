//! The bundles of organisations.

use super::{Home, kit::*, records::partner};
use crate::{
    domain::{
        bundle::{BundleState, HeldBundle},
        ids::Sha256,
    },
    store::{
        PartnerRecord,
        bundles::{BundleChange, BundleRecord},
    },
};

fn record(sequence: u64, n: u8, state: BundleState) -> BundleRecord {
    let courier = (state == BundleState::Waiting).then(|| domain("courier"));
    BundleRecord {
        of: domain("fr"),
        sequence,
        fingerprint: Sha256([n; 32]),
        digest: Sha256([n; 32]),
        state,
        envelope: Some(vec![n]),
        courier,
        at: at(1),
    }
}

pub(crate) async fn bundles_are_kept_in_order_and_change_with_their_partner(home: &dyn Home) {
    let store = home.open();
    let held = HeldBundle { named_at: Some(at(5)), ..HeldBundle::new(3, Sha256([3; 32]), at(2)) };
    let partner = PartnerRecord { bundle: held, ..partner("fr") };
    let change = BundleChange {
        put: vec![record(3, 3, BundleState::Taken), record(2, 2, BundleState::Proposed)],
        partner: Some(partner.clone()),
        send: Some((vec![domain("uk")], b"statement".to_vec())),
        ..BundleChange::default()
    };
    store.change_bundles(change, vec![refused("us")]).await.unwrap();
    drop(store);
    let store = home.open();
    assert_eq!(store.partners().await.unwrap(), [partner]);
    assert_eq!(store.outbox(&domain("uk"), 0, 9).await.unwrap().len(), 1);
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("us")]);
    let taken = record(2, 2, BundleState::Taken);
    let change = BundleChange {
        put: vec![taken.clone()],
        forget: vec![(domain("fr"), 3, Sha256([3; 32]))],
        ..BundleChange::default()
    };
    store.change_bundles(change, vec![]).await.unwrap();
    assert_eq!(store.bundles(&domain("fr")).await.unwrap(), [taken]);
    assert_eq!(store.bundles(&domain("uk")).await.unwrap(), []);
}

pub(crate) async fn so_many_bundles_wait_of_one_courier_and_no_more(home: &dyn Home) {
    let store = home.open();
    let waits = |n: u8| record(u64::from(n), n, BundleState::Waiting);
    for n in 1..=2 {
        assert!(store.await_bundle(waits(n), 2, 3).await.unwrap());
    }
    assert!(!store.await_bundle(waits(3), 2, 3).await.unwrap(), "the pair has its two");
    assert!(store.await_bundle(waits(2), 2, 3).await.unwrap(), "what waits already");
    let other = |name: &str| BundleRecord { of: domain(name), ..waits(1) };
    assert!(store.await_bundle(other("uk"), 2, 3).await.unwrap());
    assert!(!store.await_bundle(other("no"), 2, 3).await.unwrap(), "the courier has its three");
    assert_eq!(store.bundles(&domain("fr")).await.unwrap(), [waits(1), waits(2)]);
}
