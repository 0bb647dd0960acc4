//! How a live connection continues, and how it ends.

use std::sync::Arc;

use axum::body::Body;
use futures_util::StreamExt;
use tokio::io::AsyncReadExt;
use watchfire::{
    identity::{
        crl::Crl,
        devca::Purpose,
        trust::{AdmittedPeers, KnownOrganisation},
    },
    transport::{limits::Limits, tls_config::Credentials},
};

use crate::kit::*;

#[tokio::test]
async fn a_peer_that_is_revoked_while_connected_is_cut_and_cannot_come_back() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let here = Side::new(&gb, vec![fr.member()]);
    let server = Server::partners(&here).await;
    let (bad, serial) = fr.issue("node/bad", Purpose::NodeTls, 365);
    let (bad, good) = (Side::with(bad, trust(&fr, vec![gb.member()])), Side::new(&fr, vec![gb.member()]));
    let (bad, good) = (bad.dial(&server, "gb.example"), good.dial(&server, "gb.example"));
    let (mut cut, mut kept) = (soon(watch(bad.clone())).await, soon(watch(good.clone())).await);
    here.tls_config.reload(Some(trust(&gb, vec![fr.revoking(&serial, 1)])), None);
    soon(cut.message()).await.unwrap_err();
    soon(call(bad)).await.unwrap_err();
    // The other node of the same organisation continues, on its open stream.
    soon(call(good)).await.unwrap();
    assert!(tokio::time::timeout(std::time::Duration::from_millis(200), kept.message()).await.is_err());
}

#[tokio::test]
async fn a_partner_that_is_suspended_is_cut_on_the_diallers_side_too_and_may_come_back() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let dialler = Side::new(&gb, vec![fr.member()]);
    let server = Server::partners(&Side::new(&fr, vec![gb.member()])).await;
    let channel = dialler.dial(&server, "fr.example");
    let mut stream = soon(watch(channel.clone())).await;
    let suspended = KnownOrganisation { state: watchfire::domain::partner::PartnerState::Suspended, ..fr.member() };
    dialler.tls_config.reload(Some(trust(&gb, vec![suspended])), None);
    soon(stream.message()).await.unwrap_err();
    soon(call(channel.clone())).await.unwrap_err();
    dialler.tls_config.reload(Some(trust(&gb, vec![fr.member()])), None);
    soon(call(channel)).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_runs_out_ends_its_connection() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let here = Side::new(&gb, vec![fr.member()]);
    let server = Server::partners(&here).await;
    let there = Side::with(fr.issue("node/n1", Purpose::NodeTls, 1).0, trust(&fr, vec![gb.member()]));
    let mut stream = soon(watch(there.dial(&server, "gb.example"))).await;
    *here.clock.0.lock().unwrap() = now().plus_seconds(DAY + 1);
    soon(stream.message()).await.unwrap_err();
}

#[tokio::test]
async fn a_revocation_list_past_its_next_update_lets_in_for_lists_only_and_keeps_live_connections() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let here = Side::new(&gb, vec![fr.revoking(&[0x42; 16], 1)]);
    let server = Server::partners(&here).await;
    let there = Side::new(&fr, vec![gb.member()]);
    let live = there.dial(&server, "gb.example");
    soon(call(live.clone())).await.unwrap();
    let late = now().plus_seconds(31 * DAY);
    *here.clock.0.lock().unwrap() = late;
    let limited = there.dial(&server, "gb.example");
    assert_eq!(soon(text(limited.clone(), "/access")).await, "limited");
    assert_eq!(soon(text(live, "/access")).await, "full");
    // A new list admits them again, also on the existing connection.
    let list = fr.ca.revocation_list(2, &[], late, 30).unwrap();
    let crls = vec![Crl::verify(&list, &fr.bundle(), &[], late).unwrap()];
    here.tls_config.reload(Some(trust(&gb, vec![KnownOrganisation { crls, ..fr.member() }])), None);
    assert_eq!(soon(text(limited, "/access")).await, "full");
    assert_eq!(soon(text(there.dial(&server, "gb.example"), "/access")).await, "full");
}

#[tokio::test]
async fn a_new_certificate_is_shown_from_the_next_handshake_on_and_ends_nothing() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let here = Side::new(&gb, vec![fr.member()]);
    let server = Server::partners(&here).await;
    let there = Side::new(&fr, vec![gb.member()]);
    let live = there.dial(&server, "gb.example");
    soon(call(live.clone())).await.unwrap();
    let (chain, key) = gb.issue("node/renewed", Purpose::NodeTls, 365).0;
    let renewed = chain[0].clone();
    here.tls_config.reload(None, Some(Credentials::new(chain, key).unwrap()));
    let stream = soon(knock(server.address, Arc::new(raw_client(&gb, Some(fr.node()))))).await.unwrap();
    assert_eq!(stream.get_ref().1.peer_certificates().unwrap()[0], renewed);
    soon(call(live)).await.unwrap();
}

#[tokio::test]
async fn a_stop_lets_a_request_under_way_end() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let server = Server::partners(&Side::new(&gb, vec![fr.member()])).await;
    let channel = Side::new(&fr, vec![gb.member()]).dial(&server, "gb.example");
    soon(call(channel.clone())).await.unwrap();
    let waiting = tokio::spawn(text(channel, "/wait"));
    soon(server.slow.0.notified()).await;
    server.stop.cancel();
    server.slow.1.notify_one();
    assert_eq!(soon(waiting).await.unwrap(), "done");
    soon(server.ended).await.unwrap();
}

#[tokio::test]
async fn a_reader_that_never_takes_what_it_asked_for_is_closed() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let limits = Limits { stalled_reader_seconds: 1, ..Limits::default() };
    let server = Server::start(&Side::new(&gb, vec![fr.member()]), AdmittedPeers::Partners, limits).await;
    let there = Side::new(&fr, vec![gb.member()]);
    let answer = soon(page(there.dial(&server, "gb.example"), "/flood")).await.unwrap();
    let mut body = Body::new(answer.into_body()).into_data_stream();
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    // The data that had arrived before can still be read. Then the break shows.
    let broken = soon(async {
        while let Some(piece) = body.next().await {
            if piece.is_err() {
                return true;
            }
        }
        false
    });
    assert!(broken.await);
}

#[tokio::test]
async fn a_reader_that_reads_is_not_closed_for_being_slow_or_idle() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let limits = Limits { stalled_reader_seconds: 1, handshake_seconds: 1, ..Limits::default() };
    let server = Server::start(&Side::new(&gb, vec![fr.member()]), AdmittedPeers::Partners, limits).await;
    let channel = Side::new(&fr, vec![gb.member()]).dial(&server, "gb.example");
    let mut idle = soon(watch(channel.clone())).await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert!(tokio::time::timeout(std::time::Duration::from_millis(100), idle.message()).await.is_err());
    soon(call(channel)).await.unwrap();
}

#[tokio::test]
async fn who_says_nothing_after_the_handshake_is_closed() {
    let (gb, fr) = (Org::new("gb.example"), Org::new("fr.example"));
    let limits = Limits { handshake_seconds: 1, ..Limits::default() };
    let server = Server::start(&Side::new(&gb, vec![fr.member()]), AdmittedPeers::Partners, limits).await;
    let tcp = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let config = Arc::new(raw_client(&gb, Some(fr.node())));
    let name = rustls_pki_types::ServerName::try_from("node.invalid").unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(config).connect(name, tcp).await.unwrap();
    soon(async { while stream.read(&mut [0; 256]).await.unwrap_or(0) > 0 {} }).await;
}
