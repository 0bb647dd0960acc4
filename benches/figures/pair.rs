//! Two organisations with an agreement in force: one publishes, the other follows.

use std::path::Path;

use futures_util::StreamExt;
use watchfire::{
    app::Running,
    domain::entry::Numbered,
    node::outbound::{channel::outgoing, send::ResumePoint},
    wire,
};

use super::{
    content::{Party, Signed, agreement, assessments, seed},
    organisation::Org,
};

/// The domains of both.
pub const PUBLISHER: &str = "gb.example";
pub const SUBSCRIBER: &str = "no.example";

pub struct Pair {
    pub publisher: Org,
    pub subscriber: Org,
}

impl Pair {
    /// Both with their stores seeded. The subscriber dials the publisher where it is to follow it.
    pub async fn found(root: &Path, follows: bool) -> Self {
        let (publisher, subscriber) = (Org::found(root, PUBLISHER, "GB"), Org::found(root, SUBSCRIBER, "NO"));
        let (keys, from, to) = ((publisher.node_key(), subscriber.node_key()), &publisher.domain, &subscriber.domain);
        let record = agreement(Party { domain: from, key: &keys.0 }, Party { domain: to, key: &keys.1 });
        let mut mirrored = record.clone();
        mirrored.partner = from.clone();
        let endpoint = follows.then(|| publisher.endpoint());
        seed(&publisher.store(), vec![subscriber.as_partner(None)], vec![record]).await;
        seed(&subscriber.store(), vec![publisher.as_partner(endpoint)], vec![mirrored]).await;
        Self { publisher, subscriber }
    }

    /// Signed by the publisher's analyst.
    pub fn assessments(&self, count: usize) -> Vec<Signed> {
        assessments(&self.publisher.domain, &self.publisher.author_key(), count)
    }

    /// Publishes through the node, as many at a time as share a commit well.
    pub async fn publish_all(&self, node: &Running, assessments: Vec<Signed>) {
        let mut waiting = tokio::task::JoinSet::new();
        for signed in assessments {
            if waiting.len() >= 64 {
                waiting.join_next().await.unwrap().unwrap();
            }
            let (node, author) = (node.node.clone(), self.publisher.author());
            waiting.spawn(async move { drop(node.assessments.publish(&author, signed.submission()).await.unwrap()) });
        }
        waiting.join_all().await;
    }

    /// What the publisher sends the subscriber, numbered by the publisher itself.
    pub async fn entries(&self, node: &Running) -> Vec<Numbered> {
        let (mut to, from) = outgoing();
        let (node, partner) = (node.node.clone(), self.subscriber.domain.clone());
        let sending = tokio::spawn(async move {
            let stream = node.sessions.of(&partner).open_stream();
            node.outbound.feed_to(&partner, ResumePoint::default(), true, &mut to, &stream).await.unwrap();
        });
        let all = from.collect().await;
        sending.await.unwrap();
        all
    }
}

/// How long an entry is on the wire, bytes.
pub fn length(numbered: &Numbered) -> usize {
    prost::Message::encoded_len(&wire::entry::to_proto(numbered.entry.clone()))
}
