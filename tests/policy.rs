//! Compares the release decision with a second, naive implementation, over random cases and over the cases in `tests/vectors/policy/`.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

// The unit tests' fixture is used here too. It imports these by `crate::`.
use watchfire::{domain, policy};

#[path = "shared/asked.rs"]
mod asked;
#[path = "policy/back.rs"]
mod back;
#[path = "policy/cases.rs"]
mod cases;
#[path = "policy/chains.rs"]
mod chains;
#[path = "policy/compared.rs"]
mod compared;
#[path = "policy/exceptions.rs"]
mod exceptions;
#[path = "../src/policy/tests/fixture.rs"]
#[allow(dead_code, reason = "some of it is for the unit tests only")]
mod fixture;
#[path = "policy/headlines.rs"]
mod headlines;
#[path = "policy/house.rs"]
mod house;
#[path = "policy/oracle.rs"]
mod oracle;
#[path = "policy/passed_on.rs"]
mod passed_on;
#[path = "policy/places.rs"]
mod places;
#[path = "policy/terms.rs"]
mod terms;
#[path = "policy/vectors.rs"]
mod vectors;
