//! Our own transport by itself: who shows which certificate and believes in whom, and how a partner is dialled.

use std::{path::Path, sync::Arc};

use arc_swap::ArcSwap;
use tonic::transport::Channel;
use watchfire::{
    domain::{ids::TrustDomain, partner::PartnerState},
    identity::{
        bundle::TrustBundle,
        files::{read_chain, read_key},
        trust::{KnownOrganisation, Trust},
    },
    telemetry::SystemClock,
    transport::{
        dialler,
        limits::Limits,
        tls_config::{Credentials, TlsConfig},
    },
    wire::proto::exchange_service_client::ExchangeServiceClient,
};

use super::pair::{PUBLISHER, SUBSCRIBER};

/// Whoever shows `credentials` and believes in `members`; the first one is its own organisation.
pub fn tls_config(
    credentials: Credentials,
    own: KnownOrganisation,
    partners: Vec<KnownOrganisation>,
) -> Arc<TlsConfig> {
    let trust = Trust::new(own, partners, vec![]).unwrap();
    Arc::new(TlsConfig::new(credentials, Arc::new(ArcSwap::from_pointee(trust)), Arc::new(SystemClock)))
}

/// The publisher of the pair in this directory, in a process that has only the directory.
pub fn of_directory(dir: &Path) -> Arc<TlsConfig> {
    let member = |domain: &str| {
        let roots = read_chain(&dir.join(domain).join("bundle.pem")).unwrap();
        let bundle = TrustBundle::new(domain.parse().unwrap(), roots).unwrap();
        KnownOrganisation { bundle, crls: vec![], state: PartnerState::Active }
    };
    let node = dir.join(PUBLISHER).join("node");
    let credentials =
        Credentials::new(read_chain(&node.join("tls.pem")).unwrap(), read_key(&node.join("tls.key")).unwrap());
    tls_config(credentials.unwrap(), member(PUBLISHER), vec![member(SUBSCRIBER)])
}

/// A channel to a partner's node, without what the calls cost at its middleware.
pub fn channel(address: &str, expect: &TrustDomain, tls_config: &Arc<TlsConfig>) -> dialler::RefundedChannel {
    dialler::connect_partner(address, expect.clone(), tls_config, &Limits::default()).unwrap()
}

/// A connection to a partner's node.
pub fn dial(address: &str, expect: &TrustDomain, tls_config: &Arc<TlsConfig>) -> ExchangeServiceClient<Channel> {
    let channel = dialler::connect(address, expect.clone(), tls_config, &Limits::default()).unwrap();
    ExchangeServiceClient::new(channel).max_decoding_message_size(4 << 20)
}
