//! An endorsement reaches the author of what it endorses, and tells the author nothing else.

use prost::bytes::Bytes;
use serde_json::Value;
use watchfire::{
    domain::{
        endorsement::Endorsement,
        marking::Tlp,
        release::{AgreementRef, FeedPosition, Listed, Release, ReleaseTerms},
        statement::StatementKind,
        time::Clock,
    },
    seal::{seen, statement::id_of},
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    endorse::{analyst, by, endorsements, template, with_endorsements},
    hostile::{Feed, ROGUE},
    hostile_kit::{Rogue, credentials, serve, signed},
    hubs::{for_all, limit, link, onward},
    kit::{Org, note, terms, watchfire},
};

/// Terms in both directions. The second party gives the first only what `kinds` lists, up to GREEN.
fn both_ways(from: &str, to: &str, kinds: &[&str]) -> String {
    let back = format!(
        "\n[[grant]]\nid = \"back\"\nfrom = \"{to}\"\nto = \"{from}\"\nplaces = [\"M49:001\"]\nkinds = {kinds:?}\n\
         max_tlp = \"GREEN\"\n"
    );
    terms(from, to, "") + &back
}

/// A publisher and a partner that has its assessment. The partner gives back what `kinds` lists.
async fn published(kinds: &[&str], place: &str) -> (Org, Org, String) {
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    link(&gb, &no, &both_ways(gb.domain, no.domain, kinds)).await;
    let id = gb.author().await.publish(&note("endorsed", place)).await;
    no.has(gb.domain, std::slice::from_ref(&id)).await;
    (gb, no, id)
}

/// The decision about an endorsement for a partner, with the reasons.
fn decision(endorsed: &Value, partner: &str) -> (String, String) {
    let all = endorsed["decisions"].as_array().unwrap();
    let found = all.iter().find(|d| d["partner"] == partner).unwrap();
    (found["decision"].as_str().unwrap().to_owned(), found["portions"][0]["because"].to_string())
}

