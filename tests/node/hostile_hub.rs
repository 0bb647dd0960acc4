//! A hub that passes on more than it may, or claims that others did. Each case is caught with the right name, and reaches no reader.

use watchfire::{
    domain::{
        ids::StatementId,
        marking::Audience,
        recall::{Recall, RecallKind},
        release::{AgreementRef, EntryKind, FeedPosition, OnwardLimit, Release, ReleaseTerms},
        statement::StatementKind,
        time::Clock,
    },
    draft::{self, Format},
    seal::{digest::portion_digest, sign::SigningKey, statement::id_of},
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile_kit::{Rogue, credentials, serve, signed},
    hubs::for_all,
    kit::{Org, note, sealed, terms},
};

pub const ORIGIN: &str = "origin.example";
pub const HUB: &str = "hub.example";

/// What the originator wrote, before the hub changes anything.
#[derive(Clone)]
pub struct Piece {
    pub manifest: proto::Envelope,
    /// The manifest's id.
    pub id: StatementId,
    pub assessment: [u8; 16],
    pub portions: Vec<Vec<u8>>,
    /// The release to the hub.
    pub first: Release,
    /// The release by the hub.
    pub last: Release,
}

/// The originator is honest and not connected. The hub is the reader's partner.
pub struct Chain {
    pub origin: Rogue,
    pub hub: Rogue,
    pub agreement: StatementId,
    pub previous: Option<StatementId>,
    pub sequence: u64,
}

pub fn limit(depth: u32) -> OnwardLimit {
    let to: Vec<Audience> = vec!["no.example".parse().unwrap()];
    let kinds = ["headline", "subject", "limitation"].map(|k| k.parse().unwrap()).to_vec();
    OnwardLimit { later_kinds: vec![], to, kinds, max_tlp: "AMBER".parse().unwrap(), depth, groups: vec![] }
}

impl Chain {
    pub fn piece(&self, text: &str, reader: &str) -> Piece {
        let draft = draft::parse(text, Format::Toml, SystemClock.now().day())
            .unwrap_or_else(|e| panic!("{}", e.in_file("draft")));
        let composed = sealed(ORIGIN, &draft);
        let digests: Vec<_> =
            composed.portions.iter().map(|p| portion_digest(&composed.manifest.assessment, p)).collect();
        let payload = self.origin.analyst.payload(wire::manifest::encode(&composed.manifest));
        let id = id_of(StatementKind::Manifest, &payload);
        let barred_states = vec!["BF".parse().unwrap()];
        let first = Release {
            unknown: vec![],
            recipient: HUB.parse().unwrap(),
            kind: EntryKind::Assessment,
            manifest: id,
            digests,
            // An agreement between others, which nobody here has.
            agreement: AgreementRef { id: StatementId([7; 32]), version: 1 },
            grants: vec!["g".parse().unwrap()],
            terms: ReleaseTerms { onward: Some(limit(1)), barred_states, retention_days: Some(30) },
            position: FeedPosition { sequence: 1, previous: None },
            released_at: SystemClock.now(),
            via: None,
            logged_at: SystemClock.now().whole_seconds(),
            endorsements: vec![],
            exceptions: vec![],
        };
        let terms = ReleaseTerms { onward: None, retention_days: Some(29), ..first.terms.clone() };
        let last = Release {
            recipient: reader.parse().unwrap(),
            agreement: AgreementRef { id: self.agreement, version: 1 },
            grants: vec!["world".parse().unwrap()],
            terms,
            position: FeedPosition { sequence: self.sequence + 1, previous: self.previous },
            ..first.clone()
        };
        let manifest = signed(&self.origin.analyst, StatementKind::Manifest, payload);
        Piece { manifest, id, assessment: composed.manifest.assessment.0, portions: composed.portions, first, last }
    }

    /// The same entry with the next number.
    pub fn at_place(&self, piece: &Piece) -> Piece {
        let position = FeedPosition { sequence: self.sequence + 1, previous: self.previous };
        Piece { last: Release { position, ..piece.last.clone() }, ..piece.clone() }
    }

