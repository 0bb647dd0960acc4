//! A partner without any permission sees, to the byte, what it would see at a node where nothing exists.

use std::fmt::Write;

use prost::Message;
use tonic::{Status, metadata::MetadataMap, transport::Channel};
use watchfire::{
    domain::{
        agreement::{AgreementNotice, AgreementStep},
        ids::StatementId,
        receipt::{Receipt, ReceiptKind},
        statement::StatementKind,
        time::{Clock, Time},
    },
    draft::{Format, Lineage, parse_agreement},
    identity::devca::Purpose,
    seal::{compose::new_assessment_id, hash::sha256, statement::id_of},
    telemetry::SystemClock,
    wire::{
        self,
        field::timestamp,
        proto::{self, exchange_service_client::ExchangeServiceClient},
    },
};

use crate::{
    hostile::Feed,
    hostile_kit::{Rogue, credentials, gate, member_of, signed},
    kit::{Org, note, pair, terms, until},
};

/// The organisation that has everything.
const RICH: &str = "rich.example";
/// The partner that may have nothing.
const POOR: &str = "poor.example";

/// The result of one probe: everything that the caller can see of it.
#[derive(Default)]
struct Transcript(String);

impl Transcript {
    fn metadata(&mut self, metadata: &MetadataMap) {
        let headers = metadata.clone().into_headers();
        // The time is not secret, and it changes between two calls.
        let told = headers.iter().filter(|(name, _)| name.as_str() != "date");
        let mut all: Vec<_> = told.map(|(k, v)| format!("{k}: {v:?}")).collect();
        all.sort();
        writeln!(self.0, "{all:?}").unwrap();
    }

    fn status(&mut self, status: &Status) {
        writeln!(self.0, "{:?} {} {}", status.code(), status.message(), hex::encode(status.details())).unwrap();
        self.metadata(status.metadata());
    }

    fn message<M: Message>(&mut self, message: &M) {
        writeln!(self.0, "{}", hex::encode(message.encode_to_vec())).unwrap();
    }

    fn unary<M: Message>(&mut self, answer: Result<tonic::Response<M>, Status>) {
        match answer {
            Ok(answer) => {
                self.metadata(answer.metadata());
                self.message(answer.get_ref());
            }
            Err(status) => self.status(&status),
        }
    }

    async fn stream<M: Message + Default + 'static>(
        &mut self,
        answer: Result<tonic::Response<tonic::Streaming<M>>, Status>,
    ) {
        let mut stream = match answer {
            Ok(answer) => {
                self.metadata(answer.metadata());
                answer.into_inner()
            }
            Err(status) => return self.status(&status),
        };
        loop {
            match stream.message().await {
                Ok(Some(message)) => self.message(&message),
                Ok(None) => break self.0.push_str("end\n"),
                Err(status) => break self.status(&status),
            }
        }
        if let Ok(Some(trailers)) = stream.trailers().await {
            self.metadata(&trailers);
        }
    }
}

/// One call, made in the same way to both nodes.
enum Probe {
    Hello(Box<proto::HelloRequest>),
    Subscribe(u64),
    Acknowledge(u64),
    Submit(Vec<proto::Envelope>),
    Fetch(proto::FetchStatementsRequest),
    Attachment(Vec<u8>, u64),
}

