//! Stories of the ledger's tree, its checkpoints and its records.

use super::{Home, kit::*};
use crate::{
    domain::{
        event::{Deed, Event},
        ledger::origin,
    },
    ledger::{
        note::{Checkpoint, Note},
        tree::{Frontier, is_consistent, is_included, leaf_hash},
    },
    seal::{hash::sha256, raw::RawKey},
    store::{
        Store, StoreError,
        ledger::{
            LedgerChange, LedgerRecord, LedgerRecordKind, MAX_HEADS, MAX_KEYS, SettlingApproval, Sign, head_number,
        },
    },
};

/// Signs with a key that nothing here verifies.
pub(crate) fn sign() -> Sign {
    Box::new(|epoch, size, root| {
        let key = RawKey::new(&RawKey::generate().unwrap()).unwrap();
        let origin = origin(&domain("gb"), epoch);
        Some(Note::sign(Checkpoint { origin, size, root: *root }, &key).to_string().into_bytes())
    })
}

fn size_of(note: &[u8]) -> u64 {
    Note::parse(note).unwrap().checkpoint.size
}

/// The hashes of the entries' leaves.
async fn leaves(store: &dyn Store) -> Vec<[u8; 32]> {
    store.ledger_entries(0, 10_000).await.unwrap().iter().map(|e| sha256(&[&e.plain])).collect()
}

pub(crate) async fn checkpoints_grow_by_the_quantum(home: &dyn Home) {
    let store = home.open();
    let mut sizes = vec![];
    for events in [0, 3, 8, 9] {
        store.record(vec![refused("fr"); events]).await.unwrap();
        let note = store.checkpoint(8, at(1), sign()).await.unwrap();
        let ledger = store.ledger().await.unwrap();
        let head = Note::parse(&note).unwrap().checkpoint;
        assert_eq!((head.size, head.root), (ledger.size, ledger.root));
        sizes.push(head.size);
    }
    assert_eq!(sizes, [8, 16, 24, 40]);
    let kept = store.ledger_records(LedgerRecordKind::Checkpoint, None, 2).await.unwrap();
    assert_eq!(kept.iter().map(|r| size_of(&r.value)).collect::<Vec<_>>(), [40, 24], "the newest first");
    let padding = store.events(0, 100).await.unwrap().iter().filter(|e| e.deed == Deed::Padding).count();
    assert_eq!(padding, 40 - 20);
}

pub(crate) async fn proofs_hold_over_kept_and_new_subtrees(home: &dyn Home) {
    let store = home.open();
    store.record(vec![refused("fr"); 300]).await.unwrap();
    store.record(vec![refused("fr"); 250]).await.unwrap();
    let leaves = leaves(&*store).await;
    let root = |size: u64| {
        let mut frontier = Frontier::default();
        leaves[..size as usize].iter().for_each(|leaf| frontier.add(leaf));
        frontier.root()
    };
    for size in [1, 2, 255, 256, 257, 300, 511, 512, 513, 550_u64] {
        assert_eq!(store.ledger_root(size).await.unwrap(), Some(root(size)), "{size}");
        for index in [0, 1, 254, 255, 256, 299, 511, 549_u64].into_iter().filter(|i| *i < size) {
            let path = store.inclusion(index, size).await.unwrap();
            let leaf = leaf_hash(&leaves[index as usize]);
            assert!(is_included(&leaf, index, size, &path, &root(size)), "{index} in {size}");
        }
        let path = store.consistency(size, 550).await.unwrap();
        assert!(is_consistent(size, &root(size), 550, &root(550), &path), "from {size}");
    }
    assert_eq!(store.ledger_root(551).await.unwrap(), None);
    assert_eq!(store.consistency(3, 551).await, Err(StoreError::Conflict));
    assert_eq!(store.inclusion(550, 550).await, Err(StoreError::Conflict));
}

