//! Partners that send too much, or numbers at the ends of their types. They stop nobody, and fill no disk.

use prost::Message;
use watchfire::{
    domain::{
        bundle::Bundle,
        ids::{AssessmentId, Nonce, Role, Sha256, StatementId},
        recall::{Recall, RecallKind},
        receipt::{Receipt, ReceiptKind},
        request::{AskingRole, Request},
        statement::StatementKind,
        time::Clock,
    },
    draft::{Format, Lineage, parse_agreement},
    identity::devca::Purpose,
    seal::{compose::new_assessment_id, sign::SigningKey},
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    extremes::with_extreme_numbers,
    hostile::Feed,
    hostile_kit::{Rogue, hello, signed, signing_key},
    kit::{Org, note, terms},
    rollback::Forger,
};

/// The node works, also after a restart, and its ledger verifies.
async fn is_well(org: &mut Org) {
    org.author().await.publish(&note("goes on", "BF")).await;
    org.kill().await;
    org.start().await;
    org.author().await.publish(&note("goes on after a restart", "BF")).await;
    let verified = org.run(&["--as", "root", "ledger", "verify"]).await;
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_epoch_that_a_partner_names_puts_the_store_in_trouble() {
    let mut gb = Org::found("gb.example", "state", Some("GB")).await;
    let epochs =
        [("a.example", 1_000_000), ("b.example", 1_000_001), ("c.example", 8_388_608), ("d.example", u32::MAX)];
    for (domain, epoch) in epochs {
        let mut forger = Forger::named(domain, &gb).await;
        for size in [1, (1 << 40) - 1, 1 << 40, u64::MAX] {
            let greeting = forger.greeting(epoch, size, 1, 0);
            forger.hello(Some(greeting)).await;
        }
    }
    is_well(&mut gb).await;
}

/// One statement of each kind that a partner hands over, and who signs it.
fn statements(of: &Rogue, to: &Org, agreement: StatementId) -> Vec<(StatementKind, Vec<u8>, SigningKey)> {
    let now = SystemClock.now();
    let key = |path: &str| signing_key(&of.issue(path, Purpose::Signing));
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let more = "[[duty]]\nmin_level = \"watch\"\nwithin = \"1 day\"\n";
    let terms = [terms(of.domain, to.domain, ""), terms(of.domain, to.domain, more)]
        .into_iter()
        .rev()
        .find_map(|text| parse_agreement(&text, Format::Toml, lineage, watchfire::domain::time::Day::FIRST).ok())
        .unwrap();
    let (own, theirs) = (of.domain.parse().unwrap(), to.domain.parse().unwrap());
    let recall = Recall {
        originator: of.domain.parse().unwrap(),
        assessment: AssessmentId([7; 16]),
        kind: RecallKind::Withdraw,
        reason: "no".to_owned(),
        recalled_at: now,
        exercise: false,
    };
    let receipt = Receipt {
        mandate: None,
        sender: theirs,
        kind: ReceiptKind::Stored,
        releases: vec![StatementId([9; 32])],
        at: now,
        reason: None,
        role: None,
        recall: None,
        path: None,
    };
    let request = Request {
        addressee: to.domain.parse().unwrap(),
        assessment: AssessmentId([7; 16]),
        version: 1,
        manifest: agreement,
        kinds: vec![],
        question: "why?".to_owned(),
        role: AskingRole::Analyst,
        nonce: Nonce([1; 16]),
        requested_at: now,
    };
    let bundle = Bundle {
        domain: own,
        sequence: 2,
        roots: vec![of.ca.certificate().to_vec()],
        issued: now,
        previous: Sha256([1; 32]),
        compromised: vec![],
    };
    vec![
        (StatementKind::Agreement, wire::agreement::encode(&terms), key("node/n1")),
        (StatementKind::Recall, wire::recall::encode(&recall), key("officer/o")),
        (StatementKind::Receipt, wire::receipt::encode(&receipt), key("node/n1")),
        (StatementKind::Request, wire::request::encode(&request), key("node/n1")),
        (StatementKind::Bundle, wire::bundle::encode(&bundle), key("admin/a")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_that_a_partner_sets_puts_the_store_in_trouble() {
    let mut no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let mut exchange = feed.rogue.exchange(&no);
    let mut sent = 0;
    for (kind, payload, key) in statements(&feed.rogue, &no, feed.agreement) {
        let all: Vec<_> = with_extreme_numbers(&payload).into_iter().map(|p| signed(&key, kind, p)).collect();
        assert!(all.len() >= 6, "{kind}");
        sent += all.len();
        for some in all.chunks(64) {
            let request = proto::SubmitStatementsRequest { statements: some.to_vec() };
            exchange.submit_statements(request).await.unwrap();
        }
    }
    let forger = Forger::named("xx.example", &no).await;
    let greeting = proto::LedgerGreeting {
        base: Some(proto::LedgerBase { size: 64, root: vec![1; 32].into(), consistency: vec![] }),
        questions: vec![64],
        ..forger.greeting(3, 64, 1, 64)
    };
    let said = proto::HelloRequest {
        ledger: Some(greeting),
        bundle_sequence: 1,
        held_bundle_sequence: 1,
        recovered_at: hello().now,
        held_persons_needed: 1,
        ..hello()
    };
    let mut exchange = forger.rogue.exchange(&no);
    for bytes in with_extreme_numbers(&said.encode_to_vec()) {
        let Ok(hello) = proto::HelloRequest::decode(&bytes[..]) else { continue };
        let _ = exchange.hello(hello).await;
        sent += 1;
    }
    // In a feed, each one is refused or quarantined by itself, and a correct one after them arrives.
    let entry = feed.good("good");
    served.set(vec![entry.clone()]);
    let manifest = &entry.manifest.as_ref().unwrap().payload;
    let mut entries = vec![entry.clone()];
    for payload in with_extreme_numbers(manifest).into_iter().take(40) {
        let Ok(bent) = proto::Manifest::decode(&payload[..]) else { continue };
        entries.push(feed.next("bent", |making| {
            (making.manifest.version, making.manifest.issued, making.manifest.expires) =
                (bent.version, bent.issued, bent.expires);
        }));
    }
    entries.push(feed.good("behind"));
    sent += entries.len();
    served.set(entries);
    no.run(&["--as", "ana", "feed", "pull", "--from", feed.rogue.domain]).await;
    crate::kit::until("the last one came", async || {
        let listed = no.ask(&["--as", "ana", "assess", "list", "--from", feed.rogue.domain]).await;
        listed.iter().any(|row| row["headline"] == "behind").then_some(())
    })
    .await;
    println!("{sent} messages with numbers at the ends of their types");
    is_well(&mut no).await;
}

/// A node with more lines in its configuration.
async fn with_settings(root: &std::path::Path, more: &str) -> Org {
    let mut no = Org::make(root, "no.example", "state", Some("NO")).await;
    let config = no.dir.join("watchfire.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n{more}")).unwrap();
    no.start().await;
    no
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_that_are_refused_are_told_once_a_minute_and_wait_beyond_their_budget() {
    let root = tempfile::tempdir().unwrap();
    let no = with_settings(root.path(), "[limits]\nreceipts_at_once = 40\nreceipts_per_second = 1\n").await;
    let (feed, _served, _stop) = Feed::to(&no).await;
    let receipt = |n: u8| {
        let receipt = Receipt {
            mandate: None,
            sender: no.domain.parse().unwrap(),
            kind: ReceiptKind::Declined,
            releases: vec![StatementId([n; 32])],
            at: SystemClock.now(),
            reason: Some(format!("another text {n}")),
            role: Some(Role::Analyst),
            recall: None,
            path: None,
        };
        signed(&feed.rogue.node, StatementKind::Receipt, wire::receipt::encode(&receipt))
    };
    let began = std::time::Instant::now();
    let request = proto::SubmitStatementsRequest { statements: (0..200).map(receipt).collect() };
    let outcomes = feed.rogue.exchange(&no).submit_statements(request).await.unwrap().into_inner().outcomes;
    let count = |reason: &str| outcomes.iter().filter(|o| o.reason == reason).count() as u64;
    let (refused, waiting) = (count("NOT_FOUND"), count("LIMIT_EXCEEDED"));
    assert_eq!(refused + waiting, 200, "{:?}", outcomes[0]);
    assert!((40..=41 + began.elapsed().as_secs()).contains(&refused), "{refused}");
    let entries = no.ask(&["--as", "root", "ledger", "list", "--limit", "1000"]).await;
    let told = entries.iter().filter(|e| e.to_string().contains("\"refused\"")).count();
    assert!((2..=4).contains(&told), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_quarantine_is_not_examined_again_for_what_comes() {
    let root = tempfile::tempdir().unwrap();
    let mut no = Org::make(root.path(), "no.example", "state", Some("NO")).await;
    no.under = ["env", "WATCHFIRE_LOG_LEVEL=info,watchfire=debug"].map(str::to_owned).to_vec();
    no.start().await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let mut entries = vec![];
    for round in 1..=4_usize {
        // Each cites the agreement in force with a version that it never had.
        entries.extend((0..25).map(|_| feed.next("kept", |making| making.release.agreement.version = 9)));
        served.set(entries.clone());
        no.run(&["--as", "ana", "feed", "pull", "--from", feed.rogue.domain]).await;
        crate::kit::until("they came", async || {
            (no.feed(feed.rogue.domain, "in").await["last_sequence"] == 25 * round).then_some(())
        })
        .await;
    }
    let log = no.log();
    let lines = log.lines().filter(|line| line.contains("examines what is in quarantine"));
    let examined: usize =
        lines.map(|l| l.split("entries=").nth(1).unwrap().split(' ').next().unwrap().parse::<usize>().unwrap()).sum();
    assert!(
        (1..=200).contains(&examined),
        "100 entries were re-examined {examined} times in addition to their arrival"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn recalls_beyond_their_budget_wait_and_tell_nothing() {
    let root = tempfile::tempdir().unwrap();
    let no = with_settings(root.path(), "[limits]\nrecalls_at_once = 40\nrecalls_per_second = 1\n").await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let entry = feed.good("is here");
    served.set(vec![entry.clone()]);
    let here = wire::manifest::decode(&entry.manifest.unwrap().payload).unwrap().assessment;
    no.run(&["--as", "ana", "feed", "pull", "--from", feed.rogue.domain]).await;
    no.has(feed.rogue.domain, &[here.to_string()]).await;
    let officer = signing_key(&feed.rogue.issue("officer/o", Purpose::Signing));
    let recall = |assessment| {
        let recall = Recall {
            originator: feed.rogue.domain.parse().unwrap(),
            assessment,
            kind: RecallKind::Withdraw,
            reason: "no".to_owned(),
            recalled_at: SystemClock.now().whole_seconds(),
            exercise: false,
        };
        signed(&officer, StatementKind::Recall, wire::recall::encode(&recall))
    };
    let began = std::time::Instant::now();
    let statements = (0..200_u128).map(|n| recall(AssessmentId(n.to_be_bytes()))).collect();
    let mut exchange = feed.rogue.exchange(&no);
    let request = proto::SubmitStatementsRequest { statements };
    let outcomes = exchange.submit_statements(request).await.unwrap().into_inner().outcomes;
    let taken = outcomes.iter().filter(|o| o.is_accepted()).count() as u64;
    assert!((40..=41 + began.elapsed().as_secs()).contains(&taken), "{taken}");
    let refused: Vec<_> = outcomes.iter().filter(|o| !o.is_accepted()).collect();
    assert!(refused.iter().all(|o| o.reason == "LIMIT_EXCEEDED" && **o == *refused[0]), "{:?}", refused[0]);
    // The ledger has one entry for all that were refused, and one for the next minute.
    let entries = no.ask(&["--as", "root", "ledger", "list", "--limit", "1000"]).await;
    let told = entries.iter().filter(|e| e.to_string().contains("LIMIT_EXCEEDED")).count();
    assert!((1..=2).contains(&told), "{told}");
    assert!(no.log().matches("refused what the partner handed over").count() <= 2, "{}", no.log());
    // The answers do not show whether something is here.
    let outcome = feed.rogue.submit(&no, recall(here)).await;
    assert!(outcome.is_accepted() || outcome == *refused[0], "{outcome:?}");
    // It is taken after some time.
    crate::kit::until("it is recalled", async || {
        feed.rogue.submit(&no, recall(here)).await.is_accepted().then_some(())
    })
    .await;
    let shown = no.one(&["--as", "ana", "assess", "show", &here.to_string()]).await;
    assert_eq!(shown["state"], "withdrawn", "{shown}");
}
