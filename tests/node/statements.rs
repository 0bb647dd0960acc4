//! Statements arrive whichever side can be dialled, once, and are held back if the receiver could not read them.

use std::time::{Duration, Instant};

use tonic::transport::Channel;
use watchfire::{
    domain::{
        agreement::{AgreementNotice, AgreementStep},
        statement::StatementKind,
        time::Clock,
    },
    draft::{Format, Lineage, parse_agreement},
    seal::{compose::new_assessment_id, statement::id_of},
    telemetry::SystemClock,
    wire::{
        self,
        proto::{self, exchange_service_client::ExchangeServiceClient},
    },
};

use crate::{
    hostile_kit::{Rogue, hello, signed},
    kit::{Org, note, terms, until},
    recall::{publish, recall},
    recall_flood::count,
};

/// What a person at the other side would run at once.
const SOON: Duration = Duration::from_secs(10);

/// Two states. Only the first can be dialled, and the second has told the first no endpoint.
async fn one_behind_a_wall() -> (Org, Org, tempfile::TempDir) {
    let root = tempfile::tempdir().unwrap();
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let mut no = Org::make(root.path(), "no.example", "state", Some("NO")).await;
    let config = no.dir.join("watchfire.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let without: Vec<_> = text.lines().filter(|l| !l.starts_with("advertise")).collect();
    assert_eq!(without.len() + 1, text.lines().count(), "the endpoint was not found: {text}");
    std::fs::write(&config, without.join("\n")).unwrap();
    no.start().await;
    no.accept(&gb, &gb.peer).await;
    let path = gb.place("no.txt");
    let fingerprint = no.invite(&path, None).await;
    let accepted = gb.one(&["--as", "root", "partner", "accept", &path, "--fingerprint", &fingerprint]).await;
    assert!(accepted["endpoint"].as_str().unwrap_or_default().is_empty(), "{accepted}");
    (gb, no, root)
}

async fn propose(by: &Org, terms: &str) -> String {
    let path = by.file("agreement.toml", terms);
    by.one(&["--as", "root", "agreement", "propose", &path, "--beside"]).await["id"].as_str().unwrap().to_owned()
}

async fn sign(by: &Org, id: &str) {
    by.ask(&["--as", "root", "agreement", "sign", id, "--beside"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_can_t_be_dialled_gets_proposals_and_countersignatures() {
    let (gb, no, _root) = one_behind_a_wall().await;
    let started = Instant::now();
    // Proposed by the side that can't dial, and signed by the other.
    let id = propose(&gb, &terms(gb.domain, no.domain, "")).await;
    no.agreement(&id, "proposed").await;
    sign(&no, &id).await;
    gb.agreement(&id, "in-force").await;
    // The other way round: the countersigned copy has to be fetched.
    let back = propose(&no, &terms(no.domain, gb.domain, "")).await;
    gb.agreement(&back, "proposed").await;
    sign(&gb, &back).await;
    no.agreement(&back, "in-force").await;
    assert!(started.elapsed() < 2 * SOON, "it took {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_on_its_way_when_a_node_died_arrives_once_it_is_back() {
    let (mut gb, mut no, _root) = one_behind_a_wall().await;
    let id = propose(&no, &terms(no.domain, gb.domain, "")).await;
    gb.agreement(&id, "proposed").await;
    no.kill().await;
    sign(&gb, &id).await;
    let later = propose(&gb, &terms(gb.domain, no.domain, "")).await;
    gb.kill().await;
    no.start().await;
    gb.start().await;
    no.agreement(&id, "in-force").await;
    no.agreement(&later, "proposed").await;
    sign(&no, &later).await;
    gb.agreement(&later, "in-force").await;
}

/// A client of the exchange without a node.
struct Caller(ExchangeServiceClient<Channel>);

impl Caller {
    async fn hello(&mut self, kinds: &[StatementKind]) {
        let payload_types = kinds.iter().map(|k| k.payload_type().to_owned()).collect();
        let said = proto::HelloRequest { payload_types, ..hello() };
        self.0.hello(said).await.unwrap();
    }

    async fn fetch(&mut self, settled: Vec<proto::SettledStatement>, wait: u32) -> Vec<proto::WaitingStatement> {
        let request = proto::FetchStatementsRequest { settled, wait_seconds: wait };
        self.0.fetch_statements(request).await.unwrap().into_inner().statements
    }
}

fn settled(waiting: &proto::WaitingStatement, result: proto::StatementResult, reason: &str) -> proto::SettledStatement {
    let outcome = proto::StatementOutcome { result: result.into(), reason: reason.to_owned(), message: String::new() };
    proto::SettledStatement { ticket: waiting.ticket.clone(), outcome: Some(outcome) }
}

async fn caller(gb: &Org) -> Caller {
    let rogue = Rogue::new("rogue.example");
    rogue.get_accepted(gb, "127.0.0.1:1").await;
    Caller(rogue.exchange(gb))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_is_offered_again_until_it_is_settled() {
    use proto::StatementResult::{Accepted, NotYet, Received, Refused};
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let mut caller = caller(&gb).await;
    caller.hello(StatementKind::ALL).await;
    for _ in 0..3 {
        propose(&gb, &terms(gb.domain, "rogue.example", "")).await;
    }
    let page = caller.fetch(vec![], 0).await;
    assert_eq!(page.len(), 3);
    assert_ne!(page[0].ticket, page[1].ticket);
    let last = page[2].clone();
    // The answer was lost, so the same statements are sent again, in the same order.
    assert_eq!(caller.fetch(vec![], 0).await, page);
    // One is taken. Another can't be taken at the moment, and stays.
    let outcomes = vec![settled(&page[0], Accepted, ""), settled(&page[1], NotYet, "STORE_FULL")];
    assert_eq!(caller.fetch(outcomes.clone(), 0).await, page[1..]);
    // A `received` says nothing about the statement, and the statement is not offered again either.
    let page = &page[..2];
    assert_eq!(caller.fetch(vec![settled(&last, Received, "")], 0).await, page[1..]);
    // What is settled stays settled. Statements that were never handed over are ignored.
    let mut unknown = settled(&page[1], Accepted, "");
    unknown.ticket = vec![7; 32].into();
    assert_eq!(caller.fetch([outcomes, vec![unknown]].concat(), 0).await, page[1..]);
    // A permanent refusal is not asked for twice.
    assert!(caller.fetch(vec![settled(&page[1], Refused, "WRONG_DOMAIN")], 0).await.is_empty());
    assert!(gb.log().contains("the partner refused a statement for good"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_waits_for_its_receipt_also_where_it_was_accepted_or_received() {
    use proto::StatementResult::{Accepted, Received, Refused};
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new("rogue.example");
    rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, rogue.domain, "")).await;
    let mut caller = Caller(rogue.exchange(&gb));
    caller.hello(&[StatementKind::Recall]).await;
    for (result, stays) in [(Accepted, 1), (Received, 2), (Refused, 2)] {
        let id = publish(&gb, &note("wrong", "BF")).await;
        let request = proto::SubscribeRequest { until_caught_up: true, ..Default::default() };
        let mut feed = caller.0.subscribe(request).await.unwrap().into_inner();
        while feed.message().await.unwrap().is_some() {}
        recall(&gb, &id, "--withdraw").await;
        let page = caller.fetch(vec![], 0).await;
        assert_eq!(page.len(), 1, "what waits for its receipt is offered again after a day");
        assert!(caller.fetch(vec![settled(&page[0], result, "WRONG_DOMAIN")], 0).await.is_empty());
        let answered = count(&gb, "SELECT count(*) FROM outbox WHERE outcome IS NOT NULL");
        assert_eq!(answered, stays, "{result:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_fetch_is_answered_when_something_comes() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let mut caller = caller(&gb).await;
    caller.hello(StatementKind::ALL).await;
    let started = Instant::now();
    assert!(caller.fetch(vec![], 1).await.is_empty());
    assert!(started.elapsed() >= Duration::from_millis(900), "it did not wait");
    let (page, proposed) = tokio::join!(
        async {
            let page = caller.fetch(vec![], 20).await;
            (page, Instant::now())
        },
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            propose(&gb, &terms(gb.domain, "rogue.example", "")).await;
            Instant::now()
        }
    );
    assert_eq!(page.0.len(), 1);
    assert!(page.1 < proposed + Duration::from_secs(2), "it was not woken");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_partner_does_not_read_is_held_and_said() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let mut caller = caller(&gb).await;
    propose(&gb, &terms(gb.domain, "rogue.example", "")).await;
    // Nothing is sent to a node that has not said what it reads.
    assert!(caller.fetch(vec![], 0).await.is_empty());
    caller.hello(&[StatementKind::Manifest, StatementKind::Release]).await;
    assert!(caller.fetch(vec![], 0).await.is_empty());
    assert!(caller.fetch(vec![], 0).await.is_empty());
    let problem = gb.feed("rogue.example", "out").await["problem"].as_str().unwrap_or_default().to_owned();
    assert!(problem.contains("1 statements wait") && problem.contains("agreement"), "{problem}");
    let said = gb.log().matches("does not read").count();
    assert_eq!(said, 1, "{}", gb.log());
    // Its program was updated.
    caller.hello(StatementKind::ALL).await;
    assert_eq!(caller.fetch(vec![], 0).await.len(), 1);
    assert!(gb.feed("rogue.example", "out").await["problem"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_refuses_a_statement_for_the_moment_still_gets_its_feed() {
    let (gb, no) = crate::kit::pair().await;
    // More proposals than may wait at the partner.
    for _ in 0..9 {
        propose(&no, &terms(no.domain, gb.domain, "")).await;
    }
    until("the limit is met", async || no.log().contains("LIMIT_EXCEEDED").then_some(())).await;
    let published = gb.author().await.publish(&note("meanwhile", "BF")).await;
    no.has("gb.example", &[published]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_comes_before_its_agreement_is_offered_again_and_not_lost() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new("rogue.example");
    rogue.get_accepted(&gb, "127.0.0.1:1").await;
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let agreement = parse_agreement(
        &terms(gb.domain, "rogue.example", ""),
        Format::Toml,
        lineage,
        watchfire::domain::time::Day::FIRST,
    )
    .unwrap();
    let proposal = wire::agreement::encode(&agreement);
    let id = id_of(StatementKind::Agreement, &proposal);
    let at = SystemClock.now();
    let withdrawn = AgreementNotice {
        agreement: id,
        step: AgreementStep::Terminated,
        at,
        reason: String::new(),
        every_version: false,
    };
    let notice = signed(&rogue.node, StatementKind::Notice, wire::notice::encode(&withdrawn));

    let outcome = rogue.submit(&gb, notice.clone()).await;
    assert_eq!((outcome.is_accepted(), outcome.reason.as_str()), (false, "NOT_YET"), "{}", outcome.message);
    let outcome = rogue.submit(&gb, signed(&rogue.node, StatementKind::Agreement, proposal)).await;
    assert!(outcome.is_accepted(), "{} {}", outcome.reason, outcome.message);
    let outcome = rogue.submit(&gb, notice).await;
    assert!(outcome.is_accepted(), "{} {}", outcome.reason, outcome.message);
    gb.agreement(&id.to_string(), "ended").await;
}
