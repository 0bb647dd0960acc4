//! Integers that another organisation sets, and their bounds. Larger ones are refused here, before anything is stored. Code and columns further
//! inside therefore need not consider the ends of their types.

use std::ops::RangeInclusive;

use super::field::refuse;
use crate::domain::{
    fault::Fault,
    ledger::{MAX_ENTRIES, MAX_EPOCH},
    statement::MAX_COSIGNERS,
};

/// Versions of an assessment or of an agreement.
const VERSIONS: RangeInclusive<u32> = 1..=1_000_000;
/// Numbers in a feed, and numbers of bundles. JSON in every language represents them exactly (RFC 8259, section 6).
const MAX_SEQUENCE: u64 = (1 << 53) - 1;
/// A hundred years.
const MAX_DAYS: u32 = 36_525;
/// How many hops something may be passed on, and how many persons may have to approve.
const MAX_FEW: u32 = 64;

/// Checks that a number is within its bounds.
///
/// # Errors
/// Names the field.
fn within<T: PartialOrd + std::fmt::Display>(field: &str, number: T, bounds: RangeInclusive<T>) -> Result<T, Fault> {
    if bounds.contains(&number) {
        return Ok(number);
    }
    Err(refuse(field, format!("{number} is out of bounds; it is {} to {}", bounds.start(), bounds.end())))
}

/// A version, from 1 on.
///
/// # Errors
/// Names the field.
pub fn version(field: &str, number: u32) -> Result<u32, Fault> {
    within(field, number, VERSIONS)
}

/// A number that counts up. 0 means before the first.
///
/// # Errors
/// Names the field.
pub fn sequence(field: &str, number: u64) -> Result<u64, Fault> {
    within(field, number, 0..=MAX_SEQUENCE)
}

/// The epoch of a ledger, from 1 on.
///
/// # Errors
/// Names the field.
pub fn epoch(field: &str, number: u32) -> Result<u32, Fault> {
    within(field, number, 1..=MAX_EPOCH)
}

/// How many entries a ledger has.
///
/// # Errors
/// Names the field.
pub fn entries(field: &str, number: u64) -> Result<u64, Fault> {
    within(field, number, 0..=MAX_ENTRIES)
}

/// Days.
///
/// # Errors
/// Names the field.
pub fn days(field: &str, number: u32) -> Result<u32, Fault> {
    within(field, number, 0..=MAX_DAYS)
}

/// A time span in seconds.
///
/// # Errors
/// Names the field.
pub fn seconds(field: &str, number: u64) -> Result<u64, Fault> {
    within(field, number, 0..=u64::from(MAX_DAYS) * 86_400)
}

/// How many officers must sign in addition to the author.
///
/// # Errors
/// Names the field.
pub fn cosigners(field: &str, number: u32) -> Result<u32, Fault> {
    within(field, number, 0..=MAX_COSIGNERS)
}

/// A number of hops or persons.
///
/// # Errors
/// Names the field.
pub fn few(field: &str, number: u32) -> Result<u32, Fault> {
    within(field, number, 0..=MAX_FEW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_number_of_each_kind_fits_a_column_and_one_more_is_refused() {
        assert!(epoch("n", MAX_EPOCH).is_ok() && entries("n", MAX_ENTRIES).is_ok());
        let largest = [sequence("n", MAX_SEQUENCE).unwrap(), seconds("n", u64::from(MAX_DAYS) * 86_400).unwrap()];
        assert!(largest.into_iter().all(|n| i64::try_from(n).is_ok()));
        assert!(version("n", 0).is_err() && version("n", 1_000_001).is_err() && epoch("n", 8_388_608).is_err());
        assert!(sequence("n", MAX_SEQUENCE + 1).is_err() && entries("n", MAX_ENTRIES + 1).is_err());
        assert!(days("n", MAX_DAYS + 1).is_err() && seconds("n", u64::MAX).is_err() && few("n", 65).is_err());
    }
}
