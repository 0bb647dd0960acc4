//! Approvals: signed by the person, about exactly one thing, and not counted for anything else.

use watchfire::{
    domain::{
        approval::{Approval, Matter},
        fault::Reason,
        ids::Sha256,
        statement::StatementKind,
        time::{Clock, Time},
    },
    draft::{Format, Lineage, parse_agreement},
    identity::devca::Purpose,
    seal::{compose::new_assessment_id, statement::id_of, subject},
    telemetry::SystemClock,
    wire::{self, proto, status::to_fault},
};

use crate::{
    hostile_kit::{Rogue, approval, signed, signing_key},
    kit::{Org, terms, until},
};

/// The terms of an agreement with a partner, and the subject of an approval of them.
fn proposed(gb: &Org, partner: &str, more: &str) -> (Vec<u8>, Sha256) {
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let agreement =
        parse_agreement(&terms(gb.domain, partner, more), Format::Toml, lineage, watchfire::domain::time::Day::FIRST)
            .unwrap();
    let payload = wire::agreement::encode(&agreement);
    let subject = subject::statement(&id_of(StatementKind::Agreement, &payload));
    (payload, subject)
}

fn said(matter: Matter, subject: Sha256, issued: Time) -> Vec<u8> {
    wire::approval::encode(&Approval { domain: "gb.example".parse().unwrap(), matter, subject, issued })
}

