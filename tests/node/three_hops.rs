//! An entry over three hops, while the certificates of those on the way end after they passed it on.

use watchfire::{
    domain::{
        release::{FeedPosition, Release, ReleaseTerms},
        statement::StatementKind,
        time::{Clock, Time},
    },
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    hostile_hub::{Chain, HUB, ORIGIN, limit, reader},
    hostile_kit::{Rogue, signed},
    hubs::{for_all, quarantined},
    times::{days_ago, key_of, pulled},
};

const RELAY: &str = "relay.example";

/// An entry from the originator through the relay and the hub to the reader. The author's certificate ended 35 days ago, the originator's node's
/// 25 days ago, and the relay's node's 15 days ago. Each received what the one before had released some days before.
fn entry(chain: &mut Chain, relay: &Rogue, text: &str, (relay_got, hub_got): (i64, i64)) -> proto::FeedEntry {
    let origin = key_of(ORIGIN, &chain.origin.ca, "node/n1", (60, 25));
    let analyst = key_of(ORIGIN, &chain.origin.ca, "analyst/a", (60, 35));
    let relay = key_of(RELAY, &relay.ca, "node/n1", (50, 15));
    let text = for_all(text, "BF").replace("\"group:watch\"", "\"hub.example\", \"no.example\"");
    let mut piece = chain.piece(&text, "no.example");
    let mut manifest = wire::manifest::decode(&piece.manifest.payload).unwrap();
    manifest.issued = days_ago(41);
    let payload = analyst.payload(wire::manifest::encode(&manifest));
    let id = id_of(StatementKind::Manifest, &payload);
    piece.manifest = signed(&analyst, StatementKind::Manifest, payload);
    let terms = |depth: u32| {
        let mut onward = limit(depth);
        onward.to = vec!["hub.example".parse().unwrap(), "no.example".parse().unwrap()];
        ReleaseTerms { onward: (depth > 0).then_some(onward), retention_days: None, ..piece.first.terms.clone() }
    };
    let release = |to: &str, depth, logged_at: Time, via| Release {
        recipient: to.parse().unwrap(),
        manifest: id,
        terms: terms(depth),
        logged_at,
        released_at: logged_at,
        via,
        ..piece.first.clone()
    };
    let wrapped = |key, release: &Release| signed(key, StatementKind::Release, wire::release::encode(release));
    let named = |envelope: &proto::Envelope| Some(id_of(StatementKind::Release, &envelope.payload));
    let first = wrapped(&origin, &release(RELAY, 2, days_ago(40), None));
    let second = wrapped(&relay, &release(HUB, 1, days_ago(relay_got), named(&first)));
    let last = Release {
        agreement: piece.last.agreement,
        grants: piece.last.grants.clone(),
        position: FeedPosition { sequence: chain.sequence + 1, previous: chain.previous },
        released_at: SystemClock.now(),
        ..release("no.example", 0, days_ago(hub_got), named(&second))
    };
    let last = wrapped(&chain.hub.node, &last);
    (chain.previous, chain.sequence) = (named(&last), chain.sequence + 1);
    proto::FeedEntry {
        release: Some(last),
        manifest: Some(piece.manifest),
        portions: piece.portions.into_iter().map(Into::into).collect(),
        provenance: vec![first, second],
        beside: vec![],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_three_hops_on_its_way_counts_though_each_certificate_behind_it_has_ended() {
    let (no, mut chain, served, _stop) = reader().await;
    let relay = Rogue::new(RELAY);
    relay.get_known(&no).await;
    let in_time = entry(&mut chain, &relay, "in time", (32, 20));
    // The relay got it after the originator's node's certificate had ended, and the hub after the relay's had.
    let late = entry(&mut chain, &relay, "late at the relay", (24, 20));
    let later = entry(&mut chain, &relay, "late at the hub", (32, 14));
    let id = wire::manifest::decode(&in_time.manifest.as_ref().unwrap().payload).unwrap().assessment.to_string();
    served.set(vec![in_time, late, later]);
    pulled(&no, HUB, 3).await;
    no.has(ORIGIN, std::slice::from_ref(&id)).await;
    let shown = no.one(&["--as", "ana", "assess", "show", &id]).await;
    assert!(shown["signatures"].as_array().unwrap().iter().all(|s| s["valid"] == true), "{shown}");
    assert!(shown["on_word_of"].is_null(), "{shown}");
    for sequence in [2, 3] {
        quarantined(&no, sequence, "CHAIN_INVALID").await;
    }
    assert_eq!(no.assessments(ORIGIN).await, [id]);
}
