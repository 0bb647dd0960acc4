//! Attacks on TLS: by strangers, by partners with wrong certificates, and by handshakes that never end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose as Eku, IsCa, Issuer, KeyPair, SanType};
use rustls::{ClientConfig, HandshakeKind};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time,
};
use watchfire::{
    domain::time::Clock,
    identity::{crl::Revocation, devca::Purpose},
    telemetry::SystemClock,
    wire::proto,
};

use crate::{
    arena::{Arena, Facing, NOTHING, length},
    frames::{PING, PREFACE, frame, settings},
    grpc::hello,
    hostile_kit::Rogue,
    raw::{Pair, Raw, client, dial, dial_from, pair_of, tcp_from},
};

/// The number of connections at once.
const CROWD: usize = 2_000;
/// Longer than a handshake may take, and than a partner may be silent after it.
const BEYOND: Duration = Duration::from_secs(12);

/// The result of a connection with that certificate: the alert, or that it was admitted.
async fn knock(last: u8, address: &str, config: ClientConfig) -> String {
    let mut stream = match dial_from(last, address, &Arc::new(config)).await {
        Ok(stream) => stream,
        Err(error) => return error.to_string(),
    };
    let _ = stream.write_all(&[PREFACE, &settings(&[])].concat()).await;
    match time::timeout(Duration::from_secs(5), stream.read(&mut [0; 64])).await {
        Ok(Ok(0)) => "closed".to_owned(),
        Ok(Ok(_)) => "let in".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "nothing in 5 s".to_owned(),
    }
}

/// A certificate of the rogue's CA, changed by `bend`, with any name.
fn bent(rogue: &Rogue, id: &str, bend: impl FnOnce(&mut CertificateParams)) -> Pair {
    let issuer = Issuer::from_ca_cert_pem(&rogue.ca.certificate_pem(), KeyPair::from_pem(&rogue.ca.key_pem()).unwrap());
    let mut params = CertificateParams::default();
    let day = |year| rcgen::date_time_ymd(year, 1, 1);
    (params.not_before, params.not_after) = (day(2020), day(2090));
    params.subject_alt_names = vec![uri(id)];
    params.extended_key_usages = vec![Eku::ServerAuth, Eku::ClientAuth];
    bend(&mut params);
    let key = KeyPair::generate().unwrap();
    (vec![params.signed_by(&key, &issuer.unwrap()).unwrap().der().clone()], key.into())
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_wrong_gets_an_alert_and_a_reason_in_the_log() {
    let mut arena = Arena::new().await;
    let rogue = arena.enrolled().await;
    let id = format!("spiffe://{}/node/n1", rogue.domain);
    let second = uri(&format!("spiffe://{}/node/n2", rogue.domain));
    let bent = |id: &str, bend: &dyn Fn(&mut CertificateParams)| Some(bent(&rogue, id, bend));
    let past = |p: &mut CertificateParams| p.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let future = |p: &mut CertificateParams| p.not_before = rcgen::date_time_ymd(2089, 1, 1);
    let ca = |p: &mut CertificateParams| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let cases = [
        ("no client certificate", None, "", "CertificateRequired"),
        ("an expired certificate", bent(&id, &past), "CHAIN_INVALID", "alert"),
        ("a certificate that is not yet valid", bent(&id, &future), "CHAIN_INVALID", "alert"),
        (
            "a server's usage only",
            bent(&id, &|p| p.extended_key_usages = vec![Eku::ServerAuth]),
            "CHAIN_INVALID",
            "alert",
        ),
        ("a signing certificate", Some(pair_of(&rogue.issue("node/n1", Purpose::Signing))), "CHAIN_INVALID", "alert"),
        ("a CA's certificate as leaf", bent(&id, &ca), "CHAIN_INVALID", "alert"),
        ("two URI SANs", bent(&id, &|p| p.subject_alt_names.push(second.clone())), "CHAIN_INVALID", "alert"),
        ("another partner's name", bent("spiffe://no.example/node/n1", &|_| {}), "CHAIN_INVALID", "alert"),
        ("the node's own name", bent("spiffe://gb.example/node/n1", &|_| {}), "", "alert"),
        (
            "an organisation that is no partner",
            Some(pair_of(&Rogue::new("nobody.example").tls)),
            "NOT_A_PARTNER",
            "alert",
        ),
        ("the control: a right one", bent(&id, &|_| {}), "", "let in"),
    ];
    for (number, (name, shown, logged, answer)) in cases.into_iter().enumerate() {
        let address = arena.gb.peer.clone();
        let facing = Facing { name, answer, logged };
        arena.face(facing, move || async move { knock(number as u8 + 1, &address, client(shown)).await }).await;
    }
    arena.end().await;
}

/// A ClientHello of an old version, as a record.
fn old_hello(version: u16) -> Vec<u8> {
    let extensions = [&[0, 10, 0, 4, 0, 2, 0, 29][..], &[0, 13, 0, 6, 0, 4, 4, 3, 8, 4]].concat();
    let suites = [0xc0, 0x2b, 0xc0, 0x2f, 0x00, 0x9c, 0x00, 0x2f];
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.extend([0, 0, suites.len() as u8]);
    body.extend(suites);
    body.extend([1, 0, 0, extensions.len() as u8]);
    body.extend(extensions);
    record(&[&[1, 0, 0, body.len() as u8], &body[..]].concat())
}

/// A record of a handshake, in plain text.
fn record(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[22, 3, 1], &length[..], content].concat()
}

