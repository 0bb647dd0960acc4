//! Recalls that can't be verified when they come: what is kept of them, and what their answers reveal.

use std::time::Duration;

use watchfire::{
    domain::{
        ids::{AssessmentId, SpiffeId},
        recall::{Recall, RecallKind},
        statement::StatementKind,
        time::{Clock, Time},
    },
    identity::devca::Purpose,
    seal::sign::SigningKey,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile::{Feed, ROGUE},
    hostile_hub::{ORIGIN, reader},
    hostile_kit::{Rogue, signed, signing_key},
    hubs::for_all,
    kit::{Org, until},
};

const DAY: i64 = 86_400;

/// An officer whose certificate ends in this many seconds.
fn officer(of: &Rogue, seconds: i64) -> SigningKey {
    let id: SpiffeId = format!("spiffe://{}/officer/o", of.domain).parse().unwrap();
    signing_key(&of.ca.issue(&id, Purpose::Signing, SystemClock.now().plus_seconds(seconds - DAY), 1).unwrap())
}

fn recall(of: &Rogue, assessment: [u8; 16], by: &SigningKey) -> proto::Envelope {
    let now: Time = SystemClock.now().whole_seconds();
    let recall = Recall {
        originator: of.domain.parse().unwrap(),
        assessment: AssessmentId(assessment),
        kind: RecallKind::Withdraw,
        reason: "the source was wrong".to_owned(),
        recalled_at: now,
        exercise: false,
    };
    signed(by, StatementKind::Recall, wire::recall::encode(&recall))
}

fn is_not_yet(outcome: &proto::StatementOutcome) -> bool {
    outcome.result == i32::from(proto::StatementResult::NotYet)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_that_waited_counts_by_when_it_first_came() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (feed, _served, _stop) = Feed::to(&no).await;
    let origin = Rogue::new(ORIGIN);
    let officer = officer(&origin, 5);
    let [early, late] = [[1; 16], [2; 16]].map(|id| recall(&origin, id, &officer));
    assert!(is_not_yet(&feed.rogue.submit(&no, early.clone()).await));
    tokio::time::sleep(Duration::from_secs(6)).await;
    // Offering it again does not make it any later. A recall that comes only now is too late.
    for waits in [&early, &late] {
        assert!(is_not_yet(&feed.rogue.submit(&no, waits.clone()).await));
    }
    origin.get_known(&no).await;
    let taken_back = |id: [u8; 16]| {
        let id = AssessmentId(id).to_string();
        no.log().lines().any(|line| line.contains("an assessment was taken back") && line.contains(&id))
    };
    until("the one that came in time is taken", async || taken_back([1; 16]).then_some(())).await;
    assert!(is_not_yet(&feed.rogue.submit(&no, late.clone()).await));
    assert!(!taken_back([2; 16]));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_600_recalls_the_answer_still_tells_nothing_of_what_is_here() {
    let (no, mut chain, served, _stop) = reader().await;
    let piece = chain.piece(&for_all("is here", "BF").replace("group:watch", "no.example"), "no.example");
    let here = piece.assessment;
    served.send(vec![chain.entry(piece)]);
    no.has(ORIGIN, &[hex::encode(here)]).await;
    let unknown = Rogue::new(ORIGIN);
    let officer = officer(&unknown, DAY);
    let mut answers = vec![];
    let mut exchange = chain.hub.exchange(&no);
    for n in 0..21_u128 {
        let recalls = (0..30).map(|k| recall(&chain.origin, (30 * n + k).to_be_bytes(), &officer));
        let request = proto::SubmitStatementsRequest { statements: recalls.collect() };
        answers.extend(exchange.submit_statements(request).await.unwrap().into_inner().outcomes);
    }
    assert_eq!(answers.len(), 630);
    let of_what_is_here = chain.hub.submit(&no, recall(&chain.origin, here, &officer)).await;
    assert!(is_not_yet(&of_what_is_here), "{of_what_is_here:?}");
    assert!(answers.iter().all(|answer| *answer == of_what_is_here), "{:?}", answers.last());
    // A partner that hands over a recall which the originator did sign gets an answer, and the assessment is recalled here whatever came before.
    let genuine = signing_key(&chain.origin.issue("officer/o", Purpose::Signing));
    let taken = chain.hub.submit(&no, recall(&chain.origin, here, &genuine)).await;
    assert!(taken.is_accepted(), "{taken:?}");
    let shown = no.one(&["--as", "ana", "assess", "show", &hex::encode(here)]).await;
    assert_eq!(shown["state"], "withdrawn", "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_that_were_replaced_are_shown_with_the_day() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (_feed, _served, _stop) = Feed::to(&no).await;
    let show = async || no.one(&["--as", "root", "partner", "show", ROGUE]).await;
    assert_eq!(show().await["retired_roots"], serde_json::json!([]));
    Rogue::new(ROGUE).get_accepted(&no, "127.0.0.1:1").await;
    let shown = show().await;
    let retired = shown["retired_roots"].as_array().unwrap();
    assert_eq!(retired.len(), 1, "{shown}");
    assert_eq!(retired[0]["retired_at"], SystemClock.now().day().to_string(), "{shown}");
}
