//! Names of rows, in the forms in which queries and ciphertexts need them, and the numbers of arrivals.

use crate::domain::ids::{StatementId, TrustDomain};

/// Gives out the next arrival number. The row stays locked until the commit, so that the order of the numbers is the order of the commits.
pub(super) const NEXT_ARRIVAL: &str = "UPDATE turn SET newest = newest + 1 WHERE of = 'arrival'";

/// A version: the number of its row, and the id of its manifest.
#[derive(Clone, Copy)]
pub(super) struct VersionRow<'a> {
    pub(super) number: i64,
    pub(super) manifest_id: &'a StatementId,
}

/// An entry that arrived: the number of its sender's row, its sender, and its number in that feed. What was made here comes from this
/// organisation.
#[derive(Clone, Copy)]
pub(super) struct ArrivalRow<'a> {
    pub(super) peer: i64,
    pub(super) from: &'a TrustDomain,
    pub(super) sequence: u64,
}

/// Where the content of an arrival is stored: the numbers of its version's and its sender's row, and its number in that feed.
#[derive(Clone, Copy)]
pub(super) struct ContentRow {
    pub(super) manifest: i64,
    pub(super) peer: i64,
    pub(super) sequence: i64,
    pub(super) is_quarantined: bool,
}
