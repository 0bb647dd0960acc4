//! What waits for another administrator.

use super::{Home, kit::*};
use crate::domain::{
    approval::{Approval, Awaited},
    ids::Sha256,
};

pub(crate) async fn what_waits_for_another_administrator_is_kept_until_it_is_settled(home: &dyn Home) {
    let store = home.open();
    let waits = |n: u8, by: &[&str]| Approval {
        subject: Sha256([n; 32]),
        what: Awaited::Partner,
        of: domain("fr"),
        by: by.iter().map(|path| format!("spiffe://us/{path}").parse().unwrap()).collect(),
        since: at(1),
    };
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
