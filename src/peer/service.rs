//! The Exchange service: the calls that partners' nodes may make. A caller's identity comes from its certificate and never from a message.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{hello, ledger, lists, statements};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    node::{
        Node,
        outbound::{channel::outgoing, send::ResumePoint},
    },
    transport::listener::PeerIdentity,
    wire::{
        self, field, proto,
        proto::exchange_service_server::{ExchangeService, ExchangeServiceServer},
        status::from_fault,
    },
};

/// The most statements in one call.
const MAX_STATEMENTS: usize = 256;

/// The longest time for handing over a revocation list.
const LIST: Duration = Duration::from_secs(120);

/// The service of a node.
pub struct Exchange {
    node: Arc<Node>,
}

/// Makes the service and sets the largest size of a message.
pub fn service(node: Arc<Node>, message_bytes: usize) -> ExchangeServiceServer<Exchange> {
    ExchangeServiceServer::new(Exchange { node })
        .max_decoding_message_size(message_bytes)
        .max_encoding_message_size(message_bytes)
}

type Sending<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Exchange {
    fn caller<T>(&self, request: &Request<T>) -> Result<TrustDomain, Status> {
        let peer = request.extensions().get::<PeerIdentity>();
        let peer = peer.ok_or_else(|| from_fault(Fault::new(Reason::Internal, "the connection has no identity")))?;
        let domain = peer.id.domain();
        self.node.directory.current().active(domain).map_err(from_fault)?;
        self.node.assessments.heard_of(domain);
        Ok(domain.clone())
    }
}

#[tonic::async_trait]
impl ExchangeService for Exchange {
    async fn hello(&self, request: Request<proto::HelloRequest>) -> Result<Response<proto::HelloResponse>, Status> {
        let partner = self.caller(&request)?;
        let is_limited = request.extensions().get::<PeerIdentity>().is_none_or(|peer| peer.access.lapse().is_some());
        let said = request.into_inner();
        let heard = hello::take(&self.node, &partner, said, None, is_limited).await.map_err(from_fault)?;
        Ok(Response::new(hello::response(&self.node, &partner, &heard, is_limited).await))
    }

    type SubscribeStream = Sending<proto::FeedEntry>;

    async fn subscribe(
        &self,
        request: Request<proto::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let partner = self.caller(&request)?;
        let proto::SubscribeRequest { after_sequence, until_caught_up, after_release_id } = request.into_inner();
        let release = field::bytes_optional("after_release_id", &after_release_id).map_err(from_fault)?;
        let (mut entries, taking) = outgoing();
        let (ends, ended) = mpsc::channel::<Result<proto::FeedEntry, Status>>(1);
        let node = self.node.clone();
        tokio::spawn(async move {
            let stream = node.sessions.of(&partner).open_stream();
            let resume = ResumePoint { sequence: after_sequence, release };
            let fed = node.outbound.feed_to(&partner, resume, until_caught_up, &mut entries, &stream).await;
            if let Err(fault) = fed {
                node.monitor.feed_stopped(&partner, &fault);
                // Behind the entries that were sent already; where the partner is gone, nobody waits for it.
                let _ = ends.send(Err(from_fault(fault))).await;
            }
        });
        let entries = taking.map(|n| Ok(wire::entry::to_proto(n.entry)));
        Ok(Response::new(Box::pin(entries.chain(ReceiverStream::new(ended)))))
    }

    async fn acknowledge(
        &self,
        request: Request<proto::AcknowledgeRequest>,
    ) -> Result<Response<proto::AcknowledgeResponse>, Status> {
        let partner = self.caller(&request)?;
        self.node.outbound.acknowledge(&partner, request.into_inner().sequence).await.map_err(from_fault)?;
        Ok(Response::new(proto::AcknowledgeResponse {}))
    }

