//! The grants of an agreement: what each covers, what it says in words, and what a portion is missing to be covered.

mod compiled;
mod missing;
mod words;

pub(super) use compiled::CompiledGrant;
pub(super) use missing::{GrantCheck, MissingPermission};
pub use words::abbreviated_list;
pub(super) use words::{area_in_words, duration};
