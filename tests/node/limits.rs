//! Messages that are too large, or are not messages, get the documented code and a stable reason. The streams of the command line print what
//! arrives.

use std::process::Stdio;

use axum::body::Body;
use prost::Message;
use tokio::io::{AsyncBufReadExt, BufReader};
use tonic::{Code, Status, transport::Channel};
use tower::{Service, ServiceExt};
use watchfire::{
    domain::fault::Reason,
    transport::{dialler, limits::Limits, tls_config::Credentials},
    wire::{
        proto::{self, exchange_service_client::ExchangeServiceClient},
        status::to_fault,
    },
};

use crate::{
    hostile_kit::{Rogue, gate, member_of},
    kit::{Org, note, pair, until},
};

/// Checks the documented code, the stable reason, and its domain in the details.
fn refused(status: &Status, code: Code, reason: Reason) {
    assert_eq!(status.code(), code, "{status:?}");
    let details = tonic_types::StatusExt::get_error_details(status);
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!((info.domain.as_str(), info.reason.as_str()), ("watchfire", reason.as_str()));
    assert_eq!(to_fault(status).reason, reason);
}

fn person(org: &Org) -> Channel {
    let files = org.dir.join("persons/analyst-ana");
    let credentials = Credentials::load(&files.join("tls.pem"), &files.join("tls.key")).unwrap();
    let gate = gate(credentials, member_of(org), vec![]);
    dialler::connect(&org.desk, org.domain.parse().unwrap(), &gate, &Limits::default()).unwrap()
}

/// Posts bytes to a method. Returns the status in the answer's headers.
async fn post(mut channel: Channel, path: &str, body: Vec<u8>) -> Status {
    let request = http::Request::post(path)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(Body::from(body)))
        .unwrap();
    let answer = channel.ready().await.unwrap().call(request).await.unwrap();
    Status::from_header_map(answer.headers()).unwrap_or_else(|| panic!("it was taken: {:?}", answer.headers()))
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

