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
pub(super) struct Located {
    pub line: Option<usize>,
    pub value: InputValue,
}

#[derive(Debug)]
pub(super) enum InputValue {
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A date or time without quotation marks, which TOML permits.
    Date(String),
    List(Vec<Located>),
    Table(Vec<Field>),
    Null,
}

#[derive(Debug)]
pub(super) struct Field {
    pub key: String,
    pub line: Option<usize>,
    pub node: Located,
}

impl InputValue {
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
pub(super) fn read(text: &str, format: Format) -> Result<Located, DraftError> {
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

fn from_toml(text: &str) -> Result<Located, DraftError> {
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
    Ok(Located { line, value: table_node(table.into_inner(), &lines) })
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

fn table_node(table: DeTable<'_>, lines: &Lines) -> InputValue {
    let entries = table.into_iter().map(|(key, value)| {
        let line = Some(lines.at(key.span().start));
        Field { key: key.into_inner().into_owned(), line, node: toml_node(value, lines) }
    });
    InputValue::Table(entries.collect())
}

fn toml_node(value: toml::Spanned<DeValue<'_>>, lines: &Lines) -> Located {
    let line = Some(lines.at(value.span().start));
    let value = match value.into_inner() {
        DeValue::String(text) => InputValue::Text(text.into_owned()),
        // A number that does not fit is out of bounds in any case. The error quotes its text.
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
            .map_or_else(|_| InputValue::Text(n.to_string()), InputValue::Integer),
        DeValue::Float(n) => n.as_str().parse().map_or_else(|_| InputValue::Text(n.to_string()), InputValue::Float),
        DeValue::Boolean(b) => InputValue::Bool(b),
        DeValue::Datetime(date) => InputValue::Date(date.to_string()),
        DeValue::Array(all) => InputValue::List(all.into_iter().map(|one| toml_node(one, lines)).collect()),
        DeValue::Table(table) => table_node(table, lines),
    };
    Located { line, value }
}

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(|value| Self { line: None, value })
    }
}

/// Reads JSON, and keeps repeated keys so that they can be refused.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = InputValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<InputValue, E> {
        Ok(InputValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<InputValue, E> {
        Ok(InputValue::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<InputValue, E> {
        Ok(i64::try_from(value).map_or_else(|_| InputValue::Text(value.to_string()), InputValue::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<InputValue, E> {
        Ok(InputValue::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<InputValue, E> {
        Ok(InputValue::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<InputValue, E> {
        Ok(InputValue::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<InputValue, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = all.next_element()? {
            list.push(node);
        }
        Ok(InputValue::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<InputValue, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, node)) = all.next_entry()? {
            entries.push(Field { key, line: None, node });
        }
        Ok(InputValue::Table(entries))
    }
}
