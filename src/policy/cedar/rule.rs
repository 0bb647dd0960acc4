//! A rule that forbids: a built-in one, or one of the house.

use crate::policy::reason::PolicyReason;

/// A Cedar policy that forbids, and the reason that a decision gives if the policy applies.
#[derive(Debug, Clone)]
pub(in crate::policy) struct ForbidRule {
    pub policy: cedar_policy::Policy,
    pub reason: PolicyReason,
}