pub(crate) async fn what_is_kept_beside_the_ledger_is_replaced_by_number_and_bounded(home: &dyn Home) {
    let store = home.open();
    let head = |number: u64, value: &str| LedgerRecord {
        kind: LedgerRecordKind::Head,
        of: Some(domain("fr")),
        number,
        value: value.as_bytes().to_vec(),
    };
    assert_eq!(store.put_ledger_records(vec![head(8, "a"), head(16, "b")], vec![refused("fr")]).await.unwrap(), 2);
    assert_eq!(store.put_ledger_records(vec![head(8, "a"), head(16, "c")], vec![]).await.unwrap(), 0);
    let fr = domain("fr");
    let newest = store.ledger_records(LedgerRecordKind::Head, Some(&fr), 1).await.unwrap();
    assert_eq!(newest, [head(16, "c")]);
    assert!(store.ledger_records(LedgerRecordKind::Head, Some(&domain("ng")), 9).await.unwrap().is_empty());
    assert!(store.ledger_records(LedgerRecordKind::Cosigned, Some(&fr), 9).await.unwrap().is_empty());
    let many = (0..u64::from(MAX_HEADS) + 5).map(|n| head(head_number(2, n).unwrap(), "x")).collect();
    store.put_ledger_records(many, vec![]).await.unwrap();
    let all = store.ledger_records(LedgerRecordKind::Head, Some(&fr), u32::MAX).await.unwrap();
    assert_eq!((all.len(), all[0].number), (MAX_HEADS as usize, head_number(2, u64::from(MAX_HEADS) + 4).unwrap()));
    let last = u64::from(MAX_KEYS) + 5;
    store
        .put_ledger_records(
            (1..=last).map(|n| LedgerRecord { kind: LedgerRecordKind::Key, ..head(n, "x") }).collect(),
            vec![],
        )
        .await
        .unwrap();
    let keys = store.ledger_records(LedgerRecordKind::Key, Some(&fr), u32::MAX).await.unwrap();
    assert_eq!((keys.len(), keys[0].number), (MAX_KEYS as usize, last));
    assert_eq!(store.verify_ledger(Box::new(|_| ())).await.unwrap().fault, None);
}

pub(crate) async fn a_settled_ledger_begins_an_epoch_and_adopts_each_position_once(home: &dyn Home) {
    let store = home.open();
    let (fr, event) = (domain("fr"), |sequence| {
        Event::of_node(
            at(1),
            Deed::PositionAdopted { partner: domain("fr"), sequence, release: statement(9), before: 0 },
        )
    });
    let adopt = async |sequence| store.adopt_position(&fr, sequence, &statement(9), event(sequence)).await.unwrap();
    assert!(!adopt(9).await, "nothing was lost");
    let before = store.ledger().await.unwrap();
    let behind =
        store.change_ledger(&before, LedgerChange::Behind(b"note".to_vec()), None, vec![refused("fr")]).await.unwrap();
    assert_eq!(store.checkpoint(8, at(2), sign()).await, Err(StoreError::Conflict), "no head while entries are lost");
    let settling = vec![SettlingApproval { approved: approved("spiffe://gb.example/admin/a", 1), reason: "x".into() }];
    store.change_ledger(&behind, LedgerChange::Settling(settling.clone()), None, vec![]).await.unwrap();
    let ledger = store.ledger().await.unwrap();
    assert_eq!((ledger.epoch, &*ledger.behind, &ledger.settling), (1, &b"note"[..], &settling));
    let ledger = store
        .change_ledger(&ledger, LedgerChange::Settled { epoch: 2, key: None }, None, vec![refused("fr")])
        .await
        .unwrap();
    assert_eq!((ledger.epoch, ledger.size), (2, 2));
    assert!(ledger.behind.is_empty() && ledger.settling.is_empty());
    let note = Note::parse(&store.checkpoint(8, at(2), sign()).await.unwrap()).unwrap();
    assert_eq!(note.checkpoint.origin, "gb.example/ledger/2");
    assert!(adopt(9).await && !adopt(12).await);
    let position = store.outbound(&fr).await.unwrap();
    assert_eq!((position.sequence, position.acknowledged, position.release), (9, 9, Some(statement(9))));
    let record = store.events(0, 100).await.unwrap().pop().unwrap();
    assert_eq!(record, event(9));
    drop(store);
    let store = home.open();
    assert_eq!(store.ledger().await.unwrap().epoch, 2);
    assert_eq!(store.verify_ledger(Box::new(|_| ())).await.unwrap().fault, None);
}
