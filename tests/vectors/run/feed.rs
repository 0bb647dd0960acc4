//! How a receiver judges entries.

use serde::Deserialize;
use watchfire::{
    domain::{ids::StatementId, release::FeedPosition},
    feed::{
        inbound::{EntryOrder, Inbound},
        outbound::Outbound,
    },
};

use crate::files::vectors;

#[derive(Deserialize)]
struct Vector {
    name: String,
    after: u64,
    release: Option<StatementId>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    sequence: u64,
    previous: Option<StatementId>,
    id: StatementId,
    verdict: String,
}

#[test]
fn every_order_of_entries_is_judged_as_the_vectors_say() {
    for vector in vectors::<Vector>("feed.json") {
        let mut inbound = Inbound::resume(vector.after, vector.release);
        for (i, step) in vector.steps.iter().enumerate() {
            let position = FeedPosition { sequence: step.sequence, previous: step.previous };
            let verdict = match inbound.judge(&position) {
                Ok(EntryOrder::Next) => {
                    inbound = inbound.advanced(step.id);
                    "next".to_owned()
                }
                Ok(EntryOrder::Repeat) => "repeat".to_owned(),
                Err(fault) => fault.reason.to_string(),
            };
            assert_eq!(verdict, step.verdict, "{}: step {i}", vector.name);
        }
    }
}

#[test]
fn a_sender_numbers_what_a_receiver_takes_next() {
    for vector in vectors::<Vector>("feed.json") {
        let mut outbound = Outbound::resume(vector.after, vector.release);
        for step in vector.steps.iter().filter(|step| step.verdict == "next") {
            assert_eq!(
                outbound.next(),
                FeedPosition { sequence: step.sequence, previous: step.previous },
                "{}",
                vector.name
            );
            outbound = outbound.released(step.id);
        }
    }
}
