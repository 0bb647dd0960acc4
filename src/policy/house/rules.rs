//! Checked house rules.

use super::{
    known_names::KnownNames,
    name_rows,
    parse::{ParsedFiles, parse_files},
};
use crate::{
    domain::{
        fault::{self, Fault},
        place::{ControlTable, OwnNames},
        rules::{RuleFault, RuleFile},
    },
    policy::{
        cedar::{ForbidRule, SCHEMA_TEXT},
        reason::PolicyReason,
    },
};

/// Checked house rules.
#[derive(Debug, Clone)]
pub struct HouseRules {
    /// Sorted by id.
    rules: Vec<ForbidRule>,
    /// Who controls which place, in addition to the built-in table.
    control: ControlTable,
    /// The organisation's own names of states, in addition to the built-in tables.
    names: OwnNames,
}

impl HouseRules {
    /// No rules.
    pub fn none() -> Self {
        Self { rules: Vec::new(), control: ControlTable::none(), names: OwnNames::none() }
    }

    /// One rule that forbids everything, for when nobody can tell what the rules were.
    ///
    /// # Errors
    /// Only if this program is at fault.
    pub fn forbid_all(reason: &str) -> Result<Self, Fault> {
        Self::parse(&format!("@id(\"unreadable\") @reason(\"{reason}\") forbid (principal, action, resource);"))
    }

    /// The schema that rules are checked against, as Cedar text with comments.
    pub fn schema() -> &'static str {
        SCHEMA_TEXT
    }

    /// The reasons of the rules, as decisions give them, sorted by id.
    pub fn reasons(&self) -> impl Iterator<Item = &PolicyReason> {
        self.rules.iter().map(|rule| &rule.reason)
    }

    /// The rows on who controls a place.
    pub fn control(&self) -> &ControlTable {
        &self.control
    }

    /// Whether a file of this name holds the organisation's own names of states.
    pub fn is_names(file: &str) -> bool {
        name_rows::is_names(file)
    }

    /// The organisation's own names of states.
    pub fn names(&self) -> &OwnNames {
        &self.names
    }

    /// Whether there is neither a rule nor a row.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.control.is_empty() && self.names.is_empty()
    }

    pub(in crate::policy) fn rules(&self) -> &[ForbidRule] {
        &self.rules
    }

    /// The same house rules without the rules that have these ids.
    pub(in crate::policy) fn without(&self, ids: &[String]) -> Self {
        let stays = |rule: &&ForbidRule| !ids.iter().any(|id| *id == rule.reason.id);
        Self { rules: self.rules.iter().filter(stays).cloned().collect(), ..self.clone() }
    }

    /// Reads and checks the rules. Each must be a `forbid` with its own `@id` and a `@reason`, strictly valid under the schema, and able to
    /// apply: none may compare an attribute with a word that it never has.
    ///
    /// # Errors
    /// Every mistake with its place, by file and line.
    pub fn compile(files: &[RuleFile]) -> Result<Self, Vec<RuleFault>> {
        Self::check(files, None).0
    }

    /// Reads and checks the rules, and returns warnings too: what is valid and may be a mistake. A name that is not among the known names is
    /// one, and a word of a later edition is another.
    pub fn check(files: &[RuleFile], known: Option<&KnownNames>) -> (Result<Self, Vec<RuleFault>>, Vec<RuleFault>) {
        let ParsedFiles { rules, control, names, mistakes, ineffective, mut warnings } = parse_files(files, known);
        warnings.sort();
        let mut faults = [mistakes, ineffective].concat();
        faults.sort();
        (if faults.is_empty() { Ok(Self { rules, control, names }) } else { Err(faults) }, warnings)
    }

    /// Reads rules that were in force before. Rules that can never apply are not refused: a newer edition of this program may know more words
    /// to be wrong, and leaves the rules as they are.
    ///
    /// # Errors
    /// What can't be read as rules.
    pub fn compile_accepted(files: &[RuleFile]) -> Result<Self, Vec<RuleFault>> {
        let ParsedFiles { rules, control, names, mut mistakes, .. } = parse_files(files, None);
        mistakes.sort();
        if mistakes.is_empty() { Ok(Self { rules, control, names }) } else { Err(mistakes) }
    }

    /// As [`Self::compile`], for one text without a file.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`. The field is `line:column` of the first mistake, and the message contains every mistake.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let files =
            if text.is_empty() { vec![] } else { vec![RuleFile { name: String::new(), text: text.to_owned() }] };
        Self::compile(&files).map_err(|faults| {
            let first = faults.first().map(|f| format!("{}:{}", f.line, f.column)).unwrap_or_default();
            let all: Vec<String> = faults.iter().map(|f| f.to_string().trim_start_matches(':').to_owned()).collect();
            Fault::at(fault::Reason::InvalidArgument, first, all.join("; "))
        })
    }
}
