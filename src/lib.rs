//! Watchfire: a node that exchanges signed, access-controlled early-warning assessments with partners.
//!
//! The modules are layers: each imports only what stands above it in this list (`tests/layers.rs` holds them to it).
//! `ARCHITECTURE.md` is the map.

pub mod domain;
pub mod wire;
pub mod policy;
pub mod draft;
pub mod render;
pub mod seal;
pub mod identity;
pub mod ledger;
pub mod feed;
pub mod transport;
pub mod store;
pub mod node;
pub mod peer;
pub mod desk;
pub mod config;
pub mod telemetry;
pub mod app;
pub mod cli;
