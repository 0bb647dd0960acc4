//! The node as it is run: real processes, real TLS, real stores, and peers that mean harm.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "node/crash.rs"]
mod crash;
#[path = "node/kit.rs"]
mod kit;
