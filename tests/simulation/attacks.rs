//! What hostile members do to honest nodes, by calls that any partner may make.

use std::collections::BTreeSet;

use prost::Message;
use watchfire::{
    domain::{
        fault::Fault,
        ids::{AssessmentId, Nonce, Role, StatementId},
        ledger::LedgerKey,
        recall::{Recall, RecallKind},
        receipt::{Receipt, ReceiptKind},
        request::{AskingRole, Request},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    ledger::note::{Checkpoint, Note},
    wire::{
        self,
        field::timestamp,
        proto::{self, StatementOutcome, exchange_service_client::ExchangeServiceClient},
        status::to_fault,
    },
};

use crate::{
    book::Broken,
    cast::{Org, Whose},
    extremes::with_extreme_numbers,
    foes::{Attack, Done, Junk},
    machine::MESSAGE,
    net::Carrier,
    plan::Draft,
    world::World,
};

const LOUD: Draft = Draft { place: "ML", tlp: "GREEN", level: 5, onward: true };
/// Statements of one call.
const A_CALL: usize = 64;
/// Ids that no entry has ever had.
const NO_NUMBERS: [u64; 5] = [1 << 31, 1 << 53, (1 << 63) - 1, 1 << 63, u64::MAX];

type Client = ExchangeServiceClient<Carrier>;

/// What a hostile partner was given.
struct Known {
    releases: Vec<StatementId>,
    manifests: Vec<(AssessmentId, u32, StatementId)>,
}

impl World {
    pub async fn attack(&mut self, attack: &Attack) -> Result<String, Fault> {
        match *attack {
            Attack::Numbers { at } => self.numbers(at).await,
            Attack::Flood { at, junk, many } => self.flood(at, junk, many).await,
            Attack::Crowd { many } => {
                for _ in 0..many {
                    self.publish(Org::Loud, &LOUD, None).await?;
                }
                Ok(format!("{many} of the highest level"))
            }
            Attack::TakeBack { more } => self.take_all_back(more).await,
            Attack::Overtake => self.overtake().await,
        }
    }

    fn client(&self, by: Org, at: Org) -> Client {
        ExchangeServiceClient::new(self.net.connect(by, at, &[]))
            .max_decoding_message_size(MESSAGE)
            .max_encoding_message_size(MESSAGE)
    }

    fn done(&mut self, at: Org) -> &mut Done {
        self.foes.get_or_insert_default().done.entry(at).or_default()
    }

    /// A different number each time.
    fn count(&mut self) -> u64 {
        let made = &mut self.foes.get_or_insert_default().made;
        *made += 1;
        *made
    }

    fn no_assessment(&mut self) -> AssessmentId {
        AssessmentId((u128::from(self.count()) << 64 | 0xF0E5).to_be_bytes())
    }

    /// Hands over statements, and counts in how many ways they are refused.
    async fn submit(&mut self, by: Org, at: Org, all: &[Envelope]) -> Result<Vec<StatementOutcome>, Fault> {
        let (mut client, mut outcomes) = (self.client(by, at), vec![]);
        for some in all.chunks(A_CALL) {
            let statements = some.iter().map(wire::envelope::to_proto).collect();
            let answer = client.submit_statements(proto::SubmitStatementsRequest { statements }).await;
            outcomes.extend(answer.map_err(|s| to_fault(&s))?.into_inner().outcomes);
        }
        let refused = outcomes.iter().zip(all).filter(|(o, _)| !o.is_taken());
        let ways: BTreeSet<(String, String)> = refused.map(|(o, e)| (o.reason.clone(), e.kind.to_string())).collect();
        self.done(at).refusals += ways.len() as u64;
        Ok(outcomes)
    }

    /// Recalls of the publications, by their own publisher, as often as it wants.
    async fn take_all_back(&mut self, more: u16) -> Result<String, Fault> {
        let own: Vec<usize> = (0..self.book.made.len()).filter(|n| self.book.made[*n].by == Org::Loud).collect();
        let mut count = 0;
        for number in own {
            count += usize::from(self.recall(number, false).await.is_ok());
        }
        let now = self.machines[&Org::Ecowas].now();
        let all: Vec<Envelope> = (0..more).map(|_| self.bogus_recall(Org::Loud, Org::Loud, None, now)).collect();
        self.done(Org::Ecowas).recalls += 1;
        let outcomes = self.submit(Org::Loud, Org::Ecowas, &all).await?;
        let taken = outcomes.iter().filter(|o| o.is_taken()).count();
        Ok(format!("{count} are recalled, and {taken} of {more} that never were"))
    }

    fn bogus_recall(&mut self, by: Org, of: Org, assessment: Option<AssessmentId>, at: Time) -> Envelope {
        let assessment = assessment.unwrap_or_else(|| self.no_assessment());
        let recall = Recall {
            originator: of.domain(),
            assessment,
            kind: RecallKind::Withdraw,
            reason: format!("number {}", self.count()),
            recalled_at: at.whole_seconds(),
            exercise: false,
        };
        let officer = by.keys().ring().pair(Whose::Officer).key();
        officer.statement(StatementKind::Recall, wire::recall::encode(&recall)).unwrap()
    }

    async fn flood(&mut self, at: Org, junk: Junk, many: u16) -> Result<String, Fault> {
        let now = self.machines[&at].now();
        let known = self.known(at).await?;
        let all: Vec<Envelope> = match junk {
            Junk::Recalls => (0..many).map(|_| self.bogus_recall(Org::Rogue, Org::Rogue, None, now)).collect(),
            Junk::OthersRecalls => (0..many).map(|n| self.recall_of_another(at, n, now)).collect(),
            Junk::Receipts => (0..many).map(|n| self.receipt(at, n, &known, now)).collect(),
            Junk::Requests => (0..many).map(|n| self.request(at, n, &known, now)).collect(),
        };
        let done = self.done(at);
        match junk {
            Junk::Recalls | Junk::OthersRecalls => done.recalls += 1,
            Junk::Receipts => done.receipts += 1,
            Junk::Requests => done.requests += 1,
        }
        let outcomes = self.submit(Org::Rogue, at, &all).await?;
        if junk == Junk::OthersRecalls {
            self.must_tell_nothing(&outcomes);
        }
        let taken = outcomes.iter().filter(|o| o.is_taken()).count();
        Ok(format!("{taken} of {many} are taken, {} releases are known", known.releases.len()))
    }

    /// About assessments that exist and about others, in the same words.
    fn must_tell_nothing(&mut self, outcomes: &[StatementOutcome]) {
        let words: BTreeSet<(i32, &str, &str)> = outcomes
            .iter()
            .filter(|o| o.reason != "LIMIT_EXCEEDED")
            .map(|o| (o.result, &o.reason[..], &o.message[..]))
            .collect();
        if words.len() > 1 {
            self.has_shown(Broken { invariant: "a refusal tells nothing", what: format!("{words:?}") });
        }
    }

    /// Every second one is about an assessment that was written.
    fn recall_of_another(&mut self, at: Org, n: u16, now: Time) -> Envelope {
        let of = if at == Org::Gb { Org::No } else { Org::Gb };
        let written: Vec<AssessmentId> = self.book.made.iter().filter(|m| m.by == of).map(|m| m.assessment).collect();
        let written = written.get(usize::from(n) / 2 % written.len().max(1)).copied();
        self.bogus_recall(Org::Rogue, of, written.filter(|_| n.is_multiple_of(2)), now)
    }

    fn receipt(&mut self, at: Org, n: u16, known: &Known, now: Time) -> Envelope {
        let text = format!("another text {}", self.count());
        let nothing = StatementId([u8::try_from(n % 256).unwrap(); 32]);
        let release = known.releases.get(usize::from(n) % known.releases.len().max(1)).copied();
        let release = release.filter(|_| n % 4 < 3).unwrap_or(nothing);
        let receipt = Receipt {
            mandate: None,
            sender: at.domain(),
            kind: if n.is_multiple_of(2) { ReceiptKind::Declined } else { ReceiptKind::Acting },
            releases: vec![release],
            at: now,
            reason: Some(text),
            role: Some(Role::Analyst),
            recall: None,
            path: None,
        };
        let node = Org::Rogue.keys().ring().pair(Whose::Node).key();
        node.statement(StatementKind::Receipt, wire::receipt::encode(&receipt)).unwrap()
    }

    fn request(&mut self, at: Org, n: u16, known: &Known, now: Time) -> Envelope {
        let count = self.count();
        let given = known.manifests.get(usize::from(n) % known.manifests.len().max(1)).copied();
        let given = given.filter(|_| n.is_multiple_of(2));
        let (assessment, version, manifest) = given.unwrap_or((AssessmentId([7; 16]), 1, StatementId([9; 32])));
        let request = Request {
            addressee: at.domain(),
            assessment,
            version,
            manifest,
            kinds: vec![],
            question: format!("why? {count}"),
            role: AskingRole::Analyst,
            nonce: Nonce((u128::from(count)).to_be_bytes()),
            requested_at: now,
        };
        let node = Org::Rogue.keys().ring().pair(Whose::Node).key();
        node.statement(StatementKind::Request, wire::request::encode(&request)).unwrap()
    }

    /// What the hostile partner gets when it asks for its feed. It acknowledges nothing.
    async fn known(&self, at: Org) -> Result<Known, Fault> {
        let asked = proto::SubscribeRequest { after_sequence: 0, until_caught_up: true, ..Default::default() };
        let mut feed = self.client(Org::Rogue, at).subscribe(asked).await.map_err(|s| to_fault(&s))?.into_inner();
        let mut known = Known { releases: vec![], manifests: vec![] };
        while let Ok(Some(message)) = feed.message().await {
            let entry = wire::entry::from_proto(message)?;
            let Some(manifest) = &entry.manifest else { continue };
            let content = wire::manifest::decode(&manifest.payload)?;
            let id = watchfire::seal::statement::id_of(StatementKind::Manifest, &manifest.payload);
            known.manifests.push((content.assessment, content.version, id));
            known.releases.push(watchfire::seal::statement::id_of(StatementKind::Release, &entry.release.payload));
        }
        Ok(known)
    }
}

/// Extreme numbers.
impl World {
    async fn numbers(&mut self, at: Org) -> Result<String, Fault> {
        let now = self.machines[&at].now();
        let mut client = self.client(Org::Rogue, at);
        for sequence in NO_NUMBERS {
            let acknowledged = client.acknowledge(proto::AcknowledgeRequest { sequence }).await.is_ok();
            let asked =
                proto::SubscribeRequest { after_sequence: sequence, until_caught_up: true, ..Default::default() };
            let followed = match client.subscribe(asked).await {
                Ok(feed) => feed.into_inner().message().await.is_ok(),
                Err(_) => false,
            };
            if acknowledged || followed {
                let what = format!("{at} takes number {sequence}, which no entry bears");
                self.has_shown(Broken { invariant: "a number out of bounds is refused", what });
            }
            let asked = proto::FetchAttachmentRequest { sha256: vec![1; 32].into(), offset: sequence };
            if let Ok(chunks) = client.fetch_attachment(asked).await {
                let _ = chunks.into_inner().message().await;
            }
        }
        let hellos = with_extreme_numbers(&hello(now).encode_to_vec());
        for bytes in &hellos {
            if let Ok(hello) = proto::HelloRequest::decode(&bytes[..]) {
                let _ = client.hello(hello).await;
            }
        }
        let known = self.known(at).await?;
        let all = [
            self.bogus_recall(Org::Rogue, Org::Rogue, None, now),
            self.receipt(at, 0, &known, now),
            self.request(at, 0, &known, now),
        ];
        let keys = Org::Rogue.keys().ring();
        let signers = [Whose::Officer, Whose::Node, Whose::Node].map(|whose| keys.pair(whose).key());
        let mut statements = vec![];
        for (envelope, key) in all.iter().zip(&signers) {
            let bent = with_extreme_numbers(&envelope.payload).into_iter();
            statements.extend(bent.map(|payload| key.envelope(envelope.kind, payload).unwrap()));
        }
        let done = self.done(at);
        (done.recalls, done.receipts) = (done.recalls + 1, done.receipts + 1);
        (done.requests, done.numbers) = (done.requests + 1, done.numbers + 1);
        self.submit(Org::Rogue, at, &statements).await?;
        Ok(format!("{} hellos and {} statements", hellos.len(), statements.len()))
    }
}

/// A hello with every field set.
fn hello(now: Time) -> proto::HelloRequest {
    let (keys, epoch, size) = (Org::Rogue.keys(), 3, 64);
    let origin = watchfire::domain::ledger::origin(&Org::Rogue.domain(), epoch);
    let ledger = keys.ledger();
    let key = LedgerKey { origin: origin.clone(), public: ledger.public_key(), epoch, created: now, succession: None };
    let signer = keys.ring().pair(Whose::Node).key();
    let key = signer.statement(StatementKind::LedgerKey, wire::ledger::encode_key(&key)).unwrap();
    let note = Note::sign(Checkpoint { origin, size, root: [1; 32] }, &ledger).to_string();
    let greeting = proto::LedgerGreeting {
        key: Some(wire::envelope::to_proto(&key)),
        note: note.into_bytes().into(),
        from_size: 64,
        salt: vec![0; 16].into(),
        base: Some(proto::LedgerBase { size: 64, root: vec![1; 32].into(), consistency: vec![] }),
        questions: vec![64],
        ..proto::LedgerGreeting::default()
    };
    proto::HelloRequest {
        ledger: Some(greeting),
        bundle_sequence: 1,
        held_bundle_sequence: 1,
        recovered_at: timestamp(now),
        persons_needed: 1,
        // The word of a lone partner would count for this one, because it may be the only one that remembers.
        held_persons_needed: 0,
        passed_on_lists: vec![],
        vocabulary_edition: u32::MAX,
        protocol_versions: vec![1],
        payload_types: vec![],
        now: timestamp(now),
        revocation_lists: vec![],
        trust_edition: Default::default(),
    }
}