    /// Another text under the same assessment's id and version, signed with that key.
    pub fn other_text(&self, by: &SigningKey, of: &Piece, text: &str) -> Piece {
        let draft = draft::parse(text, Format::Toml, SystemClock.now().day())
            .unwrap_or_else(|e| panic!("{}", e.in_file("draft")));
        let mut composed = sealed(ORIGIN, &draft);
        let before = composed.manifest.assessment;
        composed.manifest.assessment.0 = of.assessment;
        composed.manifest.issued = of.first.released_at;
        let old: Vec<_> = composed.portions.iter().map(|p| portion_digest(&before, p)).collect();
        let digests: Vec<_> =
            composed.portions.iter().map(|p| portion_digest(&composed.manifest.assessment, p)).collect();
        composed.manifest.digests.retain(|d| !old.contains(d));
        composed.manifest.digests.extend(&digests);
        composed.manifest.digests.sort_unstable();
        let payload = by.payload(wire::manifest::encode(&composed.manifest));
        let id = id_of(StatementKind::Manifest, &payload);
        let place = self.at_place(of);
        let first = Release { manifest: id, digests: digests.clone(), ..place.first };
        let last = Release { manifest: id, digests, ..place.last };
        let manifest = signed(by, StatementKind::Manifest, payload);
        Piece { manifest, id, assessment: of.assessment, portions: composed.portions, first, last }
    }

    /// Correctly signed, also by the hub.
    pub fn entry(&mut self, piece: Piece) -> proto::FeedEntry {
        let signer = signed(&self.origin.node, StatementKind::Release, wire::release::encode(&piece.first));
        self.entry_by(piece, signer)
    }

    /// With that as the release by which the hub got it.
    fn entry_by(&mut self, piece: Piece, first: proto::Envelope) -> proto::FeedEntry {
        let via = piece.last.via.or(Some(id_of(StatementKind::Release, &first.payload)));
        let payload = self.hub.node.payload(wire::release::encode(&Release { via, ..piece.last }));
        (self.previous, self.sequence) = (Some(id_of(StatementKind::Release, &payload)), self.sequence + 1);
        proto::FeedEntry {
            release: Some(signed(&self.hub.node, StatementKind::Release, payload)),
            manifest: Some(piece.manifest),
            portions: piece.portions.into_iter().map(Into::into).collect(),
            provenance: vec![first],
            beside: vec![],
        }
    }
}

/// The reader knows the originator, and gets everything from the hub.
pub async fn reader() -> (Org, Chain, crate::hostile_kit::Served, tokio_util::sync::CancellationToken) {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (origin, hub) = (Rogue::new(ORIGIN), Rogue::new(HUB));
    let (address, served, stop) = serve(&hub, credentials(&hub.tls), &no).await;
    let agreement = hub.befriend(&no, &address, &terms(HUB, no.domain, "")).await;
    origin.get_known(&no).await;
    (no, Chain { origin, hub, agreement, previous: None, sequence: 0 }, served, stop)
}

