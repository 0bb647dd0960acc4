//! The organisation's own rules: Cedar text that is never sent to anybody, and rows on who controls a place. They can only forbid.

mod asks;
mod plain;
mod read;
mod text;
mod vocabulary;

use super::{engine, outcome};
use crate::domain::{
    fault::{Fault, Reason},
    place::ControlTable,
    rules::{RuleFault, RuleFile},
};
use read::Read;

pub use vocabulary::Known;

/// Checked house rules.
#[derive(Debug, Clone)]
pub struct HouseRules {
    pub(super) rules: Vec<(cedar_policy::Policy, outcome::Reason)>,
    /// Who controls which place, beside the table that everybody has.
    pub(super) control: ControlTable,
}

impl HouseRules {
    /// No rules.
    pub fn none() -> Self {
        Self { rules: Vec::new(), control: ControlTable::none() }
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

    /// The rows on who controls a place.
    pub fn control(&self) -> &ControlTable {
        &self.control
    }

    /// Whether nothing is forbidden by them.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.control.is_empty()
    }

    /// Reads and checks the rules: each a `forbid` with its own `@id` and a `@reason`, strictly valid under the schema, and none that asks
    /// for a word that is never there.
    ///
    /// # Errors
    /// Every mistake with its place, by file and line.
    pub fn compile(files: &[RuleFile]) -> Result<Self, Vec<RuleFault>> {
        Self::check(files, None).0
    }

    /// The same, and beside it what may be meant as it stands and may be a mistake: names that are not among those that are `known`, and words
    /// of later editions.
    pub fn check(files: &[RuleFile], known: Option<&Known>) -> (Result<Self, Vec<RuleFault>>, Vec<RuleFault>) {
        let Read { rules, mistakes, never, mut doubts } = Read::all(files, known);
        doubts.sort();
        let mut faults = [mistakes, never].concat();
        faults.sort();
        (if faults.is_empty() { Ok(rules) } else { Err(faults) }, doubts)
    }

    /// Rules that were in force before, whatever words they ask for: a program that has come to know better leaves them as they are.
    ///
    /// # Errors
    /// What can't be read as rules.
    pub fn kept(files: &[RuleFile]) -> Result<Self, Vec<RuleFault>> {
        let Read { rules, mut mistakes, .. } = Read::all(files, None);
        mistakes.sort();
        if mistakes.is_empty() { Ok(rules) } else { Err(mistakes) }
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
