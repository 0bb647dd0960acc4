//! Connections: mutual TLS, HTTP/2 and their limits. The listeners for partners and for the organisation's own people share this module.
//! `identity` decides who may connect. What the calls mean is not known here.

mod addresses;
mod connection_slots;
pub mod dialler;
mod failed_handshakes;
pub mod tls_config;
pub mod limits;
pub mod listener;
mod peer_monitor;
mod log_throttle;
pub mod rate_limit;
mod socket;
mod stall_detector;
pub mod web;

pub use peer_monitor::PeerAccess;
