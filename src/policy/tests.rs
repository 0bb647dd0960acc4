//! Unit tests of the policy. `tests/policy.rs` compares the decision with an oracle that does not use Cedar.

#[allow(dead_code, reason = "some of it is for tests/policy.rs only")]
#[path = "../../tests/policy/cases.rs"]
pub(super) mod cases;
mod control;
pub(super) mod fixture;
mod decision_cache;
mod grants;
mod hops;
mod hubs;
mod literals;
mod messages;
mod releases;
mod rules;
mod signers;
mod simulated;
