//! When a signature counts: keys that have ended, alone and with a hub that states any time it likes. Certificates are issued with dates in the
//! past, so that no test waits.

use rustls_pki_types::CertificateDer;
use watchfire::{
    domain::{
        ids::{AssessmentId, SpiffeId, StatementId},
        logged::Logged,
        partner::{Invitation, Organisation, PartnerKind},
        recall::{Recall, RecallKind},
        statement::{Envelope, StatementKind},
        time::{Clock, Time},
    },
    draft::{self, Format},
    identity::{
        crl::Revocation,
        devca::{DevCa, Purpose},
        files::to_pem,
    },
    node::partnerships::invitation::fingerprint_of,
    seal::{sign::SigningKey, statement},
    telemetry::SystemClock,
    wire::{self, field::timestamp, proto},
};

use crate::{
    hostile::{Feed, ROGUE},
    hostile_hub::{Chain, HUB, ORIGIN, Piece, reader},
    hostile_kit::{Rogue, Served, accept, signed, signing_key},
    hubs::{for_all, quarantined},
    kit::{Org, note, pair_by, publication, sealed, until},
};

const DAY: i64 = 86_400;

pub fn days_ago(days: i64) -> Time {
    SystemClock.now().whole_seconds().plus_seconds(-days * DAY)
}

/// A signing key whose certificate was valid from `from` to `until` days ago.
pub fn key_of(domain: &str, ca: &DevCa, path: &str, (from, until): (i64, i64)) -> SigningKey {
    let id: SpiffeId = format!("spiffe://{domain}/{path}").parse().unwrap();
    let days = u32::try_from(from - until).unwrap();
    signing_key(&ca.issue(&id, Purpose::Signing, days_ago(from), days).unwrap())
}

/// The statement, with another statement attached that says who logged it and when.
fn logged(by: &SigningKey, at: Time, statement: &proto::Envelope) -> proto::Envelope {
    let kind = StatementKind::ALL.iter().find(|k| k.payload_type() == statement.payload_type).unwrap();
    let named = statement.logged.last().map_or_else(
        || statement::id_of(*kind, &statement.payload),
        |inner| statement::id_of(StatementKind::Logged, &inner.payload),
    );
    let beside = signed(by, StatementKind::Logged, wire::logged::encode(&Logged { statement: named, at }));
    let mut all = statement.clone();
    all.logged.push(beside);
    all
}

fn recall(originator: &str, assessment: [u8; 16], by: &SigningKey, at: Time) -> proto::Envelope {
    let recall = Recall {
        originator: originator.parse().unwrap(),
        assessment: AssessmentId(assessment),
        kind: RecallKind::Withdraw,
        reason: "the source was wrong".to_owned(),
        recalled_at: at,
        exercise: false,
    };
    signed(by, StatementKind::Recall, wire::recall::encode(&recall))
}

fn is_not_yet(outcome: &proto::StatementOutcome) -> bool {
    outcome.result == i32::from(proto::StatementResult::NotYet)
}

fn assessment_of(entry: &proto::FeedEntry) -> [u8; 16] {
    wire::manifest::decode(&entry.manifest.as_ref().unwrap().payload).unwrap().assessment.0
}

pub async fn pulled(no: &Org, from: &str, sequence: u64) {
    no.ask(&["--as", "ana", "feed", "pull", "--from", from]).await;
    until("everything was looked at", async || {
        (no.feed(from, "in").await["last_sequence"].as_u64() == Some(sequence)).then_some(())
    })
    .await;
}

/// The administrator accepts a partner's invitation with these roots.
pub async fn accept_roots(rogue: &Rogue, victim: &Org, address: &str, roots: &[&DevCa]) {
    let roots: Vec<CertificateDer<'static>> = roots.iter().map(|ca| ca.certificate().clone()).collect();
    let invitation = Invitation {
        organisation: Organisation { domain: rogue.domain.parse().unwrap(), kind: PartnerKind::Ngo, country: None },
        endpoint: Some(address.parse().unwrap()),
        roots: roots.iter().map(|r| r.to_vec()).collect(),
        issued: SystemClock.now(),
        sequence: 1,
        ledger_key: None,
        ledger_note: vec![],
        lists: vec![],
    };
    let envelope: Envelope =
        rogue.node.statement(StatementKind::Invitation, wire::invitation::encode(&invitation)).unwrap();
    let request = proto::AcceptPartnerRequest {
        invitation: Some(wire::envelope::to_proto(&envelope)),
        fingerprint: fingerprint_of(&envelope).to_string(),
        change_confirmed: true,
        only_know: false,
        approval: None,
    };
    accept(victim, "admin-root", &request).await.unwrap();
}

