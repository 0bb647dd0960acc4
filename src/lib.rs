//! Watchfire: a node that exchanges signed, access-controlled early-warning assessments with partners.
//!
//! The modules are layers. Each imports only what is above it in this list; `tests/layers.rs` enforces that. `ARCHITECTURE.md` is the map. The
//! fuzz targets use the layers without the store and those that depend on it.

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
#[cfg(not(fuzzing))]
pub mod store;
#[cfg(not(fuzzing))]
pub mod node;
#[cfg(not(fuzzing))]
pub mod peer;
#[cfg(not(fuzzing))]
pub mod desk;
#[cfg(not(fuzzing))]
pub mod console;
pub mod config;
pub mod telemetry;
#[cfg(not(fuzzing))]
pub mod app;
#[cfg(not(fuzzing))]
pub mod cli;
