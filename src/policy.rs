//! The release decision: which portions of an assessment may go to which partner, and why. Pure: no I/O and no clock.
//!
//! Each agreement's grants compile to Cedar `permit` policies; the built-in rules (`policy/builtin.cedar`) and the house's own are
//! `forbid` policies. A forbid wins, and what nothing permits is denied. The words that rules may use are in
//! `policy/release.cedarschema`. A [`PartnerPolicy`] holds what lies between one giver and one taker only, so that no partner's
//! agreement can ever touch a decision about another; inside it every agreement has a policy set of its own, because a
//! release stands on one agreement and groups mean what that agreement says.
//!
//! [`Permit`] and [`Cleared`] can be made nowhere else: who holds one has passed the decision.

mod accept;
mod agreement;
mod assemble;
mod clock;
mod decide;
mod engine;
mod exception;
mod explain;
mod facts;
mod grant;
mod headlines;
mod held;
mod house;
mod memo;
mod onward;
mod outcome;
mod path;
mod plan;
pub mod remedy;
mod signed;
mod simulate;
mod terms;
mod told;
#[cfg(test)]
mod tests;
mod unmet;

pub use accept::accept;
pub use agreement::PartnerPolicy;
pub use decide::decide;
pub use exception::Excepted;
pub use facts::Facts;
pub use grant::listed;
pub use house::{HouseRules, Known};
pub use onward::Provenance;
pub use outcome::{Cleared, Decision, Denial, GrantRef, Permit, PortionOutcome, Reason, Verdict};
pub use path::{Breach, Hop, check_path};
pub use plan::{plan, schedule, times};
pub use simulate::{Change, Difference, compare, without_dates};
