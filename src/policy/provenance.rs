//! Passing on: what an organisation that is not the originator may give, and the check of the hops by which an assessment came.

mod acquisition;
mod back;
mod hops;

pub(super) use acquisition::Acquisition;
pub(super) use back::{denials_back, goes_along, nothing_new};
pub use hops::{Breach, Hop, check_hops};
