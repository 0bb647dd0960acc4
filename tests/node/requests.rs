//! A partner asks for more, and an officer answers. No answer overrides a rule that forbids, and nobody learns what they were not given.

use std::time::Duration;

use serde_json::Value;
use watchfire::{
    domain::{
        ids::{AssessmentId, Nonce, StatementId},
        request::{AskingRole, Exception, Request},
        statement::StatementKind,
        time::Clock,
    },
    identity::devca::Purpose,
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile::{Feed, ROGUE},
    hostile_kit::{Rogue, hello, signed, signing_key},
    kit::{Org, note, pair, terms, until},
};

/// A note with a portion that no grant of these tests gives.
fn with_evidence(headline: &str) -> String {
    format!(
        "{}\n[[portion]]\nkind  = \"evidence\"\nwhat  = \"a list of names\"\ngrade = \"B2\"\n",
        note(headline, "BF")
    )
}

async fn requests(org: &Org, more: &[&str]) -> Vec<Value> {
    org.ask(&[&["--as", "olu", "assess", "requests"], more].concat()).await
}

/// Waits until a request is in that state.
async fn in_state(org: &Org, id: &str, state: &str) -> Value {
    until(&format!("{}: the request is {state}", org.domain), async || {
        requests(org, &[]).await.into_iter().find(|r| r["id"] == id && r["state"] == state)
    })
    .await
}

fn kinds(shown: &Value) -> Vec<&str> {
    shown["portions"].as_array().unwrap().iter().map(|p| p["kind"].as_str().unwrap()).collect()
}

