//! The organisation's own rules: Cedar text that is never sent to anybody. They can only forbid.

use std::collections::BTreeSet;

use cedar_policy::{Effect, PolicyId, PolicySet, ValidationMode, ffi::DetailedError};

use super::{engine, outcome};
use crate::domain::fault::{Fault, Reason};

/// Checked house rules.
#[derive(Debug, Clone)]
pub struct HouseRules {
    pub(super) rules: Vec<(cedar_policy::Policy, outcome::Reason)>,
}

impl HouseRules {
    /// No rules.
    pub fn none() -> Self {
        Self { rules: Vec::new() }
    }

    /// Reads and checks the rules: each a `forbid` with its own `@id` and a `@reason`, strictly valid under the schema.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`; the field is `line:column` of the first mistake, and every mistake is in the message.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let set: PolicySet =
            text.parse().map_err(|e: cedar_policy::ParseErrors| faults(text, e.iter().map(DetailedError::from)))?;
        let schema = engine::schema()?;
        let result = schema.validator.validate(&set, ValidationMode::Strict);
        if !result.validation_passed() {
            return Err(faults(text, result.validation_errors().map(DetailedError::from)));
        }
        if set.num_of_templates() > 0 {
            return Err(refuse("a rule holds a `?principal` or `?resource`; name whom it is about instead"));
        }
        let mut ids = BTreeSet::new();
        let mut rules = Vec::new();
        for policy in set.policies() {
            let (renamed, reason) = rule(policy)?;
            if !ids.insert(reason.id.clone()) {
                return Err(refuse(&format!("two rules have the id `{}`; give each its own", reason.id)));
            }
            rules.push((renamed, reason));
        }
        rules.sort_by(|(_, a), (_, b)| a.cmp(b));
        Ok(Self { rules })
    }
}

/// One rule under the name that decisions know it by.
fn rule(policy: &cedar_policy::Policy) -> Result<(cedar_policy::Policy, outcome::Reason), Fault> {
    let id = policy.annotation("id").unwrap_or_default();
    if id.is_empty() {
        return Err(refuse("a rule has no @id; write @id(\"name\") above it"));
    }
    if policy.effect() == Effect::Permit {
        return Err(refuse(&format!("rule `{id}` permits; a house rule can only forbid, agreements permit")));
    }
    let words = policy.annotation("reason").unwrap_or_default();
    if words.is_empty() {
        return Err(refuse(&format!("rule `{id}` has no @reason; say in words why it forbids")));
    }
    let reason = outcome::Reason::new(format!("house:{id}"), words.to_owned());
    Ok((policy.new_id(PolicyId::new(&reason.id)), reason))
}

fn refuse(message: &str) -> Fault {
    Fault::new(Reason::InvalidArgument, message)
}

/// All mistakes in one fault, each with its line and column.
fn faults(text: &str, errors: impl Iterator<Item = DetailedError>) -> Fault {
    let mut told: Vec<(usize, String)> = errors
        .map(|e| {
            let at = e.source_locations.first().map_or(0, |l| l.loc.start);
            let help = e.help.map(|h| format!(" ({h})")).unwrap_or_default();
            (at, format!("{}{help}", e.message))
        })
        .collect();
    told.sort();
    let field = told.first().map(|(at, _)| line_and_column(text, *at)).unwrap_or_default();
    let all: Vec<String> =
        told.iter().map(|(at, message)| format!("{}: {message}", line_and_column(text, *at))).collect();
    Fault::at(Reason::InvalidArgument, field, all.join("; "))
}

/// `line:column`, both from 1, columns in characters.
fn line_and_column(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{line}:{column}")
}
