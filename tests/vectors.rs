//! The vectors of `tests/vectors/*.json`, which another implementation can run as well, and the attacks that signatures must withstand.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "vectors/run/counts.rs"]
mod counts;
#[path = "vectors/run/edwards.rs"]
mod edwards;
#[path = "vectors/run/encodings.rs"]
mod encodings;
#[path = "vectors/run/feed.rs"]
mod feed;
#[path = "vectors/run/files.rs"]
mod files;
#[path = "vectors/run/ledger.rs"]
mod ledger;
#[path = "vectors/run/lexicons.rs"]
mod lexicons;
#[path = "vectors/run/organisations.rs"]
mod organisations;
#[path = "vectors/run/proto_json.rs"]
mod proto_json;
#[path = "vectors/run/refusals.rs"]
mod refusals;
#[path = "vectors/run/signatures.rs"]
mod signatures;
#[path = "vectors/run/speakers.rs"]
mod speakers;
#[path = "vectors/run/tampering.rs"]
mod tampering;
#[path = "vectors/run/times.rs"]
mod times;
#[path = "vectors/run/tolerated.rs"]
mod tolerated;
