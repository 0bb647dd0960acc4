//! Middleware: the checks that every call to the desk, and every call by a partner, passes before its use case runs.

use std::sync::Arc;

use axum::{body::Body, extract::Request, middleware::Next, response::Response};

use crate::{
    desk::effect::{Effect, GIVE_REVOCATION_LIST, effect},
    domain::{
        actor::{Actor, SignIn},
        fault::{Fault, Reason},
    },
    node::Node,
    transport::{
        listener::PeerIdentity,
        rate_limit::{CallKind, PermitBody},
    },
    wire::status::{from_fault, later},
};

/// The beginning of the path of every call of this project.
const PACKAGE: &str = "/watchfire.v1.";

/// The desk's middleware. It records who signs in, and refuses changes while entries of the ledger are lost.
pub(super) async fn desk(node: Arc<Node>, mut request: Request, next: Next) -> Response {
    let Some(call) = request.uri().path().strip_prefix(PACKAGE) else { return next.run(request).await };
    if effect(call) == Effect::Changes
        && let Err(fault) = node.ledger.may_change()
    {
        return from_fault(fault).into_http();
    }
    let Some(peer) = request.extensions().get::<PeerIdentity>().cloned() else { return next.run(request).await };
    let actor = match Actor::new(peer.id.clone(), SignIn::Certificate, node.domain()) {
        Ok(actor) => actor,
        Err(fault) => return from_fault(fault).into_http(),
    };
    if call != GIVE_REVOCATION_LIST
        && let Some(lapse) = peer.access.lapse()
    {
        return from_fault(node.revocations.own_lapse_refusal(&lapse)).into_http();
    }
    if node.people.has_lost_entry(&peer.id) {
        let what = "your entry in the register can't be read any more; an administrator restores a backup";
        return from_fault(Fault::new(Reason::StoreCorrupt, what)).into_http();
    }
    node.revocations.saw_chain(&peer.chain).await;
    node.people.saw_person(&peer.chain).await;
    node.ledger.heard(&actor).await;
    request.extensions_mut().insert(actor);
    next.run(request).await
}

/// The beginning of the paths of calls between partners.
const EXCHANGE: &str = "/watchfire.v1.ExchangeService/";
/// What a call costs in addition to its bytes, in bytes of the partner's rate limit, and which permit it takes. A hello makes this node
/// create and check proofs. A subscription makes it decide again on everything sent and not acknowledged.
const PRICES: &[(&str, u64, CallKind)] = &[
    ("Hello", 16 << 10, CallKind::Call),
    ("Subscribe", 16 << 10, CallKind::Feed),
    ("Acknowledge", 512, CallKind::Call),
    ("SubmitStatements", 4 << 10, CallKind::Call),
    ("FetchStatements", 4 << 10, CallKind::Answer(1)),
    ("FetchAttachment", 4 << 10, CallKind::Answer(2)),
    ("GetLedgerProof", 16 << 10, CallKind::Call),
    ("FetchRevocationList", 16 << 10, CallKind::Answer(1)),
    ("SubmitRevocationList", 16 << 10, CallKind::Call),
];
/// The calls that a partner may make while its revocation list is past its next update.
const OF_LISTS: &[&str] = &["Hello", "FetchRevocationList", "SubmitRevocationList"];
/// The cost of every other call: health checks, and unknown methods.
const OTHER: (u64, CallKind) = (2 << 10, CallKind::Answer(1));
/// After how long a refused partner may try again.
const LATER: std::time::Duration = std::time::Duration::from_secs(1);

/// The partners' middleware. It charges a call to the partner's rate limit and gets a permit for it. A partner whose revocation list is past its
/// next update may only make the calls that hand in a new one.
pub(super) async fn peer(node: Arc<Node>, request: Request, next: Next) -> Response {
    let Some(peer) = request.extensions().get::<PeerIdentity>().cloned() else { return next.run(request).await };
    let rate_limit = peer.rate_limit;
    let method = request.uri().path().strip_prefix(EXCHANGE);
    let priced = PRICES.iter().find(|(name, ..)| Some(*name) == method).map(|(_, price, kind)| (*price, *kind));
    let (price, kind) = priced.unwrap_or(OTHER);
    rate_limit.spend(price);
    if !method.is_some_and(|method| OF_LISTS.contains(&method))
        && let Some(lapse) = peer.access.lapse()
    {
        return from_fault(lapse.refusal(peer.id.domain(), node.domain())).into_http();
    }
    let permit = rate_limit.permit(kind).await;
    if permit.is_none() {
        let what = "you have too many open answers; end some of them, then ask again";
        return later(Fault::new(Reason::LimitExceeded, what), LATER).into_http();
    }
    next.run(request).await.map(|body| Body::new(PermitBody::new(body, permit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_between_partners_has_its_price() {
        let service = include_str!("../../proto/watchfire/v1/exchange.proto");
        let named: Vec<_> = service.lines().filter_map(|l| l.trim().strip_prefix("rpc ")?.split('(').next()).collect();
        assert_eq!(named.len(), PRICES.len());
        assert!(named.iter().all(|name| PRICES.iter().any(|(priced, ..)| priced == name)), "{named:?}");
    }
}
