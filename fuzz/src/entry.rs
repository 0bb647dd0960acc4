//! Entries of a feed: whatever passes for one goes on as the same message, and keeps within its limits.

use prost::Message;
use watchfire::wire::{self, proto};

/// The bytes are a message as gRPC would hand it over.
pub fn check(data: &[u8]) {
    let Ok(message) = proto::FeedEntry::decode(data) else { return };
    let Ok(entry) = wire::entry::from_proto(message.clone()) else { return };
    assert!(entry.portions.len() <= 1024 && entry.provenance.len() <= 3, "an entry has bounds");
    for envelope in std::iter::once(&entry.release).chain(&entry.manifest).chain(&entry.provenance) {
        assert!((1..=4).contains(&envelope.signatures.len()));
        super::statement::payload(envelope.kind, &envelope.payload);
    }
    assert_eq!(wire::entry::to_proto(entry), message, "an entry goes on as it came");
}
