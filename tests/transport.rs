//! Mutual TLS over real sockets: who is admitted, who is not, and when a live connection ends.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

#[path = "transport/admission.rs"]
mod admission;
#[path = "transport/kit.rs"]
mod kit;
#[path = "transport/lifetime.rs"]
mod lifetime;
#[path = "transport/own_pki.rs"]
mod own_pki;