const PUBLISH: &str = "/watchfire.v1.DeskService/PublishAssessment";
const HELLO: &str = "/watchfire.v1.ExchangeService/Hello";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_is_refused_as_documented() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let big = |bytes: usize| proto::PublishAssessmentRequest {
        manifest: None,
        portions: vec![vec![0; bytes].into()],
        accepted_findings: vec![],
    };
    let status = post(person(&org), PUBLISH, framed(&big((4 << 20) + 1).encode_to_vec())).await;
    refused(&status, Code::ResourceExhausted, Reason::LimitExceeded);
    // Just below the limit, the size is no longer the reason.
    let status = post(person(&org), PUBLISH, framed(&big((4 << 20) - 64).encode_to_vec())).await;
    assert_ne!(to_fault(&status).reason, Reason::LimitExceeded, "{status:?}");
    // A declared length of 4 GiB without the bytes.
    let status = post(person(&org), PUBLISH, [&[0], &[0xff; 4][..], b"abc"].concat()).await;
    refused(&status, Code::ResourceExhausted, Reason::LimitExceeded);
    org.ask(&["--as", "ana", "assess", "list"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_message_are_an_invalid_argument() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new("rogue.example");
    rogue.get_accepted(&org, "127.0.0.1:1").await;
    for garbage in [vec![0xff; 64], vec![0x0a, 0x7f, 1], b"GET / HTTP/1.1".to_vec()] {
        let status = post(person(&org), PUBLISH, framed(&garbage)).await;
        refused(&status, Code::InvalidArgument, Reason::InvalidArgument);
        let peer = rogue.dial_as(&rogue.tls, &org, &org.peer);
        let status = post(peer, HELLO, framed(&garbage)).await;
        refused(&status, Code::InvalidArgument, Reason::InvalidArgument);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_of_an_unknown_kind_is_refused_by_name() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new("rogue.example");
    rogue.get_accepted(&org, "127.0.0.1:1").await;
    let unknown = |payload_type: &str| proto::Envelope {
        payload_type: payload_type.to_owned(),
        payload: vec![1].into(),
        signatures: vec![proto::Signature { suite: 1, certificates: vec![vec![1].into()], value: vec![1].into() }],
        logged: vec![],
        path: vec![],
    };
    let mut exchange: ExchangeServiceClient<Channel> = rogue.exchange(&org);
    let statements = vec![
        unknown("application/vnd.watchfire.oracle.v1+proto"),
        unknown("application/vnd.watchfire.manifest.v1+proto"),
    ];
    let answer = exchange.submit_statements(proto::SubmitStatementsRequest { statements }).await.unwrap();
    let outcomes = answer.into_inner().outcomes;
    assert_eq!((outcomes[0].is_accepted(), outcomes[0].reason.as_str()), (false, "UNKNOWN_OR_NON_CANONICAL"));
    assert!(outcomes[0].message.starts_with("payload_type: "), "{}", outcomes[0].message);
    assert_eq!((outcomes[1].is_accepted(), outcomes[1].reason.as_str()), (false, "INVALID_ARGUMENT"));
    let statements = vec![unknown("x"); 257];
    let status = exchange.submit_statements(proto::SubmitStatementsRequest { statements }).await.unwrap_err();
    refused(&status, Code::ResourceExhausted, Reason::LimitExceeded);
    let request = proto::SubscribeRequest { after_sequence: 7, until_caught_up: true, ..Default::default() };
    let status = exchange.subscribe(request).await.unwrap().into_inner().message().await.unwrap_err();
    refused(&status, Code::FailedPrecondition, Reason::SequenceFork);
    let request = proto::PublishAssessmentRequest {
        manifest: Some(unknown("application/vnd.watchfire.oracle.v1+proto")),
        portions: vec![],
        accepted_findings: vec![],
    };
    let status = org.connect("analyst-ana").await.assessments.publish_assessment(request).await.unwrap_err();
    refused(&status, Code::InvalidArgument, Reason::UnknownOrNonCanonical);
    assert_eq!(to_fault(&status).field.as_deref(), Some("manifest.payload_type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_method_has_a_reason_too() {
    let org = Org::found("gb.example", "state", Some("GB")).await;
    let status = post(person(&org), "/watchfire.v1.DeskService/Guess", framed(&[])).await;
    refused(&status, Code::Unimplemented, Reason::UnknownOrNonCanonical);
}

#[tokio::test(flavor = "multi_thread")]
async fn following_prints_one_line_an_entry_as_it_arrives_and_pulling_what_is_new() {
    let (gb, mut no) = pair().await;
    let mut author = gb.author().await;
    let first = author.publish(&note("the first", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&first)).await;
    let mut following = tokio::process::Command::new(env!("CARGO_BIN_EXE_watchfire"))
        .arg("--dir")
        .arg(&no.dir)
        .args(["--json", "--as", "ana", "feed", "follow", "--from", "gb.example"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = async || -> serde_json::Value {
        let line = tokio::time::timeout(crate::kit::PATIENCE, lines.next_line()).await.expect("nothing was printed");
        serde_json::from_str(&line.unwrap().unwrap()).unwrap()
    };
    let item = next().await;
    assert_eq!((&item["assessment"], &item["sequence"]), (&first.clone().into(), &1.into()), "{item}");
    assert_eq!((&item["partner"], &item["kind"]), (&"gb.example".into(), &"assessment".into()), "{item}");
    assert_eq!((&item["version"], &item["state"]), (&1.into(), &"current".into()), "{item}");
    let second = author.publish(&note("the second", "BF")).await;
    let item = next().await;
    assert_eq!((&item["assessment"], &item["sequence"]), (&second.into(), &2.into()), "{item}");
    following.kill().await.unwrap();

    // Nothing is new, so the answer is empty. If the sender is down: its name and a reason.
    assert!(no.ask(&["--as", "ana", "feed", "pull"]).await.is_empty());
    no.kill().await;
    let third = author.publish(&note("the third", "BF")).await;
    let fourth = author.publish(&note("the fourth", "BF")).await;
    no.start().await;
    no.ask(&["--as", "ana", "feed", "pull", "--from", "gb.example"]).await;
    assert!(no.assessments("gb.example").await.contains(&third));
    assert!(no.assessments("gb.example").await.contains(&fourth));
    drop(gb);
    until("the partner is gone", async || {
        let answer = no.run(&["--as", "ana", "feed", "pull", "--from", "gb.example"]).await;
        (answer.code == 1 && answer.reason() == "UNAVAILABLE" && answer.stderr.contains("gb.example")).then_some(())
    })
    .await;
    let stranger = no.run(&["--as", "ana", "feed", "pull", "--from", "nobody.example"]).await;
    assert_eq!(stranger.code, 1, "{}", stranger.stderr);
    assert!(stranger.stderr.contains("nobody.example"), "{}", stranger.stderr);
}
