//! Attacks on gRPC by an enrolled partner: messages that are malformed, too many, too large, or never read.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use tokio::{task::JoinSet, time};
use tonic::{Status, transport::Channel};
use tower::{Service, ServiceExt};
use watchfire::{
    domain::{
        receipt::{Receipt, ReceiptKind},
        statement::StatementKind,
        time::Clock,
    },
    draft::Lineage,
    seal::compose::new_assessment_id,
    telemetry::SystemClock,
    wire::{self, proto, status::to_fault},
};

use crate::{
    arena::{Arena, Facing, NOTHING, length},
    frames::*,
    hostile_kit::{self, Rogue, signed},
    kit::{Org, note, terms},
    raw::{Raw, client, pair_of},
};

pub const HELLO: &str = "/watchfire.v1.ExchangeService/Hello";
const FETCH: &str = "/watchfire.v1.ExchangeService/FetchStatements";
const SUBMIT: &str = "/watchfire.v1.ExchangeService/SubmitStatements";
const SUBSCRIBE: &str = "/watchfire.v1.ExchangeService/Subscribe";

pub fn hello(revocation_lists: Vec<proto::RevocationListAnnouncement>) -> proto::HelloRequest {
    proto::HelloRequest {
        payload_types: StatementKind::ALL.iter().map(|k| k.payload_type().to_owned()).collect(),
        revocation_lists,
        ..hostile_kit::hello()
    }
}

/// A message with its prefix of five bytes.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

/// Posts bytes. Returns the status code of the answer, and the reason in its details.
async fn post(channel: &mut Channel, path: &str, more: &[(&str, &str)], body: Vec<u8>) -> String {
    let mut request = http::Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let request = request.body(tonic::body::Body::new(Body::from(body))).unwrap();
    match channel.ready().await.unwrap().call(request).await {
        Ok(answer) => match Status::from_header_map(answer.headers()) {
            Some(status) => format!("{:?} {}", status.code(), to_fault(&status).reason),
            None => format!("HTTP {}, taken", answer.status().as_u16()),
        },
        Err(error) => error.to_string(),
    }
}

/// One faulty call, and the expected answer.
struct Wrong {
    name: &'static str,
    answer: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: Vec<u8>,
}

