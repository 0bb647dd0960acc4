//! The decision: which items of an assessment go to a partner at a time, under one agreement, on which terms, and why.

mod basis;
mod candidate;
mod decide;
mod explain;
mod headlines;
mod plan;
mod ruling;
mod terms;
mod verdict;

pub(super) use basis::Basis;
pub use candidate::FULLER_HEADLINE;
pub use decide::decide;
pub use plan::{plan, possible_release_times, schedule};
pub(super) use ruling::{GrantedItems, Grounds, Ruling};
pub(super) use terms::release_terms;
pub use verdict::{Cleared, Decision, Denial, GrantRef, Permit, PortionVerdict, Verdict};
