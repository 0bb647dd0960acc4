//! Bundles, as messages.

use std::sync::Arc;

use super::view;
use crate::{
    domain::{
        actor::Actor,
        bundle::{Compromised, LAPSES_AFTER},
        fault::Fault,
        statement::Envelope,
    },
    identity::validity::Validity,
    node::{
        Node,
        bundles::{BundleStatus, Proposed},
        to_the_end,
    },
    seal::hash::sha256,
    wire::{
        self,
        field::{present, texts, timestamp},
        proto,
    },
};

/// Where the own bundle stands.
pub(super) async fn status(node: &Node, actor: &Actor) -> Result<proto::GetBundleResponse, Fault> {
    let BundleStatus { held, since, chain, roots: own, file_differs, proposed, partners } =
        node.bundle_status(&actor.authorize()?).await?;
    let holder = |(partner, sequence): (_, Option<u64>)| proto::BundleHolder {
        partner: ToString::to_string(&partner),
        sequence: sequence.unwrap_or_default(),
    };
    Ok(proto::GetBundleResponse {
        sequence: held.sequence,
        fingerprint: held.fingerprint.to_string(),
        since: timestamp(since),
        roots: roots(&own),
        file_differs,
        proposed: proposed.iter().map(waiting).collect(),
        partners: partners.into_iter().map(|taken| holder((taken.partner, taken.sequence))).collect(),
        chain: chain.iter().map(wire::envelope::to_proto).collect(),
    })
}

fn waiting(of: &Proposed) -> proto::ProposedBundle {
    proto::ProposedBundle {
        bundle: Some(wire::envelope::to_proto(&of.envelope)),
        fingerprint: of.fingerprint.to_string(),
        roots: roots(&of.roots),
        by: texts(&of.by),
        lapses_at: timestamp(of.issued.plus_seconds(LAPSES_AFTER)),
        id: of.id.to_string(),
        compromised: of.compromised.iter().map(compromised).collect(),
    }
}

fn compromised(of: &Compromised) -> proto::CompromisedRoot {
    proto::CompromisedRoot { sha256: of.root.0.to_vec().into(), since: of.since.to_string() }
}

fn roots(all: &[Vec<u8>]) -> Vec<proto::RootView> {
    let view = |der: &Vec<u8>| proto::RootView {
        name: Validity::of_certificate(der).map(|v| v.name).unwrap_or_default(),
        sha256: hex::encode(sha256(&[der])),
        certificate: der.clone().into(),
    };
    all.iter().map(view).collect()
}

fn envelope(message: Option<proto::Envelope>) -> Result<Envelope, Fault> {
    wire::envelope::from_proto(present("bundle", message)?).map_err(|f| f.within("bundle"))
}

/// Proposes other roots.
pub(super) async fn propose(node: Arc<Node>, actor: Actor, request: proto::ProposeBundleRequest) -> Result<(), Fault> {
    let proto::ProposeBundleRequest { bundle, at_once } = request;
    let bundle = envelope(bundle)?;
    to_the_end(async move { node.propose_bundle(&actor.authorize()?, &bundle, at_once).await }).await
}

/// Signs a proposal.
pub(super) async fn sign(node: Arc<Node>, actor: Actor, request: proto::SignBundleRequest) -> Result<(), Fault> {
    let bundle = envelope(request.bundle)?;
    to_the_end(async move { node.sign_bundle(&actor.authorize()?, &bundle).await }).await
}

/// Takes another organisation's bundles from a file.
pub(super) async fn take(
    node: Arc<Node>,
    actor: Actor,
    request: proto::TakeBundlesRequest,
) -> Result<proto::PartnerView, Fault> {
    let bundles = request.bundles.into_iter().map(|bundle| envelope(Some(bundle))).collect::<Result<Vec<_>, _>>()?;
    to_the_end(async move { node.take_bundles_by_hand(&actor.authorize()?, &bundles).await })
        .await
        .map(|p| view::partner(&p))
}
