//! A node's key is revoked after it has released something. Its organisation hands it over again, and a hub gives it again to those for whom the
//! first release proves nothing.

use watchfire::{
    domain::{
        release::{FeedPosition, OnwardLimit, ReleaseTerms},
        statement::StatementKind,
        time::Clock,
    },
    identity::{crl::Revocation, devca::Purpose, files::to_pem},
    seal::statement::id_of,
    telemetry::SystemClock,
    wire::{self, proto},
};

use crate::{
    feed_kit::{Feed, ROGUE},
    hostile_kit::{Rogue, credentials, serve, signed, signing_key},
    hubs::{for_all, limit, link, onward, quarantined},
    kit::{Org, until},
};

const KINDS: [&str; 3] = ["headline", "subject", "limitation"];

fn may_go_on() -> ReleaseTerms {
    let to = vec!["no.example".parse().unwrap()];
    let kinds = KINDS.map(|k| k.parse().unwrap()).to_vec();
    let limit =
        OnwardLimit { later_kinds: vec![], to, kinds, max_tlp: "AMBER".parse().unwrap(), depth: 1, groups: vec![] };
    ReleaseTerms { onward: Some(limit), barred_states: vec!["BF".parse().unwrap()], retention_days: None }
}

/// What an entry hands over, under the next number.
fn again(feed: &mut Feed, entry: &proto::FeedEntry) -> proto::FeedEntry {
    let mut release = wire::release::decode(&entry.release.as_ref().unwrap().payload).unwrap();
    release.position = FeedPosition { sequence: feed.sequence + 1, previous: feed.last };
    let payload = feed.rogue.node.payload(wire::release::encode(&release));
    (feed.last, feed.sequence) = (Some(id_of(StatementKind::Release, &payload)), feed.sequence + 1);
    proto::FeedEntry { release: Some(signed(&feed.rogue.node, StatementKind::Release, payload)), ..entry.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_gives_again_what_a_revoked_key_had_released_to_it() {
    let (hub, no) =
        tokio::join!(Org::found("ecowas.example", "regional", None), Org::found("no.example", "state", Some("NO")));
    link(&hub, &no, &onward(hub.domain, no.domain, "", &["no.example"])).await;
    let rogue = Rogue::new(ROGUE);
    let (address, served, _stop) = serve(&rogue, credentials(&rogue.tls), &hub).await;
    rogue.get_known(&no).await;
    let terms = onward(ROGUE, hub.domain, &limit("no.example", &KINDS, "AMBER", 1), &["no.example"]);
    let agreement = rogue.befriend(&hub, &address, &terms).await;
    let mut feed = Feed { rogue, recipient: hub.domain, agreement, last: None, sequence: 0 };
    let stolen = feed.rogue.issue("node/n1", Purpose::Signing);
    let good = std::mem::replace(&mut feed.rogue.node, signing_key(&stolen));
    let text = for_all("handed over twice", "BF").replace("group:watch", "no.example");
    let first = feed.with(&text, |m| m.release.terms = may_go_on());
    feed.rogue.node = good;
    // The reader learns of the revocation before the hub does.
    let revoked = (stolen.serial, Revocation { at: SystemClock.now(), invalid_since: None });
    let list = feed.rogue.ca.revocation_list(1, &[revoked], SystemClock.now(), 30).unwrap();
    let file = no.file("list.pem", &to_pem("X509 CRL", &list));
    no.ask(&["--as", "root", "partner", "crl", &file]).await;
    served.set(vec![first.clone()]);
    hub.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    quarantined(&no, 1, "CERTIFICATE_REVOKED").await;
    until("the hub is told", async || hub.log().contains("keeps from its users what was released to it").then_some(()))
        .await;
    let second = again(&mut feed, &first);
    served.set(vec![first.clone(), second]);
    hub.ask(&["--as", "ana", "feed", "pull", "--from", ROGUE]).await;
    let id = wire::manifest::decode(&first.manifest.unwrap().payload).unwrap().assessment;
    no.has(ROGUE, &[id.to_string()]).await;
    let shown = no.one(&["--as", "ana", "assess", "show", &id.to_string()]).await;
    assert!(shown["on_word_of"].is_null() && shown["state"] == "current", "{shown}");
    // Once is enough.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let released = hub.ask(&["--as", "root", "ledger", "list", "--about", "released-again"]).await;
    assert_eq!(released.len(), 1, "{released:?}");
}