/// The node's answer to a proposal with this approval.
async fn propose(gb: &Org, who: &str, agreement: &[u8], approval: Option<proto::Envelope>) -> Result<String, Reason> {
    let request = proto::ProposeAgreementRequest { agreement: agreement.to_vec().into(), approval, beside: false };
    let answer = gb.connect(who).await.agreements.propose_agreement(request).await;
    answer.map(|a| a.into_inner().agreement.unwrap().state).map_err(|status| to_fault(&status).reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_counts_for_exactly_what_it_names_and_for_who_signed_it() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    until("she counts", async || {
        let people = gb.ask(&["--as", "root", "person", "list"]).await;
        people.iter().any(|p| p["id"].as_str().unwrap().ends_with("admin/rita") && p["state"] == "counts").then_some(())
    })
    .await;
    let (root, rita) = ("admin-root", "admin-rita");
    let (payload, subject) = proposed(&gb, fr.domain, "");
    let (_, other) = proposed(&gb, fr.domain, "");
    let of = |who, matter, subject| Some(approval(&gb, who, matter, subject));
    // Calling the node is not yet a signature.
    assert_eq!(propose(&gb, root, &payload, None).await, Err(Reason::InvalidArgument));
    // An approval of another agreement, and one of another matter with the same bytes.
    assert_eq!(propose(&gb, root, &payload, of(root, Matter::Agreement, other)).await, Err(Reason::Conflict));
    assert_eq!(propose(&gb, root, &payload, of(root, Matter::Partner, subject)).await, Err(Reason::Conflict));
    // One by another person, an analyst, a partner's node and administrator, and one by a CA that only claims to be this organisation's.
    assert_eq!(propose(&gb, root, &payload, of(rita, Matter::Agreement, subject)).await, Err(Reason::WrongDomain));
    assert_eq!(
        propose(&gb, root, &payload, of("analyst-ana", Matter::Agreement, subject)).await,
        Err(Reason::WrongDomain)
    );
    let now = SystemClock.now();
    let foreign = signing_key(&fr.issue("admin/root", Purpose::Signing));
    let false_gb = signing_key(&Rogue::new("gb.example").issue("admin/root", Purpose::Signing));
    for (key, why) in
        [(&fr.node, Reason::WrongDomain), (&foreign, Reason::WrongDomain), (&false_gb, Reason::ChainInvalid)]
    {
        let by = Some(signed(key, StatementKind::Approval, said(Matter::Agreement, subject, now)));
        assert_eq!(propose(&gb, root, &payload, by).await, Err(why));
    }
    // A signature over other bytes, and an old one.
    let mut changed = approval(&gb, root, Matter::Agreement, other);
    changed.payload = said(Matter::Agreement, subject, now).into();
    assert_eq!(propose(&gb, root, &payload, Some(changed)).await, Err(Reason::SignatureInvalid));
    let old = crate::hostile_kit::approval_at(&gb, root, (Matter::Agreement, subject), now.plus_seconds(-400));
    assert_eq!(propose(&gb, root, &payload, Some(old)).await, Err(Reason::Conflict));
    // None of this had an effect.
    assert!(gb.ask(&["--as", "root", "agreement", "list"]).await.is_empty());
    // The right approval waits for the second person. The first one's approval, brought by the second, does not count again.
    let right = approval(&gb, root, Matter::Agreement, subject);
    assert_eq!(propose(&gb, root, &payload, Some(right.clone())).await.as_deref(), Ok("awaiting-approval"));
    let id: prost::bytes::Bytes = subject.0.to_vec().into();
    let sign = async |who: &str, approval| {
        let request = proto::SignAgreementRequest { id: id.clone(), approval, beside: false };
        let answer = gb.connect(who).await.agreements.sign_agreement(request).await;
        answer.map(|a| a.into_inner().agreement.unwrap()).map_err(|status| to_fault(&status).reason)
    };
    assert_eq!(sign(rita, Some(right.clone())).await.err(), Some(Reason::WrongDomain));
    assert_eq!(sign(root, Some(right)).await.err(), Some(Reason::SecondPersonRequired));
    let view = sign(rita, of(rita, Matter::Agreement, subject)).await.unwrap();
    assert_eq!((view.state.as_str(), view.approvals.len()), ("signed-here", 2));
    // Both statements are stored with it, for auditors, and the ledger names them.
    for kept in &view.approvals {
        let envelope = wire::envelope::from_proto(kept.statement.clone().unwrap()).unwrap();
        assert_eq!(wire::approval::decode(&envelope.payload).unwrap().subject, subject);
        let id = id_of(StatementKind::Approval, &envelope.payload).to_string();
        let entries = gb.ask(&["--as", "root", "ledger", "list", "--about", &id]).await;
        assert_eq!(entries.len(), 1, "{entries:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_by_a_key_that_was_stolen_ends_with_the_key() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    gb.one(&["person", "add", "rita", "--role", "admin"]).await;
    let (payload, subject) = proposed(&gb, fr.domain, "");
    let of = |who: &str| Some(approval(&gb, who, Matter::Agreement, subject));
    let waits = async || propose(&gb, "admin-root", &payload, of("admin-root")).await;
    until("rita counts", async || (waits().await.as_deref() == Ok("awaiting-approval")).then_some(())).await;
    // The thief has approved. Then the person gets new keys under the same name.
    gb.one(&["person", "revoke", "root"]).await;
    gb.one(&["person", "add", "root", "--role", "admin"]).await;
    let sign = async |who: &str| {
        let request = proto::SignAgreementRequest { id: subject.0.to_vec().into(), approval: of(who), beside: false };
        gb.connect(who).await.agreements.sign_agreement(request).await.unwrap().into_inner().agreement.unwrap()
    };
    until("the list is in force", async || {
        let people = gb.ask(&["--as", "rita", "person", "list"]).await;
        let root = people.into_iter().find(|p| p["id"].as_str().unwrap().ends_with("admin/root")).unwrap();
        root["certificates"].as_array().unwrap().iter().any(|c| c["revoked"] == true).then_some(())
    })
    .await;
    let view = sign("admin-rita").await;
    assert_eq!(view.approvals.len(), 1);
    assert_eq!(view.state, "awaiting-approval");
    assert_eq!(sign("admin-root").await.state, "signed-here");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_does_not_take_an_approval() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let fr = Rogue::new("fr.example");
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let key = signing_key(&fr.issue("admin/ann", Purpose::Signing));
    let said = Approval {
        domain: fr.domain.parse().unwrap(),
        matter: Matter::Agreement,
        subject: Sha256([7; 32]),
        issued: SystemClock.now(),
    };
    let outcome = fr.submit(&gb, signed(&key, StatementKind::Approval, wire::approval::encode(&said))).await;
    assert!(!outcome.is_accepted(), "{outcome:?}");
}
