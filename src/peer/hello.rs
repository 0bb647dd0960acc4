//! The first call on every connection: what both sides read, what time it is there, and what is revoked.

use std::sync::Arc;

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        statement::StatementKind,
        time::Time,
    },
    node::Node,
    wire::{
        field::{time, timestamp},
        proto,
    },
};

/// The version of the protocol that this program speaks.
const PROTOCOL_VERSION: u32 = 1;
/// A difference between clocks that is worth a word, seconds.
const NOTABLE_SKEW: i64 = 60;

/// What this node says of itself.
pub(super) fn request(node: &Node) -> proto::HelloRequest {
    proto::HelloRequest {
        protocol_versions: vec![PROTOCOL_VERSION],
        payload_types: payload_types(),
        now: timestamp(node.now()),
        revocation_lists: node.revocation_lists().into_iter().map(Into::into).collect(),
    }
}

/// The same, as an answer.
pub(super) fn response(node: &Node) -> proto::HelloResponse {
    let proto::HelloRequest { protocol_versions, payload_types, now, revocation_lists } = request(node);
    proto::HelloResponse { protocol_versions, payload_types, now, revocation_lists }
}

/// What an answer says, as if it had been asked.
pub(super) fn answered(message: proto::HelloResponse) -> proto::HelloRequest {
    let proto::HelloResponse { protocol_versions, payload_types, now, revocation_lists } = message;
    proto::HelloRequest { protocol_versions, payload_types, now, revocation_lists }
}

fn payload_types() -> Vec<String> {
    StatementKind::ALL.iter().map(|k| k.payload_type().to_owned()).collect()
}

/// Takes in what the other side said of itself.
pub(super) async fn take(node: &Arc<Node>, partner: &TrustDomain, said: proto::HelloRequest) -> Result<(), Fault> {
    let proto::HelloRequest { protocol_versions, payload_types, now, revocation_lists } = said;
    if !protocol_versions.contains(&PROTOCOL_VERSION) {
        let what = format!("this node speaks version {PROTOCOL_VERSION} of the protocol only");
        return Err(Fault::at(Reason::UnknownOrNonCanonical, "protocol_versions", what));
    }
    note_clock(node, partner, time("now", now)?);
    // Kinds that this version does not know it does not send either.
    let kinds = payload_types.iter().filter_map(|t| StatementKind::from_payload_type(t)).collect();
    node.live().of(partner).set_reads(kinds);
    let lists: Vec<Vec<u8>> = revocation_lists.into_iter().map(Into::into).collect();
    node.learn_revocations(partner, &lists).await
}

fn note_clock(node: &Node, partner: &TrustDomain, theirs: Time) {
    let ahead = theirs.seconds_since(node.now());
    let live = node.live().of(partner);
    let before = live.inbound().borrow().clock_ahead;
    live.inbound().send_modify(|i| i.clock_ahead = ahead);
    if ahead.abs() >= NOTABLE_SKEW && before.abs() < NOTABLE_SKEW {
        tracing::warn!(
            %partner,
            seconds_ahead = ahead,
            "the partner's clock differs from this node's; statements more than 5 minutes in the future are refused"
        );
    }
}