impl Probe {
    async fn at(&self, exchange: &mut ExchangeServiceClient<Channel>) -> String {
        let mut seen = Transcript::default();
        match self {
            Self::Hello(hello) => {
                let mut answer = exchange.hello((**hello).clone()).await;
                if let Ok(answer) = &mut answer {
                    // The time, and the lists of two nodes with a CA each.
                    (answer.get_mut().now, answer.get_mut().revocation_lists) = (None, vec![]);
                    answer.get_mut().trust_edition = Default::default();
                    // Keys, roots and random tags of two nodes. How many there are and how long they are must be the same.
                    if let Some(ledger) = &mut answer.get_mut().ledger {
                        let zero = |bytes: &mut prost::bytes::Bytes| *bytes = vec![0; bytes.len()].into();
                        ledger.key = None;
                        ledger.pairs.iter_mut().for_each(zero);
                        zero(&mut ledger.salt);
                        // The root at the last multiple differs between ledgers. Its size and the length of its proof follow from those of the
                        // head.
                        ledger.base = None;
                        ledger.questions = vec![];
                        assert_eq!(ledger.pairs.len(), 256);
                        let head = watchfire::ledger::note::Note::parse(&ledger.note).unwrap().checkpoint;
                        assert!(head.size > 0 && head.size.is_multiple_of(8), "its size is one of few");
                        ledger.note = prost::bytes::Bytes::new();
                    }
                }
                seen.unary(answer);
            }
            Self::Subscribe(after_sequence) => {
                let request = proto::SubscribeRequest {
                    after_sequence: *after_sequence,
                    until_caught_up: true,
                    ..Default::default()
                };
                seen.stream(exchange.subscribe(request).await).await;
            }
            Self::Acknowledge(sequence) => {
                seen.unary(exchange.acknowledge(proto::AcknowledgeRequest { sequence: *sequence }).await);
            }
            Self::Submit(statements) => {
                let request = proto::SubmitStatementsRequest { statements: statements.clone() };
                seen.unary(exchange.submit_statements(request).await);
            }
            Self::Fetch(request) => seen.unary(exchange.fetch_statements(request.clone()).await),
            Self::Attachment(sha256, offset) => {
                let request = proto::FetchAttachmentRequest { sha256: sha256.clone().into(), offset: *offset };
                seen.stream(exchange.fetch_attachment(request).await).await;
            }
        }
        seen.0
    }
}

/// What exists at the node with content, as far as a partner may have heard of it elsewhere.
struct Known {
    agreement: proto::Envelope,
    agreement_id: StatementId,
    release: StatementId,
    manifest: proto::Envelope,
    attachment: [u8; 32],
    size: u64,
    ticket: Vec<u8>,
}

/// A node with much content, none of it for the poor partner. Its domain is the same as that of the empty node.
async fn full(rich: &Rogue, poor: &Rogue) -> (Org, Known) {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    rich.get_accepted(&gb, "127.0.0.1:1").await;
    poor.get_accepted(&gb, "127.0.0.1:1").await;
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let agreement =
        parse_agreement(&terms(gb.domain, RICH, ""), Format::Toml, lineage, watchfire::domain::time::Day::FIRST)
            .unwrap();
    let payload = wire::agreement::encode(&agreement);
    let agreement_id = id_of(StatementKind::Agreement, &payload);
    let agreement = signed(&rich.node, StatementKind::Agreement, payload);
    assert!(rich.submit(&gb, agreement.clone()).await.is_accepted());
    gb.ask(&["--as", "root", "agreement", "sign", &agreement_id.to_string()]).await;
    let bytes = vec![42; 300_000];
    std::fs::write(gb.dir.join("map.bin"), &bytes).unwrap();
    let attachment =
        "\n[[portion]]\nkind = \"attachment\"\nfile = \"map.bin\"\nmedia_type = \"application/octet-stream\"\n";
    let draft = gb.file("draft.toml", &(note("a secret", "BF") + attachment));
    gb.one(&["--as", "ana", "assess", "publish", &draft, "--accept", "attachment"]).await;
    let mut exchange = rich.exchange(&gb);
    let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
    let entry = exchange.subscribe(request).await.unwrap().into_inner().message().await.unwrap().unwrap();
    assert_eq!(entry.portions.len(), 4);
    exchange.hello(hello()).await.unwrap();
    let request = proto::FetchStatementsRequest { settled: vec![], wait_seconds: 0 };
    let waiting = exchange.fetch_statements(request).await.unwrap().into_inner().statements;
    let known = Known {
        agreement,
        agreement_id,
        release: id_of(StatementKind::Release, &entry.release.unwrap().payload),
        manifest: entry.manifest.unwrap(),
        attachment: sha256(&[&bytes]),
        size: bytes.len() as u64,
        ticket: waiting[0].ticket.to_vec(),
    };
    (gb, known)
}

