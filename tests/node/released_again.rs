//! What is released again automatically because its recipient could not read it: after the budget for waiting entries was exceeded, and after a
//! key of the node was revoked.

use watchfire::{
    domain::{
        ids::StatementId,
        receipt::{Receipt, ReceiptKind},
        statement::StatementKind,
        time::Clock,
    },
    identity::{
        certificate::serial,
        crl::Revocation,
        devca::{DevCa, Purpose},
        files::{certificates, to_pem},
    },
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile::{Feed, ROGUE},
    hostile_kit::{Rogue, Served, signed, signing_key},
    kit::{Org, note, terms, until},
    times::accept_roots,
};

/// Everything in the feed so far.
async fn fed(rogue: &Rogue, gb: &Org) -> Vec<proto::Envelope> {
    let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
    let mut feed = rogue.exchange(gb).subscribe(request).await.unwrap().into_inner();
    let mut releases = vec![];
    while let Some(entry) = feed.message().await.unwrap() {
        releases.push(entry.release.unwrap());
    }
    releases
}

fn id(release: &proto::Envelope) -> StatementId {
    id_of(StatementKind::Release, &release.payload)
}

fn manifest(release: &proto::Envelope) -> StatementId {
    wire::release::decode(&release.payload).unwrap().manifest
}

