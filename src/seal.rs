//! Statements: envelopes, digests, signing and verifying. Only this module uses ring.

pub mod at_rest;
pub mod chains;
pub mod compose;
pub mod digest;
mod ed25519;
pub mod equivocation;
pub mod hash;
pub mod keyed_hash;
pub mod open;
pub mod random;
pub mod raw;
pub mod rules;
pub mod seen;
pub mod sign;
pub mod statement;
pub mod subject;
pub mod verify;
