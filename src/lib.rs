//! Watchfire: a node that exchanges signed, access-controlled early-warning assessments with partners.
//!
//! The modules are layers: each imports only what stands above it in this list (`tests/layers.rs` holds them to it).
//! `ARCHITECTURE.md` is the map.

pub mod domain;
pub mod wire;
pub mod seal;
pub mod identity;
pub mod feed;
pub mod store;
pub mod transport;
