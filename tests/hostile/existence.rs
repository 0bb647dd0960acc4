//! Whether the time of an answer reveals to a partner that something exists which it may not have. The bytes of answers are compared in
//! `tests/node/existence.rs`.

use std::time::{Duration, Instant};

use tonic::transport::Channel;
use watchfire::{
    draft::Lineage,
    seal::{compose::new_assessment_id, hash::sha256, random},
    wire::proto::{self, exchange_service_client::ExchangeServiceClient},
};

use crate::{
    arena::{alone, say},
    asked::number,
    grpc::hello,
    hostile_kit::Rogue,
    kit::{Org, note, terms},
};

/// The number of answers of each kind: `HOSTILE_SAMPLES`, 1,000 by default. The promise is for 10,000.
fn samples() -> usize {
    number("HOSTILE_SAMPLES", 1_000)
}

/// How often one time is later than the other, over all pairs. 0.5 means that nothing is revealed.
fn auc(one: &[Duration], other: &[Duration]) -> f64 {
    let mut all: Vec<_> = one.iter().map(|d| (d, true)).chain(other.iter().map(|d| (d, false))).collect();
    all.sort_unstable();
    let (mut before, mut wins) = (0_u64, 0_u64);
    for (_, is_one) in all {
        if is_one {
            wins += before;
        } else {
            before += 1;
        }
    }
    let auc = wins as f64 / (one.len() * other.len()) as f64;
    auc.max(1.0 - auc)
}

/// What is requested. The answer is always the same refusal.
#[derive(Clone, Copy)]
enum Ask {
    Attachment([u8; 32]),
    Ticket([u8; 32]),
}

/// How long the answer took. Several partners ask in turn, because the requests of one partner in a second are limited.
async fn timed(exchange: &mut ExchangeServiceClient<Channel>, ask: Ask) -> Duration {
    let started = Instant::now();
    match ask {
        Ask::Attachment(sha256) => {
            let request = proto::FetchAttachmentRequest { sha256: sha256.to_vec().into(), offset: 0 };
            let mut answer = exchange.fetch_attachment(request).await.unwrap().into_inner();
            assert_eq!(answer.message().await.unwrap_err().code(), tonic::Code::NotFound);
        }
        Ask::Ticket(ticket) => {
            let outcome =
                proto::StatementOutcome { result: proto::StatementResult::Accepted.into(), ..Default::default() };
            let settled = vec![proto::SettledStatement { ticket: ticket.to_vec().into(), outcome: Some(outcome) }];
            let request = proto::FetchStatementsRequest { settled, wait_seconds: 0 };
            assert!(exchange.fetch_statements(request).await.unwrap().into_inner().statements.is_empty());
        }
    }
    started.elapsed()
}

/// The times of both, asked for in random order. `later` is added to the times of what exists, to imitate a node that reveals it.
async fn compared(
    poor: &mut [ExchangeServiceClient<Channel>],
    exists: Ask,
    absent: impl Fn([u8; 32]) -> Ask,
    later: Duration,
) -> f64 {
    let (mut there, mut nowhere) = (vec![], vec![]);
    let mut turn = 0;
    while there.len().min(nowhere.len()) < samples() {
        let chance: [u8; 32] = random::bytes().unwrap();
        turn = (turn + 1) % poor.len();
        let exchange = &mut poor[turn];
        if chance[0] & 1 == 0 {
            let started = Instant::now();
            timed(exchange, exists).await;
            if !later.is_zero() {
                tokio::time::sleep(later).await;
            }
            there.push(started.elapsed());
        } else {
            nowhere.push(timed(exchange, absent(chance)).await);
        }
    }
    auc(&there, &nowhere)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_an_answer_does_not_tell_what_exists() {
    let _alone = alone().await;
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rich = Rogue::new("rich.example");
    rich.get_accepted(&gb, "127.0.0.1:1").await;
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    rich.agree(&gb, &terms(gb.domain, rich.domain, ""), lineage).await;
    let bytes = vec![42; 300_000];
    std::fs::write(gb.dir.join("map.bin"), &bytes).unwrap();
    let attachment =
        "\n[[portion]]\nkind = \"attachment\"\nfile = \"map.bin\"\nmedia_type = \"application/octet-stream\"\n";
    let draft = gb.file("draft.toml", &(note("a secret", "BF") + attachment));
    gb.one(&["--as", "ana", "assess", "publish", &draft, "--accept", "attachment"]).await;
    // The rich partner has it, and something waits for that partner.
    let mut exchange = rich.exchange(&gb);
    let request = proto::SubscribeRequest { until_caught_up: true, ..Default::default() };
    exchange.subscribe(request).await.unwrap().into_inner().message().await.unwrap().unwrap();
    exchange.hello(hello(vec![])).await.unwrap();
    let waiting = exchange.fetch_statements(proto::FetchStatementsRequest::default()).await.unwrap().into_inner();
    let ticket = waiting.statements[0].ticket[..].try_into().unwrap();
    let map = sha256(&[&bytes]);

    let mut poor = vec![];
    for domain in ["poor-1.example", "poor-2.example", "poor-3.example", "poor-4.example"] {
        let rogue = Rogue::new(domain);
        rogue.get_accepted(&gb, "127.0.0.1:1").await;
        poor.push(rogue.exchange(&gb));
    }
    // With 10,000 of each, the bound is that of the promise. With fewer, chance has more influence.
    let most = 0.55 + if samples() < 10_000 { 0.02 } else { 0.0 };
    let none = Duration::ZERO;
    let attachments = compared(&mut poor, Ask::Attachment(map), Ask::Attachment, none).await;
    let tickets = compared(&mut poor, Ask::Ticket(ticket), Ask::Ticket, none).await;
    // The control: a node that takes a millisecond longer for what exists.
    let control = compared(&mut poor, Ask::Attachment(map), Ask::Attachment, Duration::from_millis(1)).await;
    let samples = samples();
    say(&format!(
        "existence by time | the same | AUC of {samples} each: attachments {attachments:.3}, tickets {tickets:.3}; \
         with 1 ms more {control:.3}"
    ));
    assert!(attachments <= most && tickets <= most, "attachments {attachments}, tickets {tickets}");
    assert!(control > most, "the measurement does not detect the control: {control}");
}