fn receipts(served: &Served) -> Vec<(Option<String>, Vec<StatementId>)> {
    let submitted = served.submitted.lock().unwrap();
    let receipts = submitted.iter().filter(|e| e.payload_type == StatementKind::Receipt.payload_type());
    receipts.map(|e| wire::receipt::decode(&e.payload).unwrap()).map(|r| (r.reason, r.releases)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_counts_whose_certificate_ended_after_it_was_logged_and_not_before() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    feed.rogue.analyst = key_of(ROGUE, &feed.rogue.ca, "analyst/a", (20, 10));
    let made = |m: &mut crate::feed_kit::Making, at: Time| {
        m.manifest.issued = timestamp(days_ago(15));
        m.release.logged_at = at;
    };
    let before = feed.next("logged while its author's certificate was good", |m| made(m, days_ago(12)));
    let after = feed.next("logged after its end", |m| made(m, days_ago(9)));
    let after_id = statement::id_of(StatementKind::Release, &after.release.as_ref().unwrap().payload);
    served.set(vec![before.clone(), after]);
    pulled(&no, ROGUE, 2).await;
    no.has(ROGUE, &[hex::encode(assessment_of(&before))]).await;
    let shown = no.one(&["--as", "ana", "assess", "show", &hex::encode(assessment_of(&before))]).await;
    assert!(shown["signatures"].as_array().unwrap().iter().all(|s| s["valid"] == true), "{shown}");
    assert!(shown["on_word_of"].is_null(), "{shown}");
    let ends = no.ask(&["expiry", "list"]).await;
    assert!(ends.iter().any(|e| e["name"] == format!("signing certificate of {ROGUE}'s node")), "{ends:?}");
    // The other one waits, and both sides can see that.
    quarantined(&no, 2, "CHAIN_INVALID").await;
    let status = no.feed(ROGUE, "in").await;
    let waits = &status["waiting"][0];
    assert_eq!((&waits["organisation"], &waits["entries"]), (&ROGUE.into(), &1.into()), "{status}");
    until("its sender is told", async || {
        receipts(&served)
            .into_iter()
            .any(|(reason, releases)| reason.as_deref() == Some("CHAIN_INVALID") && releases == [after_id])
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_under_a_second_root_waits_until_the_administrator_takes_both_roots() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let second = DevCa::create(&ROGUE.parse().unwrap(), SystemClock.now()).unwrap();
    feed.rogue.analyst = key_of(ROGUE, &second, "analyst/b", (0, -20));
    let entry = feed.good("by an author of the new CA");
    served.send(vec![entry.clone()]);
    quarantined(&no, 1, "CHAIN_INVALID").await;
    assert!(no.assessments(ROGUE).await.is_empty());
    let partners = no.ask(&["--as", "root", "partner", "list"]).await;
    let partner = partners.iter().find(|p| p.to_string().contains(ROGUE)).unwrap();
    let address = partner["endpoint"].as_str().unwrap().to_owned();
    accept_roots(&feed.rogue, &no, &address, &[&feed.rogue.ca, &second]).await;
    no.has(ROGUE, &[hex::encode(assessment_of(&entry))]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_counts_whose_officer_ended_where_its_own_node_logged_it_before() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let entry = feed.good("to be recalled");
    served.send(vec![entry.clone()]);
    let id = hex::encode(assessment_of(&entry));
    no.has(ROGUE, std::slice::from_ref(&id)).await;
    let officer = key_of(ROGUE, &feed.rogue.ca, "officer/o", (20, 10));
    let bare = recall(ROGUE, assessment_of(&entry), &officer, days_ago(11));
    let outcome = feed.rogue.submit(&no, bare.clone()).await;
    assert!(is_not_yet(&outcome), "{outcome:?}");
    // The same if its node says that it was logged after the end.
    let late = logged(&feed.rogue.node, days_ago(9), &bare);
    assert!(is_not_yet(&feed.rogue.submit(&no, late).await));
    assert_eq!(no.assessments(ROGUE).await, std::slice::from_ref(&id));
    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    assert_eq!(shown["state"], "current", "{shown}");
    let outcome = feed.rogue.submit(&no, logged(&feed.rogue.node, days_ago(11), &bare)).await;
    assert!(outcome.is_accepted(), "{outcome:?}");
    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    assert_eq!(shown["state"], "withdrawn", "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recall_that_cannot_be_verified_is_answered_alike_whoever_is_known_here() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (feed, _served, _stop) = Feed::to(&no).await;
    let origin = Rogue::new(ORIGIN);
    let officer = key_of(ORIGIN, &origin.ca, "officer/o", (20, 10));
    let of = |assessment| recall(ORIGIN, [assessment; 16], &officer, days_ago(11));
    let unknown = feed.rogue.submit(&no, of(1)).await;
    assert!(is_not_yet(&unknown), "{unknown:?}");
    origin.get_known(&no).await;
    let known = feed.rogue.submit(&no, of(2)).await;
    assert_eq!(unknown, known);
    // The same if its key counts only on the sender's word.
    let older = key_of(ORIGIN, &origin.ca, "officer/o", (100, 90));
    let forged = logged(&feed.rogue.node, days_ago(95), &recall(ORIGIN, [4; 16], &older, days_ago(95)));
    let answer = feed.rogue.submit(&no, forged).await;
    assert_eq!(unknown, answer);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_time_in_the_past_does_not_get_round_a_delay() {
    let (gb, no, _) = pair_by(async |gb: &Org| gb.peer.clone(), "delay = \"24h\"").await;
    let mut author = gb.author().await;
    let draft = draft::parse(&note("as if it were a day old", "BF"), Format::Toml, SystemClock.now().day()).unwrap();
    let mut composed = sealed(gb.domain, &draft);
    composed.manifest.issued = SystemClock.now().plus_seconds(-25 * 3_600);
    let envelope = author.key.statement(StatementKind::Manifest, wire::manifest::encode(&composed.manifest)).unwrap();
    let usual = publication(gb.domain, &author.key, &note("as if it were a day old", "BF"));
    let request = proto::PublishAssessmentRequest {
        manifest: Some(wire::envelope::to_proto(&envelope)),
        portions: composed.portions.into_iter().map(Into::into).collect(),
        accepted_findings: usual.accepted_findings,
    };
    match author.desk.assessments.publish_assessment(request).await {
        Ok(published) => {
            let decisions = published.into_inner().decisions;
            let decision = decisions.iter().find(|d| d.partner == no.domain).unwrap();
            let from = decision.not_before.as_ref().expect("not now").seconds;
            let now = SystemClock.now().seconds_since(Time::from_unix_nanos(0));
            assert!((from - now - DAY).abs() < 60, "{decision:?}");
        }
        Err(refused) => panic!("{refused}"),
    }
    no.ask(&["--as", "ana", "feed", "pull", "--from", gb.domain]).await;
    assert!(no.assessments(gb.domain).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_author_s_key_alone_publishes_nothing() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let read = |name: &str| std::fs::read_to_string(gb.dir.join("ca").join(name)).unwrap();
    let ca = DevCa::load(&gb.domain.parse().unwrap(), &read("ca.pem"), &read("ca.key")).unwrap();
    let old = key_of(gb.domain, &ca, "analyst/ana", (20, 10));
    // At its own node.
    let mut author = gb.author().await;
    let request = publication(gb.domain, &old, &note("by a thief", "BF"));
    let refused = author.desk.assessments.publish_assessment(request).await.unwrap_err();
    assert_eq!(wire::status::to_fault(&refused).reason.to_string(), "CHAIN_INVALID", "{refused}");
    // And at a partner, without its node: the thief's own node hands it over as if it had come from there.
    let (no, mut chain, served, _stop) = reader().await;
    let text = |headline: &str| for_all(headline, "BF").replace("group:watch", "no.example");
    chain.origin.analyst = key_of(ORIGIN, &chain.origin.ca, "analyst/a", (20, 10));
    let mut direct = chain.piece(&text("without a way"), "no.example");
    direct.last.via = None;
    let mut no_way = chain.entry(direct);
    no_way.provenance.clear();
    let by_author = chain.piece(&text("the author's key signs the release too"), "no.example");
    let node = std::mem::replace(&mut chain.origin.node, key_of(ORIGIN, &chain.origin.ca, "analyst/a", (20, 10)));
    let by_author = chain.entry(by_author);
    chain.origin.node = node;
    served.set(vec![no_way, by_author]);
    pulled(&no, HUB, 2).await;
    quarantined(&no, 1, "NOT_COVERED").await;
    quarantined(&no, 2, "").await;
    assert!(no.assessments(ORIGIN).await.is_empty());
}

/// What a thief writes with an old author's key and an old node's key, dated when both were valid, by way of the hub.
fn forged(chain: &mut Chain, text: &str, bend: impl FnOnce(&mut Piece, &SigningKey)) -> (proto::FeedEntry, Piece) {
    let (node, analyst) = (
        key_of(ORIGIN, &chain.origin.ca, "node/n1", (120, 80)),
        key_of(ORIGIN, &chain.origin.ca, "analyst/a", (120, 80)),
    );
    let node = std::mem::replace(&mut chain.origin.node, node);
    let analyst = std::mem::replace(&mut chain.origin.analyst, analyst);
    let mut piece = chain.piece(text, "no.example");
    let mut manifest = wire::manifest::decode(&piece.manifest.payload).unwrap();
    manifest.issued = days_ago(100);
    piece.manifest = signed(&chain.origin.analyst, StatementKind::Manifest, wire::manifest::encode(&manifest));
    bend(&mut piece, &chain.origin.analyst);
    let id = statement::id_of(StatementKind::Manifest, &piece.manifest.payload);
    piece.id = id;
    for release in [&mut piece.first, &mut piece.last] {
        release.manifest = id;
        release.logged_at = days_ago(100);
        release.terms.retention_days = None;
    }
    piece.first.released_at = days_ago(100);
    let entry = chain.entry(piece.clone());
    chain.origin.node = node;
    chain.origin.analyst = analyst;
    (entry, piece)
}

/// A thief's version of a genuine assessment.
fn false_version(chain: &mut Chain, text: &str, (of, version): (&Piece, u32)) -> proto::FeedEntry {
    let (assessment, genuine) = (AssessmentId(of.assessment), of.id);
    let (entry, _) = forged(chain, text, |piece, key| {
        let mut manifest = wire::manifest::decode(&piece.manifest.payload).unwrap();
        let before = manifest.assessment;
        let digest = |id: &AssessmentId, portion: &Vec<u8>| watchfire::seal::digest::portion_digest(id, portion);
        let old: Vec<_> = piece.portions.iter().map(|p| digest(&before, p)).collect();
        manifest.assessment = assessment;
        (manifest.version, manifest.previous) = (version, (version > 1).then_some(genuine));
        manifest.digests.retain(|d| !old.contains(d));
        let digests: Vec<_> = piece.portions.iter().map(|p| digest(&assessment, p)).collect();
        manifest.digests.extend(&digests);
        manifest.digests.sort_unstable();
        (piece.first.digests, piece.last.digests) = (digests.clone(), digests);
        piece.manifest = signed(key, StatementKind::Manifest, wire::manifest::encode(&manifest));
    });
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_ended_long_ago_count_on_the_hub_s_word_only_and_correct_and_recall_nothing() {
    let (no, mut chain, served, _stop) = reader().await;
    let text = |headline: &str| for_all(headline, "BF").replace("group:watch", "no.example");
    let genuine = chain.piece(&text("genuine"), "no.example");
    let assessment = genuine.assessment;
    let mut entries = vec![chain.entry(genuine.clone())];
    let (entry, planted) = forged(&mut chain, &text("planted"), |_, _| {});
    entries.push(entry);
    // Each comes right after what it corrects: some in one batch with it, some later.
    let mut ids = vec![hex::encode(assessment), hex::encode(planted.assessment)];
    entries.push(false_version(&mut chain, &text("a false correction"), (&genuine, 2)));
    for n in 0..6 {
        let piece = chain.piece(&text(&format!("genuine {n}")), "no.example");
        ids.push(hex::encode(piece.assessment));
        entries.push(chain.entry(piece.clone()));
        entries.push(false_version(&mut chain, &text("a false correction"), (&piece, 2)));
    }
    let count = chain.sequence;
    served.set(entries);
    pulled(&no, HUB, count).await;
    no.has(ORIGIN, &ids).await;
    let shown = no.one(&["--as", "ana", "assess", "show", &ids[1]]).await;
    assert_eq!(shown["on_word_of"], HUB, "{shown}");
    quarantined(&no, 3, "CHAIN_INVALID").await;
    for id in ids.iter().filter(|id| **id != ids[1]) {
        let shown = no.one(&["--as", "ana", "assess", "show", id]).await;
        assert!(shown["on_word_of"].is_null() && shown.to_string().contains("genuine"), "{shown}");
        assert!(!shown.to_string().contains("a false correction"), "{shown}");
    }
    // An old officer's key with the hub's word, and then also with that of an old node's key.
    let officer = key_of(ORIGIN, &chain.origin.ca, "officer/o", (120, 80));
    let bare = recall(ORIGIN, assessment, &officer, days_ago(100));
    let by_hub = logged(&chain.hub.node, days_ago(100), &bare);
    assert!(is_not_yet(&chain.hub.submit(&no, by_hub).await));
    let old_node = key_of(ORIGIN, &chain.origin.ca, "node/n1", (120, 80));
    let by_both = logged(&chain.hub.node, days_ago(100), &logged(&old_node, days_ago(100), &bare));
    assert!(is_not_yet(&chain.hub.submit(&no, by_both).await));
    no.has(ORIGIN, &ids).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_on_a_hub_s_word_gives_way_to_its_originator_s_own_word() {
    let (no, mut chain, served, _stop) = reader().await;
    let text = |headline: &str| for_all(headline, "BF").replace("group:watch", "no.example");
    let genuine: Vec<Piece> = (0..3).map(|n| chain.piece(&text(&format!("genuine {n}")), "no.example")).collect();
    let ids: Vec<String> = genuine.iter().map(|piece| hex::encode(piece.assessment)).collect();
    // A thief's version comes first, as the same version or a later one. One of them is in one batch with the genuine one.
    let mut entries = vec![
        false_version(&mut chain, &text("planted 0"), (&genuine[0], 1)),
        false_version(&mut chain, &text("planted 1"), (&genuine[1], 2)),
    ];
    served.set(entries.clone());
    pulled(&no, HUB, 2).await;
    let show =
        async |id: &str, more: &[&str]| no.one(&[&["--as", "olu", "assess", "show", id][..], more].concat()).await;
    for (n, id) in ids[..2].iter().enumerate() {
        let shown = show(id, &[]).await;
        assert!(shown["on_word_of"] == HUB && shown.to_string().contains(&format!("planted {n}")), "{shown}");
    }
    entries.push(false_version(&mut chain, &text("planted 2"), (&genuine[2], 1)));
    for piece in &genuine {
        let placed = chain.at_place(piece);
        entries.push(chain.entry(placed));
    }
    served.set(entries);
    pulled(&no, HUB, 6).await;
    no.has(ORIGIN, &ids).await;
    for (n, id) in ids.iter().enumerate() {
        let shown = show(id, &["--version", "1"]).await;
        assert!(shown["on_word_of"].is_null() && shown["state"] == "current", "{shown}");
        assert!(shown.to_string().contains(&format!("genuine {n}")), "{shown}");
        assert!(!shown.to_string().contains("planted"), "{shown}");
    }
    // The ledger says so, and an officer finds the replaced one in quarantine.
    let about = ["--as", "root", "ledger", "list", "--about", "gave-way"];
    let ledger = no.ask(&about).await;
    assert_eq!(ledger.len(), 3, "{ledger:?}");
    // Nobody can tell whether the originator wrote the version that gave way, so it proves nothing against the originator.
    assert!(no.ask(&["--as", "root", "ledger", "list", "--about", "equivocated"]).await.is_empty());
    let shown = show(&ids[1], &["--quarantined"]).await;
    assert!(shown.to_string().contains("planted 1") && shown.to_string().contains("REPLAY_DIFFERS"), "{shown}");
}

/// The genuine assessment, handed over again by a first release of the thief's.
fn handed_over_by_a_thief(chain: &mut Chain, genuine: &Piece) -> proto::FeedEntry {
    let ended = key_of(ORIGIN, &chain.origin.ca, "node/n1", (120, 80));
    let mut piece = chain.at_place(genuine);
    for release in [&mut piece.first, &mut piece.last] {
        release.logged_at = days_ago(100);
    }
    piece.first.released_at = days_ago(100);
    let good = std::mem::replace(&mut chain.origin.node, ended);
    let entry = chain.entry(piece);
    chain.origin.node = good;
    entry
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_on_a_hub_s_word_adds_nothing_to_what_is_genuine() {
    let (no, mut chain, served, _stop) = reader().await;
    let text = for_all("genuine", "BF").replace("group:watch", "no.example");
    let genuine = chain.piece(&text, "no.example");
    let first = chain.entry(genuine.clone());
    let again = handed_over_by_a_thief(&mut chain, &genuine);
    let later = chain.piece(&text, "no.example");
    // Also in the other order.
    let planted = handed_over_by_a_thief(&mut chain, &later);
    let placed = chain.at_place(&later);
    let entries = vec![first, again, planted, chain.entry(placed)];
    served.set(entries);
    pulled(&no, HUB, 4).await;
    quarantined(&no, 2, "CHAIN_INVALID").await;
    for piece in [&genuine, &later] {
        let shown = no.one(&["--as", "ana", "assess", "show", &hex::encode(piece.assessment)]).await;
        assert!(shown["on_word_of"].is_null(), "{shown}");
        assert_eq!(shown["via"].as_array().map(Vec::len), Some(1), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_was_revoked_is_not_saved_by_a_node_key_that_has_ended() {
    let (no, mut chain, served, _stop) = reader().await;
    let text = for_all("by a thief", "BF").replace("group:watch", "no.example");
    let author = chain.origin.ca.issue(
        &format!("spiffe://{ORIGIN}/analyst/a").parse().unwrap(),
        Purpose::Signing,
        days_ago(120),
        300,
    );
    let author = author.unwrap();
    let revoked = (author.serial.clone(), Revocation { at: days_ago(20), invalid_since: None });
    let list = chain.origin.ca.revocation_list(1, &[revoked], SystemClock.now(), 30).unwrap();
    let file = no.file("list.pem", &to_pem("X509 CRL", &list));
    no.ask(&["--as", "root", "partner", "crl", &file]).await;
    chain.origin.analyst = signing_key(&author);
    let mut piece = chain.piece(&text, "no.example");
    for release in [&mut piece.first, &mut piece.last] {
        release.logged_at = days_ago(30);
    }
    // The node's key ended ten days ago. The hub says that it was used before.
    let ended = key_of(ORIGIN, &chain.origin.ca, "node/n1", (120, 10));
    let good = std::mem::replace(&mut chain.origin.node, ended);
    let mut entries = vec![chain.entry(piece.clone())];
    chain.origin.node = good;
    // The key's organisation may say so under a valid key.
    let placed = chain.at_place(&piece);
    entries.push(chain.entry(placed));
    served.send(entries[..1].to_vec());
    quarantined(&no, 1, "CHAIN_INVALID").await;
    assert!(no.assessments(ORIGIN).await.is_empty());
    served.set(entries);
    pulled(&no, HUB, 2).await;
    no.has(ORIGIN, &[hex::encode(piece.assessment)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_node_key_with_a_hostile_hub_shows_nothing() {
    let (no, mut chain, served, _stop) = reader().await;
    let text = |headline: &str| for_all(headline, "BF").replace("group:watch", "no.example");
    let issued = chain.origin.issue("node/n1", Purpose::Signing);
    let revoked = (issued.serial.clone(), Revocation { at: days_ago(1), invalid_since: None });
    let list = chain.origin.ca.revocation_list(1, &[revoked], SystemClock.now(), 30).unwrap();
    let file = no.file("list.pem", &to_pem("X509 CRL", &list));
    no.ask(&["--as", "root", "partner", "crl", &file]).await;
    let good = std::mem::replace(&mut chain.origin.node, signing_key(&issued));
    // The hub says that it had it before the key was compromised.
    let mut piece = chain.piece(&text("planted"), "no.example");
    for release in [&mut piece.first, &mut piece.last] {
        release.logged_at = days_ago(3);
    }
    let planted = chain.entry(piece);
    chain.origin.node = good;
    let genuine = chain.piece(&text("genuine"), "no.example");
    let id = hex::encode(genuine.assessment);
    served.set(vec![planted, chain.entry(genuine)]);
    pulled(&no, HUB, 2).await;
    quarantined(&no, 1, "CERTIFICATE_REVOKED").await;
    no.has(ORIGIN, &[id]).await;
}
