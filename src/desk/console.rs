//! Links into the web console, and the caller's sessions there.

use tonic::Request;

use super::{
    argument,
    call::{Desk, Reply, actor, answer},
};
use crate::{
    domain::{
        browser_session::BrowserSession,
        fault::{Fault, Reason},
        ids::Sha256,
    },
    node::task::to_the_end,
    seal::hash::sha256,
    transport::listener::PeerIdentity,
    wire::{
        field::timestamp,
        proto::{self, console_service_server::ConsoleService},
    },
};

#[tonic::async_trait]
impl ConsoleService for Desk {
    async fn create_sign_in_link(
        &self,
        request: Request<proto::CreateSignInLinkRequest>,
    ) -> Reply<proto::CreateSignInLinkResponse> {
        let (actor, certificate) = (actor(&request)?, certificate(&request));
        let node = self.node.clone();
        answer(async {
            let certificate = certificate?;
            let made = to_the_end(async move { node.browser_sessions.make_link(&actor, certificate).await }).await?;
            Ok(proto::CreateSignInLinkResponse { url: made.url, expires_at: timestamp(made.expires_at) })
        })
        .await
    }

    async fn list_sessions(&self, request: Request<proto::ListSessionsRequest>) -> Reply<proto::ListSessionsResponse> {
        let actor = actor(&request)?;
        answer(async {
            let all = self.node.browser_sessions.of_person(&actor).await?;
            Ok(proto::ListSessionsResponse { sessions: all.into_iter().map(session).collect() })
        })
        .await
    }

    async fn end_session(&self, request: Request<proto::EndSessionRequest>) -> Reply<proto::EndSessionResponse> {
        let actor = actor(&request)?;
        let (node, message) = (self.node.clone(), request.into_inner());
        answer(async {
            let id = argument::bytes("id", &message.id)?;
            to_the_end(async move { node.browser_sessions.end_one(&actor, &id).await }).await?;
            Ok(proto::EndSessionResponse {})
        })
        .await
    }
}

/// SHA-256 of the certificate of the connection.
fn certificate<M>(request: &Request<M>) -> Result<Sha256, Fault> {
    let peer = request.extensions().get::<PeerIdentity>();
    let der = peer.and_then(|peer| peer.chain.first());
    let missing = || Fault::new(Reason::Internal, "the connection has no identity");
    der.map(|der| Sha256(sha256(&[der]))).ok_or_else(missing)
}

fn session(session: BrowserSession) -> proto::SessionView {
    let BrowserSession { id, opened_at, seen_at, .. } = session;
    proto::SessionView { id: id.0.to_vec().into(), opened_at: timestamp(opened_at), seen_at: timestamp(seen_at) }
}
