//! A file as a tree of values that know their lines. It is the same for TOML and JSON.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use toml::de::{DeTable, DeValue};

use super::{
    Format, MAX_FILE_BYTES,
    error::{DraftError, DraftFault},
};

/// A value and where it is in the file.
#[derive(Debug)]
pub(super) struct Node {
    pub line: Option<usize>,
    pub value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A date or time without quotation marks, which TOML permits.
    Date(String),
    List(Vec<Node>),
    Table(Vec<Entry>),
    Null,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub key: String,
    pub line: Option<usize>,
    pub node: Node,
}

impl Value {
    /// What kind of value it is, for error messages.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Null => "null",
        }
    }
}

/// Reads a file.
pub(super) fn read(text: &str, format: Format) -> Result<Node, DraftError> {
    if text.len() > MAX_FILE_BYTES {
        return Err(DraftError::one(None, format!("the file is longer than {MAX_FILE_BYTES} bytes; use attachments")));
    }
    match format {
        Format::Toml => from_toml(text),
        Format::Json => serde_json::from_str(text).map_err(|e| {
            let line = (e.line() > 0).then_some(e.line());
            let why = typographic(text, line).unwrap_or_else(|| without_place(&e.to_string()).to_owned());
            DraftError::one(line, format!("the JSON can't be read: {why}"))
        }),
    }
}

/// Removes the place that serde_json appends, because we report it in our own way.
fn without_place(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(before, _)| before)
}

fn from_toml(text: &str) -> Result<Node, DraftError> {
    let lines = Lines::of(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mut faults: Vec<DraftFault> = vec![];
        for error in &errors {
            let line = error.span().map(|span| lines.at(span.start));
            let why = typographic(text, line).unwrap_or_else(|| error.message().to_owned());
            let fault = DraftFault { line, field: String::new(), message: format!("the TOML can't be read: {why}") };
            // One wrong character of a line may be several errors.
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        return Err(DraftError::new(faults));
    }
    let line = Some(lines.at(table.span().start));
    Ok(Node { line, value: table_node(table.into_inner(), &lines) })
}

/// What a word processor has put into a line that can't be read: quotation marks or blanks that look like the right ones.
fn typographic(text: &str, line: Option<usize>) -> Option<String> {
    let line = text.lines().nth(line?.checked_sub(1)?)?;
    let (wrong, what, right) = line.chars().find_map(|c| {
        let (what, right) = match c {
            '“' | '”' | '„' | '‟' | '«' | '»' => ("a typographic quotation mark", "the straight one, `\"`"),
            '‘' | '’' | '‚' | '‛' => ("a typographic quotation mark", "a straight one, `\"` or `'`"),
            '\u{a0}' | '\u{2007}' | '\u{202f}' => ("a no-break space", "a plain blank"),
            '–' | '—' | '−' => ("a dash", "a hyphen, `-`"),
            _ => return None,
        };
        Some((c, what, right))
    })?;
    let shown = if wrong.is_whitespace() { format!("U+{:04X}", u32::from(wrong)) } else { format!("`{wrong}`") };
    Some(format!("{shown} is {what}, as word processors write it; write {right}"))
}

/// The byte offsets at which lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// The line of a byte, counted from 1.
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte) + 1
    }
}

fn table_node(table: DeTable<'_>, lines: &Lines) -> Value {
    let entries = table.into_iter().map(|(key, value)| {
        let line = Some(lines.at(key.span().start));
        Entry { key: key.into_inner().into_owned(), line, node: toml_node(value, lines) }
    });
    Value::Table(entries.collect())
}

fn toml_node(value: toml::Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let line = Some(lines.at(value.span().start));
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        // A number that does not fit is out of bounds in any case. The error quotes its text.
        DeValue::Integer(n) => {
            i64::from_str_radix(n.as_str(), n.radix()).map_or_else(|_| Value::Text(n.to_string()), Value::Integer)
        }
        DeValue::Float(n) => n.as_str().parse().map_or_else(|_| Value::Text(n.to_string()), Value::Float),
        DeValue::Boolean(b) => Value::Bool(b),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(all) => Value::List(all.into_iter().map(|one| toml_node(one, lines)).collect()),
        DeValue::Table(table) => table_node(table, lines),
    };
    Node { line, value }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(|value| Self { line: None, value })
    }
}

/// Reads JSON, and keeps repeated keys so that they can be refused.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::Text(value.to_string()), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = all.next_element()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = all.next_entry()? {
            entries.push(Entry { key, line: None, node });
        }
        Ok(Value::Table(entries))
    }
}
