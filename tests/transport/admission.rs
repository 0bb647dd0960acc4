//! Who is admitted.

use std::{process::Command, sync::Arc};

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose as Eku, IsCa, SanType, date_time_ymd};
use rustls::HandshakeKind;
use tokio::{io::AsyncReadExt, net::TcpStream};
use watchfire::{
    domain::fault::Reason,
    identity::{
        devca::Purpose,
        trust::{AdmittedPeers, KnownOrganisation},
        verifier::fault_of,
    },
    transport::{
        dialler::{connect, connect_own},
        limits::Limits,
        tls_config::Credentials,
    },
};

use crate::kit::*;

#[tokio::test]
async fn partners_meet_over_the_hybrid_group_and_each_request_knows_who_asks() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let (here, there) = (Side::new(&gb, vec![fr.member()]), Side::new(&fr, vec![gb.member()]));
    let server = Server::partners(&here).await;
    let channel = there.dial(&server, "gb.example");
    assert_eq!(soon(text(channel.clone(), "/who")).await, "spiffe://fr.example/node/n1 X25519MLKEM768");
    soon(call(channel)).await.unwrap();
    assert_eq!(here.tls_config.check_own().unwrap().id.to_string(), "spiffe://gb.example/node/n1");
}

#[tokio::test]
async fn a_client_that_is_not_what_it_should_be_is_refused_in_the_handshake() {
    let (gb, fr, de, us) =
        (Org::new("gb.example"), Org::new("fr.example"), Org::new("de.example"), Org::new("us.example"));
    let suspended = KnownOrganisation { state: watchfire::domain::partner::PartnerState::Suspended, ..us.member() };
    let here = Side::new(&gb, vec![fr.member(), de.member(), suspended]);
    let server = Server::partners(&here).await;
    let id = "spiffe://fr.example/node/n1";
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let stranger = Org::new("ru.example");
    let cases = [
        ("another partner's name", fr.bent("spiffe://de.example/node/n1", |_| {})),
        ("our own name", fr.bent("spiffe://gb.example/node/n1", |_| {})),
        ("our own node", gb.node()),
        ("an organisation that is no partner", stranger.node()),
        ("a suspended partner", us.node()),
        ("a person", fr.issue("analyst/alice", Purpose::PersonTls, 30).0),
        ("a signing certificate", fr.issue("node/n1", Purpose::Signing, 30).0),
        ("expired", fr.bent(id, |p| p.not_after = date_time_ymd(2026, 4, 1))),
        ("not yet valid", fr.bent(id, |p| p.not_before = date_time_ymd(2026, 6, 1))),
        ("a server's usage only", fr.bent(id, |p| p.extended_key_usages = vec![Eku::ServerAuth])),
        ("no usage", fr.bent(id, |p| p.extended_key_usages.clear())),
        ("a CA's certificate", fr.bent(id, |p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))),
        ("two names", fr.bent(id, |p| p.subject_alt_names.push(uri("spiffe://fr.example/node/n2")))),
        ("no name", fr.bent(id, |p| p.subject_alt_names.clear())),
    ];
    for (what, shown) in cases {
        let refused = soon(knock(server.address, Arc::new(raw_client(&gb, Some(shown))))).await.map(|_| ());
        let alert = refused.expect_err(what);
        assert!(alert.contains("received fatal alert"), "{what}: {alert}");
    }
    let refused = soon(knock(server.address, Arc::new(raw_client(&gb, None)))).await.map(|_| ());
    assert!(refused.unwrap_err().contains("CertificateRequired"));
    // The control: the same client with a right certificate is admitted.
    let right = raw_client(&gb, Some(fr.bent(id, |_| {})));
    soon(knock(server.address, Arc::new(right))).await.unwrap();
}

#[tokio::test]
async fn a_dialler_takes_only_a_node_of_the_organisation_that_it_means() {
    let (gb, fr, de) = (Org::new("gb.example"), Org::new("fr.example"), Org::new("de.example"));
    let dialler = Side::new(&gb, vec![fr.member(), de.member()]);
    let signing = fr.issue("node/n1", Purpose::Signing, 30).0;
    let client_only = fr.bent("spiffe://fr.example/node/n1", |p| p.extended_key_usages = vec![Eku::ClientAuth]);
    for (shown, expect, reason) in [
        (de.bent("spiffe://fr.example/node/n1", |_| {}), "fr.example", Reason::ChainInvalid),
        (de.node(), "fr.example", Reason::WrongDomain),
        (fr.issue("service/desk", Purpose::NodeTls, 30).0, "fr.example", Reason::WrongDomain),
        (signing, "fr.example", Reason::ChainInvalid),
        (client_only, "fr.example", Reason::ChainInvalid),
        (Org::new("us.example").node(), "us.example", Reason::NotAPartner),
    ] {
        let server = Server::partners(&Side::with(shown, trust(&fr, vec![gb.member()]))).await;
        let refused = soon(call(dialler.dial(&server, expect))).await.unwrap_err();
        assert_eq!(fault_of(&refused).map(|fault| fault.reason), Some(reason), "{refused:?}");
    }
    let server = Server::partners(&Side::new(&fr, vec![gb.member()])).await;
    soon(call(dialler.dial(&server, "fr.example"))).await.unwrap();
    assert!(connect("no-port", "fr.example".parse().unwrap(), &dialler.tls_config, &Limits::default()).is_err());
    assert!(connect("a@b:1", "fr.example".parse().unwrap(), &dialler.tls_config, &Limits::default()).is_err());
}

