//! The limit: the same transport with nothing behind it but what each figure names.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, transport::Channel};
use watchfire::{
    domain::{
        event::{Deed, Event},
        ids::{StatementId, TrustDomain},
        time::Clock,
    },
    identity::trust::{Audience, Member, Trust},
    store::Store,
    telemetry::SystemClock,
    transport::{
        dialler,
        limits::Limits,
        listener,
        tls_config::{Credentials, TlsConfig},
    },
    wire::proto::{
        self,
        exchange_service_client::ExchangeServiceClient,
        exchange_service_server::{ExchangeService, ExchangeServiceServer},
    },
};

use super::pair::Pair;

/// Sends what it was given, and commits one ledger entry for each acknowledgement.
pub struct Bare {
    pub entries: Arc<Vec<proto::FeedEntry>>,
    pub store: Option<Arc<dyn Store>>,
}

type Sending<T> = futures_util::stream::BoxStream<'static, Result<T, Status>>;

#[tonic::async_trait]
impl ExchangeService for Bare {
    async fn hello(&self, _: Request<proto::HelloRequest>) -> Result<Response<proto::HelloResponse>, Status> {
        Ok(Response::new(proto::HelloResponse::default()))
    }

    type SubscribeStream = Sending<proto::FeedEntry>;

    async fn subscribe(&self, _: Request<proto::SubscribeRequest>) -> Result<Response<Self::SubscribeStream>, Status> {
        let entries = self.entries.clone();
        let all = (0..entries.len()).map(move |i| Ok(entries[i].clone()));
        Ok(Response::new(futures_util::stream::iter(all).boxed()))
    }

    async fn acknowledge(
        &self,
        _: Request<proto::AcknowledgeRequest>,
    ) -> Result<Response<proto::AcknowledgeResponse>, Status> {
        if let Some(store) = &self.store {
            let deed = Deed::Read { manifest: StatementId([1; 32]) };
            store.record(vec![Event::of_node(SystemClock.now(), deed)]).await.unwrap();
        }
        Ok(Response::new(proto::AcknowledgeResponse {}))
    }

    async fn submit_statements(
        &self,
        _: Request<proto::SubmitStatementsRequest>,
    ) -> Result<Response<proto::SubmitStatementsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn fetch_statements(
        &self,
        _: Request<proto::FetchStatementsRequest>,
    ) -> Result<Response<proto::FetchStatementsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    type FetchRevocationListStream = Sending<proto::FetchRevocationListResponse>;

    async fn fetch_revocation_list(
        &self,
        _: Request<proto::FetchRevocationListRequest>,
    ) -> Result<Response<Self::FetchRevocationListStream>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn submit_revocation_list(
        &self,
        _: Request<tonic::Streaming<proto::SubmitRevocationListRequest>>,
    ) -> Result<Response<proto::SubmitRevocationListResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_ledger_proof(
        &self,
        _: Request<proto::GetLedgerProofRequest>,
    ) -> Result<Response<proto::GetLedgerProofResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    type FetchAttachmentStream = Sending<proto::FetchAttachmentResponse>;

    async fn fetch_attachment(
        &self,
        _: Request<proto::FetchAttachmentRequest>,
    ) -> Result<Response<Self::FetchAttachmentStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

/// Whoever shows `credentials` and believes in `members`; the first one is its own organisation.
pub fn tls_config(credentials: Credentials, own: Member, partners: Vec<Member>) -> Arc<TlsConfig> {
    let trust = Trust::new(own, partners, vec![]).unwrap();
    Arc::new(TlsConfig::new(credentials, Arc::new(ArcSwap::from_pointee(trust)), Arc::new(SystemClock)))
}

impl Bare {
    /// Serves on loopback until the token is cancelled; tells where.
    pub async fn serve(self, tls_config: Arc<TlsConfig>, stop: CancellationToken) -> String {
        let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap().to_string();
        let service = ExchangeServiceServer::new(self).max_encoding_message_size(4 << 20);
        let router = tonic::service::Routes::new(service).prepare().into_axum_router();
        tokio::spawn(listener::serve(tcp, tls_config, Audience::Partners, router, Limits::default(), stop));
        address
    }
}

/// The transport with one commit behind each call, at the publisher of a pair.
pub struct Durable {
    address: String,
    store: Arc<dyn Store>,
    stop: CancellationToken,
}

impl Durable {
    pub async fn serve(pair: &Pair) -> Self {
        let (server, client) = (&pair.publisher, &pair.subscriber);
        let (stop, store): (_, Arc<dyn Store>) = (CancellationToken::new(), Arc::new(server.store()));
        let tls_config = tls_config(server.credentials(), server.member(), vec![client.member()]);
        let address =
            Bare { entries: Arc::default(), store: Some(store.clone()) }.serve(tls_config, stop.clone()).await;
        Self { address, store, stop }
    }

    /// A connection of the subscriber, whose handshake is done.
    pub async fn client(&self, pair: &Pair) -> ExchangeServiceClient<Channel> {
        let (server, client) = (&pair.publisher, &pair.subscriber);
        let tls_config = tls_config(client.credentials(), client.member(), vec![server.member()]);
        let mut client = dial(&self.address, &server.domain, &tls_config);
        client.hello(proto::HelloRequest::default()).await.unwrap();
        client
    }

    pub async fn stop(self) {
        self.stop.cancel();
        // The store's lock is given up with its last holder; a node opens it next.
        while Arc::strong_count(&self.store) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A connection to a partner's node.
pub fn dial(address: &str, expect: &TrustDomain, tls_config: &Arc<TlsConfig>) -> ExchangeServiceClient<Channel> {
    let channel = dialler::connect(address, expect.clone(), tls_config, &Limits::default()).unwrap();
    ExchangeServiceClient::new(channel).max_decoding_message_size(4 << 20)
}