/// An answer that releases only what the partner already has is refused, without effect.
async fn is_refused_what_the_asker_has(gb: &Org, id: &str) {
    let held =
        ["--as", "olu", "assess", "answer", id, "--release", "headline 1", "--release", "evidence 1", "--reason", "x"];
    let refused = gb.run(&held).await;
    assert!(refused.reason() == "CONFLICT" && refused.stderr.contains("already: headline"), "{}", refused.stderr);
    assert_eq!(requests(gb, &["--open"]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_officer_releases_is_read_and_runs_out_and_a_text_is_a_text() {
    let (gb, no) = pair().await;
    let published = gb.author().await.publish(&with_evidence("asked about")).await;
    no.has(gb.domain, std::slice::from_ref(&published)).await;
    let shown = no.one(&["--as", "ana", "assess", "show", &published]).await;
    assert_eq!(kinds(&shown), ["headline", "subject", "limitation"]);

    let mut follow = gb.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { partner: String::new(), new_only: true, ..Default::default() };
    let mut items = follow.assessments.follow_feed(request).await.unwrap().into_inner();
    // The first response names the place from which everything is new.
    assert_eq!(items.message().await.unwrap().unwrap().item, None);
    let question = "On what does this rest?";
    let asked =
        no.one(&["--as", "ana", "assess", "request", &published, "--kind", "evidence", "--question", question]).await;
    assert_eq!(
        (&asked["state"], &asked["partner"], &asked["role"]),
        (&"sent".into(), &gb.domain.into(), &"analyst".into())
    );
    let id = asked["id"].as_str().unwrap();
    in_state(&no, id, "delivered").await;
    let item = tokio::time::timeout(Duration::from_secs(10), items.message()).await.unwrap().unwrap().unwrap();
    let item = item.item.unwrap();
    assert_eq!((item.kind.as_str(), item.partner.as_str()), ("request", no.domain));
    assert_eq!(item.headline, format!("[evidence] {question}"));
    let open = requests(&gb, &["--open", "--incoming"]).await;
    assert_eq!((open.len(), &open[0]["question"], &open[0]["kinds"][0]), (1, &question.into(), &"evidence".into()));
    // The person who asks stays unknown; only the role is sent.
    assert!(open[0]["by"].is_null() && open[0]["role"] == "analyst", "{}", open[0]);
    assert_eq!(gb.feed(no.domain, "out").await["open_requests"], 1);

    is_refused_what_the_asker_has(&gb, id).await;
    // Analysts may not do it, and it does not work for a portion that does not exist.
    let release = ["assess", "answer", &id[..12], "--release", "evidence 1", "--reason", "asked on Monday"];
    assert_eq!(gb.run(&[&["--as", "ana"], &release[..]].concat()).await.code, 5);
    let wrong = gb.run(&["--as", "olu", "assess", "answer", id, "--release", "evidence 2", "--reason", "x"]).await;
    assert_eq!(wrong.reason(), "NOT_FOUND");
    let until_soon = SystemClock.now().plus_seconds(12).to_string();
    let answered = gb.one(&[&["--as", "olu"], &release[..], &["--until", &until_soon]].concat()).await;
    assert_eq!((&answered["state"], &answered["answer"]["kind"]), (&"released".into(), &"released".into()));
    let again = gb.run(&["--as", "olu", "assess", "answer", id, "--text", "again"]).await;
    assert_eq!(again.reason(), "CONFLICT");

    let seen = until("the evidence is read", async || {
        let shown = no.one(&["--as", "ana", "assess", "show", &published]).await;
        (kinds(&shown).len() == 4).then_some(shown)
    })
    .await;
    assert_eq!(kinds(&seen)[3], "evidence");
    assert!(!no.log().contains("kept an entry from users"), "{}", no.log());
    let told = in_state(&no, id, "released").await;
    assert_eq!(told["answer"]["text"], "asked on Monday");
    // Each side sees it expire.
    in_state(&no, id, "expired").await;
    in_state(&gb, id, "expired").await;

    let second = no.one(&["--as", "olu", "assess", "request", &published, "--question", "Who saw it?"]).await;
    let second = second["id"].as_str().unwrap();
    until("it arrives", async || requests(&gb, &["--open"]).await.pop()).await;
    gb.ask(&["--as", "olu", "assess", "answer", second, "--text", "A health worker."]).await;
    assert_eq!(in_state(&no, second, "answered").await["answer"]["text"], "A health worker.");
    let third = no.one(&["--as", "olu", "assess", "request", &published, "--question", "Her name?"]).await;
    let third = third["id"].as_str().unwrap();
    until("it arrives", async || requests(&gb, &["--open"]).await.pop()).await;
    gb.ask(&["--as", "olu", "assess", "answer", third, "--decline", "It would put her in danger."]).await;
    in_state(&no, third, "declined").await;
    assert!(requests(&gb, &["--open"]).await.is_empty() && requests(&no, &["--outgoing"]).await.len() == 3);
    assert_eq!(gb.feed(no.domain, "out").await["open_requests"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_exception_beats_a_rule_of_the_house_or_of_the_marking() {
    let (gb, no) = pair().await;
    let secret = format!(
        "{}\n[[portion]]\nkind = \"gap\"\ntext = \"who pays\"\nmarking = {{ tlp = \"RED\", releasable_to = [\"fr.example\"] }}\n",
        with_evidence("x")
    );
    let published = gb.author().await.publish(&secret).await;
    no.has(gb.domain, std::slice::from_ref(&published)).await;
    std::fs::create_dir_all(gb.dir.join("rules")).unwrap();
    let rule = "@id(\"no-evidence\")\n@reason(\"our evidence stays here\")\nforbid (principal, action, resource)\n\
                when { context.kind == \"evidence\" };\n";
    std::fs::write(gb.dir.join("rules/a.cedar"), rule).unwrap();
    until("the rule is in force", async || {
        let rules = gb.one(&["--as", "root", "policy", "rules"]).await;
        rules.to_string().contains("house:no-evidence").then_some(())
    })
    .await;
    no.ask(&["--as", "ana", "assess", "request", &published, "--kind", "evidence"]).await;
    let id =
        until("it arrives", async || requests(&gb, &["--open"]).await.pop()).await["id"].as_str().unwrap().to_owned();
    for (portion, why) in [("evidence 1", "our evidence stays here"), ("gap 1", "RED goes only to")] {
        let answer = gb.run(&["--as", "olu", "assess", "answer", &id, "--release", portion, "--reason", "x"]).await;
        assert_eq!((answer.code, answer.reason().as_str()), (5, "NOT_COVERED"), "{}", answer.stdout);
        assert!(answer.stdout.contains(why), "{}", answer.stdout);
    }
    assert_eq!(requests(&gb, &["--open"]).await.len(), 1, "nothing was signed");
    // The rule comes after the signature. The decision is made again, so the portion stays.
    std::fs::write(gb.dir.join("rules/a.cedar"), "// none\n").unwrap();
    until("the rule is gone", async || {
        let rules = gb.one(&["--as", "root", "policy", "rules"]).await;
        (!rules["rules"].to_string().contains("house:no-evidence")).then_some(())
    })
    .await;
    let mut no = no;
    no.kill().await;
    gb.ask(&["--as", "olu", "assess", "answer", &id, "--release", "evidence 1", "--reason", "x"]).await;
    std::fs::write(gb.dir.join("rules/a.cedar"), rule).unwrap();
    until("the rule is back", async || {
        let rules = gb.one(&["--as", "root", "policy", "rules"]).await;
        rules["rules"].to_string().contains("house:no-evidence").then_some(())
    })
    .await;
    no.start().await;
    in_state(&no, &id, "released").await;
    let later = gb.author().await.publish(&note("later", "BF")).await;
    no.has(gb.domain, &[published.clone(), later]).await;
    assert_eq!(
        kinds(&no.one(&["--as", "ana", "assess", "show", &published]).await),
        ["headline", "subject", "limitation"]
    );
}

/// A partner without a running program, to which gb gives the world.
async fn befriended(gb: &Org) -> Rogue {
    let rogue = Rogue::new(ROGUE);
    rogue.befriend(gb, "127.0.0.1:1", &terms(gb.domain, ROGUE, "")).await;
    rogue
}

fn request(assessment: AssessmentId, manifest: StatementId) -> Request {
    Request {
        addressee: "gb.example".parse().unwrap(),
        assessment,
        version: 1,
        manifest,
        kinds: vec![],
        question: "more?".to_owned(),
        role: AskingRole::Analyst,
        nonce: Nonce([7; 16]),
        requested_at: SystemClock.now(),
    }
}

fn ask(rogue: &Rogue, request: &Request) -> proto::Envelope {
    signed(&rogue.node, StatementKind::Request, wire::request::encode(request))
}

/// The whole feed, from a number on.
async fn feed(rogue: &Rogue, gb: &Org, after_sequence: u64) -> Vec<proto::FeedEntry> {
    let mut client = rogue.exchange(gb);
    let payload_types = StatementKind::ALL.iter().map(|k| k.payload_type().to_owned()).collect();
    client.hello(proto::HelloRequest { payload_types, ..hello() }).await.unwrap();
    let request = proto::SubscribeRequest { after_sequence, until_caught_up: true, after_release_id: vec![].into() };
    let mut stream = client.subscribe(request).await.unwrap().into_inner();
    let mut entries = vec![];
    while let Some(entry) = stream.message().await.unwrap() {
        entries.push(entry);
    }
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assessment_that_was_not_given_is_asked_for_like_one_that_does_not_exist() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = befriended(&gb).await;
    let mut author = gb.author().await;
    let given = author.try_publish(&note("given", "BF")).await.unwrap();
    assert_eq!(feed(&rogue, &gb, 0).await.len(), 1);
    // RED for nobody: the headline stays, and with it everything.
    let kept = author
        .try_publish(&note("kept", "BF").replace("\"AMBER\"", "\"RED\"\nreleasable_to = [\"fr.example\"]"))
        .await
        .unwrap();
    assert!(!kept.decisions[0].release);
    let ids = |answer: &proto::PublishAssessmentResponse| {
        (
            AssessmentId::try_from(&answer.assessment_id[..]).unwrap(),
            StatementId::try_from(&answer.manifest_id[..]).unwrap(),
        )
    };
    let ((id, manifest), (secret, secret_manifest)) = (ids(&given), ids(&kept));
    let mut answers = vec![];
    for (assessment, manifest) in [
        (secret, secret_manifest),
        (AssessmentId([1; 16]), StatementId([1; 32])),
        (secret, manifest),
        (id, secret_manifest),
    ] {
        let outcome = rogue.submit(&gb, ask(&rogue, &request(assessment, manifest))).await;
        answers.push((outcome.is_accepted(), outcome.reason, outcome.message));
    }
    assert!(answers.iter().all(|a| *a == answers[0] && a.1 == "NOT_FOUND"), "{answers:?}");
    assert!(requests(&gb, &[]).await.is_empty());
    // A partner may ask about what it was given. The same bytes again are the same request.
    let right = ask(&rogue, &request(id, manifest));
    for _ in 0..2 {
        let outcome = rogue.submit(&gb, right.clone()).await;
        assert!(outcome.is_accepted(), "{}", outcome.message);
    }
    assert_eq!(requests(&gb, &[]).await.len(), 1);
    // The same while it waits to be released again.
    gb.one(&["--as", "olu", "assess", "release-again", &id.to_string(), "--partner", ROGUE]).await;
    let another = Request { nonce: Nonce([200; 16]), ..request(id, manifest) };
    let outcome = rogue.submit(&gb, ask(&rogue, &another)).await;
    assert!(outcome.is_accepted(), "{}", outcome.message);
    // Not in another's name, only by a node, and not for an unlimited time.
    let other = Request { addressee: "no.example".parse().unwrap(), ..request(id, manifest) };
    assert_eq!(rogue.submit(&gb, ask(&rogue, &other)).await.reason, "WRONG_DOMAIN");
    let by_person = signed(&rogue.analyst, StatementKind::Request, wire::request::encode(&request(id, manifest)));
    assert_eq!(rogue.submit(&gb, by_person).await.reason, "WRONG_DOMAIN");
    let mut last = String::new();
    for n in 0..130_u8 {
        let another = Request { nonce: Nonce([n; 16]), ..request(id, manifest) };
        last = rogue.submit(&gb, ask(&rogue, &another)).await.reason;
    }
    assert_eq!(last, "LIMIT_EXCEEDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_released_by_exception_comes_as_a_void_once_that_is_over() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let rogue = befriended(&gb).await;
    let given = gb.author().await.try_publish(&with_evidence("given")).await.unwrap();
    let before = feed(&rogue, &gb, 0).await;
    assert_eq!((before.len(), before[0].portions.len()), (1, 3));
    let asked = request(
        AssessmentId::try_from(&given.assessment_id[..]).unwrap(),
        StatementId::try_from(&given.manifest_id[..]).unwrap(),
    );
    assert!(rogue.submit(&gb, ask(&rogue, &asked)).await.is_accepted());
    let id = requests(&gb, &["--open"]).await[0]["id"].as_str().unwrap().to_owned();
    let soon = SystemClock.now().plus_seconds(6).to_string();
    gb.ask(&["--as", "olu", "assess", "answer", &id, "--release", "evidence 1", "--reason", "x", "--until", &soon])
        .await;
    let now = feed(&rogue, &gb, 0).await;
    assert_eq!((now.len(), now[1].portions.len(), now[1].beside.len()), (2, 4, 1));
    let release = wire::release::decode(&now[1].release.as_ref().unwrap().payload).unwrap();
    let exception = wire::request::decode_exception(&now[1].beside[0].payload).unwrap();
    assert_eq!(
        release.exceptions.iter().map(|l| l.id).collect::<Vec<_>>(),
        [id_of(StatementKind::Exception, &now[1].beside[0].payload)]
    );
    assert!(release.terms.onward.is_none() && exception.request.to_string() == id);
    let after = until("the exception is over", async || {
        let entries = feed(&rogue, &gb, 0).await;
        let is_void =
            |e: &proto::FeedEntry| e.release.as_ref().unwrap().payload_type == StatementKind::Void.payload_type();
        entries.get(1).is_some_and(is_void).then_some(entries)
    })
    .await;
    assert!(after[1].portions.is_empty() && after[1].beside.is_empty());
    assert_eq!((after[0].portions.len(), after.len()), (3, 2), "what a grant gives stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exception_for_somebody_else_or_that_nobody_asked_for_covers_nothing() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let officer = |rogue: &Rogue| signing_key(&rogue.issue("officer/o", Purpose::Signing));
    let exception = |partner: &str, manifest| Exception {
        giver: ROGUE.parse().unwrap(),
        partner: partner.parse().unwrap(),
        manifest,
        digests: vec![watchfire::domain::ids::Digest([1; 32])],
        request: StatementId([4; 32]),
        reason: "asked".to_owned(),
        from: SystemClock.now(),
        until: SystemClock.now().plus_seconds(86_400),
    };
    let sign = |key: &watchfire::seal::sign::SigningKey, e: &Exception| {
        signed(key, StatementKind::Exception, wire::request::encode_exception(e))
    };
    // Each time a portion of a kind that the agreement does not list.
    let gap = |headline: &str| format!("{}\n[[portion]]\nkind = \"gap\"\ntext = \"what\"\n", note(headline, "BF"));
    let mut all = vec![feed.good("covered")];
    all.push(feed.with(&gap("by no exception"), |_| {}));
    all.push(feed.with(&gap("asked for by nobody"), move |m| {
        m.beside = Some(Box::new(move |r, _, id| (vec![], vec![sign(&officer(r), &exception("no.example", id))])));
    }));
    all.push(feed.with(&gap("for another partner"), move |m| {
        m.beside = Some(Box::new(move |r, _, id| (vec![], vec![sign(&officer(r), &exception("fr.example", id))])));
    }));
    all.push(feed.with(&gap("by an analyst"), move |m| {
        m.beside = Some(Box::new(move |r, _, id| (vec![], vec![sign(&r.analyst, &exception("no.example", id))])));
    }));
    served.set(all);
    no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let listed = no.ask(&["--as", "ana", "assess", "list"]).await;
    assert_eq!(listed.iter().map(|a| a["headline"].as_str().unwrap()).collect::<Vec<_>>(), ["covered"]);
    let log = no.log();
    let reason = |n: u64| {
        let line = log.lines().find(|l| l.contains("kept an entry") && l.contains(&format!("sequence={n}"))).unwrap();
        ["NOT_COVERED", "WRONG_DOMAIN"].into_iter().find(|r| line.contains(r)).unwrap_or("something else")
    };
    assert_eq!((2..=5).map(reason).collect::<Vec<_>>(), ["NOT_COVERED", "NOT_COVERED", "WRONG_DOMAIN", "WRONG_DOMAIN"]);
}
