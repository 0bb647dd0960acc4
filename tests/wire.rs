//! The wire format with generated values: what is written can be read back, and no bytes do harm.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "wire/beside.rs"]
mod beside;
#[path = "wire/bytes.rs"]
mod bytes;
#[path = "wire/portions.rs"]
mod portions;
#[path = "wire/round_trips.rs"]
mod round_trips;
#[path = "wire/sealing.rs"]
mod sealing;
#[path = "wire/statements.rs"]
mod statements;
#[path = "wire/values.rs"]
mod values;
#[path = "wire/withheld.rs"]
mod withheld;