#[tokio::test]
async fn the_desk_serves_the_own_organisation_only() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let here = Side::new(&gb, vec![fr.member()]);
    let desk = Server::start(&here, AdmittedPeers::Own, Limits::default()).await;
    let ((chain, key), _) = gb.issue("analyst/alice", Purpose::PersonTls, 30);
    let credentials = Credentials::new(chain, key).unwrap();
    let endpoint = desk.address.to_string();
    let channel = connect_own(&endpoint, credentials, gb.member(), here.clock.clone(), &Limits::default()).unwrap();
    assert!(soon(text(channel, "/who")).await.starts_with("spiffe://gb.example/analyst/alice "));
    for shown in [fr.node(), fr.bent("spiffe://gb.example/analyst/alice", |_| {})] {
        assert!(soon(knock(desk.address, Arc::new(raw_client(&gb, Some(shown))))).await.is_err());
    }
}

#[tokio::test]
async fn nothing_is_resumed() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let server = Server::partners(&Side::new(&gb, vec![fr.member()])).await;
    // rustls resumes by default if it gets a ticket.
    let client = Arc::new(raw_client(&gb, Some(fr.node())));
    for _ in 0..2 {
        let stream = soon(knock(server.address, client.clone())).await.unwrap();
        let tls = stream.get_ref().1;
        assert_eq!(tls.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(tls.tls13_tickets_received(), 0);
    }
}

/// The output of `openssl s_client`, or `None` if OpenSSL is missing.
async fn s_client(server: &Server, options: &[&str]) -> Option<String> {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &server.address.to_string(), "-alpn", "h2"]).args(options);
    command.stdin(std::process::Stdio::null());
    let ran = soon(tokio::task::spawn_blocking(move || command.output())).await.unwrap();
    let Ok(output) = ran else {
        eprintln!("SKIPPED: there is no `openssl` here, so another TLS implementation was not tried");
        return None;
    };
    Some(format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test]
async fn tls_1_2_is_refused_and_no_ca_is_named_to_a_stranger() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let server = Server::partners(&Side::new(&gb, vec![fr.member()])).await;
    let Some(old) = s_client(&server, &["-tls1_2"]).await else { return };
    assert!(old.contains("alert protocol version"), "{old}");
    let new = s_client(&server, &["-tls1_3"]).await.unwrap();
    assert!(new.contains("No client certificate CA names sent"), "{new}");
    assert!(!new.contains("fr.example"), "{new}");
}

#[tokio::test]
async fn who_says_nothing_is_dropped_and_who_comes_too_often_is_turned_away() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let limits = Limits { handshake_seconds: 1, connections_per_peer: 1, ..Limits::default() };
    let server = Server::start(&Side::new(&gb, vec![fr.member()]), AdmittedPeers::Partners, limits).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(soon(silent.read(&mut [0; 16])).await.unwrap_or(0), 0);
    let client = Arc::new(raw_client(&gb, Some(fr.node())));
    let first = soon(knock(server.address, client.clone())).await.unwrap();
    assert!(soon(knock(server.address, client.clone())).await.is_err());
    drop(first);
    // The slot is free as soon as the server has seen the end of the first connection.
    soon(async {
        while knock(server.address, client.clone()).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn headers_beyond_the_limit_are_refused() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let server = Server::partners(&Side::new(&gb, vec![fr.member()])).await;
    let channel = Side::new(&fr, vec![gb.member()]).dial(&server, "gb.example");
    let with = |length: usize| {
        let request = http::Request::get("/who").header("x-padding", "x".repeat(length));
        tower::ServiceExt::oneshot(channel.clone(), request.body(tonic::body::Body::empty()).unwrap())
    };
    assert_eq!(soon(with(8 << 10)).await.unwrap().status(), 200);
    assert_ne!(soon(with(20 << 10)).await.map(|answer| answer.status().as_u16()).unwrap_or(0), 200);
}
