//! The release decision: which portions of an assessment may go to which partner, and why. It does no I/O and has no clock.
//!
//! The grants of each agreement are compiled to Cedar `permit` policies. The built-in rules (`policy/cedar/builtin.cedar`) and the house rules
//! are `forbid` policies. A `forbid` overrides every `permit`, and what nothing permits is denied. `policy/cedar/release.cedarschema` declares
//! the attributes that rules may use.
//!
//! A [`PartnerPolicy`] contains only what concerns one giver and one taker, so the agreement of one partner can't affect a decision about
//! another. Each agreement in it has its own policy set, because a release stands on one agreement, and that agreement defines its groups.
//!
//! Only a decision can create a [`Permit`] or a [`Cleared`]: who has one has passed the decision.
//!
//! From the ground up, each module imports only those before it:
//!
//! - `reason`, `audience`, `attributes`: the values that all others use.
//! - `grant`: what a grant covers, and what is missing for it to permit a portion.
//! - `cedar`: the policies of an agreement, and their evaluation.
//! - `house`: the organisation's own rules.
//! - `agreement`, `facts`: what a decision takes, for a partner and for an assessment.
//! - `provenance`: what may be passed on, and the check of the hops by which an assessment came.
//! - `decision`: the decision.
//! - `reach`: to whom a recipient may pass a portion on.
//! - `accept`, `simulate`, `remedy`: the recipient's check, the comparison of two policies, and what would have to change.

mod accept;
mod agreement;
mod attributes;
mod audience;
mod cedar;
mod decision;
mod facts;
mod grant;
mod house;
mod provenance;
mod reach;
mod reason;
pub mod remedy;
mod simulate;
#[cfg(test)]
mod tests;

pub use accept::accept;
pub use agreement::PartnerPolicy;
pub use decision::{
    Cleared, Decision, Denial, FULLER_HEADLINE, GrantRef, Permit, PortionVerdict, Verdict, decide, plan,
    possible_release_times, schedule,
};
pub use facts::{EndorsementFacts, Facts, ItemId, PartnerException, Provenance};
pub use grant::abbreviated_list;
pub use house::{HouseRules, KnownNames};
pub use provenance::{Breach, Hop, check_hops};
pub use reach::Reach;
pub use reason::PolicyReason;
pub use simulate::{Change, DecisionDifference, compare, without_dates};
