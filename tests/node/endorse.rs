//! Endorsements travel like portions, under the same policy, and nobody's name is shown for a text that they did not sign.

use serde_json::Value;
use watchfire::{
    domain::{
        body::Kind,
        endorsement::Endorsement,
        ids::{AssessmentId, StatementId},
        marking::{Marking, Onward, Tlp},
        release::{FeedPosition, Listed, OnwardLimit, Release},
        statement::StatementKind,
        time::Clock,
    },
    draft::Lineage,
    seal::{
        compose::{self, new_assessment_id},
        seen,
        statement::id_of,
    },
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile::{Feed, ROGUE},
    hostile_kit::{Rogue, credentials, serve, signed, signing_key},
    hubs::{for_all, limit, link, onward},
    kit::{Org, note, pair, terms, until, watchfire},
};

/// Terms whose kinds include endorsements.
pub fn with_endorsements(terms: &str) -> String {
    terms.replacen("\"attachment\"]", "\"attachment\", \"endorsement\"]", 1)
}

/// The endorsements of an assessment, once there are this many.
pub async fn endorsements(org: &Org, id: &str, wanted: usize) -> Vec<Value> {
    until(&format!("{} sees {wanted} endorsements", org.domain), async || {
        let shown = org.run(&["--as", "ana", "assess", "show", id]).await;
        let all = shown.lines().pop().unwrap_or_default()["endorsements"].as_array().cloned().unwrap_or_default();
        (all.len() == wanted).then_some(all)
    })
    .await
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

/// A publisher with two partners that have its assessment. A grant gives the first one endorsements, up to AMBER.
async fn three() -> (Org, Org, Org, String) {
    let (gb, no) = pair().await;
    let plain = Org::found("plain.example", "ngo", None).await;
    link(&gb, &plain, &terms(gb.domain, plain.domain, "")).await;
    // A grant for endorsements up to AMBER, in addition to what is in force.
    let path =
        gb.file("more.toml", &with_endorsements(&terms(gb.domain, no.domain, "")).replace("AMBER+STRICT", "AMBER"));
    let id =
        gb.one(&["--as", "root", "agreement", "propose", &path, "--beside"]).await["id"].as_str().unwrap().to_owned();
    no.agreement(&id, "proposed").await;
    no.ask(&["--as", "root", "agreement", "sign", &id, "--beside"]).await;
    gb.agreement(&id, "in-force").await;

    let published = gb.author().await.publish(&note("endorsed", "BF")).await;
    no.has("gb.example", std::slice::from_ref(&published)).await;
    plain.has("gb.example", std::slice::from_ref(&published)).await;
    (gb, no, plain, published)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_s_endorsement_reaches_those_whose_grant_lists_it_and_nobody_else() {
    let (gb, no, plain, published) = three().await;
    let text = "Our field offices see the same.\nWe stand behind this.";
    let endorsed = gb.one(&["--as", "olu", "assess", "endorse", &published, "--text", text]).await;
    assert_eq!(endorsed["is_new"], true);
    let goes = |to: &str| {
        let all = endorsed["decisions"].as_array().unwrap().iter();
        let decision = all.clone().find(|d| d["partner"] == to).unwrap();
        assert_eq!(decision["portions"].as_array().unwrap().len(), 1, "{decision}");
        decision["portions"][0].clone()
    };
    assert_eq!(goes(no.domain)["decision"], "release");
    let withheld = goes(plain.domain);
    assert_eq!(withheld["decision"], "withhold");
    assert!(withheld["because"].to_string().contains("endorsement is not among its kinds"), "{withheld}");

    let all = endorsements(&no, &published, 1).await;
    assert_eq!((&all[0]["id"], &all[0]["valid"]), (&endorsed["endorsement"], &Value::Bool(true)));
    assert_eq!((all[0]["text"].as_str(), all[0]["endorser"].as_str()), (Some(text), Some(gb.domain)));
    assert!(all[0]["by"].as_str().unwrap().starts_with("spiffe://gb.example/officer/"), "{}", all[0]["by"]);
    // The level of the headline, and nothing may be passed on.
    assert_eq!((&all[0]["marking"]["tlp"], &all[0]["marking"]["onward"]), (&"AMBER".into(), &"none".into()));
    assert_eq!(names(&all[0]["via"]), ["gb.example", "no.example"]);
    let words = watchfire(&no.dir, &["--as", "ana", "assess", "show", &published]).await.stdout;
    assert!(words.contains("ENDORSEMENT") && words.contains("We stand behind this."), "{words}");
    assert!(words.contains("gb.example → no.example"), "{words}");
    // An endorsement whose marking no grant covers, and one for a partner without any such grant: neither leaves a trace.
    let secret = gb
        .one(&[
            "--as",
            "ana",
            "assess",
            "endorse",
            &published,
            "--text",
            "secret",
            "--tlp",
            "RED",
            "--releasable-to",
            "fr.example",
        ])
        .await;
    let all = secret["decisions"].as_array().unwrap();
    assert!(all.iter().all(|d| d["decision"] == "withhold"), "{secret}");
    let later = gb.author().await.publish(&note("later", "BF")).await;
    no.has("gb.example", &[published.clone(), later.clone()]).await;
    plain.has("gb.example", &[published.clone(), later]).await;
    assert_eq!(no.feed(gb.domain, "in").await["last_sequence"], 3);
    assert_eq!(plain.feed(gb.domain, "in").await["last_sequence"], 2);
    assert_eq!(endorsements(&plain, &published, 0).await.len(), 0);
    // The publisher sees both, and they are explained like portions.
    assert_eq!(endorsements(&gb, &published, 2).await.len(), 2);
    let explained = gb.one(&["--as", "olu", "policy", "explain", &published]).await;
    let rows: Vec<&str> =
        explained["portions"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(rows[3..], ["endorsement 1", "endorsement 2"], "{explained}");
    // RED is for named recipients, also for endorsements.
    let answer = gb.run(&["--as", "olu", "assess", "endorse", &published, "--text", "x", "--tlp", "RED"]).await;
    assert_eq!((answer.code, answer.reason().as_str()), (2, "USAGE"), "{}", answer.stdout);
    // Administrators can't endorse.
    let answer = gb.run(&["--as", "root", "assess", "endorse", &published, "--text", "x"]).await;
    assert_eq!(answer.code, 5, "{}", answer.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_s_endorsement_goes_on_with_what_it_passes_on() {
    let (gb, ecowas, no) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("no.example", "state", Some("NO")),
    );
    let kinds = ["headline", "subject", "limitation", "attachment"];
    let all = ["ecowas.example", "no.example"];
    link(&gb, &ecowas, &onward(gb.domain, ecowas.domain, &limit("group:watch", &kinds, "AMBER", 1), &all)).await;
    link(&ecowas, &no, &with_endorsements(&onward(ecowas.domain, no.domain, "", &["no.example"]))).await;
    crate::hubs::know(&no, &gb).await;

    let published = gb.author().await.publish(&for_all("carried", "BF")).await;
    ecowas.has(gb.domain, std::slice::from_ref(&published)).await;
    no.has(gb.domain, std::slice::from_ref(&published)).await;
    // The originator's terms don't permit passing on its own endorsements. The hub decides about its own.
    let endorsed = ecowas.one(&["--as", "ana", "assess", "endorse", &published, "--text", "We confirm it"]).await;
    let decisions = endorsed["decisions"].as_array().unwrap();
    let to = |who: &str| decisions.iter().find(|d| d["partner"] == who).unwrap()["decision"].clone();
    assert_eq!((to("no.example"), to("gb.example")), ("release".into(), "withhold".into()));
    let all = endorsements(&no, &published, 1).await;
    assert_eq!((all[0]["valid"].as_bool(), all[0]["endorser"].as_str()), (Some(true), Some("ecowas.example")));
    assert_eq!(names(&all[0]["via"]), ["gb.example", "ecowas.example", "no.example"]);
    assert_eq!(endorsements(&gb, &published, 0).await.len(), 0);
    let words = watchfire(&no.dir, &["--as", "ana", "assess", "show", &published]).await.stdout;
    assert!(words.contains("gb.example → ecowas.example → no.example"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_originator_s_endorsement_goes_through_a_hub_as_far_as_its_terms_let_it() {
    let (gb, ecowas, no) = tokio::join!(
        Org::found("gb.example", "state", Some("GB")),
        Org::found("ecowas.example", "regional", None),
        Org::found("no.example", "state", Some("NO")),
    );
    let kinds = ["headline", "subject", "limitation", "endorsement"];
    let all = ["ecowas.example", "no.example"];
    let first = onward(gb.domain, ecowas.domain, &limit("group:watch", &kinds, "AMBER", 1), &all);
    link(&gb, &ecowas, &with_endorsements(&first)).await;
    link(&ecowas, &no, &with_endorsements(&onward(ecowas.domain, no.domain, "", &["no.example"]))).await;
    crate::hubs::know(&no, &gb).await;
    let published = gb.author().await.publish(&for_all("carried", "BF")).await;
    no.has(gb.domain, std::slice::from_ref(&published)).await;
    // For the hub alone, and for those that it serves.
    gb.ask(&["--as", "olu", "assess", "endorse", &published, "--text", "for you"]).await;
    endorsements(&ecowas, &published, 1).await;
    let onward = |who| ["--as", "olu", "assess", "endorse", &published, "--text", "for all", "--onward", who];
    for (who, told) in [
        ("group:watch", "`watch` is not a group whose list we hold"),
        ("within-organization", "did you mean `within-organisation`?"),
    ] {
        let refused = gb.run(&onward(who)).await;
        assert!(refused.code == 2 && refused.stderr.contains(told), "{}", refused.stderr);
    }
    gb.ask(&onward("no.example")).await;
    // The headline's author and its endorser may mean different members by the same name.
    let limited = for_all("limited", "BF").replacen("onward =", "releasable_to = [\"group:watch\"]\nonward =", 1);
    let limited = gb.author().await.publish(&limited).await;
    let mixed = ["--as", "olu", "assess", "endorse", &limited, "--text", "for all", "--onward", "group:watch"];
    let refused = gb.run(&mixed).await;
    assert!(
        refused.code == 2 && refused.stderr.contains("--onward can't use that name for another group"),
        "{}",
        refused.stderr
    );
    endorsements(&ecowas, &published, 2).await;
    let seen = endorsements(&no, &published, 1).await;
    assert_eq!((seen[0]["text"].as_str(), seen[0]["valid"].as_bool()), (Some("for all"), Some(true)));
    assert_eq!(names(&seen[0]["via"]), ["gb.example", "ecowas.example", "no.example"]);
}

pub fn template(endorser: &str, assessment: AssessmentId, manifest: StatementId) -> Endorsement {
    let marking = Marking { topics: vec!["sahel".parse().unwrap()], ..Marking::new(Tlp::Amber) };
    let portion = compose::endorsement(marking, "They say so".to_owned()).unwrap();
    assert_eq!(portion.kind(), Kind::Endorsement);
    Endorsement {
        originator: ROGUE.parse().unwrap(),
        assessment,
        version: 1,
        manifest,
        endorser: endorser.parse().unwrap(),
        endorsed_at: SystemClock.now(),
        portion,
        seen: seen::marks::<&[u8]>(&manifest, [], 16).unwrap(),
    }
}

pub fn by(key: &watchfire::seal::sign::SigningKey, endorsement: &Endorsement) -> proto::Envelope {
    signed(key, StatementKind::Endorsement, wire::endorsement::encode(endorsement))
}

pub fn analyst(of: &Rogue) -> watchfire::seal::sign::SigningKey {
    signing_key(&of.issue("analyst/a", watchfire::identity::devca::Purpose::Signing))
}

/// An entry with one endorsement.
fn entry(
    feed: &mut Feed,
    headline: &str,
    make: impl FnOnce(&Rogue, AssessmentId, StatementId) -> proto::Envelope + 'static,
) -> proto::FeedEntry {
    feed.next(headline, |making| {
        making.beside = Some(Box::new(|rogue, assessment, manifest| (vec![make(rogue, assessment, manifest)], vec![])));
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_or_altered_endorsement_is_refused_and_an_unknown_one_never_counts() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let lineage = Lineage { series: new_assessment_id().unwrap(), previous: None };
    feed.agreement = feed.rogue.agree(&no, &with_endorsements(&terms(ROGUE, no.domain, "")), lineage).await;
    let mut all = vec![];
    all.push(entry(&mut feed, "by its own analyst", |rogue, a, m| by(&rogue.analyst, &template(ROGUE, a, m))));
    // From here on: what a carrier may try, each time in the name of somebody else or with other bytes.
    all.push(entry(&mut feed, "its own, in another's name", |rogue, a, m| {
        by(&rogue.analyst, &template("third.example", a, m))
    }));
    all.push(entry(&mut feed, "the text was altered", |rogue, a, m| {
        let mut envelope = by(&rogue.analyst, &template(ROGUE, a, m));
        let mut other = template(ROGUE, a, m);
        other.portion.body = watchfire::domain::body::Body::Endorsement { text: "They deny it".to_owned() };
        envelope.payload = wire::endorsement::encode(&other).into();
        envelope
    }));
    all.push(entry(&mut feed, "the reader's own name, by a forged CA", |_, a, m| {
        by(&analyst(&Rogue::new("no.example")), &template("no.example", a, m))
    }));
    all.push(entry(&mut feed, "of another version", |rogue, a, _| {
        by(&rogue.analyst, &template(ROGUE, a, StatementId([9; 32])))
    }));
    all.push(entry(&mut feed, "by its node", |rogue, a, m| by(&rogue.node, &template(ROGUE, a, m))));
    let mut lost = entry(&mut feed, "left out on the way", |rogue, a, m| by(&rogue.analyst, &template(ROGUE, a, m)));
    lost.beside.clear();
    all.push(lost);
    // By somebody who is not known here: it is kept, and never counts as verified.
    all.push(entry(&mut feed, "by a stranger", |_, a, m| {
        by(&analyst(&Rogue::new("third.example")), &template("third.example", a, m))
    }));
    served.set(all);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;

    let listed = no.ask(&["--as", "ana", "assess", "list"]).await;
    let mut seen: Vec<_> = listed.iter().map(|a| a["headline"].as_str().unwrap().to_owned()).collect();
    seen.sort();
    assert_eq!(seen, ["by a stranger", "by its own analyst"]);
    let log = no.log();
    let reason = |n: u64| {
        let line = log.lines().find(|l| l.contains("kept an entry") && l.contains(&format!("sequence={n}"))).unwrap();
        line.split("reason=").nth(1).unwrap().trim_matches('"').to_owned()
    };
    let reasons: Vec<String> = (2..=7).map(reason).collect();
    let wanted = [
        "WRONG_DOMAIN",
        "SIGNATURE_INVALID",
        "CHAIN_INVALID",
        "DIGEST_NOT_LISTED",
        "WRONG_DOMAIN",
        "DIGEST_NOT_LISTED",
    ];
    assert_eq!(reasons.iter().map(|r| r.split(['"', ' ']).next().unwrap()).collect::<Vec<_>>(), wanted);
    for (headline, valid, note) in [("by its own analyst", true, None), ("by a stranger", false, Some("NOT_A_PARTNER"))]
    {
        let id = listed.iter().find(|a| a["headline"] == headline).unwrap()["assessment"].as_str().unwrap();
        let shown = &endorsements(&no, id, 1).await[0];
        assert_eq!((shown["valid"].as_bool(), shown["reason"].as_str()), (Some(valid), note), "{headline}");
        let words = watchfire(&no.dir, &["--as", "ana", "assess", "show", id]).await.stdout;
        assert_eq!(words.contains("NOT VERIFIED"), !valid, "{words}");
    }
}

/// Some of it may be passed on to the reader.
fn onward_limit(kinds: &[&str]) -> OnwardLimit {
    let mut kinds: Vec<Kind> = kinds.iter().map(|k| k.parse().unwrap()).collect();
    kinds.sort_unstable();
    let to = vec!["no.example".parse().unwrap()];
    OnwardLimit { later_kinds: vec![], to, kinds, max_tlp: "AMBER".parse().unwrap(), depth: 1, groups: vec![] }
}

fn onward_template(endorser: &str, assessment: AssessmentId, manifest: StatementId) -> Endorsement {
    let mut endorsement = template(endorser, assessment, manifest);
    endorsement.portion.marking.onward = Onward::Named(vec!["no.example".parse().unwrap()]);
    endorsement
}

/// The same version under the next number, with another endorsement.
fn released_again(
    feed: &mut Feed,
    entry: &proto::FeedEntry,
    make: impl FnOnce(StatementId) -> proto::Envelope,
) -> proto::FeedEntry {
    let release = wire::release::decode(&entry.release.as_ref().unwrap().payload).unwrap();
    let endorsement = make(release.manifest);
    let id = id_of(StatementKind::Endorsement, &endorsement.payload);
    let listed = Listed { id, logged_at: release.logged_at };
    let position = FeedPosition { sequence: feed.sequence + 1, previous: feed.last };
    let release = wire::release::encode(&Release { endorsements: vec![listed], position, ..release });
    let release = feed.rogue.node.payload(release);
    (feed.last, feed.sequence) = (Some(id_of(StatementKind::Release, &release)), feed.sequence + 1);
    let release = Some(signed(&feed.rogue.node, StatementKind::Release, release));
    proto::FeedEntry { release, beside: vec![endorsement], ..entry.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_endorsements_crowd_out_no_genuine_one_at_a_hub_and_at_its_reader() {
    let (hub, no) =
        tokio::join!(Org::found("hub.example", "regional", None), Org::found("no.example", "state", Some("NO")));
    let members = ["hub.example", "no.example"];
    link(&hub, &no, &with_endorsements(&onward(hub.domain, no.domain, "", &members[1..]))).await;
    let rogue = Rogue::new(ROGUE);
    let (address, served, _stop) = serve(&rogue, credentials(&rogue.tls), &hub).await;
    let kinds = ["headline", "subject", "limitation", "endorsement"];
    let terms = onward(ROGUE, hub.domain, &limit("no.example", &kinds, "AMBER", 1), &members);
    let agreement = rogue.befriend(&hub, &address, &with_endorsements(&terms)).await;
    let mut feed = Feed { rogue, recipient: hub.domain, agreement, last: None, sequence: 0 };
    let known = Rogue::new("known.example");
    known.get_known(&hub).await;
    known.get_known(&no).await;
    feed.rogue.get_known(&no).await;
    // 16 in the names of organisations that nobody here knows, and then the genuine one, by another release.
    let text = for_all("endorsed by many", "BF").replace("group:watch", "no.example");
    let terms = onward_limit(&kinds);
    let junk = feed.with(&text, |making| {
        making.release.terms.onward = Some(terms.clone());
        making.beside = Some(Box::new(move |_, assessment, manifest| {
            let one = |n: usize| {
                let name: &'static str = format!("junk-{n}.example").leak();
                by(&analyst(&Rogue::new(name)), &onward_template(name, assessment, manifest))
            };
            let mut all: Vec<_> = (0..16).map(one).collect();
            all.sort_by_key(|e| id_of(StatementKind::Endorsement, &e.payload));
            (all, vec![])
        }));
    });
    let assessment = wire::manifest::decode(&junk.manifest.as_ref().unwrap().payload).unwrap().assessment;
    let later = released_again(&mut feed, &junk, |manifest| {
        by(&analyst(&known), &onward_template("known.example", assessment, manifest))
    });
    served.set(vec![junk, later]);
    hub.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let assessment = assessment.to_string();
    for org in [&hub, &no] {
        let shown = until(&format!("{} sees the genuine one", org.domain), async || {
            let shown = org.run(&["--as", "ana", "assess", "show", &assessment]).await;
            let all = shown.lines().pop().unwrap_or_default()["endorsements"].as_array().cloned().unwrap_or_default();
            all.iter().any(|e| e["endorser"] == "known.example" && e["valid"] == true).then_some(all)
        })
        .await;
        assert_eq!(shown.iter().filter(|e| e["valid"] == false).count(), 4, "{shown:?}");
    }
}
