//! Approvals whose subject has no record of its own.

use super::{Home, kit::*};
use crate::domain::{
    approval::{ApprovalRecord, Matter},
    ids::Sha256,
};

pub(super) fn waits(n: u8, by: &[&str]) -> ApprovalRecord {
    ApprovalRecord {
        subject: Sha256([n; 32]),
        matter: Matter::Partner,
        of: domain("fr"),
        approved: by.iter().map(|path| approved(&format!("spiffe://us/{path}"), 1)).collect(),
        since: at(1),
        settled: (by.len() > 1).then_some(at(2)),
    }
}

pub(crate) async fn approvals_are_kept_until_what_they_allowed_is_taken_back(home: &dyn Home) {
    let store = home.open();
    for approval in [waits(1, &["admin/a"]), waits(2, &["admin/a"]), waits(1, &["admin/a", "admin/b"])] {
        store.save_approval(approval, vec![]).await.unwrap();
    }
    drop(store);
    let store = home.open();
    assert_eq!(store.approvals().await.unwrap(), [waits(1, &["admin/a", "admin/b"]), waits(2, &["admin/a"])]);
    store.forget_approval(&Sha256([1; 32]), vec![refused("us")]).await.unwrap();
    store.forget_approval(&Sha256([9; 32]), vec![]).await.unwrap();
    assert_eq!(store.approvals().await.unwrap(), [waits(2, &["admin/a"])]);
    assert_eq!(store.events(0, 10).await.unwrap(), [refused("us")]);
}
