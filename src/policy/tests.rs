//! The decision in sentences. Against an oracle that knows nothing of Cedar: `tests/policy.rs`.

mod fixture;
mod grants;
mod hubs;
mod releases;
mod rules;
