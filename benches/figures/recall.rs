//! One recall, until the last of many holders' receipts is stored at its originator. The originator is a process of its own;
//! the holders are connections with a certificate each, of as many organisations.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{sync::mpsc, task::JoinHandle};
use watchfire::{
    domain::{
        ids::{AssessmentId, StatementId, TrustDomain},
        recall::{Recall, RecallKind},
        receipt::{Receipt, ReceiptKind},
        statement::StatementKind,
        time::Clock,
    },
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{
        self,
        field::timestamp,
        proto::{self, exchange_service_client::ExchangeServiceClient},
    },
};

use super::{
    Run,
    bare::{dial, tls_config},
    content::{Party, agreement, assessments, seed},
    machine::percentile,
    organisation::{Light, Org},
    plain::{Plain, message, of_length},
    report::Figure,
};

/// About how long a receipt is with its signature.
const RECEIPT_BYTES: usize = 1024;

type Client = ExchangeServiceClient<tonic::transport::Channel>;

/// What a holder tells the measure.
enum HolderEvent {
    Holds,
    /// The originator has stored its receipt.
    Answered(Instant),
}

pub async fn run(run: &Run, name: &'static str, holders: usize) {
    let rounds = run.count(5, 2);
    let dir = run.directory();
    let originator = Org::found(dir.path(), "gb.example", "GB");
    let key = originator.node_key();
    let lights: Vec<Arc<Light>> = (0..holders).map(|i| Arc::new(Light::found(&format!("p{i}.example")))).collect();
    let agreements = lights
        .iter()
        .map(|l| {
            let from = Party { domain: &originator.domain, key: &key };
            agreement(from, Party { domain: &l.domain(), key: &l.key })
        })
        .collect();
    seed(&originator.store(), lights.iter().map(|l| l.record.clone()).collect(), agreements).await;
    let node = originator.serve();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (tell, mut told) = mpsc::channel(2 * holders);
    let mut live = vec![];
    for light in &lights {
        live.push(hold(&originator, light.clone(), tell.clone()).await);
    }
    let (mut desk, mut officer) = (originator.desk().await, originator.officer_desk().await);
    let (mut last_answered, mut answered) = (vec![], vec![]);
    for signed in assessments(&originator.domain, &originator.author_key(), rounds) {
        let published = desk.assessments.publish_assessment(signed.request()).await.unwrap().into_inner();
        for _ in 0..holders {
            assert!(matches!(told.recv().await.unwrap(), HolderEvent::Holds));
        }
        let request = recall(&originator, &published.assessment_id);
        let start = Instant::now();
        officer.recalls.recall_assessment(request).await.unwrap();
        answered.push(start.elapsed());
        let mut last = start;
        for _ in 0..holders {
            let HolderEvent::Answered(at) = told.recv().await.unwrap() else { panic!("something else came") };
            last = last.max(at);
        }
        last_answered.push(last - start);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    live.iter().for_each(JoinHandle::abort);
    drop(node);
    let limit = plain(run, holders, rounds).await;
    Figure {
        name,
        value: percentile(last_answered.clone(), 50.0),
        unit: "ms, median, from the officer's call until the last holder's receipt is stored",
        limit: percentile(limit, 50.0),
        limit_is: "plain tonic with mutual TLS: a durable call, a message to as many open streams, and a durable call by each",
        n: rounds,
        more: json!({ "holders": holders, "worst_ms": percentile(last_answered, 100.0),
                      "answered_p50_ms": percentile(answered, 50.0) }),
    }
    .print();
}

/// The officer's statement.
fn recall(originator: &Org, assessment: &[u8]) -> proto::RecallAssessmentRequest {
    let recall = Recall {
        originator: originator.domain.clone(),
        assessment: AssessmentId::try_from(assessment).unwrap(),
        kind: RecallKind::Withdraw,
        reason: "the source was wrong".to_owned(),
        recalled_at: SystemClock.now(),
        exercise: false,
    };
    let envelope = originator.officer_key().statement(StatementKind::Recall, wire::recall::encode(&recall)).unwrap();
    proto::RecallAssessmentRequest { recall: Some(wire::envelope::to_proto(&envelope)), keep_own: false }
}

/// Connects a holder, which follows the feed and answers recalls.
async fn hold(originator: &Org, light: Arc<Light>, tell: mpsc::Sender<HolderEvent>) -> JoinHandle<()> {
    let tls_config = tls_config(light.credentials.clone(), light.member.clone(), vec![originator.member()]);
    let mut client = dial(originator.endpoint().as_str(), &originator.domain, &tls_config);
    let hello = proto::HelloRequest {
        protocol_versions: vec![1],
        payload_types: vec![StatementKind::Recall.payload_type().to_owned()],
        now: timestamp(SystemClock.now()),
        ..proto::HelloRequest::default()
    };
    client.hello(hello).await.unwrap();
    let mut stream = client.subscribe(proto::SubscribeRequest::default()).await.unwrap().into_inner();
    let (sender, held) = (originator.domain.clone(), Arc::new(std::sync::Mutex::new(None)));
    tokio::spawn(async move {
        let (last, arrived) = (held.clone(), tell.clone());
        let following = async move {
            while let Ok(Some(entry)) = stream.message().await {
                let release = entry.release.unwrap_or_default();
                *last.lock().unwrap() = Some(id_of(StatementKind::Release, &release.payload));
                let _ = arrived.send(HolderEvent::Holds).await;
            }
        };
        tokio::join!(following, answer(client, &light, &sender, &held, tell));
    })
}

/// Fetches recalls, for ever, and answers each.
async fn answer(
    mut client: Client,
    light: &Light,
    sender: &TrustDomain,
    held: &std::sync::Mutex<Option<StatementId>>,
    tell: mpsc::Sender<HolderEvent>,
) {
    let mut settled = vec![];
    loop {
        let request = proto::FetchStatementsRequest { settled: std::mem::take(&mut settled), wait_seconds: 20 };
        let Ok(page) = client.fetch_statements(request).await else { return };
        for waiting in page.into_inner().statements {
            let outcome = proto::StatementOutcome {
                result: proto::StatementResult::Accepted.into(),
                ..proto::StatementOutcome::default()
            };
            settled.push(proto::SettledStatement { ticket: waiting.ticket, outcome: Some(outcome) });
            let payload = waiting.statement.unwrap_or_default().payload;
            let recall = Some(id_of(StatementKind::Recall, &payload));
            let release = held.lock().unwrap().unwrap();
            let about = Receipt::about(sender.clone(), ReceiptKind::Withdrawn, vec![release], SystemClock.now());
            let receipt = wire::receipt::encode(&Receipt { recall, ..about });
            let envelope = light.key.statement(StatementKind::Receipt, receipt).unwrap();
            let statements = vec![wire::envelope::to_proto(&envelope)];
            let answer = client.submit_statements(proto::SubmitStatementsRequest { statements }).await.unwrap();
            // The answer to a receipt about a recall does not say more.
            assert!(answer.into_inner().outcomes[0].is_received());
            let _ = tell.send(HolderEvent::Answered(Instant::now())).await;
        }
    }
}

/// The same over plain tonic: a durable call, a message to everybody who follows, and a durable call by each.
async fn plain(run: &Run, holders: usize, rounds: usize) -> Vec<Duration> {
    let server = Plain::start(run.directory(), &[message()]);
    let (tell, mut told) = mpsc::channel(holders);
    let mut live = tokio::task::JoinSet::new();
    for _ in 0..holders {
        let (mut client, tell) = (server.client().await, tell.clone());
        let mut stream = client.follow().await;
        live.spawn(async move {
            while let Ok(Some(_)) = stream.message().await {
                client.append(of_length(RECEIPT_BYTES)).await;
                let _ = tell.send(Instant::now()).await;
            }
        });
    }
    let (mut officer, mut took) = (server.client().await, vec![]);
    for _ in 0..rounds {
        let start = Instant::now();
        officer.push(of_length(RECEIPT_BYTES)).await;
        let mut last = start;
        for _ in 0..holders {
            last = last.max(told.recv().await.unwrap());
        }
        took.push(last - start);
    }
    took
}