/// Everything that is received until the end.
async fn answer(mut tcp: TcpStream) -> Vec<u8> {
    let mut all = vec![];
    let _ = time::timeout(Duration::from_secs(5), tcp.read_to_end(&mut all)).await;
    all
}

/// The answer to a second ClientHello, in plain text, on an established connection.
async fn begun_anew(address: &str, shown: Pair) -> String {
    let mut stream = dial(address, &Arc::new(client(Some(shown)))).await.unwrap();
    stream.write_all(&[PREFACE, &settings(&[])].concat()).await.unwrap();
    stream.get_mut().0.write_all(&old_hello(0x0303)).await.unwrap();
    let mut all = vec![];
    match time::timeout(Duration::from_secs(5), stream.read_to_end(&mut all)).await {
        Ok(Ok(_)) => "closed".to_owned(),
        Ok(Err(error)) => format!("closed: {error}"),
        Err(_) => "kept".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_tls_1_3_is_spoken_nothing_is_resumed_and_nothing_negotiated_anew() {
    let mut arena = Arena::new().await;
    let rogue = arena.enrolled().await;
    let facing = |name, answer, logged| Facing { name, answer, logged };

    let address = arena.gb.peer.clone();
    let old = facing("SSL 3.0, TLS 1.0, 1.1, 1.2", "4 of 4 alert protocol_version", "refused a connection");
    arena
        .face(old, move || async move {
            let mut refused = 0;
            for version in [0x0300, 0x0301, 0x0302, 0x0303] {
                let mut tcp = tcp_from(1, &address).await.unwrap();
                tcp.write_all(&old_hello(version)).await.unwrap();
                let alert = answer(tcp).await;
                // A fatal alert 70.
                refused += usize::from(alert.first() == Some(&21) && alert.ends_with(&[2, 70]));
            }
            format!("{refused} of 4 alert protocol_version")
        })
        .await;

    let (address, shown) = (arena.gb.peer.clone(), pair_of(&rogue.tls));
    let resumed = facing("session resumption and 0-RTT", "4 full handshakes, 0 tickets, early data refused", "");
    arena
        .face(resumed, move || async move {
            // rustls resumes by itself if it gets a ticket.
            let mut config = client(Some(shown));
            config.enable_early_data = true;
            let config = Arc::new(config);
            let (mut full, mut tickets, mut early) = (0, 0, "early data refused");
            for _ in 0..4 {
                let mut stream = dial(&address, &config).await.unwrap();
                stream.write_all(&[PREFACE, &settings(&[])].concat()).await.unwrap();
                stream.read_exact(&mut [0; 9]).await.unwrap();
                let tls = stream.get_ref().1;
                full += u32::from(tls.handshake_kind() == Some(HandshakeKind::Full));
                tickets += tls.tls13_tickets_received();
                if tls.is_early_data_accepted() {
                    early = "early data taken";
                }
            }
            format!("{full} full handshakes, {tickets} tickets, {early}")
        })
        .await;

    let (address, shown) = (arena.gb.peer.clone(), pair_of(&rogue.tls));
    arena
        .face(facing("key exchange by default", "X25519MLKEM768", ""), move || async move {
            let stream = dial(&address, &Arc::new(client(Some(shown)))).await.unwrap();
            format!("{:?}", stream.get_ref().1.negotiated_key_exchange_group().unwrap().name())
        })
        .await;

    let (address, shown) = (arena.gb.peer.clone(), pair_of(&rogue.tls));
    let anew = facing("renegotiation: a second ClientHello on a live connection", "closed", "");
    arena.face(anew, move || async move { begun_anew(&address, shown).await }).await;
    arena.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_revoked_is_cut_and_who_has_an_old_revocation_list_stays_out() {
    let mut arena = Arena::new().await;
    let rogue = arena.enrolled().await;
    let bad = rogue.issue("node/bad", Purpose::NodeTls);
    let facing = Facing { name: "revoked while connected", answer: "cut, then refused", logged: "CERTIFICATE_REVOKED" };
    let (gb, shown, of) = (arena.gb.clone(), pair_of(&bad), rogue.clone());
    arena
        .face(facing, move || async move {
            let config = Arc::new(client(Some(shown)));
            let raw = Raw::open(&gb.peer, &config, &[]).await.unwrap();
            time::sleep(Duration::from_millis(300)).await;
            assert!(raw.seen.lock().unwrap().end.is_none(), "it was never admitted");
            let now = SystemClock.now();
            let revoked = [(bad.serial.clone(), Revocation { at: now, invalid_since: None })];
            let list = of.ca.revocation_list(1, &revoked, now, 30).unwrap();
            let told = Instant::now();
            assert!(of.hand_over(&gb, 1, &list).await.unwrap(), "the node does not want the list");
            while raw.seen.lock().unwrap().end.is_none() && told.elapsed() < Duration::from_secs(10) {
                time::sleep(Duration::from_millis(5)).await;
            }
            let cut = told.elapsed();
            assert!(cut < Duration::from_secs(5), "cut only after {cut:?}");
            let again = knock(1, &gb.peer, Arc::unwrap_or_clone(config)).await;
            let then = if again.contains("alert") { "refused" } else { "let in" };
            format!("cut, then {then}; {} ms after the list came", cut.as_millis())
        })
        .await;

    let late = arena.enrolled().await;
    let answer = "let in, then LIST_LAPSED to all but hello, kept";
    let facing = Facing { name: "a revocation list that ran out", answer, logged: "" };
    let gb = arena.gb.clone();
    arena
        .face(facing, move || async move {
            let config = client(Some(pair_of(&late.tls)));
            let now = SystemClock.now();
            // Valid for 3 seconds more.
            let list = late.ca.revocation_list(1, &[], now.plus_seconds(3 - 30 * 86_400), 30).unwrap();
            assert!(late.hand_over(&gb, 1, &list).await.unwrap(), "the node does not want the list");
            let live = Raw::open(&gb.peer, &Arc::new(config.clone()), &[]).await.unwrap();
            let before = knock(1, &gb.peer, config.clone()).await;
            time::sleep(Duration::from_secs(4)).await;
            let mut exchange = late.exchange(&gb);
            exchange.hello(hello(vec![])).await.unwrap();
            let refused = exchange.acknowledge(proto::AcknowledgeRequest { sequence: 0 }).await.unwrap_err();
            let after = format!("{} to all but hello", watchfire::wire::status::to_fault(&refused).reason);
            let kept = if live.seen.lock().unwrap().end.is_none() { "kept" } else { "cut" };
            format!("{before}, then {after}, {kept}")
        })
        .await;
    arena.end().await;
}

/// Opens this many connections. Returns how long it took until the node had ended the last one, or `None`.
async fn crowd<F: Future<Output = ()> + Send + 'static>(one: impl Fn(usize) -> F) -> Option<Duration> {
    let started = Instant::now();
    let mut all = JoinSet::new();
    for number in 0..CROWD {
        all.spawn(one(number));
        // No more at one time than the listener's backlog.
        time::sleep(Duration::from_micros(500)).await;
    }
    let last =
        time::timeout(BEYOND + Duration::from_secs(10), async { while all.join_next().await.is_some() {} }).await;
    last.ok().map(|()| started.elapsed())
}

fn closed(last: Option<Duration>) -> String {
    last.map_or("some were kept".to_owned(), |after| format!("all closed, the last after {:.1} s", after.as_secs_f64()))
}

/// Reads until the other side ends the connection.
async fn wait(mut tcp: impl tokio::io::AsyncRead + Unpin) {
    let mut bytes = [0; 4096];
    while !matches!(tcp.read(&mut bytes).await, Ok(0) | Err(_)) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn crowds_that_say_nothing_or_next_to_nothing_hold_up_nobody_else() {
    let mut arena = Arena::new().await;
    let facing = |name, answer| Facing { name, answer, logged: "" };
    let address = arena.gb.peer.clone();
    let silent = facing("2,000 connections that say nothing", "all closed");
    arena
        .face(silent, move || async move {
            let one = |n: usize| {
                let address = address.clone();
                async move { wait(tcp_from((n % 200) as u8 + 1, &address).await.unwrap()).await }
            };
            closed(crowd(one).await)
        })
        .await;

    let address = arena.gb.peer.clone();
    let dripping =
        facing("2,000 handshakes, a byte a second, of a ClientHello of 60 KiB that stops short", "all closed");
    arena
        .face(dripping, move || async move {
            let one = |n: usize| {
                let address = address.clone();
                async move {
                    let tcp = tcp_from((n % 200) as u8 + 1, &address).await.unwrap();
                    let (read, mut write) = tcp.into_split();
                    let drip = async {
                        // A handshake message of 60 KiB in records of 16 KiB, without its end.
                        let mut message = vec![1, 0, 0xff, 0];
                        message.resize(60 << 10, 3);
                        for piece in message.chunks(16 << 10) {
                            let _ = write.write_all(&record(piece)).await;
                        }
                        loop {
                            time::sleep(Duration::from_secs(1)).await;
                            if write.write_all(&record(&[3])).await.is_err() {
                                break;
                            }
                        }
                    };
                    tokio::select! { () = wait(read) => {}, () = drip => {} }
                }
            };
            closed(crowd(one).await)
        })
        .await;

    let (address, rogue) = (arena.gb.peer.clone(), arena.enrolled().await);
    let mute = facing("2,000 connections of an enrolled partner that finish TLS and say nothing", "all closed");
    arena
        .face(mute, move || async move {
            let config = Arc::new(client(Some(pair_of(&rogue.tls))));
            let one = |n: usize| {
                let (address, config) = (address.clone(), config.clone());
                async move {
                    // No more at one time than the listener's backlog.
                    time::sleep(Duration::from_millis(n as u64)).await;
                    if let Ok(stream) = dial_from(201, &address, &config).await {
                        wait(stream).await;
                    }
                }
            };
            closed(crowd(one).await)
        })
        .await;
    arena.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_one_byte_and_new_keys_without_end_hold_up_nobody_else() {
    let mut arena = Arena::new().await;
    let (address, rogue) = (arena.gb.peer.clone(), arena.enrolled().await);
    let facing = Facing { name: "TLS records of one byte", answer: "records taken", logged: "" };
    arena.face(facing, move || async move { records(&address, pair_of(&rogue.tls), false).await }).await;
    let (address, rogue) = (arena.gb.peer.clone(), arena.enrolled().await);
    let facing = Facing { name: "KeyUpdate flood", answer: "records taken", logged: "" };
    arena.face(facing, move || async move { records(&address, pair_of(&rogue.tls), true).await }).await;
    arena.end().await;
}

/// Over 16 connections: each byte is a record, or each byte comes under a new key.
async fn records(address: &str, shown: Pair, new_keys: bool) -> String {
    let (config, until) = (Arc::new(client(Some(shown))), Instant::now() + length());
    let mut all = JoinSet::new();
    for _ in 0..16 {
        let (address, config) = (address.to_owned(), config.clone());
        all.spawn(async move {
            let Ok(mut stream) = dial(&address, &config).await else { return 0 };
            let ping = frame(PING, 0, 0, &[7; 8]);
            let bytes =
                [PREFACE, &settings(&[])].concat().into_iter().chain(std::iter::repeat_n(ping, 1 << 20).flatten());
            let mut sent = 0;
            for byte in bytes {
                if new_keys && stream.get_mut().1.refresh_traffic_keys().is_err() {
                    break;
                }
                let left = until.saturating_duration_since(Instant::now());
                let write = async {
                    stream.write_all(&[byte]).await?;
                    stream.flush().await
                };
                if !matches!(time::timeout(left, write).await, Ok(Ok(()))) {
                    break;
                }
                sent += 1;
            }
            sent
        });
    }
    let sent: u64 = all.join_all().await.iter().sum();
    if sent == 0 { NOTHING.to_owned() } else { format!("{sent} records taken") }
}
