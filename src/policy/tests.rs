//! The decision in sentences. Against an oracle that knows nothing of Cedar: `tests/policy.rs`.

mod asked;
#[allow(dead_code, reason = "some of it is for tests/policy.rs only")]
#[path = "../../tests/policy/cases.rs"]
pub(super) mod cases;
mod control;
pub(super) mod fixture;
mod grants;
mod hubs;
mod memo;
mod paths;
mod releases;
mod rules;
mod signers;
mod simulated;