fn hello() -> proto::HelloRequest {
    let payload_types = StatementKind::ALL.iter().map(|k| k.payload_type().to_owned()).collect();
    let now = timestamp(SystemClock.now());
    proto::HelloRequest { protocol_versions: vec![1], payload_types, now, ..Default::default() }
}

/// Terms between the poor partner and the node, as the version with that number.
fn proposal(poor: &Rogue, lineage: Lineage) -> proto::Envelope {
    let agreement =
        parse_agreement(&terms("gb.example", POOR, ""), Format::Toml, lineage, watchfire::domain::time::Day::FIRST)
            .unwrap();
    signed(&poor.node, StatementKind::Agreement, wire::agreement::encode(&agreement))
}

fn receipt(poor: &Rogue, releases: &[StatementId], at: Time) -> proto::Envelope {
    let (sender, reason) = ("gb.example".parse().unwrap(), Some("NOT_COVERED".to_owned()));
    let receipt = Receipt { reason, ..Receipt::about(sender, ReceiptKind::Quarantined, releases.to_vec(), at) };
    signed(&poor.node, StatementKind::Receipt, wire::receipt::encode(&receipt))
}

/// Everything that the poor partner may try.
fn probes(rich: &Rogue, poor: &Rogue, known: &Known) -> Vec<(&'static str, Probe)> {
    let now = SystemClock.now();
    let random = StatementId([9; 32]);
    let series = wire::agreement::decode(&known.agreement.payload).unwrap().series;
    let fresh = new_assessment_id().unwrap();
    let after = |series, version, id| Lineage { series, previous: Some((version, id)) };
    let mut all = vec![("hello", Probe::Hello(Box::new(hello())))];
    all.extend([0, 1, 2, u64::MAX].map(|n| ("subscribe", Probe::Subscribe(n))));
    all.extend([0, 1, 2, u64::MAX].map(|n| ("acknowledge", Probe::Acknowledge(n))));
    let empty = sha256(&[b""]);
    for digest in [&known.attachment[..], &[7; 32], &empty, &known.attachment[..31], &[]] {
        for offset in [0, 1, known.size, known.size + 1, u64::MAX] {
            all.push(("an attachment", Probe::Attachment(digest.to_vec(), offset)));
        }
    }
    let mut submit = |what, envelope| all.push((what, Probe::Submit(vec![envelope])));
    submit("a receipt about another's release", receipt(poor, &[known.release], now));
    submit("a receipt about nobody's release", receipt(poor, &[random], now));
    submit("a receipt about an agreement", receipt(poor, &[known.agreement_id], now));
    for (what, id) in [("a notice about another's agreement", known.agreement_id), ("about nobody's", random)] {
        let notice = AgreementNotice {
            agreement: id,
            step: AgreementStep::Suspended,
            at: now,
            reason: String::new(),
            every_version: true,
        };
        submit(what, signed(&poor.node, StatementKind::Notice, wire::notice::encode(&notice)));
    }
    submit("another's agreement", known.agreement.clone());
    submit("another's manifest", known.manifest.clone());
    let mut resigned = known.agreement.clone();
    resigned.signatures = signed(&poor.node, StatementKind::Agreement, resigned.payload.to_vec()).signatures;
    submit("another's agreement, signed anew", resigned);
    // A chain is public, but whose partner its owner is, is not.
    let mut both = proposal(poor, Lineage { series: fresh, previous: None });
    both.signatures.push(known.agreement.signatures[0].clone());
    submit("a signature of a third one", both.clone());
    both.signatures.remove(0);
    submit("a signature of a third one alone", both);
    let mut of_the_third = proposal(poor, Lineage { series: fresh, previous: None });
    of_the_third.signatures = signed(&rich.node, StatementKind::Agreement, of_the_third.payload.to_vec()).signatures;
    submit("a good signature of a third one", of_the_third);
    submit("the next version of another's", proposal(poor, after(series, 1, known.agreement_id)));
    submit("the next version of nobody's", proposal(poor, after(fresh, 1, random)));
    submit("another's series", proposal(poor, Lineage { series, previous: None }));
    for _ in 0..8 {
        let series = new_assessment_id().unwrap();
        submit("more than may wait", proposal(poor, Lineage { series, previous: None }));
    }
    for ticket in [known.ticket.clone(), vec![3; 32], vec![3; 31]] {
        let outcome = proto::StatementOutcome { result: proto::StatementResult::Accepted.into(), ..Default::default() };
        let settled = vec![proto::SettledStatement { ticket: ticket.into(), outcome: Some(outcome) }];
        all.push(("statements", Probe::Fetch(proto::FetchStatementsRequest { settled, wait_seconds: 0 })));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_without_permission_sees_what_it_sees_where_nothing_exists() {
    let (rich, poor) = (Rogue::new(RICH), Rogue::new(POOR));
    let (full, known) = full(&rich, &poor).await;
    let empty = Org::found("gb.example", "state", Some("GB")).await;
    poor.get_accepted(&empty, "127.0.0.1:1").await;
    let (mut at_full, mut at_empty) = (poor.exchange(&full), poor.exchange(&empty));
    for (number, (what, probe)) in probes(&rich, &poor, &known).into_iter().enumerate() {
        let (one, other) = (probe.at(&mut at_full).await, probe.at(&mut at_empty).await);
        assert_eq!(one, other, "probe {number}, {what}");
        for word in [RICH, "rich", "secret", &known.agreement_id.to_string()[..8]] {
            assert!(!one.contains(word), "probe {number}, {what}, reveals {word}: {one}");
        }
    }
    // The probes see something if something may be seen.
    let subscribed = Probe::Subscribe(0).at(&mut rich.exchange(&full)).await;
    assert!(subscribed.len() > 1000 && subscribed != Probe::Subscribe(0).at(&mut at_full).await);
    let fetched = Probe::Attachment(known.attachment.to_vec(), 0).at(&mut rich.exchange(&full)).await;
    assert!(fetched.len() as u64 > 2 * known.size);
    let ticket = proto::FetchStatementsRequest { settled: vec![], wait_seconds: 0 };
    let waiting = rich.exchange(&full).fetch_statements(ticket).await.unwrap().into_inner().statements;
    assert_eq!(waiting.len(), 1, "another partner has settled a statement that was not for it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_a_feed_do_not_tell_what_others_get() {
    let (rich, poor) = (Rogue::new(RICH), Rogue::new(POOR));
    let (gb, _) = full(&rich, &poor).await;
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    let only_mali = terms("gb.example", POOR, "").replace("M49:001", "ML");
    let id = poor.propose(&gb, &only_mali, lineage).await;
    gb.ask(&["--as", "root", "agreement", "sign", &id.to_string()]).await;
    let mut author = gb.author().await;
    for place in ["BF", "ML", "BF", "BF", "ML", "NE"] {
        author.publish(&note("of a place", place)).await;
    }
    let numbers = async |rogue: &Rogue| {
        let request = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
        let mut feed = rogue.exchange(&gb).subscribe(request).await.unwrap().into_inner();
        let mut numbers = vec![];
        while let Some(entry) = feed.message().await.unwrap() {
            let release = wire::release::decode(&entry.release.unwrap().payload).unwrap();
            assert_eq!(release.position.previous.is_none(), release.position.sequence == 1);
            numbers.push(release.position.sequence);
        }
        numbers
    };
    assert_eq!(numbers(&poor).await, [1, 2]);
    assert_eq!(numbers(&rich).await, [1, 2, 3, 4, 5, 6, 7]);
}

/// How a dialler is refused, in the words of its own TLS library.
async fn told_at_the_door(channel: impl AsyncFn() -> Channel) -> String {
    // The end of the connection may overtake the refusal. Then it is tried again.
    for _ in 0..20 {
        let status = ExchangeServiceClient::new(channel().await).hello(hello()).await.unwrap_err();
        let words = format!("{:?} {}", status.code(), status.message());
        if words.contains("alert") {
            return words;
        }
    }
    panic!("no alert ever came");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_active_partner_is_told_the_same_at_the_door() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let [active, suspended, stranger] = ["active.example", "suspended.example", "stranger.example"].map(Rogue::new);
    for rogue in [&active, &suspended] {
        rogue.get_accepted(&gb, "127.0.0.1:1").await;
    }
    gb.ask(&["--as", "root", "partner", "suspend", "suspended.example"]).await;
    let as_itself = async |rogue: &Rogue| told_at_the_door(async || rogue.dial_as(&rogue.tls, &gb, &gb.peer)).await;
    // A CA of nobody that makes a node certificate with any name.
    let as_another = async |name: &'static str| {
        let minter = Rogue::new(name);
        told_at_the_door(async || {
            let issued = minter.issue("node/n1", Purpose::NodeTls);
            let gate = gate(credentials(&issued), minter.member(), vec![member_of(&gb)]);
            let limits = watchfire::transport::limits::Limits::default();
            watchfire::transport::dialler::connect(&gb.peer, gb.domain.parse().unwrap(), &gate, &limits).unwrap()
        })
        .await
    };
    let words = as_itself(&stranger).await;
    assert_eq!(as_itself(&suspended).await, words);
    for name in ["active.example", "suspended.example", "nobody.example"] {
        assert_eq!(as_another(name).await, words, "minted as {name}");
    }
    ExchangeServiceClient::new(active.dial_as(&active.tls, &gb, &gb.peer)).hello(hello()).await.unwrap();
}

/// A note that names an attachment.
fn naming(digest: [u8; 32], size: usize) -> String {
    note("with a map", "BF")
        + &format!(
            "\n[[portion]]\nkind = \"attachment\"\nname = \"map.bin\"\nmedia_type = \"application/octet-stream\"\n\
             size = {size}\nsha256 = \"{}\"\n",
            hex::encode(digest)
        )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_names_an_attachment_does_not_learn_whether_it_is_here_already() {
    let (gb, no) = pair().await;
    let bytes = vec![42; 300_000];
    std::fs::write(gb.dir.join("map.bin"), &bytes).unwrap();
    let attachment =
        "\n[[portion]]\nkind = \"attachment\"\nfile = \"map.bin\"\nmedia_type = \"application/octet-stream\"\n";
    let draft = gb.file("draft.toml", &(note("an honest one", "BF") + attachment));
    gb.one(&["--as", "ana", "assess", "publish", &draft, "--accept", "attachment"]).await;
    let here = sha256(&[&bytes]);
    let out = no.dir.join("map.bin").to_string_lossy().into_owned();
    let fetch = async || no.run(&["--as", "ana", "assess", "fetch", &hex::encode(here), "--out", &out]).await;
    until("it is here", async || (fetch().await.code == 0).then_some(())).await;

    let (mut feed, served, _stop) = Feed::to(&no).await;
    let nowhere = [7; 32];
    let named = [here, nowhere].map(|digest| feed.of(&naming(digest, bytes.len())));
    served.set(named.to_vec());
    no.ask(&["--as", "ana", "feed", "pull", "--from", crate::hostile::ROGUE]).await;
    let asked = until("it is asked for both", async || {
        let asked = served.asked.lock().unwrap().clone();
        [here, nowhere].iter().all(|d| asked.iter().any(|a| a.sha256[..] == d[..])).then_some(asked)
    })
    .await;
    assert!(asked.iter().all(|a| a.offset == 0), "{asked:?}");
    // An upload that it breaks off removes nothing here.
    std::fs::remove_file(&out).unwrap();
    assert_eq!(fetch().await.code, 0);
    assert!(std::fs::read(&out).unwrap() == bytes);
}