    async fn submit_statements(
        &self,
        request: Request<proto::SubmitStatementsRequest>,
    ) -> Result<Response<proto::SubmitStatementsResponse>, Status> {
        let partner = self.caller(&request)?;
        let submitted = request.into_inner().statements;
        if submitted.len() > MAX_STATEMENTS {
            let what = format!("at most {MAX_STATEMENTS} statements fit into one call");
            return Err(from_fault(Fault::at(Reason::LimitExceeded, "statements", what)));
        }
        let mut outcomes = Vec::with_capacity(submitted.len());
        for statement in submitted {
            outcomes.push(statements::take(&self.node, &partner, statement).await);
        }
        Ok(Response::new(proto::SubmitStatementsResponse { outcomes }))
    }

    async fn fetch_statements(
        &self,
        request: Request<proto::FetchStatementsRequest>,
    ) -> Result<Response<proto::FetchStatementsResponse>, Status> {
        let partner = self.caller(&request)?;
        let fetched = statements::fetched(&self.node, &partner, request.into_inner()).await;
        fetched.map(Response::new).map_err(from_fault)
    }

    async fn get_ledger_proof(
        &self,
        request: Request<proto::GetLedgerProofRequest>,
    ) -> Result<Response<proto::GetLedgerProofResponse>, Status> {
        let partner = self.caller(&request)?;
        ledger::proof(&self.node, &partner, request.into_inner()).await.map(Response::new).map_err(from_fault)
    }

    type FetchRevocationListStream = Sending<proto::FetchRevocationListResponse>;

    async fn fetch_revocation_list(
        &self,
        request: Request<proto::FetchRevocationListRequest>,
    ) -> Result<Response<Self::FetchRevocationListStream>, Status> {
        let partner = self.caller(&request)?;
        let pieces = lists::served(&self.node, &partner, &request.into_inner()).await.map_err(from_fault)?;
        Ok(Response::new(Box::pin(pieces)))
    }

    async fn submit_revocation_list(
        &self,
        request: Request<Streaming<proto::SubmitRevocationListRequest>>,
    ) -> Result<Response<proto::SubmitRevocationListResponse>, Status> {
        let partner = self.caller(&request)?;
        let live = self.node.sessions.of(&partner);
        // One at a time: a list takes room in memory until it is whole.
        let _gathering = live.gathering.try_lock().map_err(|_| {
            from_fault(Fault::new(Reason::LimitExceeded, "another revocation list of yours is being taken; try again"))
        })?;
        let taken = tokio::time::timeout(LIST, lists::submitted(&self.node, &partner, request.into_inner())).await;
        let late = |_| from_fault(Fault::new(Reason::Unavailable, "the revocation list took too long; try again"));
        taken.map_err(late)?.map(Response::new)
    }

    type FetchAttachmentStream = Sending<proto::FetchAttachmentResponse>;

    async fn fetch_attachment(
        &self,
        request: Request<proto::FetchAttachmentRequest>,
    ) -> Result<Response<Self::FetchAttachmentStream>, Status> {
        let partner = self.caller(&request)?;
        let proto::FetchAttachmentRequest { sha256, offset } = request.into_inner();
        let sha256 = field::bytes("sha256", &sha256).map_err(from_fault)?;
        let node = self.node.clone();
        // The permission is checked again for each chunk. A partner that loses it gets no further chunk.
        let chunks = futures_util::stream::unfold(Some(offset), move |offset| {
            let (node, partner) = (node.clone(), partner.clone());
            async move {
                let offset = offset?;
                match node.assessments.chunk_for(&partner, &sha256, offset).await {
                    Ok(data) if data.is_empty() => None,
                    Ok(data) => {
                        let next = offset + data.len() as u64;
                        Some((Ok(proto::FetchAttachmentResponse { offset, data: data.into() }), Some(next)))
                    }
                    Err(fault) => Some((Err(from_fault(fault)), None)),
                }
            }
        });
        Ok(Response::new(Box::pin(chunks)))
    }
}
