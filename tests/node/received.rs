//! Statements that are answered with `received`: the answer is the same for all of a kind, whatever is known here and whatever becomes of them.

use watchfire::{
    domain::{
        bundle::Bundle,
        ids::{AssessmentId, Sha256, StatementId},
        recall::{Recall, RecallKind},
        receipt::{Receipt, ReceiptKind},
        statement::{Envelope, StatementKind},
        time::Clock,
    },
    identity::{bundle::TrustBundle, devca::DevCa},
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    behind::{Shown, about, by, fed, given_on},
    bundles::{self, Signers, held},
    hostile_kit::{Rogue, signed},
    introductions::introduction,
    kit::{Org, note, terms},
    recall::{holder, publish, recall},
};

const HERE: &str = "gb.example";
const NOWHERE: &str = "127.0.0.1:1";

/// Hands each over twice. The answers are equal to the byte, and reveal nothing.
async fn tells_nothing(by: &Rogue, gb: &Org, all: Vec<(&str, proto::Envelope)>) {
    let received = proto::StatementOutcome { result: proto::StatementResult::Received.into(), ..Default::default() };
    for (what, statement) in all {
        for time in ["for the first time", "again"] {
            assert_eq!(by.submit(gb, statement.clone()).await, received, "{what}, {time}");
        }
    }
}

/// The next bundle of an organisation, with one more root.
fn next(of: &Rogue) -> Bundle {
    let new = DevCa::create(&of.domain.parse().unwrap(), SystemClock.now()).unwrap();
    bundles::bundle(of, 2, &[&of.ca, &new], &of.bundle())
}

/// The bundle after that.
fn after(next: &Bundle) -> Bundle {
    let roots = next.roots.iter().map(|root| root.clone().into()).collect();
    let fingerprint = TrustBundle::new(next.domain.clone(), roots).unwrap().fingerprint();
    Bundle { sequence: next.sequence + 1, previous: Sha256(fingerprint.0), ..next.clone() }
}

/// Signed by two administrators.
fn by_two(of: &Rogue, bundle: &Bundle) -> proto::Envelope {
    let Signers { ann, bob } = Signers::of(of);
    bundles::signed(bundle, &[&ann, &bob])
}

