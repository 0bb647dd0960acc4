//! Statements: envelopes, digests, signing and verifying. The only place with ring.

pub mod chains;
pub mod hash;
pub mod suite;
