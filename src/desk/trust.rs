//! Trust bundles and revocation lists: the service, and the forms in which it shows them.

use tonic::{Request, Response, Status, Streaming};

use super::{
    argument::{self, approval},
    call::{Desk, Reply, answer, authorize, count},
    partners,
};
use crate::{
    domain::{
        bundle::{Compromised, LAPSES_AFTER},
        fault::{Fault, Reason},
        statement::Envelope,
    },
    identity::{crl::MAX_LIST_BYTES, validity::Validity},
    node::{
        bundles::own::{BundleStatus, Proposed},
        revocations::give::{GivenList, GivenListAt},
        task::to_the_end,
    },
    seal::hash::sha256,
    wire::{
        self,
        field::{texts, timestamp},
        proto::{self, trust_service_server::TrustService},
        status::from_fault,
    },
};

/// The most certificates that come with a revocation list.
const MAX_ISSUERS: usize = 16;
/// The largest of those certificates, in bytes.
const MAX_ISSUER_BYTES: usize = 16 << 10;

#[tonic::async_trait]
impl TrustService for Desk {
    async fn get_bundle(&self, request: Request<proto::GetBundleRequest>) -> Reply<proto::GetBundleResponse> {
        let (actor, _) = authorize(request)?;
        answer(async { Ok(status(self.node.bundles.bundle_status(&actor).await?)) }).await
    }

    async fn propose_bundle(
        &self,
        request: Request<proto::ProposeBundleRequest>,
    ) -> Reply<proto::ProposeBundleResponse> {
        let (actor, proto::ProposeBundleRequest { bundle, at_once }) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let bundle = argument::statement("bundle", bundle)?;
            to_the_end(async move { node.bundles.propose_bundle(&actor, &bundle, at_once).await }).await?;
            Ok(proto::ProposeBundleResponse {})
        })
        .await
    }

    async fn sign_bundle(&self, request: Request<proto::SignBundleRequest>) -> Reply<proto::SignBundleResponse> {
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let bundle = argument::statement("bundle", message.bundle)?;
            to_the_end(async move { node.bundles.sign_bundle(&actor, &bundle).await }).await?;
            Ok(proto::SignBundleResponse {})
        })
        .await
    }

    async fn take_bundles(&self, request: Request<proto::TakeBundlesRequest>) -> Reply<proto::TakeBundlesResponse> {
        let (actor, message) = authorize(request)?;
        let node = self.node.clone();
        answer(async {
            let bundles = message.bundles.into_iter().map(|bundle| argument::statement("bundle", Some(bundle)));
            let bundles = bundles.collect::<Result<Vec<Envelope>, Fault>>()?;
            let partner = to_the_end(async move { node.bundles.take_bundles_by_hand(&actor, &bundles).await }).await?;
            Ok(proto::TakeBundlesResponse { partner: Some(partners::view(&partner)) })
        })
        .await
    }

    async fn give_revocation_list(
        &self,
        request: Request<Streaming<proto::GiveRevocationListRequest>>,
    ) -> Reply<proto::GiveRevocationListResponse> {
        let (actor, pieces) = authorize(request)?;
        let SentList { der, issuers, replace } = SentList::read(pieces).await?;
        let replace = replace.map(|envelope| approval(Some(envelope))).transpose().map_err(from_fault)?;
        let node = self.node.clone();
        let work = async move { node.revocations.give_list(&actor, &der, &issuers, replace.as_ref()).await };
        to_the_end(work).await.map(|given| Response::new(given_list(&given))).map_err(from_fault)
    }
}

/// A revocation list that came in pieces.
#[derive(Default)]
struct SentList {
    der: Vec<u8>,
    issuers: Vec<Vec<u8>>,
    replace: Option<proto::Envelope>,
}

impl SentList {
    async fn read(mut pieces: Streaming<proto::GiveRevocationListRequest>) -> Result<Self, Status> {
        let too_large = |what: &str| from_fault(Fault::at(Reason::LimitExceeded, "data", what));
        let mut list = Self::default();
        while let Some(piece) = pieces.message().await? {
            if list.der.len().saturating_add(piece.data.len()) > MAX_LIST_BYTES {
                return Err(too_large("a revocation list has at most 8 MiB"));
            }
            list.der.extend_from_slice(&piece.data);
            list.issuers.extend(piece.issuers.into_iter().map(Into::into));
            if list.issuers.len() > MAX_ISSUERS || list.issuers.iter().any(|issuer| issuer.len() > MAX_ISSUER_BYTES) {
                return Err(too_large("at most 16 certificates of 16 KiB each come with a revocation list"));
            }
            list.replace = list.replace.or(piece.replace);
        }
        Ok(list)
    }
}

fn status(status: BundleStatus) -> proto::GetBundleResponse {
    let BundleStatus { held, since, chain, roots: own, file_differs, proposed, partners } = status;
    proto::GetBundleResponse {
        sequence: held.sequence,
        fingerprint: held.fingerprint.to_string(),
        since: timestamp(since),
        roots: roots(&own),
        file_differs,
        proposed: proposed.iter().map(waiting).collect(),
        partners: partners
            .into_iter()
            .map(|taken| proto::BundleHolder {
                partner: taken.partner.to_string(),
                sequence: taken.sequence.unwrap_or_default(),
            })
            .collect(),
        chain: chain.iter().map(wire::envelope::to_proto).collect(),
    }
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

fn given_list(given: &GivenList) -> proto::GiveRevocationListResponse {
    let at = |at: &GivenListAt| proto::GivenRevocationList {
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
