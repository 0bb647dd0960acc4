//! Files of rules, read with every mistake that is in them: one does not hide another.

use std::collections::BTreeMap;

use cedar_policy::{Effect, PolicyId, PolicySet, ValidationMode, ValidationWarning, ffi::DetailedError};

use super::{
    super::{engine, held, outcome},
    HouseRules, asks, plain,
    text::{Place, line_and_column, pieces},
    vocabulary::Known,
};
use crate::domain::{
    place::Control,
    rules::{RuleFault, RuleFile},
};

/// What stands before a house rule's id in decisions.
const PREFIX: &str = "house:";

/// What was read of all files.
pub(super) struct Read {
    /// Those that are rules, by id.
    pub rules: HouseRules,
    /// What is no rule.
    pub mistakes: Vec<RuleFault>,
    /// What is a rule and never applies, or always does.
    pub never: Vec<RuleFault>,
    /// What only a person can tell to be right.
    pub doubts: Vec<RuleFault>,
}

impl Read {
    pub fn all(files: &[RuleFile], known: Option<&Known>) -> Self {
        let mut read = Self { rules: HouseRules::none(), mistakes: vec![], never: vec![], doubts: vec![] };
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut rows: Vec<Control> = Vec::new();
        let mut seen_rows = BTreeMap::new();
        for file @ RuleFile { name, text } in files {
            if text.trim().is_empty() {
                // An editor's half-written file must not lift rules for a moment.
                read.mistakes.push(RuleFault::of_file(name, "the file is empty; delete it where no rule is meant"));
            } else if held::is_table(name) {
                rows.extend(held::read(file, &mut seen_rows, &mut read.mistakes));
            } else {
                File { name, text, known }.read(&mut read, &mut seen);
            }
        }
        read.rules.rules.sort_by(|(_, a), (_, b)| a.cmp(b));
        read.rules.control = rows.into_iter().collect();
        read
    }
}

/// One file of rules.
#[derive(Clone, Copy)]
struct File<'a> {
    name: &'a str,
    text: &'a str,
    known: Option<&'a Known>,
}

impl File<'_> {
    /// The rules of the file. Where it can't be read as a whole, each by itself, so that a mistake in one hides none in the others.
    fn read(self, read: &mut Read, seen: &mut BTreeMap<String, String>) {
        let whole: cedar_policy::ParseErrors = match self.text.parse() {
            Ok(set) => return self.check((&set, self.text), 0, read, seen),
            Err(errors) => errors,
        };
        let before = read.mistakes.len();
        let mut has_told = false;
        for (offset, piece) in pieces(self.text) {
            match piece.parse::<PolicySet>() {
                Ok(set) => self.check((&set, piece), offset, read, seen),
                Err(errors) => {
                    has_told = true;
                    read.mistakes.extend(errors.iter().map(|e| self.told(&DetailedError::from(e), offset)));
                }
            }
        }
        if !has_told {
            read.mistakes.truncate(before);
            read.mistakes.extend(whole.iter().map(|e| self.told(&DetailedError::from(e), 0)));
        }
    }

    /// What Cedar says of a part of the file that begins there.
    fn told(self, error: &DetailedError, offset: usize) -> RuleFault {
        let at = offset + error.source_locations.first().map_or(0, |l| l.loc.start);
        let (message, help) = plain::told(&error.message, error.help.as_deref());
        self.at(line_and_column(self.text, at), message, help)
    }

    fn at(self, (line, column): Place, message: impl Into<String>, help: Option<String>) -> RuleFault {
        RuleFault { file: self.name.to_owned(), line, column, message: message.into(), help }
    }

    /// The rules of a part of the file, which begins at `offset`.
    fn check(
        self,
        (set, part): (&PolicySet, &str),
        offset: usize,
        read: &mut Read,
        seen: &mut BTreeMap<String, String>,
    ) {
        if set.num_of_templates() > 0 {
            let what = "a rule holds a `?principal` or `?resource`; name whom it is about instead";
            let slot = part.find("?principal").into_iter().chain(part.find("?resource")).min().unwrap_or_default();
            read.mistakes.push(self.at(line_and_column(self.text, offset + slot), what, None));
        }
        self.validate(set, offset, read);
        for (start, policy) in in_order(set, part) {
            let place = line_and_column(self.text, offset + start);
            for (at, odd) in asks::odd(&policy, part.get(start..).unwrap_or_default(), self.known) {
                let place = at.map_or(place, |at| line_and_column(self.text, offset + start + at));
                let fault = self.at(place, odd.what, Some(odd.help));
                if odd.may_be_meant { &mut read.doubts } else { &mut read.never }.push(fault);
            }
            let lacks = lacks(&policy);
            read.mistakes.extend(lacks.into_iter().map(|what| self.at(place, what, None)));
            if let Some((policy, reason)) = rule(&policy) {
                let here = format!("{}:{}", self.name, place.0);
                match seen.get(&*reason.id) {
                    Some(there) => {
                        let id = reason.id.trim_start_matches(PREFIX);
                        let told = format!("two rules have the id `{id}`; give each its own, the other is at {there}");
                        read.mistakes.push(self.at(place, told, None));
                    }
                    None => {
                        seen.insert(reason.id.to_string(), here);
                        read.rules.rules.push((policy, reason));
                    }
                }
            }
        }
    }

    /// Strictly, against the schema.
    fn validate(self, set: &PolicySet, offset: usize, read: &mut Read) {
        let schema = match engine::schema() {
            Ok(schema) => schema,
            Err(fault) => return read.mistakes.push(RuleFault::of_file(self.name, fault.to_string())),
        };
        let result = schema.validator.validate(set, ValidationMode::Strict);
        read.mistakes.extend(result.validation_errors().map(|e| self.told(&DetailedError::from(e), offset)));
        for warning in result.validation_warnings() {
            let never = matches!(
                warning,
                ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_)
            );
            let mut fault = self.told(&DetailedError::from(warning), offset);
            if never {
                "the rule never applies: nothing meets its conditions".clone_into(&mut fault.message);
                let help = || "mend it, or delete it where no rule is meant".to_owned();
                fault.help = Some(fault.help.unwrap_or_else(help));
            }
            if never { &mut read.never } else { &mut read.doubts }.push(fault);
        }
    }
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

fn annotation<'p>(policy: &'p cedar_policy::Policy, name: &str) -> Option<&'p str> {
    policy.annotation(name).filter(|text| !text.is_empty())
}

/// All that a rule lacks to be one of a house.
fn lacks(policy: &cedar_policy::Policy) -> Vec<String> {
    let id = annotation(policy, "id");
    let named = id.map_or_else(|| "a rule".to_owned(), |id| format!("rule `{id}`"));
    let mut all = vec![];
    if id.is_none() {
        all.push("a rule has no @id; write @id(\"name\") above it".to_owned());
    }
    if policy.effect() == Effect::Permit {
        all.push(format!("{named} permits; a house rule can only forbid, agreements permit"));
    }
    if annotation(policy, "reason").is_none() {
        all.push(format!("{named} has no @reason; say in words why it forbids"));
    }
    all
}

/// One rule under the name that decisions know it by, where it has one.
fn rule(policy: &cedar_policy::Policy) -> Option<(cedar_policy::Policy, outcome::Reason)> {
    let words = annotation(policy, "reason").unwrap_or_default();
    let reason = outcome::Reason::new(format!("{PREFIX}{}", annotation(policy, "id")?), words.to_owned());
    Some((policy.new_id(PolicyId::new(&reason.id)), reason))
}
