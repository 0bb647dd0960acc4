//! The check of a rule's literals, read from Cedar's JSON form of the rule: each literal against the vocabulary of the attribute that it is
//! compared with.

use serde_json::Value;

use super::{
    known_names::KnownNames,
    tokens::{Token, tokens},
    vocabulary::{LiteralProblem, Vocabulary, check_recipient},
};

/// A problem in the text of a rule.
pub(super) struct LocatedProblem {
    /// The offset of the literal in the rule's text. `None` if it was not found.
    pub offset: Option<usize>,
    pub problem: LiteralProblem,
}

/// All that is wrong with the literals of a rule, which has this text.
pub(super) fn check_literals(
    policy: &cedar_policy::Policy,
    text: &str,
    known: Option<&KnownNames>,
) -> Vec<LocatedProblem> {
    let Ok(tree) = policy.to_json() else { return vec![] };
    let mut checker = Checker { known, literals: vec![], problems: vec![] };
    for scope in ["principal", "resource"] {
        if let Some(entity) = tree.get(scope).and_then(|scope| scope.get("entity")) {
            checker.entity(entity);
        }
    }
    for condition in tree.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        condition.get("body").into_iter().for_each(|body| checker.walk(body));
    }
    checker.located(text)
}

struct Checker<'a> {
    known: Option<&'a KnownNames>,
    /// Every literal of the rule in the text's order: its node in the tree, and its text.
    literals: Vec<(*const Value, String)>,
    /// The problems, each with the node of its literal.
    problems: Vec<(*const Value, LiteralProblem)>,
}

/// An attribute that a rule uses.
struct Attribute<'a> {
    variable: &'a str,
    name: &'a str,
    vocabulary: Vocabulary,
}

impl Attribute<'_> {
    /// Puts the attribute's name before the message.
    fn named(&self, problem: LiteralProblem) -> LiteralProblem {
        let message = format!("`{}.{}` {}", self.variable, self.name, problem.message);
        LiteralProblem { message, ..problem }
    }
}

impl<'a> Checker<'a> {
    /// Checks the node and all nodes below it, in the text's order.
    fn walk(&mut self, node: &'a Value) {
        let Value::Object(fields) = node else { return };
        for (operator, inner) in fields {
            match operator.as_str() {
                "Value" => self.literal(inner),
                "Set" => inner.as_array().into_iter().flatten().for_each(|item| self.walk(item)),
                "Record" => inner.as_object().into_iter().flatten().for_each(|(_, value)| self.walk(value)),
                "if-then-else" => {
                    ["if", "then", "else"].iter().filter_map(|part| inner.get(part)).for_each(|part| self.walk(part));
                }
                "like" => self.like(inner),
                _ => {
                    if let (Some(left), Some(right)) = (inner.get("left"), inner.get("right")) {
                        self.compare(operator, left, right);
                    }
                    if matches!(operator.as_str(), "." | "has") {
                        self.attribute_of_a_literal(inner);
                    }
                    let sides = ["left", "right", "arg", "in"].iter().filter_map(|side| inner.get(side));
                    sides.for_each(|side| self.walk(side));
                }
            }
        }
    }

