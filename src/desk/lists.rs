//! A revocation list that an administrator gives, as messages.

use std::sync::Arc;

use tonic::{Status, Streaming};

use super::argument::approval;
use crate::{
    domain::{
        actor::Actor,
        fault::{Fault, Reason},
    },
    identity::crl::MAX_LIST_BYTES,
    node::{Node, lists::Given, to_the_end},
    wire::{field::timestamp, proto, status::from_fault},
};

/// The most certificates that come with a list.
const MAX_ISSUERS: usize = 16;
/// The largest of those certificates, bytes.
const MAX_ISSUER_BYTES: usize = 16 << 10;

pub(super) async fn give(
    node: Arc<Node>,
    actor: Actor,
    mut pieces: Streaming<proto::GiveRevocationListRequest>,
) -> Result<proto::GiveRevocationListResponse, Status> {
    let too_much = |what: &str| from_fault(Fault::at(Reason::LimitExceeded, "data", what));
    let (mut der, mut issuers, mut replace) = (Vec::new(), Vec::<Vec<u8>>::new(), None);
    while let Some(piece) = pieces.message().await? {
        if der.len().saturating_add(piece.data.len()) > MAX_LIST_BYTES {
            return Err(too_much("a revocation list has at most 8 MiB"));
        }
        der.extend_from_slice(&piece.data);
        issuers.extend(piece.issuers.into_iter().map(Into::into));
        if issuers.len() > MAX_ISSUERS || issuers.iter().any(|issuer| issuer.len() > MAX_ISSUER_BYTES) {
            return Err(too_much("at most 16 certificates of 16 KiB each come with a revocation list"));
        }
        replace = replace.or(piece.replace);
    }
    let replace = replace.map(|envelope| approval(Some(envelope))).transpose().map_err(from_fault)?;
    let work = async move { node.give_list(&actor.authorize()?, &der, &issuers, replace.as_ref()).await };
    to_the_end(work).await.map(|given| given_to_proto(&given)).map_err(from_fault)
}

fn given_to_proto(given: &Given) -> proto::GiveRevocationListResponse {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let at = |at: &crate::node::lists::GivenAt| proto::GivenRevocationList {
        domain: at.domain.to_string(),
        outcome: at.outcome.as_str().to_owned(),
    };
    proto::GiveRevocationListResponse {
        organisations: given.at.iter().map(at).collect(),
        issuer: given.crl.issuer().to_owned(),
        issuing_key: given.crl.issuing_key().0.to_vec().into(),
        number: given.crl.number().to_vec().into(),
        next_update: timestamp(given.crl.next_update()),
        approvals: count(given.approvals),
        needed: count(given.needed),
    }
}
