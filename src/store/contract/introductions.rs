//! The introductions that this organisation makes.

use super::{Home, kit::*};
use crate::{domain::ids::StatementId, store::introductions::IntroductionRecord};

pub(crate) async fn introductions_wait_for_their_second_signature_and_go_out_then(home: &dyn Home) {
    let store = home.open();
    let record = |n: u8, is_signed| IntroductionRecord {
        id: StatementId([n; 32]),
        of: domain("fr"),
        to: vec![domain("uk"), domain("no")],
        envelope: vec![n],
        is_signed,
        at: at(i64::from(n)),
    };
    store.save_introductions(vec![record(1, false), record(2, false)], vec![refused("us")]).await.unwrap();
    assert!(store.outbox(&domain("uk"), 0, 9).await.unwrap().is_empty());
    drop(store);
    let store = home.open();
    assert_eq!(store.introductions().await.unwrap(), [record(2, false), record(1, false)]);
    store.save_introductions(vec![record(2, true)], vec![]).await.unwrap();
    assert_eq!(store.introductions().await.unwrap(), [record(2, true), record(1, false)]);
    for to in ["uk", "no"] {
        let waiting = store.outbox(&domain(to), 0, 9).await.unwrap();
        assert_eq!(waiting.iter().map(|item| item.envelope.clone()).collect::<Vec<_>>(), [vec![2]]);
    }
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("us")]);
}
