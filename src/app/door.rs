//! What is asked of every call at the desk, before it gets to its use case.

use std::sync::Arc;

use axum::{extract::Request, middleware::Next, response::Response};

use crate::{node::Node, transport::listener::PeerIdentity, wire::status::from_fault};

/// The desk's calls, as paths begin.
const DESK: &str = "/watchfire.v1.DeskService/";
/// Calls that change nothing, and the one that lets changes go on. Everything else waits while the ledger is behind: a call that
/// is forgotten here is refused then, and not let through.
const READING: &[&str] = &[
    "GetNode",
    "GetAttachmentStatus",
    "DownloadAttachment",
    "ListAssessments",
    "GetAssessment",
    "FindAssessments",
    "Explain",
    "FollowFeed",
    "PullFeed",
    "GetFeedStatus",
    "ListPartners",
    "ListAgreements",
    "ExportAgreement",
    "GetRules",
    "Simulate",
    "GetLedgerHead",
    "ListLedger",
    "VerifyLedger",
    "ProveLedgerEvent",
    "CheckLedgerNote",
    "ExportLedger",
    "ListLedgerAlarms",
    "SettleLedger",
];

/// Records who signs in, and refuses changes while entries of the ledger are lost.
pub(super) async fn desk(node: Arc<Node>, request: Request, next: Next) -> Response {
    let Some(method) = request.uri().path().strip_prefix(DESK) else { return next.run(request).await };
    if !READING.contains(&method)
        && let Err(fault) = node.may_change()
    {
        return from_fault(fault).into_http();
    }
    let peer = request.extensions().get::<PeerIdentity>().map(|p| p.id.clone());
    if let Some(id) = peer {
        node.heard(&id).await;
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_that_is_named_is_there() {
        let service = include_str!("../../proto/watchfire/v1/desk.proto");
        for method in READING {
            assert!(service.contains(&format!("rpc {method}(")), "{method}");
        }
    }
}
