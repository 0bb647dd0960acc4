//! The result of one evaluation.

use crate::policy::reason::PolicyReason;

/// What Cedar decided for one portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::policy) enum Evaluation {
    /// These grants permit it, and nothing forbids it. The grants are given by their indexes in the agreement, in ascending order.
    Permitted { grants: Vec<usize> },
    /// These rules forbid it. Where there is none, no grant permits it.
    Denied { reasons: Vec<PolicyReason> },
}

impl Evaluation {
    /// The evaluation failed, which is a denial.
    pub fn failed(what: impl std::fmt::Display) -> Self {
        Self::Denied { reasons: vec![evaluation_error(what)] }
    }
}

/// The reason for a denial if something could not be evaluated.
pub(super) fn evaluation_error(what: impl std::fmt::Display) -> PolicyReason {
    PolicyReason::new(
        "evaluation-error",
        format!("`{what}` could not be evaluated, so nothing is permitted; correct it"),
    )
}
