//! What a rule asks, read from Cedar's tree: each literal against the vocabulary of the attribute that it is compared with.

use serde_json::Value;

use super::{
    text::{Token, tokens},
    vocabulary::{Known, Odd, Vocabulary, recipient},
};

/// Something odd, with where it stands in the rule's text; `None`: somewhere in the rule.
pub(super) type Found = (Option<usize>, Odd);

/// All that is odd about a rule.
pub(super) fn odd(policy: &cedar_policy::Policy, text: &str, known: Option<&Known>) -> Vec<Found> {
    let Ok(tree) = policy.to_json() else { return vec![] };
    let mut reader = Reader { known, literals: vec![], odd: vec![] };
    for scope in ["principal", "resource"] {
        if let Some(entity) = tree.get(scope).and_then(|scope| scope.get("entity")) {
            reader.entity(entity);
        }
    }
    for condition in tree.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        condition.get("body").into_iter().for_each(|body| reader.walk(body));
    }
    reader.placed(text)
}

struct Reader<'a> {
    known: Option<&'a Known>,
    /// Every literal of the rule, in the text's order: which node of the tree it is, and what is written.
    literals: Vec<(*const Value, String)>,
    odd: Vec<(*const Value, Odd)>,
}

/// A name that stands before a set's or a value's.
struct Attribute<'a> {
    variable: &'a str,
    name: &'a str,
    vocabulary: Vocabulary,
}

impl Attribute<'_> {
    fn told(&self, odd: Odd) -> Odd {
        Odd { what: format!("`{}.{}` {}", self.variable, self.name, odd.what), ..odd }
    }
}

