//! Whose a version is, and who signed it.
//!
//! Grants never depend on it, and of the signers only house rules can know. A built-in rule knows the originator, which the manifest names. So a
//! recipient, who does not have the giver's house rules, reaches the same decision.

use std::collections::BTreeSet;

use crate::domain::ids::{SpiffeId, TrustDomain};

/// Whose a version is, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::policy) struct Authorship {
    /// The organisation whose assessment it is.
    pub originator: TrustDomain,
    /// Who signed it. Where this is not known, a rule that depends on it can't be evaluated, which is a denial.
    pub signers: Option<SignerFacts>,
}

/// The signers of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::policy) struct SignerFacts {
    /// All of them.
    pub ids: BTreeSet<SpiffeId>,
    /// How many officers signed in addition to the author.
    pub cosigners: i64,
}
