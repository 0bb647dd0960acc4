//! The limits of lists in agreements and in messages that refer to them.

use crate::domain::fault::{Fault, Reason};

/// The most groups, and the most grants.
pub const MAX_PARTS: usize = 64;
/// The most places, topics or audiences of a grant, members of a group, or deadlines.
pub const MAX_NAMES: usize = 512;

pub(super) fn few(field: &str, number: usize, most: usize) -> Result<(), Fault> {
    if number <= most {
        return Ok(());
    }
    Err(Fault::at(Reason::StatementTooLarge, field, format!("{number} are too many; at most {most} are allowed")))
}

pub(super) fn each<A, B>(field: &str, all: Vec<A>, one: impl Fn(A) -> Result<B, Fault>) -> Result<Vec<B>, Fault> {
    all.into_iter().enumerate().map(|(i, a)| one(a).map_err(|f| f.within(&format!("{field}[{i}]")))).collect()
}