impl<'a> Reader<'a> {
    /// The node and all below it, in the text's order.
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
                        self.of_a_named_one(inner);
                    }
                    let sides = ["left", "right", "arg", "in"].iter().filter_map(|side| inner.get(side));
                    sides.for_each(|side| self.walk(side));
                }
            }
        }
    }

    fn literal(&mut self, value: &'a Value) {
        match value {
            Value::String(text) => self.literals.push((value, text.clone())),
            Value::Number(number) => self.literals.push((value, number.to_string().trim_start_matches('-').to_owned())),
            Value::Array(items) => items.iter().for_each(|item| self.literal(item)),
            Value::Object(_) => value.get("__entity").into_iter().for_each(|entity| self.entity(entity)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// An entity by its name.
    fn entity(&mut self, entity: &'a Value) {
        let of = |field| entity.get(field).and_then(Value::as_str);
        let (Some(kind), Some(id)) = (of("type"), of("id")) else { return };
        self.literals.push((entity, id.to_owned()));
        let wrong = |what: &str, help: &str| Odd { may_be_meant: false, what: what.to_owned(), help: help.to_owned() };
        let odd = match kind {
            "Organisation" => recipient(id, self.known),
            "Grant" => Some(wrong(
                "a house rule can't ask about a grant: the grants of other agreements are not there when it is asked",
                "speak of `principal`, `resource` and `context`",
            )),
            "Assessment" => Some(wrong(
                "a rule can't name an assessment",
                "speak of any by its attributes, as `resource.places` and `resource.signers`",
            )),
            _ => None,
        };
        self.odd.extend(odd.map(|odd| (std::ptr::from_ref(entity), odd)));
    }

    /// Only the recipient at hand is there when a rule is asked.
    fn of_a_named_one(&mut self, inner: &'a Value) {
        let entity = inner.get("left").and_then(|left| left.get("Value")).and_then(|value| value.get("__entity"));
        let Some(entity) = entity.filter(|e| e.get("type").and_then(Value::as_str) == Some("Organisation")) else {
            return;
        };
        let odd = Odd {
            may_be_meant: false,
            what: "a rule can't ask for an attribute of a named organisation: only the recipient is there".to_owned(),
            help: "write `principal == Organisation::\"...\"` and ask for the attribute of `principal`".to_owned(),
        };
        self.odd.push((entity, odd));
    }

    fn compare(&mut self, operator: &str, left: &'a Value, right: &'a Value) {
        match (attribute(left), attribute(right)) {
            (Some(attribute), None) => self.against(&attribute, operator, right),
            (None, Some(attribute)) => self.against(&attribute, mirrored(operator), left),
            (Some(one), Some(other)) if !one.vocabulary.meets(other.vocabulary) && is_match(operator) => {
                let what = format!("is {}, and `{}.{}` never is", one.vocabulary.noun(), other.variable, other.name);
                let help = format!("compare it with {}", one.vocabulary.noun());
                self.odd.push((left, one.told(Odd { may_be_meant: false, what, help })));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    /// Each literal of one side against the attribute on the other.
    fn against(&mut self, attribute: &Attribute<'_>, operator: &str, side: &'a Value) {
        for value in values(side) {
            let odd = match value {
                Value::String(text) if is_match(operator) => attribute.vocabulary.text(text, self.known),
                Value::Number(number) => number.as_i64().and_then(|limit| {
                    let holds = comparison(operator)?;
                    attribute.vocabulary.number(|is| holds(is, limit), &format!("{} {limit}", words(operator)))
                }),
                _ => None,
            };
            self.odd.extend(odd.map(|odd| (std::ptr::from_ref(value), attribute.told(odd))));
        }
    }

    fn like(&mut self, inner: &'a Value) {
        let (Some(left), Some(pattern)) = (inner.get("left"), inner.get("pattern")) else { return };
        self.walk(left);
        let mut parts: Vec<Option<&str>> = pattern.as_array().into_iter().flatten().map(literal_part).collect();
        let written: String = parts.iter().map(|part| part.unwrap_or("*")).collect();
        // One star is as good as several, and is tried faster.
        parts.dedup_by(|a, b| a.is_none() && b.is_none());
        if let Some(attribute) = attribute(left).filter(|a| !a.vocabulary.fits(|word| is_like(word, &parts))) {
            let what = format!("is never like `{}`", crate::domain::ids::shorten(&written));
            let help = format!("write a pattern that {} fits", attribute.vocabulary.noun());
            self.odd.push((pattern, attribute.told(Odd { may_be_meant: false, what, help })));
        }
        self.literals.push((pattern, written));
    }

    /// With the places: the first of several equal literals in the tree is the first in the text.
    fn placed(self, text: &str) -> Vec<Found> {
        let written: Vec<(usize, &str)> = after_annotations(text);
        let place = |node: *const Value| {
            let at = self.literals.iter().position(|(literal, _)| *literal == node)?;
            let (_, sought) = self.literals.get(at)?;
            let before = self.literals.iter().take(at).filter(|(_, literal)| literal == sought).count();
            written.iter().filter(|(_, literal)| literal == sought).nth(before).map(|(offset, _)| *offset)
        };
        self.odd.iter().map(|(node, odd)| (place(*node), odd.clone())).collect()
    }
}

/// The literals of a rule's text, without those of its annotations.
fn after_annotations(text: &str) -> Vec<(usize, &str)> {
    let all = tokens(text);
    let begin = all.iter().position(|(_, token)| *token == Token::Word("forbid")).unwrap_or_default();
    let literal = |(offset, token): &(usize, Token<'_>)| match token {
        Token::Text(written) => text.get(offset + 1..offset + 1 + written.len()).map(|t| (*offset, t)),
        Token::Number(written) => text.get(*offset..offset + written.len()).map(|t| (*offset, t)),
        Token::Word(_) | Token::End => None,
    };
    all.iter().skip(begin).filter_map(literal).collect()
}

fn attribute(node: &Value) -> Option<Attribute<'_>> {
    let access = node.get(".")?;
    let variable = access.get("left")?.get("Var")?.as_str()?;
    let name = access.get("attr")?.as_str()?;
    Some(Attribute { variable, name, vocabulary: Vocabulary::of(variable, name)? })
}

/// The literals that an expression may come to.
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

/// Whether it asks for equal words.
fn is_match(operator: &str) -> bool {
    matches!(operator, "==" | "!=" | "in" | "contains" | "containsAll" | "containsAny")
}

fn mirrored(operator: &str) -> &str {
    match operator {
        "<" => ">",
        ">" => "<",
        "<=" => ">=",
        ">=" => "<=",
        other => other,
    }
}

fn comparison(operator: &str) -> Option<fn(i64, i64) -> bool> {
    Some(match operator {
        "<" => |is, limit| is < limit,
        "<=" => |is, limit| is <= limit,
        ">" => |is, limit| is > limit,
        ">=" => |is, limit| is >= limit,
        // One of several numbers, too.
        "==" | "contains" | "containsAny" => |is, limit| is == limit,
        "!=" => |is, limit| is != limit,
        _ => return None,
    })
}

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

/// A part of a pattern; `None`: whatever.
fn literal_part(part: &Value) -> Option<&str> {
    part.get("Literal").and_then(Value::as_str)
}

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