fn wrong_calls() -> Vec<Wrong> {
    let limit = 4 << 20;
    let wrong = |name, answer, path, body| Wrong { name, answer, path, headers: &[], body };
    let (large, none) = ("ResourceExhausted LIMIT_EXCEEDED", "InvalidArgument INVALID_ARGUMENT");
    let no_such = "Unimplemented UNKNOWN_OR_NON_CANONICAL";
    // A statement's payload pads it to the exact length.
    let padded = |bytes: usize| {
        let mut message = vec![0x0a];
        prost::encoding::encode_varint((bytes - 5) as u64, &mut message);
        message.push(0x12);
        prost::encoding::encode_varint((bytes - 10) as u64, &mut message);
        message.resize(bytes, 0);
        message
    };
    let groups = [&[0x9b, 0x06].repeat(10_000)[..], &[0x9c, 0x06].repeat(10_000)].concat();
    let gzip: &[(&str, &str)] = &[("grpc-encoding", "gzip")];
    let bomb =
        [&[1, 0, 0, 0, 20][..], &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4c, 4, 0, 0, 0, 0, 0, 0]].concat();
    vec![
        wrong("a message of the limit and one byte", large, SUBMIT, framed(&padded(limit + 1))),
        wrong("a declared length of 4 GiB", large, SUBMIT, [&[0], &[0xff; 4][..], b"abc"].concat()),
        Wrong { headers: gzip, ..wrong("gzip: compression is off", no_such, SUBMIT, bomb) },
        wrong("random bytes as a message", none, SUBMIT, framed(&[0xff; 64])),
        wrong("groups nested 10,000 deep", none, HELLO, framed(&groups)),
        wrong("two million empty statements in 4 MiB", large, SUBMIT, framed(&[0x0a, 0].repeat(limit / 2 - 8))),
        wrong("the desk's service on the peer port", no_such, "/watchfire.v1.PartnerService/ListPartners", framed(&[])),
        wrong(
            "reflection on the peer port",
            no_such,
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            framed(&[]),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_wrong_gets_the_documented_code_and_reason() {
    let mut arena = Arena::new().await;
    for wrong in wrong_calls() {
        let rogue = arena.enrolled().await;
        let gb = arena.gb.clone();
        let facing = Facing { name: wrong.name, answer: wrong.answer, logged: "" };
        arena
            .face(facing, move || async move {
                let mut channel = rogue.dial_as(&rogue.tls, &gb, &gb.peer);
                post(&mut channel, wrong.path, wrong.headers, wrong.body).await
            })
            .await;
    }
    let (gb, rogue) = (arena.gb.clone(), arena.enrolled().await);
    let facing = Facing { name: "absurd grpc-timeout", answer: "answers × 6", logged: "" };
    arena
        .face(facing, move || async move {
            let mut raw = Raw::open(&gb.peer, &Arc::new(client(Some(pair_of(&rogue.tls)))), &[]).await.unwrap();
            for (number, value) in ["99999999H", "0n", "-1S", "123456789S", "1y", ""].into_iter().enumerate() {
                let headers = [call_headers(FETCH), header("grpc-timeout", value.as_bytes())].concat();
                let stream = number as u32 * 2 + 1;
                let call =
                    [frame(HEADERS, END_HEADERS, stream, &headers), frame(DATA, END_STREAM, stream, &framed(&[]))];
                raw.send(&call.concat()).await.unwrap();
            }
            time::sleep(Duration::from_secs(1)).await;
            let seen = raw.seen.lock().unwrap();
            // Each call has headers and trailers.
            format!("answers × {}, {}", seen.of(HEADERS) / 2, seen.end.clone().unwrap_or("kept".to_owned()))
        })
        .await;
    arena.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_wrong_is_refused_by_its_reason() {
    let mut arena = Arena::new().await;
    let (rogue, other) = (arena.enrolled().await, arena.enrolled().await);
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let text = terms(rogue.domain, arena.gb.domain, "");
    let agreement = watchfire::draft::parse_agreement(
        &text,
        watchfire::draft::Format::Toml,
        lineage,
        watchfire::domain::time::Day::FIRST,
    )
    .unwrap();
    let mut payload = wire::agreement::encode(&agreement);
    // An unknown field 99 with the value 1.
    payload.extend([0x98, 0x06, 0x01]);
    let unknown = signed(&rogue.node, StatementKind::Agreement, payload);
    let receipt = |signer: &Rogue| {
        let about = vec![watchfire::domain::ids::StatementId([9; 32])];
        let receipt = Receipt::about("gb.example".parse().unwrap(), ReceiptKind::Stored, about, SystemClock.now());
        signed(&signer.node, StatementKind::Receipt, wire::receipt::encode(&receipt))
    };
    let cases = [
        ("an unknown field in a signed part", unknown, "UNKNOWN_OR_NON_CANONICAL"),
        ("partner A's certificate with B's statement in the message", receipt(&other), "WRONG_DOMAIN"),
    ];
    for (name, statement, answer) in cases {
        let (gb, rogue) = (arena.gb.clone(), rogue.clone());
        arena
            .face(Facing { name, answer, logged: "" }, move || async move {
                let outcome = rogue.submit(&gb, statement).await;
                if outcome.is_accepted() { "accepted".to_owned() } else { outcome.reason }
            })
            .await;
    }
    arena.end().await;
}

/// A partner to which much has to be sent: 48 assessments of 100 KiB.
async fn with_a_backlog(arena: &mut Arena) -> Arc<Rogue> {
    let rogue = arena.enrolled().await;
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let text = terms(arena.gb.domain, rogue.domain, "").replace("\"attachment\"", "\"narrative\"");
    rogue.agree(&arena.gb, &text, lineage).await;
    let mut author = arena.gb.author().await;
    let long = format!("\n[[portion]]\nkind = \"narrative\"\ntext = \"{}\"\n", "long ".repeat(20_000));
    for _ in 0..48 {
        author.publish(&(note("due", "ML") + &long)).await;
    }
    rogue
}

/// Opens as many answers as permitted and reads nothing: windows of 0 on every connection.
async fn never_reads(gb: &Org, rogue: &Rogue, connections: u32, length: Duration) -> String {
    let config = Arc::new(client(Some(pair_of(&rogue.tls))));
    let mut open = vec![];
    for _ in 0..connections {
        // SETTINGS_INITIAL_WINDOW_SIZE.
        let Ok(mut raw) = Raw::open(&gb.peer, &config, &[(4, 0)]).await else { continue };
        for number in 0..60 {
            let (path, body) = if number % 2 == 0 { (SUBSCRIBE, &[][..]) } else { (FETCH, &[0x10, 20][..]) };
            let stream = number * 2 + 1;
            let headers = frame(HEADERS, END_HEADERS, stream, &call_headers(path));
            let call = [headers, frame(DATA, END_STREAM, stream, &framed(body))].concat();
            if time::timeout(Duration::from_secs(1), raw.send(&call)).await.is_err() {
                break;
            }
        }
        open.push(raw);
    }
    time::sleep(length).await;
    let mut said = Seen::default();
    open.iter().for_each(|raw| said.add(&raw.seen.lock().unwrap()));
    if said.frames.is_empty() {
        return NOTHING.to_owned();
    }
    // Every second call is a subscription, for which there are four places. Other answers have sixteen. A fetch that waits has not begun its
    // answer yet.
    let feeds = said.open.iter().filter(|stream| *stream % 4 == 1).count();
    let others = said.open.len() - feeds;
    let word = match (feeds, others) {
        (0, 0) => "nothing of",
        (0..=4, 0..=16) => "within",
        _ => "beyond",
    };
    let refused = if said.refusals > 0 { "the others refused" } else { "nobody refused" };
    format!(
        "{feeds} feeds and {others} others open, {word} its share, {refused}; {said}, {} bytes of bodies taken",
        said.body
    )
}

/// This many calls at once, each of almost 4 MiB, that stop shortly before their end.
async fn never_ends(gb: &Org, rogue: &Rogue, length: Duration) -> String {
    let config = Arc::new(client(Some(pair_of(&rogue.tls))));
    let until = Instant::now() + length;
    let mut all = JoinSet::new();
    for _ in 0..16 {
        let (address, config) = (gb.peer.clone(), config.clone());
        all.spawn(async move {
            let Ok(mut raw) = Raw::open(&address, &config, &[]).await else { return (0, Seen::default()) };
            let mut sent = 0;
            let flood = async {
                for number in 0..64 {
                    let headers = frame(HEADERS, END_HEADERS, number * 2 + 1, &call_headers(SUBMIT));
                    let begin = frame(DATA, 0, number * 2 + 1, &[0, 0, 0x3f, 0xff, 0xff]);
                    raw.send(&[headers, begin].concat()).await.unwrap_or_default();
                }
                // Windows are ignored. An attacker that respects them has all the more time.
                for round in 0..255 {
                    for number in 0..64 {
                        let piece = frame(DATA, 0, number * 2 + 1, &[round; 16 << 10]);
                        if raw.send(&piece).await.is_err() {
                            return;
                        }
                        sent += 16;
                    }
                }
            };
            let _ = time::timeout(until.saturating_duration_since(Instant::now()), flood).await;
            let seen = raw.seen.lock().unwrap().clone();
            (sent, seen)
        });
    }
    let (mut said, mut sent) = (Seen::default(), 0);
    for (kib, seen) in all.join_all().await {
        sent += kib;
        said.add(&seen);
    }
    if sent == 0 || said.frames.is_empty() {
        return NOTHING.to_owned();
    }
    format!("{} calls answered; {said}, {} MiB taken", said.of(HEADERS), sent / 1024)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_not_taken_or_not_ended_cost_little_memory() {
    let mut arena = Arena::new().await;
    let (rogue, gb) = (with_a_backlog(&mut arena).await, arena.gb.clone());
    let facing = Facing {
        name: "a reader that never opens its window, with 5 MB due to it",
        answer: "within its share, the others refused; … kept, 0 bytes of bodies taken",
        logged: "",
    };
    arena.face(facing, move || async move { never_reads(&gb, &rogue, 16, length()).await }).await;
    let (rogue, gb) = (arena.enrolled().await, arena.gb.clone());
    // A connection that ignores windows is cut sooner or later. None of the calls is ever complete.
    let facing = Facing { name: "1,024 calls of almost 4 MiB that never end", answer: "0 calls answered", logged: "" };
    arena.face(facing, move || async move { never_ends(&gb, &rogue, length() * 2).await }).await;
    let (rogue, gb) = (arena.enrolled().await, arena.gb.clone());
    let facing = Facing { name: "200 connections of one partner", answer: "16 let in", logged: "too many connections" };
    arena
        .face(facing, move || async move {
            let config = Arc::new(client(Some(pair_of(&rogue.tls))));
            let mut open = vec![];
            for _ in 0..200 {
                open.extend(Raw::open(&gb.peer, &config, &[]).await.ok());
            }
            time::sleep(Duration::from_millis(500)).await;
            let kept = open.iter().filter(|raw| raw.seen.lock().unwrap().end.is_none()).count();
            format!("{kept} let in, the others closed")
        })
        .await;
    arena.end().await;
}

/// Everything that the four send at once must be distinct.
#[derive(Clone, Copy)]
enum Flood {
    RapidReset,
    Hellos,
    Rubbish,
    Subscriptions,
}

#[tokio::test(flavor = "multi_thread")]
async fn four_hostile_partners_at_once_each_with_another_flood_hold_up_nobody_else() {
    let mut arena = Arena::new().await;
    let deaf = with_a_backlog(&mut arena).await;
    let mut rogues = vec![];
    for flood in [Flood::RapidReset, Flood::Hellos, Flood::Rubbish] {
        rogues.push((arena.enrolled().await, flood));
    }
    rogues.push((deaf, Flood::Subscriptions));
    let gb = arena.gb.clone();
    // In alphabetical order.
    let facing = Facing {
        name: "4 hostile enrolled partners at once",
        answer: "hellos and requests for attachments: … rapid reset: GOAWAY ENHANCE_YOUR_CALM … \
                 subscriptions opened and dropped: … calls; never reading: … the others refused; … well-signed rubbish: … calls",
        logged: "",
    };
    arena
        .face(facing, move || async move {
            let until = Instant::now() + length() * 3;
            let mut all = JoinSet::new();
            for (rogue, flood) in rogues {
                let gb = gb.clone();
                all.spawn(async move { rage(&gb, &rogue, flood, until).await });
            }
            let mut said = all.join_all().await;
            said.sort();
            said.join("; ")
        })
        .await;
    arena.end().await;
}

async fn rage(gb: &Arc<Org>, rogue: &Arc<Rogue>, flood: Flood, until: Instant) -> String {
    let left = until - Instant::now();
    match flood {
        Flood::RapidReset => {
            let call = call_headers(FETCH);
            let pieces = move |n: u32| [frame(HEADERS, END_HEADERS, n * 2 + 1, &call), reset(n * 2 + 1)].concat();
            let said = crate::raw::flood(&gb.peer, pair_of(&rogue.tls), 16, left, Arc::new(pieces)).await;
            format!("rapid reset: {said}")
        }
        Flood::Hellos => {
            let calls = storm(gb, rogue, until, |mut exchange, n| async move {
                let sha256 = vec![n as u8; 32].into();
                let _ = exchange.hello(hello(vec![])).await;
                let _ = exchange.fetch_attachment(proto::FetchAttachmentRequest { sha256, offset: 0 }).await;
            });
            format!("hellos and requests for attachments: {}", calls.await)
        }
        Flood::Rubbish => {
            let signer = rogue.clone();
            let calls = storm(gb, rogue, until, move |mut exchange, n| {
                let statements = (0..8).map(|of_it| rubbish(&signer, n << 3 | of_it)).collect();
                async move {
                    let _ = exchange.submit_statements(proto::SubmitStatementsRequest { statements }).await;
                }
            });
            format!("well-signed rubbish: {}", calls.await)
        }
        Flood::Subscriptions => {
            let deaf = never_reads(gb, rogue, 8, left);
            let calls = storm(gb, rogue, until, |mut exchange, _| async move {
                let request = proto::SubscribeRequest::default();
                if let Ok(stream) = exchange.subscribe(request).await {
                    drop(stream.into_inner().message().await);
                }
            });
            let (calls, deaf) = tokio::join!(calls, deaf);
            format!("subscriptions opened and dropped: {calls}; never reading: {deaf}")
        }
    }
}

/// A receipt about nothing, with a valid signature.
fn rubbish(signer: &Rogue, number: u64) -> proto::Envelope {
    let mut about = [9; 32];
    about[..8].copy_from_slice(&number.to_be_bytes());
    let about = vec![watchfire::domain::ids::StatementId(about)];
    let receipt = Receipt::about("gb.example".parse().unwrap(), ReceiptKind::Stored, about, SystemClock.now());
    signed(&signer.node, StatementKind::Receipt, wire::receipt::encode(&receipt))
}

type Exchange = proto::exchange_service_client::ExchangeServiceClient<Channel>;

/// Eight connections with sixteen callers each, which call as fast as they are answered.
async fn storm<F: Future<Output = ()> + Send + 'static>(
    gb: &Org,
    rogue: &Rogue,
    until: Instant,
    call: impl Fn(Exchange, u64) -> F + Send + Sync + 'static,
) -> String {
    let call = Arc::new(call);
    let mut all = JoinSet::new();
    for connection in 0..8_u64 {
        let exchange = rogue.exchange(gb);
        for caller in 0..16 {
            let (exchange, call) = (exchange.clone(), call.clone());
            let first = (connection * 16 + caller) << 32;
            all.spawn(async move {
                let mut calls = 0;
                while Instant::now() < until {
                    let left = until.saturating_duration_since(Instant::now());
                    if time::timeout(left, call(exchange.clone(), first | calls)).await.is_ok() {
                        calls += 1;
                    }
                }
                calls
            });
        }
    }
    let calls = all.join_all().await.iter().sum::<u64>();
    if calls == 0 { NOTHING.to_owned() } else { format!("{calls} calls") }
}