fn re_signed(key: &SigningKey, envelope: &proto::Envelope) -> proto::Envelope {
    signed(key, StatementKind::Manifest, envelope.payload.to_vec())
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a list of attacks, in the order of the feed")]
async fn a_hub_that_breaks_the_terms_or_another_s_signature_is_caught_and_named() {
    let (no, mut chain, served, _stop) = reader().await;
    let text = |headline: &str| for_all(headline, "BF").replace("group:watch", "no.example");
    let mut entries = vec![];
    let mut wanted: Vec<(u64, &str)> = vec![];
    let piece = chain.piece(&text("the first good one"), "no.example");
    entries.push(chain.entry(piece));
    let mut wrong = |entries: &mut Vec<_>, entry, reason| {
        entries.push(entry);
        wanted.push((entries.len() as u64, reason));
    };

    // It removes a caveat.
    let mut piece = chain.piece(&text("the bar to a state is left out"), "no.example");
    piece.last.terms.barred_states.clear();
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("it may be kept for ever"), "no.example");
    piece.last.terms.retention_days = None;
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("a marking is edited"), "no.example");
    let mut portion = wire::portion::decode(&piece.portions[0]).unwrap();
    portion.marking.tlp = "GREEN".parse().unwrap();
    piece.portions[0] = wire::portion::encode(&portion);
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "DIGEST_NOT_LISTED");

    // It passes it on too far.
    let mut piece = chain.piece(&text("nothing might be passed on"), "no.example");
    piece.first.terms.onward = None;
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("to others, not to us"), "no.example");
    piece.first.terms.onward.as_mut().unwrap().to = vec!["se.example".parse().unwrap()];
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("a kind that might not"), "no.example");
    piece.first.terms.onward.as_mut().unwrap().kinds.truncate(2);
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("one hop more than allowed"), "no.example");
    piece.last.terms.onward = Some(limit(1));
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let piece = chain.piece(&note("its marking keeps it with the hub", "BF"), "no.example");
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let piece = chain.piece(&text("about the reader's own state").replace("\"BF\"", "\"NO\""), "no.example");
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");

    // It signs it again.
    let mut piece = chain.piece(&text("the manifest bears the hub's signature"), "no.example");
    piece.manifest = re_signed(&chain.hub.analyst, &piece.manifest);
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "WRONG_DOMAIN");
    let piece = chain.piece(&text("the originator's release bears the hub's"), "no.example");
    let forged = signed(&chain.hub.node, StatementKind::Release, wire::release::encode(&piece.first));
    let entry = chain.entry_by(piece, forged);
    wrong(&mut entries, entry, "WRONG_DOMAIN");
    let piece = chain.piece(&text("an analyst has signed the release"), "no.example");
    let forged = signed(&chain.origin.analyst, StatementKind::Release, wire::release::encode(&piece.first));
    let entry = chain.entry_by(piece, forged);
    wrong(&mut entries, entry, "WRONG_DOMAIN");
    let piece = chain.piece(&text("a byte of the originator's release is flipped"), "no.example");
    let mut forged = signed(&chain.origin.node, StatementKind::Release, wire::release::encode(&piece.first));
    let mut value = forged.signatures[0].value.to_vec();
    value[5] ^= 1;
    forged.signatures[0].value = value.into();
    let entry = chain.entry_by(piece, forged);
    wrong(&mut entries, entry, "SIGNATURE_INVALID");

    // It invents a provenance.
    let mut piece = chain.piece(&text("the release was for another hub"), "no.example");
    piece.first.recipient = "other.example".parse().unwrap();
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("the release was of something else"), "no.example");
    piece.first.manifest = StatementId([3; 32]);
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("a portion did not come to the hub"), "no.example");
    piece.first.digests.pop();
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let mut piece = chain.piece(&text("it names another release"), "no.example");
    piece.last.via = Some(StatementId([9; 32]));
    let entry = chain.entry(piece);
    wrong(&mut entries, entry, "NOT_COVERED");
    let piece = chain.piece(&text("no way at all"), "no.example");
    let entry = proto::FeedEntry { provenance: vec![], ..chain.entry(piece) };
    wrong(&mut entries, entry, "NOT_COVERED");

    let piece = chain.piece(&text("the last good one"), "no.example");
    let good = piece.id;
    entries.push(chain.entry(piece));
    served.send(entries);
    crate::kit::until("everything was looked at", async || {
        let last = no.feed(HUB, "in").await["last_sequence"].as_u64();
        (last == Some(chain.sequence)).then_some(())
    })
    .await;
    let log = no.log();
    for (sequence, reason) in wanted {
        let told = log.lines().any(|l| {
            l.contains("kept an entry from users")
                && l.contains(&format!("sequence={sequence} "))
                && l.contains(reason)
                && l.contains(HUB)
        });
        assert!(told, "{sequence} {reason}: {log}");
    }
    assert_eq!(no.assessments(ORIGIN).await.len(), 2, "only the good ones, {good} among them");
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_that_nobody_could_check_do_not_make_the_store_look_damaged() {
    let (no, mut chain, served, _stop) = reader().await;
    no.ask(&["--as", "root", "partner", "forget", ORIGIN]).await;
    // The hub has the originator's certificates from what it got, and puts them on signatures that were never made.
    let bent = |mut envelope: proto::Envelope| {
        for signature in &mut envelope.signatures {
            signature.value = signature.value.iter().map(|byte| byte ^ 1).collect();
        }
        envelope
    };
    let mut piece = chain.piece(&for_all("planted", "BF").replace("group:watch", "no.example"), "no.example");
    let id = hex::encode(piece.assessment);
    piece.manifest = bent(piece.manifest);
    let first = bent(signed(&chain.origin.node, StatementKind::Release, wire::release::encode(&piece.first)));
    served.send(vec![chain.entry_by(piece, first)]);
    crate::hubs::quarantined(&no, 1, "ORIGIN_UNKNOWN").await;

    // It waits, encrypted as a whole. Nobody can read what nobody could verify.
    let shown = no.run(&["--as", "olu", "assess", "show", &id, "--quarantined"]).await;
    assert_eq!((shown.code, shown.reason().as_str()), (1, "NOT_FOUND"), "{}", shown.stdout);
    no.ask(&["--as", "olu", "assess", "list", "--quarantined"]).await;
    no.author().await.publish(&note("the node still takes what is written", "BF")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_could_verify_does_not_stand_in_the_way_of_what_is_genuine() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (origin, hub) = (Rogue::new(ORIGIN), Rogue::new(HUB));
    let (address, served, _stop) = serve(&hub, credentials(&hub.tls), &no).await;
    let agreement = hub.befriend(&no, &address, &terms(HUB, no.domain, "")).await;
    // With its own CA that has the originator's name.
    let forger = Rogue::new(ORIGIN);
    let mut chain = Chain { origin, hub, agreement, previous: None, sequence: 0 };
    let text = |headline: &str| for_all(headline, "BF").replace("group:watch", "no.example");

    // The same bytes with invalid signatures come first; and another text under the same name and version.
    let genuine = chain.piece(&text("genuine"), "no.example");
    let mut rubbish = chain.at_place(&genuine);
    rubbish.manifest = re_signed(&forger.analyst, &genuine.manifest);
    let first = signed(&forger.node, StatementKind::Release, wire::release::encode(&rubbish.first));
    let mut entries = vec![chain.entry_by(rubbish, first)];
    let second = chain.piece(&text("genuine too"), "no.example");
    let false_one = chain.other_text(&forger.analyst, &second, &text("false"));
    let first = signed(&forger.node, StatementKind::Release, wire::release::encode(&false_one.first));
    entries.push(chain.entry_by(false_one, first));
    for piece in [&genuine, &second] {
        let piece = chain.at_place(piece);
        entries.push(chain.entry(piece));
    }
    served.send(entries);
    for sequence in 1..=4 {
        crate::hubs::quarantined(&no, sequence, "ORIGIN_UNKNOWN").await;
    }
    // Recalls that the originator never made have no effect, no matter whom they claim as signers.
    let recall = Recall {
        originator: ORIGIN.parse().unwrap(),
        assessment: watchfire::domain::ids::AssessmentId(genuine.assessment),
        kind: RecallKind::Withdraw,
        reason: "a lie".to_owned(),
        recalled_at: SystemClock.now(),
        exercise: false,
    };
    let payload = wire::recall::encode(&recall);
    let by_hub = signed(&chain.hub.node, StatementKind::Recall, payload.clone());
    assert_eq!(chain.hub.submit(&no, by_hub).await.reason, "WRONG_DOMAIN");
    let by_forger = signed(&forger.node, StatementKind::Recall, payload);
    let outcome = chain.hub.submit(&no, by_forger).await;
    assert_eq!(outcome.reason, "NOT_YET", "it must not be verifiable yet: {}", outcome.message);
    chain.origin.get_known(&no).await;
    // The hub itself says that the first one was recalled: nothing of it that the hub handed over is shown.
    let [first, second] = [&genuine, &second].map(|p| hex::encode(p.assessment));
    no.has(ORIGIN, std::slice::from_ref(&second)).await;
    assert!(!no.assessments(ORIGIN).await.contains(&first));
    let shown = no.one(&["--as", "ana", "assess", "show", &second]).await;
    assert!(shown.to_string().contains("genuine too"), "{shown}");
    assert!(shown["signatures"].as_array().unwrap().iter().all(|s| s["valid"] == true), "{shown}");
}
