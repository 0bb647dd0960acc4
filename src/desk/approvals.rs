//! Approvals by persons of the organisation, as messages.

use crate::{
    domain::approval::{Approved, Done},
    wire::{envelope, field::timestamp, proto},
};

/// Who has approved something, and by which statement.
pub(super) fn approved(approved: &Approved) -> proto::ApprovalView {
    let statement = envelope::decode(&approved.statement).ok().map(|e| envelope::to_proto(&e));
    proto::ApprovalView { id: approved.by.to_string(), at: timestamp(approved.at), statement }
}

/// Who has done something that needs no approval.
pub(super) fn done(done: &Done) -> proto::ApprovalView {
    proto::ApprovalView { id: done.by.to_string(), at: timestamp(done.at), statement: None }
}
