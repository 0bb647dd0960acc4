//! Lists and followers with a filter: they find what is there, and tell nobody of a portion that they may not read.

use std::time::Duration;

use serde_json::Value;
use watchfire::{
    domain::fault::Reason,
    wire::{proto, status::to_fault},
};

use crate::{
    feed_kit::{Feed, ROGUE},
    kit::{Org, note, pair},
};

/// The headlines that a person's list with these options has.
async fn listed(org: &Org, who: &str, options: &[&str]) -> Vec<String> {
    let rows = org.ask(&[&["--as", who, "assess", "list"], options].concat()).await;
    let mut all: Vec<_> = rows.iter().map(|row| row["headline"].as_str().unwrap_or("-").to_owned()).collect();
    all.sort();
    all
}

fn place(place: &str) -> proto::AssessmentFilter {
    proto::AssessmentFilter { places: vec![place.to_owned()], ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_and_a_follower_have_what_their_filter_wants() {
    let (gb, no) = pair().await;
    let mut author = gb.author().await;
    let mut sent = vec![];
    for (headline, place) in [("Mali", "ML"), ("Somalia", "SO"), ("All of Western Africa", "M49:011")] {
        sent.push(author.publish(&note(headline, place)).await);
    }
    let urgent = note("Niger, urgent", "NE").replace("level   = 3", "level   = 4").replace("\"sahel\"", "\"lakes\"");
    sent.push(author.publish(&urgent).await);
    no.has(gb.domain, &sent).await;
    for org in [&gb, &no] {
        let list = async |options: &[&str]| listed(org, "ana", options).await;
        assert_eq!(list(&["--place", "M49:011"]).await, ["All of Western Africa", "Mali", "Niger, urgent"]);
        assert_eq!(list(&["--place", "ML"]).await, ["All of Western Africa", "Mali"]);
        assert_eq!(list(&["--place", "M49:011", "--level", "4,5"]).await, ["Niger, urgent"]);
        assert_eq!(list(&["--topic", "lakes"]).await, ["Niger, urgent"]);
        assert_eq!(list(&["--kind", "genocide"]).await, Vec::<String>::new());
        assert_eq!(list(&["--kind", "mass-killing", "--marking", "amber", "--limit", "2"]).await.len(), 2);
        assert_eq!(list(&["--state", "current", "--no-exercise", "--since", "2020-01-01"]).await.len(), 4);
        assert_eq!(list(&["--until", "2020-01-01"]).await, Vec::<String>::new());
        assert_eq!(list(&["--from", "no.example", "--place", "ML"]).await, Vec::<String>::new());
    }
    for (options, hint) in [
        (["--place", "Mali"], "ML"),
        (["--kind", "genocid"], "genocide"),
        (["--state", "witdrawn"], "withdrawn"),
        (["--level", "6"], "5"),
    ] {
        let answer = no.run(&[&["--as", "ana", "assess", "list"], &options[..]].concat()).await;
        assert!(answer.code == 2 && answer.stderr.contains(hint), "{options:?}: {}", answer.stderr);
    }

    // A follower gets the same, and a cursor over what it does not want.
    let mut desk = no.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { filter: Some(place("SO")), ..Default::default() };
    let mut items = desk.assessments.follow_feed(request.clone()).await.unwrap().into_inner();
    let item = items.message().await.unwrap().unwrap().item.unwrap();
    assert_eq!((item.headline.as_str(), hex::encode(&item.assessment_id)), ("Somalia", sent[1].clone()));
    let skipped = items.message().await.unwrap().unwrap();
    assert_eq!(skipped.item, None);
    let later = author.publish(&note("Somalia again", "SO")).await;
    let request = proto::FollowFeedRequest { cursor: skipped.cursor, ..request };
    let mut items = desk.assessments.follow_feed(request).await.unwrap().into_inner();
    let item = items.message().await.unwrap().unwrap().item.unwrap();
    assert_eq!(hex::encode(&item.assessment_id), later);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_the_filter_that_it_was_given_for() {
    let (gb, _no) = pair().await;
    let mut author = gb.author().await;
    for n in 0..3 {
        author.publish(&note(&format!("note {n}"), "ML")).await;
        author.publish(&note(&format!("another {n}"), "FR")).await;
    }
    let mut desk = gb.connect("analyst-ana").await;
    let (mut cursor, mut seen) = (String::new(), 0);
    loop {
        let filter = Some(place("M49:011"));
        let request = proto::ListAssessmentsRequest { limit: 1, filter, cursor: cursor.clone(), ..Default::default() };
        let mut answers = desk.assessments.list_assessments(request).await.unwrap().into_inner();
        let Some(answer) = answers.message().await.unwrap() else { break };
        (seen, cursor) = (seen + 1, answer.cursor);
    }
    assert_eq!(seen, 3);
    for filter in [None, Some(place("ML"))] {
        let request = proto::ListAssessmentsRequest { filter, cursor: cursor.clone(), ..Default::default() };
        let refused = to_fault(&desk.assessments.list_assessments(request).await.unwrap_err());
        assert_eq!((refused.reason, refused.field.as_deref()), (Reason::InvalidArgument, Some("cursor")));
    }
    let request = proto::ListAssessmentsRequest { filter: Some(place("Mali")), ..Default::default() };
    let refused = to_fault(&desk.assessments.list_assessments(request).await.unwrap_err());
    assert!(refused.reason == Reason::InvalidArgument && refused.message.contains("`ML`"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_tells_nobody_of_a_portion_that_they_may_not_read() {
    let no = Org::found("no.example", "state", Some("NO")).await;
    let (mut feed, served, _stop) = Feed::to(&no).await;
    let subject = note("About two countries", "BF");
    let subject = &subject[subject.find("[[portion]]\nkind    = \"subject\"").unwrap()..];
    let second = &subject[..subject[1..].find("[[portion]]").unwrap() + 1].replace("\"BF\"", "\"ML\"");
    let text = format!("{}\n{second}", note("About two countries", "BF"));
    // The portion about Mali comes by a release that the agreement does not cover.
    let mut whole = None;
    let first = feed.with(&text, |making| {
        whole =
            Some((making.manifest.clone(), making.assessment, making.portions.clone(), making.release.digests.clone()));
        making.portions.pop();
        making.release.digests.pop();
    });
    let (manifest, assessment, portions, digests) = whole.unwrap();
    let rest = feed.with(&text, |making| {
        (making.manifest, making.assessment, making.portions) = (manifest, assessment, portions);
        making.release.digests = digests;
        making.release.agreement.id.0[0] ^= 1;
    });
    served.set(vec![first, rest]);
    let pulled = no.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let states: Vec<_> = pulled.iter().map(|item| item["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["current", "quarantined"], "{pulled:?}");

    let headline = ["About two countries"];
    let nothing = Vec::<String>::new();
    assert_eq!(listed(&no, "ana", &["--place", "BF"]).await, headline);
    assert_eq!(listed(&no, "ana", &["--place", "M49:011"]).await, headline);
    assert_eq!(listed(&no, "ana", &["--place", "ML"]).await, nothing);
    assert_eq!(listed(&no, "olu", &["--place", "ML"]).await, nothing, "an officer who does not ask for quarantine");
    assert_eq!(listed(&no, "olu", &["--place", "ML", "--quarantined"]).await, headline);
    for options in [["--quarantined", "--place=ML"], ["--state", "quarantined"]] {
        let nosy = no.run(&[&["--as", "ana", "assess", "list"], &options[..]].concat()).await;
        assert_eq!((nosy.code, nosy.reason().as_str()), (5, "ROLE_REQUIRED"));
    }
    let shown: Value = no.one(&["--as", "ana", "assess", "show", &hex::encode(assessment.0)]).await;
    assert!(!shown.to_string().contains("\"ML\""), "{shown}");

    let mut desk = no.connect("analyst-ana").await;
    let request = proto::FollowFeedRequest { filter: Some(place("ML")), ..Default::default() };
    let mut items = desk.assessments.follow_feed(request).await.unwrap().into_inner();
    assert_eq!(items.message().await.unwrap().unwrap().item, None);
    let more = tokio::time::timeout(Duration::from_secs(1), items.message()).await;
    assert!(more.is_err(), "{more:?}");
}