    /// Takes note of the literals in a value.
    fn literal(&mut self, value: &'a Value) {
        match value {
            Value::String(text) => self.literals.push((value, text.clone())),
            Value::Number(number) => self.literals.push((value, number.to_string().trim_start_matches('-').to_owned())),
            Value::Array(items) => items.iter().for_each(|item| self.literal(item)),
            Value::Object(_) => value.get("__entity").into_iter().for_each(|entity| self.entity(entity)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Checks an entity that is named by its id.
    fn entity(&mut self, entity: &'a Value) {
        let of = |field| entity.get(field).and_then(Value::as_str);
        let (Some(kind), Some(id)) = (of("type"), of("id")) else { return };
        self.literals.push((entity, id.to_owned()));
        let problem = match kind {
            "Organisation" => check_recipient(id, self.known),
            "Grant" => Some(LiteralProblem::mistake(
                "a house rule can't ask about a grant: it does not know the grants of other agreements",
                "use `principal`, `resource` and `context`",
            )),
            "Assessment" => Some(LiteralProblem::mistake(
                "a rule can't name an assessment",
                "refer to any portion by its attributes, such as `resource.places` and `resource.signers`",
            )),
            _ => None,
        };
        self.problems.extend(problem.map(|problem| (std::ptr::from_ref(entity), problem)));
    }

    /// Checks that a rule uses no attribute of an organisation that it names: only the recipient is there when a rule is evaluated.
    fn attribute_of_a_literal(&mut self, inner: &'a Value) {
        let entity = inner.get("left").and_then(|left| left.get("Value")).and_then(|value| value.get("__entity"));
        let Some(entity) = entity.filter(|e| e.get("type").and_then(Value::as_str) == Some("Organisation")) else {
            return;
        };
        let problem = LiteralProblem::mistake(
            "a rule can't ask for an attribute of a named organisation: it knows only the attributes of the recipient",
            "write `principal == Organisation::\"...\"` and ask for the attribute of `principal`",
        );
        self.problems.push((entity, problem));
    }

    /// Checks a comparison of an attribute with literals or with another attribute.
    fn compare(&mut self, operator: &str, left: &'a Value, right: &'a Value) {
        match (attribute(left), attribute(right)) {
            (Some(attribute), None) => self.compare_literals(&attribute, operator, right),
            (None, Some(attribute)) => self.compare_literals(&attribute, mirrored(operator), left),
            (Some(one), Some(other)) if !one.vocabulary.overlaps(other.vocabulary) && is_match(operator) => {
                let noun = one.vocabulary.noun();
                let message = format!("is {noun}, and `{}.{}` never is", other.variable, other.name);
                let problem = LiteralProblem::mistake(message, format!("compare it with {noun}"));
                self.problems.push((left, one.named(problem)));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    /// Checks each literal of one side against the attribute on the other side.
    fn compare_literals(&mut self, attribute: &Attribute<'_>, operator: &str, side: &'a Value) {
        for value in values(side) {
            let problem = match value {
                Value::String(text) if is_match(operator) => attribute.vocabulary.check_text(text, self.known),
                Value::Number(number) => number.as_i64().and_then(|limit| {
                    let holds = comparison(operator)?;
                    attribute.vocabulary.check_number(|is| holds(is, limit), &format!("{} {limit}", words(operator)))
                }),
                _ => None,
            };
            self.problems.extend(problem.map(|problem| (std::ptr::from_ref(value), attribute.named(problem))));
        }
    }

    /// Checks a comparison with a pattern.
    fn like(&mut self, inner: &'a Value) {
        let (Some(left), Some(pattern)) = (inner.get("left"), inner.get("pattern")) else { return };
        self.walk(left);
        let mut parts: Vec<Option<&str>> = pattern.as_array().into_iter().flatten().map(literal_part).collect();
        let written: String = parts.iter().map(|part| part.unwrap_or("*")).collect();
        // Several stars in a row match the same as one, and take longer.
        parts.dedup_by(|a, b| a.is_none() && b.is_none());
        if let Some(attribute) = attribute(left).filter(|a| !a.vocabulary.any_matches(|word| is_like(word, &parts))) {
            let message = format!("is never like `{}`", crate::domain::ids::shorten(&written));
            let help = format!("write a pattern that {} fits", attribute.vocabulary.noun());
            self.problems.push((pattern, attribute.named(LiteralProblem::mistake(message, help))));
        }
        self.literals.push((pattern, written));
    }

    /// Finds the problems' offsets. The first of several equal literals in the tree is the first in the text.
    fn located(self, text: &str) -> Vec<LocatedProblem> {
        let written: Vec<(usize, &str)> = literals_after_annotations(text);
        let offset_of = |node: *const Value| {
            let at = self.literals.iter().position(|(literal, _)| *literal == node)?;
            let (_, sought) = self.literals.get(at)?;
            let before = self.literals.iter().take(at).filter(|(_, literal)| literal == sought).count();
            written.iter().filter(|(_, literal)| literal == sought).nth(before).map(|(offset, _)| *offset)
        };
        let located = |(node, problem): &(*const Value, LiteralProblem)| LocatedProblem {
            offset: offset_of(*node),
            problem: problem.clone(),
        };
        self.problems.iter().map(located).collect()
    }
}

/// The literals of a rule's text, each with its offset; without those of the rule's annotations.
fn literals_after_annotations(text: &str) -> Vec<(usize, &str)> {
    let all = tokens(text);
    let begin = all.iter().position(|(_, token)| *token == Token::Word("forbid")).unwrap_or_default();
    let literal = |(offset, token): &(usize, Token<'_>)| match token {
        Token::Text(written) => text.get(offset + 1..offset + 1 + written.len()).map(|t| (*offset, t)),
        Token::Number(written) => text.get(*offset..offset + written.len()).map(|t| (*offset, t)),
        Token::Word(_) | Token::End => None,
    };
    all.iter().skip(begin).filter_map(literal).collect()
}

/// The attribute that the node names, if it is one that has a vocabulary.
fn attribute(node: &Value) -> Option<Attribute<'_>> {
    let access = node.get(".")?;
    let variable = access.get("left")?.get("Var")?.as_str()?;
    let name = access.get("attr")?.as_str()?;
    Some(Attribute { variable, name, vocabulary: Vocabulary::of(variable, name)? })
}

/// The literals that an expression may evaluate to.
fn values(node: &Value) -> Vec<&Value> {
    let Value::Object(fields) = node else { return vec![] };
    let of = |(operator, inner): (&String, _)| -> Vec<_> {
        let inner: &Value = inner;
        match operator.as_str() {
            "Value" => inner.as_array().map_or_else(|| vec![inner], |items| items.iter().collect()),
            "Set" => inner.as_array().into_iter().flatten().flat_map(values).collect(),
            "if-then-else" => ["then", "else"].iter().filter_map(|part| inner.get(part)).flat_map(values).collect(),
            _ => vec![],
        }
    };
    fields.iter().flat_map(of).collect()
}

/// Whether the operator compares for equality.
fn is_match(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | "in" | "contains" | "containsAll" | "containsAny")
}

/// The operator with its sides exchanged.
fn mirrored(operator: &str) -> &str {
    match operator {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        other => other,
    }
}

/// The comparison that the operator makes between a value and a limit.
fn comparison(operator: &str) -> Option<fn(i64, i64) -> bool> {
    Some(match operator {
        "<" => |is, limit| is < limit,
        "<=" => |is, limit| is <= limit,
        ">" => |is, limit| is > limit,
        ">=" => |is, limit| is >= limit,
        // Also if the number is one of several.
        "==" | "contains" | "containsAny" => |is, limit| is == limit,
        "!=" => |is, limit| is != limit,
        _ => return None,
    })
}

/// The operator in words.
fn words(operator: &str) -> &'static str {
    match operator {
        "<" => "below",
        "<=" => "at most",
        ">" => "above",
        ">=" => "at least",
        "!=" => "other than",
        _ => "equal to",
    }
}

/// A literal part of a pattern; `None` for a wildcard.
fn literal_part(part: &Value) -> Option<&str> {
    part.get("Literal").and_then(Value::as_str)
}

/// Whether the word matches the pattern.
fn is_like(word: &str, parts: &[Option<&str>]) -> bool {
    match parts.split_first() {
        None => word.is_empty(),
        Some((Some(literal), rest)) => word.strip_prefix(literal).is_some_and(|left| is_like(left, rest)),
        Some((None, rest)) => word
            .char_indices()
            .map(|(at, _)| at)
            .chain([word.len()])
            .any(|at| word.get(at..).is_some_and(|left| is_like(left, rest))),
    }
}
