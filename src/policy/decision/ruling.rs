//! What one agreement says about one item, and on what grounds it permits it.

use std::collections::BTreeMap;

use crate::policy::reason::PolicyReason;

/// What permits an item under one agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) struct Grounds {
    /// Indexes of grants in [`CompiledAgreement::grants`](crate::policy::agreement::CompiledAgreement::grants), in ascending order.
    pub grants: Vec<usize>,
    /// Indexes of exceptions in [`Facts::exceptions`](crate::policy::facts::Facts::exceptions), in ascending order.
    pub exceptions: Vec<usize>,
}

impl Grounds {
    /// Whether nothing permits the item.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.exceptions.is_empty()
    }

    /// The exceptions, if no grant permits the item. Only then does a release name them.
    pub fn needed_exceptions(&self) -> &[usize] {
        if self.grants.is_empty() { &self.exceptions } else { &[] }
    }

    /// The grounds that are also among the others.
    pub fn intersection(&self, other: &Self) -> Self {
        let shared = |own: &[usize], other: &[usize]| own.iter().copied().filter(|i| other.contains(i)).collect();
        Self { grants: shared(&self.grants, &other.grants), exceptions: shared(&self.exceptions, &other.exceptions) }
    }
}

/// The permitted items by index, each with its grounds, which are not empty.
pub(in crate::policy) type GrantedItems = BTreeMap<usize, Grounds>;

/// What one agreement says about one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum Ruling {
    /// It is permitted.
    Permitted(Grounds),
    /// Nothing forbids it, but no grant permits it. An exception may permit it instead.
    NoGrant(PolicyReason),
    /// A rule or the terms of an earlier release forbid it.
    Denied(Vec<PolicyReason>),
}

impl Ruling {
    /// Adds the exceptions that release the item. They count only if nothing forbids it. They count in addition to its grants, since the
    /// recipient may not be able to see that the grants cover it.
    pub fn with_exceptions(&self, exceptions: Vec<usize>) -> Self {
        match self {
            Self::Permitted(grounds) => Self::Permitted(Grounds { exceptions, ..grounds.clone() }),
            Self::NoGrant(_) => Self::Permitted(Grounds { grants: vec![], exceptions }),
            Self::Denied(reasons) => Self::Denied(reasons.clone()),
        }
    }

    /// Adds reasons against the item.
    pub fn with_denials(&self, denials: Vec<PolicyReason>) -> Self {
        Self::Denied(self.reasons().iter().cloned().chain(denials).collect())
    }

    /// The indexes of the grants that permit it. Empty if none does.
    pub fn grants(&self) -> &[usize] {
        match self {
            Self::Permitted(grounds) => &grounds.grants,
            Self::NoGrant(_) | Self::Denied(_) => &[],
        }
    }

    /// Why it is not permitted. Empty if it is.
    pub fn reasons(&self) -> &[PolicyReason] {
        match self {
            Self::Permitted(_) => &[],
            Self::NoGrant(reason) => std::slice::from_ref(reason),
            Self::Denied(reasons) => reasons,
        }
    }
}
