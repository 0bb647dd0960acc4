//! The organisation's own rules: Cedar text that is never sent to anybody. They can only forbid.

use std::collections::BTreeMap;

use cedar_policy::{Effect, PolicyId, PolicySet, ValidationMode, ffi::DetailedError};

use super::{engine, outcome};
use crate::domain::{
    fault::{Fault, Reason},
    rules::{RuleFault, RuleFile},
};

/// Checked house rules.
#[derive(Debug, Clone)]
pub struct HouseRules {
    pub(super) rules: Vec<(cedar_policy::Policy, outcome::Reason)>,
}

/// A rule, where it begins in its file, and how decisions know it.
struct Found {
    place: Place,
    policy: cedar_policy::Policy,
    reason: outcome::Reason,
}

type Place = (u32, u32);

impl HouseRules {
    /// No rules.
    pub fn none() -> Self {
        Self { rules: Vec::new() }
    }

    /// One rule that forbids everything: for when nobody can tell what the rules were.
    ///
    /// # Errors
    /// Never but by a mistake in this program.
    pub fn forbid_all(reason: &str) -> Result<Self, Fault> {
        Self::parse(&format!("@id(\"unreadable\") @reason(\"{reason}\") forbid (principal, action, resource);"))
    }

    /// The schema that rules are checked against, as Cedar text with comments.
    pub fn schema() -> &'static str {
        engine::SCHEMA
    }

    /// Each rule's id, as decisions name it, and its words; by id.
    pub fn reasons(&self) -> impl Iterator<Item = &outcome::Reason> {
        self.rules.iter().map(|(_, reason)| reason)
    }

    /// Reads and checks the rules: each a `forbid` with its own `@id` and a `@reason`, strictly valid under the schema.
    ///
    /// # Errors
    /// Every mistake with its place, by file and line.
    pub fn compile(files: &[RuleFile]) -> Result<Self, Vec<RuleFault>> {
        let mut faults = Vec::new();
        let mut rules = Vec::new();
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for RuleFile { name, text } in files {
            if text.trim().is_empty() {
                // An editor's half-written file must not lift rules for a moment.
                faults.push(RuleFault::of_file(name, "the file is empty; delete it where no rule is meant"));
                continue;
            }
            let found = match read(name, text) {
                Ok(found) => found,
                Err(mistakes) => {
                    faults.extend(mistakes);
                    continue;
                }
            };
            for Found { place, policy, reason } in found {
                let here = format!("{name}:{}", place.0);
                match seen.get(&*reason.id) {
                    Some(there) => {
                        let id = reason.id.trim_start_matches(PREFIX);
                        let told = format!("two rules have the id `{id}`; give each its own, the other is at {there}");
                        faults.push(at(name, place, told, None));
                    }
                    None => {
                        seen.insert(reason.id.to_string(), here);
                        rules.push((policy, reason));
                    }
                }
            }
        }
        if !faults.is_empty() {
            faults.sort();
            return Err(faults);
        }
        rules.sort_by(|(_, a), (_, b)| a.cmp(b));
        Ok(Self { rules })
    }

    /// As [`Self::compile`], for one text without a file.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`; the field is `line:column` of the first mistake, and every mistake is in the message.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let files =
            if text.is_empty() { vec![] } else { vec![RuleFile { name: String::new(), text: text.to_owned() }] };
        Self::compile(&files).map_err(|faults| {
            let first = faults.first().map(|f| format!("{}:{}", f.line, f.column)).unwrap_or_default();
            let all: Vec<String> = faults.iter().map(|f| f.to_string().trim_start_matches(':').to_owned()).collect();
            Fault::at(Reason::InvalidArgument, first, all.join("; "))
        })
    }
}

/// What stands before a house rule's id in decisions.
const PREFIX: &str = "house:";

/// The rules of one file.
fn read(name: &str, text: &str) -> Result<Vec<Found>, Vec<RuleFault>> {
    let told = |error: DetailedError| {
        let place = line_and_column(text, error.source_locations.first().map_or(0, |l| l.loc.start));
        at(name, place, without_the_engine_s_name(&error.message), error.help)
    };
    let set: PolicySet = match text.parse() {
        Ok(set) => set,
        Err(errors) => {
            let errors: cedar_policy::ParseErrors = errors;
            return Err(errors.iter().map(|e| told(DetailedError::from(e))).collect());
        }
    };
    if set.num_of_templates() > 0 {
        let what = "a rule holds a `?principal` or `?resource`; name whom it is about instead";
        let offset = text.find("?principal").into_iter().chain(text.find("?resource")).min().unwrap_or_default();
        return Err(vec![at(name, line_and_column(text, offset), what, None)]);
    }
    let schema = engine::schema().map_err(|e| vec![RuleFault::of_file(name, e.to_string())])?;
    let result = schema.validator.validate(&set, ValidationMode::Strict);
    let mut faults: Vec<RuleFault> = result.validation_errors().map(|e| told(DetailedError::from(e))).collect();
    let mut found = Vec::new();
    for (offset, policy) in in_order(&set, text) {
        let place = line_and_column(text, offset);
        match rule(&policy) {
            Ok((policy, reason)) => found.push(Found { place, policy, reason }),
            Err(what) => faults.push(at(name, place, what, None)),
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// The policies with where each begins. Cedar names them `policy0`, `policy1` … in the text's order, and keeps their text.
fn in_order(set: &PolicySet, text: &str) -> Vec<(usize, cedar_policy::Policy)> {
    let number = |p: &cedar_policy::Policy| p.id().to_string().trim_start_matches("policy").parse::<usize>().ok();
    let mut all: Vec<_> = set.policies().cloned().collect();
    all.sort_by_key(number);
    let mut cursor = 0;
    let place = |policy: cedar_policy::Policy| {
        let own = policy.to_cedar().unwrap_or_default();
        let start = text.get(cursor..).and_then(|rest| rest.find(&own)).map_or(cursor, |at| cursor + at);
        cursor = start + own.len();
        (start, policy)
    };
    all.into_iter().map(place).collect()
}

/// One rule under the name that decisions know it by.
fn rule(policy: &cedar_policy::Policy) -> Result<(cedar_policy::Policy, outcome::Reason), String> {
    let id = policy.annotation("id").unwrap_or_default();
    if id.is_empty() {
        return Err("a rule has no @id; write @id(\"name\") above it".to_owned());
    }
    if policy.effect() == Effect::Permit {
        return Err(format!("rule `{id}` permits; a house rule can only forbid, agreements permit"));
    }
    let words = policy.annotation("reason").unwrap_or_default();
    if words.is_empty() {
        return Err(format!("rule `{id}` has no @reason; say in words why it forbids"));
    }
    let reason = outcome::Reason::new(format!("{PREFIX}{id}"), words.to_owned());
    Ok((policy.new_id(PolicyId::new(&reason.id)), reason))
}

/// Cedar begins with "for policy `policy0`, ", a name that the writer never gave.
fn without_the_engine_s_name(message: &str) -> &str {
    let rest = message.strip_prefix("for policy `policy").and_then(|rest| rest.split_once("`, "));
    rest.map_or(message, |(_, what)| what)
}

fn at(file: &str, (line, column): Place, message: impl Into<String>, help: Option<String>) -> RuleFault {
    RuleFault { file: file.to_owned(), line, column, message: message.into(), help }
}

/// Both from 1, columns in characters.
fn line_and_column(text: &str, offset: usize) -> Place {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}
