//! Entries of a feed: whatever passes for one goes on as the same message, and keeps within its limits.

use prost::Message;
use watchfire::{
    domain::entry::FeedEntry,
    wire::{self, proto},
};

/// The bytes are a message as gRPC would hand it over.
pub fn check(data: &[u8]) {
    let Ok(message) = proto::FeedEntry::decode(data) else { return };
    let Ok(entry) = wire::entry::from_proto(message.clone()) else { return };
    assert!(entry.portions.len() <= 1024 && entry.provenance.len() <= 8, "an entry has bounds");
    assert!(entry.endorsements.len() <= 16 && entry.exceptions.len() <= 8, "an entry has bounds");
    let beside = entry.endorsements.iter().chain(&entry.exceptions);
    let all = std::iter::once(&entry.release).chain(&entry.manifest).chain(&entry.provenance).chain(beside);
    for envelope in all {
        assert!((1..=4).contains(&envelope.signatures.len()));
        assert!(envelope.logged.is_empty(), "only the releases of an entry tell when its statements were logged");
        assert!(envelope.path.is_empty(), "the releases of an entry are its path");
        super::statement::payload(envelope.kind, &envelope.payload);
    }
    stored(&entry, &message);
    assert_eq!(wire::entry::to_proto(entry), message, "an entry goes on as it came");
}

/// An entry that waits until it can be verified comes out of the store as it was put there.
fn stored(entry: &FeedEntry, message: &proto::FeedEntry) {
    let bytes = wire::entry::encode(entry.clone());
    let read = wire::entry::decode(&bytes).unwrap_or_else(|fault| panic!("a stored entry is refused: {fault}"));
    assert_eq!(wire::entry::to_proto(read), *message, "a stored entry is another one");
}