async fn endorse(org: &Org, id: &str, text: &str) -> Value {
    org.one(&["--as", "olu", "assess", "endorse", id, "--text", text, "--tlp", "GREEN"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endorsement_reaches_the_author_and_nothing_else_comes_back() {
    // No grant of the partner gives a headline or a subject, and the headline is above what it covers.
    let (gb, no) =
        tokio::join!(Org::found("gb.example", "state", Some("GB")), Org::found("no.example", "state", Some("NO")));
    let third = Org::found("third.example", "ngo", None).await;
    link(&gb, &no, &both_ways(gb.domain, no.domain, &["endorsement"])).await;
    link(&gb, &third, &with_endorsements(&terms(gb.domain, third.domain, ""))).await;
    let id = gb.author().await.publish(&note("endorsed", "BF")).await;
    for org in [&no, &third] {
        org.has(gb.domain, std::slice::from_ref(&id)).await;
    }
    let before = gb.one(&["--as", "ana", "assess", "show", &id]).await;
    let endorsed = endorse(&no, &id, "Our own reporting points the same way.").await;
    assert_eq!(decision(&endorsed, gb.domain).0, "release", "{endorsed}");

    let seen = endorsements(&gb, &id, 1).await;
    assert_eq!((&seen[0]["id"], &seen[0]["valid"]), (&endorsed["endorsement"], &Value::Bool(true)));
    assert_eq!(seen[0]["endorser"], no.domain);
    assert_eq!(seen[0]["via"], serde_json::json!(["gb.example", "no.example", "gb.example"]));
    let words = watchfire(&gb.dir, &["--as", "ana", "assess", "show", &id]).await.stdout;
    assert!(words.contains("ENDORSEMENT") && words.contains("points the same way"), "{words}");
    // It stays an assessment that was published here, and the partner is told that the endorsement arrived.
    let after = gb.one(&["--as", "ana", "assess", "show", &id]).await;
    for field in ["via", "portions", "state", "issued"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    crate::kit::until("the endorsement is confirmed", async || {
        let feed = no.feed(gb.domain, "out").await;
        (feed["last_sequence"] == 1 && feed["acknowledged"] == 1).then_some(())
    })
    .await;
    assert!(!gb.log().contains("kept an entry"), "{}", gb.log());
    let holding = async |org: &Org| -> Vec<String> {
        let all = org.ask(&["--as", "olu", "assess", "holders", &id]).await;
        all.iter().map(|holder| holder["holder"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(holding(&gb).await, [no.domain, third.domain]);
    assert_eq!(holding(&no).await, Vec::<String>::new());
    // A second one, and nothing for anybody else: whose word it is decides who gets it.
    endorse(&no, &id, "And so does a second report.").await;
    endorsements(&gb, &id, 2).await;
    let later = gb.author().await.publish(&note("later", "BF")).await;
    third.has(gb.domain, &[id.clone(), later]).await;
    let explained = gb.one(&["--as", "olu", "policy", "explain", &id]).await;
    assert!(explained.to_string().contains("passes it on to nobody"), "{explained}");
    assert_eq!(third.feed(gb.domain, "in").await["last_sequence"], 2);

    // A recall takes it back everywhere, and the author waits for nobody but the holders.
    gb.ask(&["--as", "olu", "--yes", "assess", "recall", &id, "--withdraw", "--reason", "a mistake"]).await;
    crate::kit::until("all holders have confirmed", async || {
        let holders = gb.ask(&["--as", "olu", "assess", "holders", &id]).await;
        (holders.len() == 2 && holders.iter().all(|h| h["state"] == "confirmed")).then_some(())
    })
    .await;
    assert_eq!(no.feed(gb.domain, "out").await["quarantined_there"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endorsement_stays_where_no_grant_gives_it_back() {
    let (gb, no, id) = published(&["headline", "subject", "limitation"], "BF").await;
    let endorsed = endorse(&no, &id, "seen").await;
    let (decided, because) = decision(&endorsed, gb.domain);
    assert_eq!(decided, "withhold");
    assert!(because.contains("endorsement is not among its kinds"), "{because}");
    // The grant covers headline and subject, and still they don't go back alone.
    let explained = no.one(&["--as", "olu", "policy", "explain", &id]).await.to_string();
    assert!(explained.contains("only an endorsement goes back to its originator"), "{explained}");
    assert_eq!(no.feed(gb.domain, "out").await["last_sequence"], 0);
    assert!(endorsements(&gb, &id, 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subject_rule_holds_on_the_way_back_too() {
    let (gb, no, id) = published(&["endorsement"], "GB").await;
    let (decided, because) = decision(&endorse(&no, &id, "seen").await, gb.domain);
    assert_eq!(decided, "withhold");
    assert!(because.contains("subject-rule"), "{because}");
    assert!(endorsements(&gb, &id, 0).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_does_not_learn_what_came_through_a_hub() {
    let (gb, no, hub) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("no.example", "state", Some("NO")),
        Org::found("hub.example", "regional", None),
    );
    // The author gives its partner a headline and a subject, and the hub gives it a limitation too.
    let direct = both_ways(gb.domain, no.domain, &["endorsement"]);
    let less = direct.replacen(", \"limitation\", \"attachment\"", "", 1);
    assert_ne!(less, direct);
    link(&gb, &no, &less).await;
    let kinds = ["headline", "subject", "limitation"];
    let all = [hub.domain, no.domain];
    link(&gb, &hub, &onward(gb.domain, hub.domain, &limit("group:watch", &kinds, "AMBER", 1), &all)).await;
    link(&hub, &no, &onward(hub.domain, no.domain, "", &[no.domain])).await;
    let id = gb.author().await.publish(&for_all("through a hub too", "BF")).await;
    crate::kit::until("the limitation came through the hub", async || {
        let shown = no.run(&["--as", "ana", "assess", "show", &id]).await;
        shown.stdout.contains("limitation").then_some(())
    })
    .await;
    let (decided, because) = decision(&endorse(&no, &id, "seen").await, gb.domain);
    assert_eq!(decided, "withhold");
    assert!(because.contains("came-through-others"), "{because}");
    assert!(endorsements(&gb, &id, 0).await.is_empty());
}

/// What a partner returns of an assessment that it was given.
struct Back {
    release: Release,
    portions: Vec<Bytes>,
    provenance: Vec<proto::Envelope>,
    beside: Vec<proto::Envelope>,
}

/// The next entry of the rogue's feed: what it was given by `given`, returned with an endorsement and changed by `bend`.
fn returned(feed: &mut Feed, given: &proto::FeedEntry, bend: impl FnOnce(&Feed, &mut Back)) -> proto::FeedEntry {
    let first = given.release.clone().unwrap();
    let release = wire::release::decode(&first.payload).unwrap();
    let manifest = wire::manifest::decode(&given.manifest.as_ref().unwrap().payload).unwrap();
    let mut endorsement = Endorsement {
        originator: manifest.originator.clone(),
        seen: seen::marks::<&[u8]>(&release.manifest, [], manifest.digests.len()).unwrap(),
        ..template(ROGUE, manifest.assessment, release.manifest)
    };
    endorsement.portion.marking.tlp = Tlp::Green;
    let mut back = Back {
        release: Release {
            recipient: feed.recipient.parse().unwrap(),
            digests: release.digests[..2].to_vec(),
            agreement: AgreementRef { id: feed.agreement, version: 1 },
            grants: vec!["back".parse().unwrap()],
            terms: ReleaseTerms { onward: None, barred_states: vec!["BF".parse().unwrap()], retention_days: None },
            position: FeedPosition { sequence: feed.sequence + 1, previous: feed.last },
            released_at: SystemClock.now(),
            via: Some(id_of(StatementKind::Release, &first.payload)),
            logged_at: SystemClock.now().whole_seconds(),
            ..release
        },
        portions: given.portions[..2].to_vec(),
        provenance: vec![first],
        beside: vec![by(&feed.rogue.analyst, &endorsement)],
    };
    bend(feed, &mut back);
    let logged_at = back.release.logged_at;
    let listed = |e: &proto::Envelope| Listed { id: id_of(StatementKind::Endorsement, &e.payload), logged_at };
    back.release.endorsements = back.beside.iter().map(listed).collect();
    let payload = feed.rogue.node.payload(wire::release::encode(&back.release));
    (feed.last, feed.sequence) = (Some(id_of(StatementKind::Release, &payload)), feed.sequence + 1);
    let Back { portions, provenance, beside, .. } = back;
    let release = Some(signed(&feed.rogue.node, StatementKind::Release, payload));
    proto::FeedEntry { release, manifest: given.manifest.clone(), portions, provenance, beside }
}

/// The reason for which an entry was kept from users.
fn reason(log: &str, sequence: usize) -> String {
    let is_of_it = |l: &&str| l.contains("kept an entry") && l.contains(&format!("sequence={sequence} "));
    let line = log.lines().find(is_of_it).unwrap_or_else(|| panic!("entry {sequence} was not refused: {log}"));
    let reason = line.split("reason=").nth(1).unwrap().trim_matches('"');
    reason.split(['"', ' ']).next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_returns_anything_else_changes_nothing_of_what_was_published() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = Rogue::new(ROGUE);
    let (address, served, _stop) = serve(&rogue, credentials(&rogue.tls), &gb).await;
    let agreement = rogue.befriend(&gb, &address, &both_ways(gb.domain, ROGUE, &["endorsement"])).await;
    let id = gb.author().await.publish(&note("endorsed", "BF")).await;
    let request = proto::SubscribeRequest { after_sequence: 0, ..Default::default() };
    let mut given = rogue.exchange(&gb).subscribe(request).await.unwrap().into_inner();
    let given = given.message().await.unwrap().unwrap();
    let before = gb.one(&["--as", "ana", "assess", "show", &id]).await;

    let mut feed = Feed { rogue, recipient: gb.domain, agreement, last: None, sequence: 0 };
    let mut all = vec![
        returned(&mut feed, &given, |_, back| back.beside.clear()),
        returned(&mut feed, &given, |_, back| {
            back.release.digests = wire::release::decode(&back.provenance[0].payload).unwrap().digests;
            back.portions = given.portions.clone();
        }),
        returned(&mut feed, &given, |_, back| back.portions[0] = Bytes::from_static(b"another")),
        returned(&mut feed, &given, |feed, back| {
            back.provenance[0] = signed(&feed.rogue.node, StatementKind::Release, back.provenance[0].payload.to_vec());
        }),
        returned(&mut feed, &given, |_, back| back.release.terms.barred_states.clear()),
        returned(&mut feed, &given, |_, back| {
            let endorsement = wire::endorsement::decode(&back.beside[0].payload).unwrap();
            let stranger = Endorsement { endorser: "third.example".parse().unwrap(), ..endorsement };
            back.beside[0] = by(&analyst(&Rogue::new("third.example")), &stranger);
        }),
    ];
    let refused = all.len();
    let good = returned(&mut feed, &given, |_, _| {});
    let again = returned(&mut feed, &given, |_, back| back.beside.clone_from(&good.beside));
    all.extend([good, again]);
    served.set(all);
    gb.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;

    assert_eq!(gb.feed(ROGUE, "in").await["last_sequence"], refused + 2);
    let log = gb.log();
    let reasons: Vec<String> = (1..=refused).map(|n| reason(&log, n)).collect();
    let wanted = ["NOT_COVERED", "NOT_COVERED", "DIGEST_NOT_LISTED", "WRONG_DOMAIN", "NOT_COVERED", "NOT_COVERED"];
    assert_eq!(reasons, wanted);
    assert_eq!(endorsements(&gb, &id, 1).await[0]["endorser"], ROGUE);
    let after = gb.one(&["--as", "ana", "assess", "show", &id]).await;
    for field in ["via", "portions", "state", "issued", "version"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    // The receipts name no path, because the rogue's own node would refuse one that leads back to its giver.
    crate::kit::until("every entry is answered", async || {
        let receipts = served.submitted.lock().unwrap().clone();
        let read = |e: &proto::Envelope| wire::receipt::decode(&e.payload).ok();
        let answered: usize = receipts.iter().filter_map(read).map(|r| r.releases.len()).sum();
        assert!(receipts.iter().all(|e| e.path.is_empty()));
        (answered >= refused + 2).then_some(())
    })
    .await;
}
