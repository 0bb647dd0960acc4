//! Reading files of rules with all of their mistakes: one mistake does not hide another.

use std::collections::BTreeMap;

use cedar_policy::{Effect, PolicyId, PolicySet, ValidationMode, ValidationWarning, ffi::DetailedError};

use super::{
    control_rows,
    known_names::KnownNames,
    literals::{LocatedProblem, check_literals},
    messages::reworded,
    name_rows,
    tokens::{TextPosition, position, split_rules},
};
use crate::{
    domain::{
        place::{Control, ControlTable, OwnName, OwnNames},
        rules::{RuleFault, RuleFile},
    },
    policy::{
        cedar::{ForbidRule, compiled_schema},
        reason::PolicyReason,
    },
};

/// The prefix of a house rule's id in decisions.
const PREFIX: &str = "house:";

/// What was read from some files.
pub(super) struct ParsedFiles {
    /// The rules, sorted by id.
    pub rules: Vec<ForbidRule>,
    /// The rows on who controls a place.
    pub control: ControlTable,
    /// The organisation's own names of states.
    pub names: OwnNames,
    /// What is not a rule.
    pub mistakes: Vec<RuleFault>,
    /// Rules that never apply, and conditions that are always or never met.
    pub ineffective: Vec<RuleFault>,
    /// What may be a mistake.
    pub warnings: Vec<RuleFault>,
}

/// Reads all files.
pub(super) fn parse_files(files: &[RuleFile], known: Option<&KnownNames>) -> ParsedFiles {
    let mut parser = Parser {
        known,
        rules: vec![],
        rule_places: BTreeMap::new(),
        mistakes: vec![],
        ineffective: vec![],
        warnings: vec![],
    };
    let mut rows: Vec<Control> = Vec::new();
    let mut names: Vec<OwnName> = Vec::new();
    let mut seen_rows = BTreeMap::new();
    for file @ RuleFile { name, text } in files {
        if text.trim().is_empty() {
            // A file that an editor is just writing must not lift rules for a moment.
            let message = "the file is empty; write a rule, or delete the file";
            parser.mistakes.push(RuleFault::of_file(name, message));
        } else if name_rows::is_names(name) {
            names.extend(name_rows::parse_names(file, &mut parser.mistakes));
        } else if control_rows::is_table(name) {
            rows.extend(control_rows::parse_rows(file, &mut seen_rows, &mut parser.mistakes));
        } else {
            parser.parse_file(SourceFile { name, text });
        }
    }
    let Parser { mut rules, mistakes, ineffective, warnings, .. } = parser;
    rules.sort_by(|a, b| a.reason.cmp(&b.reason));
    let (control, names) = (rows.into_iter().collect(), names.into_iter().collect());
    ParsedFiles { rules, control, names, mistakes, ineffective, warnings }
}

/// One file of rules.
#[derive(Clone, Copy)]
struct SourceFile<'a> {
    name: &'a str,
    text: &'a str,
}

/// A part of a file.
#[derive(Clone, Copy)]
struct Part<'a> {
    source: SourceFile<'a>,
    /// Where it begins in the file.
    offset: usize,
    text: &'a str,
}

impl Part<'_> {
    /// The position in the file of an offset in this part.
    fn position(self, offset: usize) -> TextPosition {
        position(self.source.text, self.offset + offset)
    }

    /// A fault at this position.
    fn fault(self, at: TextPosition, message: impl Into<String>, help: Option<String>) -> RuleFault {
        let TextPosition { line, column } = at;
        RuleFault { file: self.source.name.to_owned(), line, column, message: message.into(), help }
    }

    /// Cedar's error as a fault.
    fn cedar_fault(self, error: &DetailedError) -> RuleFault {
        let at = self.position(error.source_locations.first().map_or(0, |l| l.loc.start));
        let (message, help) = reworded(&error.message, error.help.as_deref());
        self.fault(at, message, help)
    }
}

/// What was read so far.
struct Parser<'a> {
    known: Option<&'a KnownNames>,
    rules: Vec<ForbidRule>,
    /// The file and line of each rule, by its id in decisions.
    rule_places: BTreeMap<String, String>,
    mistakes: Vec<RuleFault>,
    ineffective: Vec<RuleFault>,
    warnings: Vec<RuleFault>,
}