fn torn(mut statement: proto::Envelope) -> proto::Envelope {
    let mut value = statement.signatures[0].value.to_vec();
    value[3] ^= 1;
    statement.signatures[0].value = value.into();
    statement
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_third_organisation_s_bundle_and_of_an_introduction_nothing_is_told() {
    let gb = Org::found(HERE, "state", Some("GB")).await;
    let [courier, known, unknown, itself] =
        ["courier.example", "known.example", "unknown.example", HERE].map(Rogue::new);
    courier.get_accepted(&gb, NOWHERE).await;
    known.get_known(&gb).await;
    let of_known = by_two(&known, &next(&known));
    let one_admin = |of: &Rogue| bundles::signed(&next(of), &[&Signers::of(of).ann]);
    tells_nothing(
        &courier,
        &gb,
        vec![
            ("of one that is known, torn", torn(of_known.clone())),
            ("of one that is known, by one administrator", one_admin(&known)),
            ("of one that is known", of_known),
            ("of one that is not", by_two(&unknown, &next(&unknown))),
            ("of one that is not, by one administrator", one_admin(&unknown)),
            ("in the receiver's own name", by_two(&itself, &next(&itself))),
        ],
    )
    .await;
    assert_eq!(held(&gb, known.domain).await.0, 2, "one of them counts");
    // About its own bundle it is informed, also when it hands it over again, and if something is wrong with it. One that waits for the one
    // before is held.
    let second = next(&courier);
    let (own, third) = (by_two(&courier, &second), by_two(&courier, &after(&second)));
    assert_eq!(courier.submit(&gb, third.clone()).await.reason, "NOT_YET");
    assert_eq!(courier.submit(&gb, torn(own.clone())).await.reason, "SIGNATURE_INVALID");
    for _ in 0..2 {
        assert!(courier.submit(&gb, own.clone()).await.is_accepted());
    }
    assert_eq!(held(&gb, courier.domain).await.0, 3, "it followed");
    assert!(courier.submit(&gb, third).await.is_accepted());

    gb.one(&["--as", "root", "partner", "introductions", "allow", courier.domain]).await;
    let fresh = Rogue::new("fresh.example");
    let introduced = |of: &Rogue| introduction(&courier, &of.invited(NOWHERE, true), &["ann", "bob"]);
    let all = [("one that is known", &known), ("one that is not", &fresh), ("the receiver", &itself)];
    tells_nothing(&courier, &gb, all.map(|(what, of)| (what, introduced(of))).to_vec()).await;
    assert_eq!(held(&gb, fresh.domain).await, (1, "known".to_owned()), "one of them counts");
}

/// A recall of what this organisation has published, no matter who hands it over.
fn own_recall(by: &Rogue, assessment: AssessmentId) -> proto::Envelope {
    let recall = Recall {
        originator: HERE.parse().unwrap(),
        assessment,
        kind: RecallKind::Withdraw,
        reason: "it was wrong".to_owned(),
        recalled_at: SystemClock.now().whole_seconds(),
        exercise: false,
    };
    signed(&by.node, StatementKind::Recall, wire::recall::encode(&recall))
}

/// The hub's own receipt about what it was given.
fn own_answer(hub: &Rogue, given: &Envelope, kind: ReceiptKind, to: Option<StatementId>) -> proto::Envelope {
    let release = id_of(StatementKind::Release, &given.payload);
    let about = Receipt::about(HERE.parse().unwrap(), kind, vec![release], SystemClock.now());
    by(hub, &Shown { receipt: Receipt { recall: to, ..about }, path: vec![] })
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_third_organisation_s_receipt_and_of_an_answer_to_a_recall_nothing_is_told() {
    let gb = Org::found(HERE, "state", Some("GB")).await;
    let [hub, known, unknown] = ["hub.example", "known.example", "unknown.example"].map(Rogue::new);
    hub.befriend(&gb, NOWHERE, &terms(gb.domain, hub.domain, "")).await;
    known.get_known(&gb).await;
    let id = publish(&gb, &note("passed on", "BF")).await;
    let given = fed(&hub, &gb).await.pop().unwrap();
    let behind = |of: &Rogue, kind, to: Option<StatementId>| {
        let on = given_on(&hub, &given, of.domain, |_| {});
        by(of, &about(&hub, &[&given, &on], kind).with(|r| r.recall = to))
    };
    tells_nothing(
        &hub,
        &gb,
        vec![
            ("of one that is known, torn", torn(behind(&known, ReceiptKind::Stored, None))),
            ("of one that is known", behind(&known, ReceiptKind::Stored, None)),
            ("of one that is not", behind(&unknown, ReceiptKind::Stored, None)),
        ],
    )
    .await;
    holder(&gb, &id, known.domain, "held").await;
    holder(&gb, &id, unknown.domain, "unverified").await;
    // It is informed about what it was given itself.
    for _ in 0..2 {
        assert!(hub.submit(&gb, own_answer(&hub, &given, ReceiptKind::Stored, None)).await.is_accepted());
    }

    let told = recall(&gb, &id, "--withdraw").await;
    let (here, nowhere) = (told["recall"]["id"].as_str().unwrap().parse().unwrap(), StatementId([5; 32]));
    let mut all = vec![
        ("a recall of what is here", own_recall(&hub, id.parse().unwrap())),
        ("a recall of what is not", own_recall(&hub, AssessmentId([7; 16]))),
    ];
    for (what, to) in [("a recall that is not known", nowhere), ("a recall that is", here)] {
        all.push((what, own_answer(&hub, &given, ReceiptKind::Withdrawn, Some(to))));
        all.push((what, behind(&known, ReceiptKind::Withdrawn, Some(to))));
        all.push((what, behind(&unknown, ReceiptKind::Withdrawn, Some(to))));
    }
    tells_nothing(&hub, &gb, all).await;
    for holder_s in [hub.domain, known.domain] {
        holder(&gb, &id, holder_s, "confirmed").await;
    }
}