async fn says(rogue: &Rogue, gb: &Org, kind: ReceiptKind, reason: Option<&str>, release: &proto::Envelope) {
    let about = Receipt::about(gb.domain.parse().unwrap(), kind, vec![id(release)], SystemClock.now());
    let receipt = Receipt { reason: reason.map(str::to_owned), ..about };
    let statement = signed(&rogue.node, StatementKind::Receipt, wire::receipt::encode(&receipt));
    let outcome = rogue.submit(gb, statement).await;
    assert!(outcome.is_accepted(), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_over_the_recipient_s_budget_is_released_again_when_it_is_wanted() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let one = Rogue::new("one.example");
    one.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, one.domain, "")).await;
    let mut author = gb.author().await;
    for text in ["first", "second"] {
        author.publish(&note(text, "BF")).await;
    }
    let before = fed(&one, &gb).await;
    says(&one, &gb, ReceiptKind::Quarantined, Some("LIMIT_EXCEEDED"), &before[0]).await;
    says(&one, &gb, ReceiptKind::Quarantined, Some("CHAIN_INVALID"), &before[1]).await;
    // Only what exceeded the budget has to be released again.
    for release in [&before[1], &before[0]] {
        says(&one, &gb, ReceiptKind::Wanted, None, release).await;
    }
    let after = until("it is released again", async || Some(fed(&one, &gb).await).filter(|all| all.len() > 2)).await;
    assert_eq!(after.iter().map(manifest).collect::<Vec<_>>(), [0, 1, 0].map(|n| manifest(&before[n])));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_said_to_get_what_its_users_can_t_read() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let [one, other] = ["one.example", "other.example"].map(Rogue::new);
    for rogue in [&one, &other] {
        rogue.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, rogue.domain, "")).await;
    }
    let published = gb.author().await.publish(&note("first", "BF")).await;
    let release = fed(&one, &gb).await.remove(0);
    let explain =
        async || crate::kit::watchfire(&gb.dir, &["--as", "olu", "policy", "explain", &published]).await.stdout;
    assert!(!explain().await.contains('◌'));
    says(&one, &gb, ReceiptKind::Quarantined, Some("CHAIN_INVALID"), &release).await;
    let words = explain().await;
    assert!(words.contains("◌A") && words.contains("●A") && words.contains("can't read what was sent last"), "{words}");
    let asked = ["--as", "olu", "policy", "explain", &published, "--partner", "one.example"];
    let words = crate::kit::watchfire(&gb.dir, &asked).await.stdout;
    assert!(words.contains("one.example is sent 3 of 3 portions, and its users can't read"), "{words}");
    let file = gb.file("next.toml", &note("second", "BF"));
    let words = crate::kit::watchfire(&gb.dir, &["--as", "ana", "assess", "publish", &file]).await;
    assert!(words.stdout.contains("◌A") && words.stdout.contains("●A"), "{} {}", words.stdout, words.stderr);
    assert!(
        words.stderr.contains("one.example could not verify what it was sent last (CHAIN_INVALID)"),
        "{}",
        words.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_node_key_had_released_is_released_again_by_the_next_one() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let one = Rogue::new("one.example");
    one.befriend(&gb, "127.0.0.1:1", &terms(gb.domain, one.domain, "")).await;
    gb.author().await.publish(&note("first", "BF")).await;
    let before = fed(&one, &gb).await;
    let read = |name: &str| std::fs::read_to_string(gb.dir.join(name)).unwrap();
    let ca = DevCa::load(&gb.domain.parse().unwrap(), &read("ca/ca.pem"), &read("ca/ca.key")).unwrap();
    let stolen = serial(&certificates(read("node/signing.pem").as_bytes()).unwrap()[0]).unwrap();
    let now = SystemClock.now();
    let id = format!("spiffe://{}/node/n1", gb.domain).parse().unwrap();
    let issued = ca.issue(&id, Purpose::Signing, now, 30).unwrap();
    std::fs::write(gb.dir.join("node/signing.key"), issued.key_pem.as_bytes()).unwrap();
    std::fs::write(gb.dir.join("node/signing.pem"), &issued.certificate_pem).unwrap();
    until("the new key is in use", async || gb.log().contains("signing key").then_some(())).await;
    let number = u64::try_from(now.unix_nanos()).unwrap() + 3_600_000_000_000;
    let revoked = [(stolen, Revocation { at: now, invalid_since: None })];
    let list = ca.revocation_list(number, &revoked, now, 30).unwrap();
    std::fs::write(gb.dir.join("crl.pem"), to_pem("X509 CRL", &list)).unwrap();
    let after = until("it is released again", async || Some(fed(&one, &gb).await).filter(|all| all.len() > 1)).await;
    assert_eq!(after.iter().map(manifest).collect::<Vec<_>>(), [manifest(&before[0]); 2]);
    let leaf = |release: &proto::Envelope| release.signatures[0].certificates[0].clone();
    let new = certificates(issued.certificate_pem.as_bytes()).unwrap();
    assert_eq!(leaf(&after[1])[..], new[0][..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_was_over_the_budget_is_asked_for_once_it_can_be_verified() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop): (Feed, Served, _) = Feed::to(&no).await;
    let second = DevCa::create(&ROGUE.parse().unwrap(), SystemClock.now()).unwrap();
    let id = format!("spiffe://{ROGUE}/analyst/b").parse().unwrap();
    feed.rogue.analyst = signing_key(&second.issue(&id, Purpose::Signing, SystemClock.now(), 30).unwrap());
    let entries: Vec<_> = (0..1026).map(|n| feed.good(&format!("entry {n}"))).collect();
    let last: Vec<StatementId> = entries[1024..].iter().map(|e| self::id(e.release.as_ref().unwrap())).collect();
    served.set(entries);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let receipts = || -> Vec<Receipt> {
        let submitted = served.submitted.lock().unwrap();
        let receipts = submitted.iter().filter(|e| e.payload_type == StatementKind::Receipt.payload_type());
        receipts.map(|e| wire::receipt::decode(&e.payload).unwrap()).collect()
    };
    let named = |is: &dyn Fn(&Receipt) -> bool| -> Vec<StatementId> {
        receipts().into_iter().filter(|r| is(r)).flat_map(|r| r.releases).collect()
    };
    let over = |r: &Receipt| r.reason.as_deref() == Some("LIMIT_EXCEEDED");
    until("the sender is told what was over the budget", async || (named(&over) == last).then_some(())).await;
    let partners = no.ask(&["--as", "root", "partner", "list"]).await;
    let address = partners[0]["endpoint"].as_str().unwrap().to_owned();
    accept_roots(&feed.rogue, &no, &address, &[&feed.rogue.ca, &second]).await;
    let wanted = |r: &Receipt| r.kind == ReceiptKind::Wanted;
    until("they are asked for", async || (named(&wanted).len() == 2).then_some(())).await;
    let mut asked_for = named(&wanted);
    asked_for.sort_unstable_by_key(|id| last.iter().position(|l| l == id));
    assert_eq!(asked_for, last);
}
