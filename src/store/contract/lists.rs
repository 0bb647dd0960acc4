//! Revocation lists, and every revocation that was seen.

use super::{Home, kit::*};
use crate::{
    domain::ids::Sha256,
    store::{PartnerRecord, RetiredRoot, bundles::BundleChange, lists::ListRecord},
};

pub(super) fn list(of: &str, key: u8, scope: u8, der: &[u8]) -> ListRecord {
    let (issuing_key, scope) = (Sha256([key; 32]), Sha256([scope; 32]));
    ListRecord { of: domain(of), issuing_key, scope, der: der.to_vec(), issuers: vec![vec![key], vec![]] }
}

pub(crate) async fn roots_that_are_retired_are_kept_for_history(home: &dyn Home) {
    let store = home.open();
    let gb = domain("gb");
    let note = async |roots: &[&[u8]], seconds| {
        store.note_roots(&gb, roots.iter().map(|r| r.to_vec()).collect(), at(seconds)).await.unwrap();
    };
    note(&[b"old"], 1).await;
    note(&[b"old", b"new"], 2).await;
    assert_eq!(store.retired_roots().await.unwrap(), []);
    note(&[b"new"], 3).await;
    note(&[b"new"], 4).await;
    let old = RetiredRoot {
        of: gb.clone(),
        der: b"old".to_vec(),
        retired_at: at(3),
        by_words: true,
        compromised_since: None,
    };
    assert_eq!(store.retired_roots().await.unwrap(), [old], "retired when it was missing first");
    // By a bundle of its own administrators, until words say anew which roots it has.
    let us = PartnerRecord { roots: vec![b"two".to_vec()], ..super::records::partner("us") };
    store.save_partner(super::records::partner("us"), refused("us")).await.unwrap();
    let follow = BundleChange { partner: Some(us), ..BundleChange::default() };
    store.change_bundles(follow, vec![]).await.unwrap();
    let by_words = async || {
        let retired = store.retired_roots().await.unwrap().into_iter();
        retired.filter(|root| root.of == domain("us")).map(|root| root.by_words).collect::<Vec<_>>()
    };
    assert!(!by_words().await.is_empty() && by_words().await.iter().all(|by_words| !by_words));
    let settled = BundleChange { settled_by_words: Some(domain("us")), ..BundleChange::default() };
    store.change_bundles(settled, vec![]).await.unwrap();
    assert!(by_words().await.iter().all(|by_words| *by_words));
    note(&[b"new", b"old"], 5).await;
    let retired = store.retired_roots().await.unwrap();
    assert!(retired.iter().all(|root| root.of != gb), "one that is back is in use");
}

pub(crate) async fn revocation_lists_take_the_place_of_those_before(home: &dyn Home) {
    let store = home.open();
    for list in
        [list("us", 1, 0, b"old"), list("us", 1, 1, b"scoped"), list("us", 2, 0, b"new key"), list("fr", 1, 0, b"fr")]
    {
        store.save_list(list, vec![], vec![]).await.unwrap();
    }
    store.save_list(list("us", 1, 0, b"new"), vec![], vec![refused("us")]).await.unwrap();
    let wanted =
        [list("fr", 1, 0, b"fr"), list("us", 1, 0, b"new"), list("us", 1, 1, b"scoped"), list("us", 2, 0, b"new key")];
    assert_eq!(store.revocation_lists().await.unwrap(), wanted);
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("us")]);
}

pub(crate) async fn revocations_are_kept_for_ever(home: &dyn Home) {
    let store = home.open();
    // More lists than are kept as batches of their own.
    let entries: Vec<Vec<u8>> = (0..80_u8).map(|n| vec![n; 30]).collect();
    for (n, entry) in entries.iter().enumerate() {
        let der = vec![u8::try_from(n).unwrap()];
        store.save_list(list("us", 1, 0, &der), vec![entry.clone()], vec![]).await.unwrap();
    }
    store.save_list(list("us", 2, 0, b"another key"), vec![b"x".to_vec()], vec![]).await.unwrap();
    // Also those that came without a list that is kept.
    store.save_revocations(&domain("us"), &Sha256([2; 32]), vec![b"y".to_vec()]).await.unwrap();
    store.save_revocations(&domain("fr"), &Sha256([3; 32]), vec![b"z".to_vec()]).await.unwrap();
    let all = store.revocations().await.unwrap();
    assert!(all.len() < 40, "{} batches", all.len());
    let of = |key| all.iter().filter(move |r| r.issuing_key == Sha256([key; 32])).flat_map(|r| r.entries.clone());
    assert_eq!(of(1).collect::<Vec<_>>(), entries);
    assert_eq!(of(2).collect::<Vec<_>>(), [b"x".to_vec(), b"y".to_vec()]);
    assert_eq!(of(3).collect::<Vec<_>>(), [b"z".to_vec()]);
}