impl Parser<'_> {
    /// Reads the rules of a file. Where the file can't be read as a whole, each rule is read by itself, so that a mistake in one does not hide
    /// a mistake in another.
    fn parse_file(&mut self, source: SourceFile<'_>) {
        let whole = Part { source, offset: 0, text: source.text };
        let errors: cedar_policy::ParseErrors = match source.text.parse() {
            Ok(set) => return self.check_part(whole, &set),
            Err(errors) => errors,
        };
        let before = self.mistakes.len();
        let mut has_error = false;
        for (offset, text) in split_rules(source.text) {
            let part = Part { source, offset, text };
            match text.parse::<PolicySet>() {
                Ok(set) => self.check_part(part, &set),
                Err(errors) => {
                    has_error = true;
                    self.mistakes.extend(errors.iter().map(|e| part.cedar_fault(&DetailedError::from(e))));
                }
            }
        }
        if !has_error {
            self.mistakes.truncate(before);
            self.mistakes.extend(errors.iter().map(|e| whole.cedar_fault(&DetailedError::from(e))));
        }
    }

    /// Checks the rules of a part.
    fn check_part(&mut self, part: Part<'_>, set: &PolicySet) {
        if set.num_of_templates() > 0 {
            let message =
                "a rule contains `?principal` or `?resource`; write the name of the organisation or portion instead";
            let slots = part.text.find("?principal").into_iter().chain(part.text.find("?resource"));
            let at = part.position(slots.min().unwrap_or_default());
            self.mistakes.push(part.fault(at, message, None));
        }
        self.validate(part, set);
        for (start, policy) in in_order(set, part.text) {
            self.check_rule(part, start, &policy);
        }
    }

    /// Checks one rule, which begins at `start` in the part.
    fn check_rule(&mut self, part: Part<'_>, start: usize, policy: &cedar_policy::Policy) {
        let at = part.position(start);
        let text = part.text.get(start..).unwrap_or_default();
        for LocatedProblem { offset, problem } in check_literals(policy, text, self.known) {
            let at = offset.map_or(at, |offset| part.position(start + offset));
            let fault = part.fault(at, problem.message, Some(problem.help));
            if problem.is_warning { &mut self.warnings } else { &mut self.ineffective }.push(fault);
        }
        self.mistakes.extend(missing_parts(policy).into_iter().map(|message| part.fault(at, message, None)));
        let Some(rule) = forbid_rule(policy) else { return };
        match self.rule_places.get(&*rule.reason.id) {
            Some(earlier) => {
                let id = rule.reason.id.trim_start_matches(PREFIX);
                let message = format!("two rules have the id `{id}`; give each its own, the other is at {earlier}");
                self.mistakes.push(part.fault(at, message, None));
            }
            None => {
                self.rule_places.insert(rule.reason.id.to_string(), format!("{}:{}", part.source.name, at.line));
                self.rules.push(rule);
            }
        }
    }

    /// Validates the rules strictly against the schema.
    fn validate(&mut self, part: Part<'_>, set: &PolicySet) {
        let schema = match compiled_schema() {
            Ok(schema) => schema,
            Err(fault) => return self.mistakes.push(RuleFault::of_file(part.source.name, fault.to_string())),
        };
        let result = schema.validator.validate(set, ValidationMode::Strict);
        self.mistakes.extend(result.validation_errors().map(|e| part.cedar_fault(&DetailedError::from(e))));
        for warning in result.validation_warnings() {
            let is_ineffective = matches!(
                warning,
                ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_)
            );
            let mut fault = part.cedar_fault(&DetailedError::from(warning));
            if is_ineffective {
                "the rule never applies: nothing meets its conditions".clone_into(&mut fault.message);
                let help = || "correct the rule, or delete it".to_owned();
                fault.help = Some(fault.help.unwrap_or_else(help));
            }
            if is_ineffective { &mut self.ineffective } else { &mut self.warnings }.push(fault);
        }
    }
}

/// The policies, each with the offset at which it begins. Cedar names them `policy0`, `policy1` … in the text's order, and keeps their text.
fn in_order(set: &PolicySet, text: &str) -> Vec<(usize, cedar_policy::Policy)> {
    let number = |p: &cedar_policy::Policy| p.id().to_string().trim_start_matches("policy").parse::<usize>().ok();
    let mut all: Vec<_> = set.policies().cloned().collect();
    all.sort_by_key(number);
    let mut cursor = 0;
    let locate = |policy: cedar_policy::Policy| {
        let own = policy.to_cedar().unwrap_or_default();
        let start = text.get(cursor..).and_then(|rest| rest.find(&own)).map_or(cursor, |at| cursor + at);
        cursor = start + own.len();
        (start, policy)
    };
    all.into_iter().map(locate).collect()
}

/// An annotation that is there and not empty.
fn annotation<'p>(policy: &'p cedar_policy::Policy, name: &str) -> Option<&'p str> {
    policy.annotation(name).filter(|text| !text.is_empty())
}

/// What is missing for a policy to be a house rule.
fn missing_parts(policy: &cedar_policy::Policy) -> Vec<String> {
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

/// The rule with its id in decisions. `None` if it has no id.
fn forbid_rule(policy: &cedar_policy::Policy) -> Option<ForbidRule> {
    let words = annotation(policy, "reason").unwrap_or_default();
    let reason = PolicyReason::new(format!("{PREFIX}{}", annotation(policy, "id")?), words.to_owned());
    Some(ForbidRule { policy: policy.new_id(PolicyId::new(&reason.id)), reason })
}
