//! Who stands behind a version, as house rules may ask for it. Grants and built-in rules never do, so that a reader, who holds no house
//! rules of the giver, decides the same without it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::ids::{SpiffeId, TrustDomain};

/// The attributes of the schema that tell of it.
const ATTRIBUTES: [&str; 3] = ["originator", "signers", "cosigners"];

/// Whose a version is, and who has signed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Signed {
    /// Whose it is.
    pub originator: TrustDomain,
    /// Who has signed it. `None` where that is not known: then a rule that asks for it can't be evaluated, which is a denial.
    pub by: Option<Signers>,
}

/// Whose signatures a manifest bears.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Signers {
    /// All of them.
    pub all: BTreeSet<SpiffeId>,
    /// How many officers have signed beside the author.
    pub cosigners: i64,
}

/// Whether any of these policies may ask who has signed.
pub(super) fn is_asked_for<'a>(policies: impl IntoIterator<Item = &'a cedar_policy::Policy>) -> bool {
    policies.into_iter().any(|policy| policy.to_json().map_or(true, |tree| speaks_of_it(&tree)))
}

/// Cedar has no computed names: who asks for an attribute, names it.
fn speaks_of_it(node: &Value) -> bool {
    match node {
        Value::Object(fields) => {
            fields.iter().any(|(name, inner)| ATTRIBUTES.contains(&name.as_str()) || speaks_of_it(inner))
        }
        Value::Array(items) => items.iter().any(speaks_of_it),
        Value::String(text) => ATTRIBUTES.contains(&text.as_str()),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
