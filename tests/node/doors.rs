//! Who is admitted at which listener, with real listeners and with certificates that are almost right.

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use rustls_pki_types::PrivateKeyDer;
use tonic::{Code, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use watchfire::{
    desk::service,
    domain::fault::Reason,
    identity::devca::Purpose,
    transport::{
        dialler,
        limits::Limits,
        tls_config::{Credentials, TlsConfig},
    },
    wire::{
        proto::{
            self, exchange_service_client::ExchangeServiceClient, node_service_client::NodeServiceClient,
            partner_service_client::PartnerServiceClient,
        },
        status::to_fault,
    },
};

use crate::{
    hostile_kit::{Rogue, credentials, gate, hello, member_of, serve},
    kit::{Org, pair, terms, until},
};

/// A hello is refused at the handshake, before anything is answered.
async fn refused_at_the_door(channel: Channel) {
    let status = ExchangeServiceClient::new(channel).hello(hello()).await.unwrap_err();
    let reason = to_fault(&status).reason;
    assert!(matches!(reason, Reason::NotAPartner | Reason::ChainInvalid), "{reason}: {status:?}");
}

/// A node's certificate with any name, issued by the rogue's CA.
fn minted(rogue: &Rogue, id: &str) -> Credentials {
    let ca_key = KeyPair::from_pem(&rogue.ca.key_pem()).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&rogue.ca.certificate_pem(), ca_key).unwrap();
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
    Credentials::new(vec![certificate], PrivateKeyDer::from(key)).unwrap()
}

fn dial(gate: &std::sync::Arc<TlsConfig>, victim: &Org, address: &str) -> Channel {
    dialler::connect(address, victim.domain.parse().unwrap(), gate, &Limits::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_s_ca_can_t_mint_another_partner_s_node_to_knock() {
    let (gb, _no) = pair().await;
    let rogue = Rogue::new("rogue.example");
    rogue.get_accepted(&gb, "127.0.0.1:1").await;
    // Its own node is a partner's, so the listener itself works.
    let answer = rogue.exchange(&gb).hello(hello()).await.unwrap().into_inner();
    assert_eq!(answer.protocol_versions, [1]);
    for id in ["spiffe://no.example/node/n1", "spiffe://gb.example/node/n1", "spiffe://nobody.example/node/n1"] {
        let gate = gate(minted(&rogue, id), rogue.member(), vec![member_of(&gb)]);
        refused_at_the_door(dial(&gate, &gb, &gb.peer)).await;
    }
    // A certificate made in the same way with its own name is admitted, so the name was the reason.
    let gate = gate(minted(&rogue, "spiffe://rogue.example/node/n2"), rogue.member(), vec![member_of(&gb)]);
    ExchangeServiceClient::new(dial(&gate, &gb, &gb.peer)).hello(hello()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_does_not_take_another_organisation_for_its_partner() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let rogue = Rogue::new("rogue.example");
    let honest = Rogue::new("honest.example");
    // The rogue answers at the address of `honest`: as itself, or with a name that its CA may not issue.
    let as_itself = serve(&rogue, credentials(&rogue.tls), &no).await;
    let minted = serve(&rogue, minted(&rogue, "spiffe://honest.example/node/n1"), &no).await;
    rogue.get_accepted(&no, &as_itself.0).await;
    for (served, reason) in [(&as_itself, "WRONG_DOMAIN"), (&minted, "CHAIN_INVALID")] {
        honest.get_accepted(&no, &served.0).await;
        until("the rogue itself is followed", async || {
            (no.feed("rogue.example", "in").await["live"] == true).then_some(())
        })
        .await;
        until(&format!("the other is refused: {reason}"), async || {
            let feed = no.feed("honest.example", "in").await;
            assert_eq!(feed["live"], false, "{feed}");
            feed["problem"].as_str().is_some_and(|p| p.starts_with(reason)).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_organisation_that_is_no_partner_is_turned_away() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let stranger = Rogue::new("stranger.example");
    refused_at_the_door(stranger.dial_as(&stranger.tls, &gb, &gb.peer)).await;
    until("the log says so", async || gb.log().contains("stranger.example").then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_do_not_get_in_where_nodes_do_nor_nodes_where_persons_do() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new("rogue.example");
    let (address, _served, _stop) = serve(&rogue, credentials(&rogue.tls), &gb).await;
    rogue.befriend(&gb, &address, &terms("rogue.example", "gb.example", "")).await;
    for (path, purpose) in [("analyst/a", Purpose::PersonTls), ("admin/a", Purpose::PersonTls)] {
        refused_at_the_door(rogue.dial_as(&rogue.issue(path, purpose), &gb, &gb.peer)).await;
    }
    // A partner's node, and a partner's administrator, at the desk.
    for issued in [rogue.issue("node/n1", Purpose::NodeTls), rogue.issue("admin/root", Purpose::PersonTls)] {
        let mut node = NodeServiceClient::new(rogue.dial_as(&issued, &gb, &gb.desk));
        let status = node.get_node(proto::GetNodeRequest::default()).await.unwrap_err();
        assert!(matches!(to_fault(&status).reason, Reason::NotAPartner | Reason::ChainInvalid), "{status:?}");
    }
    // A person of the organisation, at the listener for partners.
    let files = gb.dir.join("persons/admin-root");
    let person = Credentials::load(&files.join("tls.pem"), &files.join("tls.key")).unwrap();
    let gate = gate(person, member_of(&gb), vec![]);
    refused_at_the_door(dial(&gate, &gb, &gb.peer)).await;
    NodeServiceClient::new(dial(&gate, &gb, &gb.desk)).get_node(proto::GetNodeRequest::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peer_listener_offers_partners_the_exchange_and_health_and_nothing_else() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new("rogue.example");
    rogue.get_accepted(&gb, "127.0.0.1:1").await;
    let channel = rogue.dial_as(&rogue.tls, &gb, &gb.peer);
    let health = HealthClient::new(channel.clone()).check(HealthCheckRequest { service: String::new() }).await;
    assert_eq!(health.unwrap().into_inner().status, 1);
    let mut partners = PartnerServiceClient::new(channel.clone());
    let status = partners.list_partners(proto::ListPartnersRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented, "{status:?}");
    assert_eq!(reflected(channel).await.unwrap_err().code(), Code::Unimplemented);
    // Both are available on the desk.
    let files = gb.dir.join("persons/analyst-ana");
    let person = Credentials::load(&files.join("tls.pem"), &files.join("tls.key")).unwrap();
    let gate = gate(person, member_of(&gb), vec![]);
    reflected(dial(&gate, &gb, &gb.desk)).await.unwrap();
    for name in service::NAMES {
        let request = HealthCheckRequest { service: (*name).to_owned() };
        let health = HealthClient::new(dial(&gate, &gb, &gb.desk)).check(request).await;
        assert_eq!(health.unwrap().into_inner().status, 1, "{name}");
    }
    // The desk does not offer the exchange.
    let mut exchange = ExchangeServiceClient::new(dial(&gate, &gb, &gb.desk));
    assert_eq!(exchange.hello(hello()).await.unwrap_err().code(), Code::Unimplemented);
}

async fn reflected(channel: Channel) -> Result<(), tonic::Status> {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest,
    };
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers =
        ServerReflectionClient::new(channel).server_reflection_info(tokio_stream::iter([request])).await?.into_inner();
    answers.message().await.map(|answer| assert!(answer.is_some()))
}
