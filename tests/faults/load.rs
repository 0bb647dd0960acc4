//! Authors who publish without a pause, whatever happens to their node, and record the answers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::task::JoinSet;
use watchfire::wire::{self, proto};

use crate::{
    kit::{note, publication},
    promises::Promises,
    world::Door,
};

/// The pause between two publications of one author. With it, a thousand kills stay within the length of a list.
const PAUSE: Duration = Duration::from_millis(40);
/// The longest wait for an answer.
const NO_ANSWER: Duration = Duration::from_secs(20);

/// The authors at work.
pub struct Load {
    authors: JoinSet<Promises>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Starts this many authors at one node.
    pub fn on(door: &Door, authors: usize) -> Self {
        let (mut set, stop) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        for author in 0..authors {
            set.spawn(publish_on(door.clone(), author, stop.clone()));
        }
        Self { authors: set, stop }
    }

    /// Stops them, and returns the answers that all of them got.
    pub async fn end(mut self) -> Promises {
        self.stop.store(true, Ordering::Relaxed);
        let mut promises = Promises::default();
        while let Some(done) = self.authors.join_next().await {
            promises.take(done.unwrap());
        }
        promises
    }
}

async fn publish_on(door: Door, author: usize, stop: Arc<AtomicBool>) -> Promises {
    let (key, mut promises) = (door.key("analyst-ana"), Promises::default());
    let mut desk = None;
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if desk.is_none() {
            desk = door.connect("analyst-ana").await;
        }
        if let Some(client) = &mut desk {
            let headline = format!("author {author}, note {number} of {}", door.domain);
            let request = publication(door.domain, &key, &note(&headline, "BF"));
            if !publish(client, request, headline, &mut promises).await {
                desk = None;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
    promises
}

/// The assessment's id in a request.
pub fn id_in(request: &proto::PublishAssessmentRequest) -> String {
    let envelope = wire::envelope::from_proto(request.manifest.clone().unwrap()).unwrap();
    wire::manifest::decode(&envelope.payload).unwrap().assessment.to_string()
}

/// Publishes, and records the answer or that there was none. Returns whether there was one.
pub async fn publish(
    desk: &mut watchfire::desk::client::DeskClient,
    request: proto::PublishAssessmentRequest,
    headline: String,
    promises: &mut Promises,
) -> bool {
    let id = id_in(&request);
    match tokio::time::timeout(NO_ANSWER, desk.assessments.publish_assessment(request)).await {
        Ok(Ok(_)) => {
            promises.kept.insert(id, headline);
            return true;
        }
        Ok(Err(_)) | Err(_) => promises.open.insert(id, headline),
    };
    false
}
