//! Takes the fields of a table one by one. Records every fault, and refuses fields that were not asked for.

use std::{cell::RefCell, str::FromStr};

use unicode_normalization::UnicodeNormalization;

use super::{
    error::{DraftError, DraftFault},
    tree::{Field, InputValue, Located},
};
use crate::domain::{
    ids::shorten,
    lint::PLACEHOLDER,
    place::Place,
    time::{
        Day,
        spoken::{self, Side},
    },
};

/// The longest text of one field, bytes. The wire format refuses longer ones.
const MAX_TEXT: usize = 200 * 1024;

/// The longest message, characters.
const MAX_MESSAGE: usize = 1_000;

/// The message about a value that a template leaves to the author.
pub(super) const UNFILLED: &str = "it still says `FILL IN`; fill it in, or remove what it belongs to";

/// Whether a value is still to be filled in.
pub(super) fn is_unfilled(node: &Located) -> bool {
    matches!(&node.value, InputValue::Text(text) if text.contains(PLACEHOLDER))
}

/// The faults of one file.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<DraftFault>>);

impl Faults {
    /// Records a fault and returns `None`, so that `return faults.note(..)` reads well.
    pub fn note<T>(&self, line: Option<usize>, field: impl Into<String>, message: impl Into<String>) -> Option<T> {
        // Messages quote the file and are shown on terminals.
        let plain = |text: String| text.chars().filter(|c| !c.is_control()).take(MAX_MESSAGE).collect();
        self.0.borrow_mut().push(DraftFault { line, field: plain(field.into()), message: plain(message.into()) });
        None
    }

    /// Whether no fault was recorded yet.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Whether a fault of that field was recorded.
    pub fn is_about(&self, field: &str) -> bool {
        self.0.borrow().iter().any(|fault| fault.field == field)
    }

    /// The value, if no fault was recorded.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, DraftError> {
        let faults = self.0.into_inner();
        match value {
            Some(value) if faults.is_empty() => Ok(value),
            _ if faults.is_empty() => Err(DraftError::one(None, "the file can't be read")),
            _ => Err(DraftError::new(faults)),
        }
    }
}

/// A value of the file: where it is, and where its faults are recorded.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub node: &'a Located,
    pub line: Option<usize>,
    pub path: &'a str,
    pub faults: &'a Faults,
    /// The day on which the file is read. Days such as `in 90 days` count from it.
    pub today: Day,
}

impl<'a> At<'a> {
    /// Records a fault of this value. Returns `None`.
    pub fn refuse<T>(self, message: impl Into<String>) -> Option<T> {
        match is_unfilled(self.node) {
            true => self.faults.note(self.line, self.path, UNFILLED),
            false => self.faults.note(self.line, self.path, message),
        }
    }

    fn expected<T>(self, wanted: &str) -> Option<T> {
        self.refuse(format!("found {} instead of {wanted}", self.node.value.what()))
    }

    /// Its text, unchanged. A date without quotation marks is accepted.
    pub fn plain(self) -> Option<&'a str> {
        match &self.node.value {
            InputValue::Text(text) | InputValue::Date(text) => Some(text),
            _ => self.expected("a text in quotation marks"),
        }
    }

    /// Its text, owned.
    pub fn plain_text(self) -> Option<String> {
        self.plain().map(str::to_owned)
    }

    /// Text for people: normalised to NFC, with plain newlines. Other control characters are refused.
    pub fn prose(self) -> Option<String> {
        let text: String = self.plain()?.replace("\r\n", "\n").nfc().collect();
        if text.len() > MAX_TEXT {
            return self.refuse("the text is longer than a portion may be; put long material into an attachment");
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return self.refuse("the text contains a control character; only newlines are allowed, and no tabs");
        }
        Some(text)
    }

    /// Text that is not empty.
    pub fn required(self) -> Option<String> {
        let text = self.prose()?;
        if text.trim().is_empty() {
            self.refuse("the text is empty; write it, or leave the field out")
        } else {
            Some(text)
        }
    }

    /// One line of text.
    pub fn line(self) -> Option<String> {
        let text = self.required()?;
        if text.contains('\n') { self.refuse("the text must be one line") } else { Some(text) }
    }

    /// A value of a type that is parsed from a string.
    pub fn parsed<T: FromStr<Err: ToString>>(self) -> Option<T> {
        self.plain()?.parse().map_or_else(|e: T::Err| self.refuse(e.to_string()), Some)
    }

    /// A place with a code of today.
    pub fn place(self) -> Option<Place> {
        Place::of_today(self.plain()?).map_or_else(|e| self.refuse(e), Some)
    }

    /// A number with or without a fraction.
    pub fn number(self) -> Option<f64> {
        match self.node.value {
            InputValue::Float(n) => Some(n),
            // This is exact: the callers' bounds refuse whole numbers beyond 2^53.
            InputValue::Integer(n) => Some(n as f64),
            _ => self.expected("a number"),
        }
    }

    /// A span of time in whole days.
    pub fn days(self) -> Option<u32> {
        spoken::days(self.plain()?).map_or_else(|e| self.refuse(e), Some)
    }

    /// A span of time in seconds.
    pub fn seconds(self) -> Option<u64> {
        spoken::seconds(self.plain()?).map_or_else(|e| self.refuse(e), Some)
    }

    /// A day, as people write it. A span such as `90 days` lies ahead.
    pub fn day(self) -> Option<Day> {
        self.day_on(Side::After)
    }

    /// A day of something that has happened. A span such as `3 days` lies back.
    pub fn past_day(self) -> Option<Day> {
        self.day_on(Side::Before)
    }

    fn day_on(self, side: Side) -> Option<Day> {
        Day::spoken(self.plain()?, self.today, side).map_or_else(|e| self.refuse(e), Some)
    }

    /// A span of time that lies ahead, in seconds.
    pub fn seconds_ahead(self) -> Option<u64> {
        spoken::seconds_ahead(self.plain()?).map_or_else(|e| self.refuse(e), Some)
    }

    /// A span of time that lies ahead, in whole days.
    pub fn days_ahead(self) -> Option<u32> {
        spoken::days_ahead(self.plain()?).map_or_else(|e| self.refuse(e), Some)
    }

    /// A whole number.
    pub fn integer<T: TryFrom<i64>>(self) -> Option<T> {
        match self.node.value {
            InputValue::Integer(n) => T::try_from(n)
                .map_or_else(|_| self.refuse(format!("`{n}` is out of bounds; write another number")), Some),
            _ => self.expected("a whole number"),
        }
    }

    /// True or false.
    pub fn boolean(self) -> Option<bool> {
        match self.node.value {
            InputValue::Bool(b) => Some(b),
            _ => self.expected("true or false"),
        }
    }

    /// Each element of a list. Faulty elements are recorded and left out.
    pub fn each<T>(self, one: impl Fn(At<'_>) -> Option<T>) -> Option<Vec<T>> {
        let InputValue::List(all) = &self.node.value else { return self.expected("a list in square brackets") };
        let read = all.iter().enumerate().filter_map(|(i, node)| {
            let path = format!("{}[{i}]", self.path);
            one(At { node, line: node.line.or(self.line), path: &path, ..self })
        });
        Some(read.collect())
    }

    /// The fields of a table.
    pub fn fields(self) -> Option<Fields<'a>> {
        let InputValue::Table(entries) = &self.node.value else { return self.expected("a table") };
        for (i, entry) in entries.iter().enumerate() {
            if entries.iter().take(i).any(|e| e.key == entry.key) {
                let what = format!("`{}` is written twice", shorten(&entry.key));
                self.faults.note::<()>(entry.line.or(self.line), self.path, what);
            }
        }
        Some(Fields { at: self, entries, known: RefCell::default() })
    }
}

/// The fields of one table.
pub(super) struct Fields<'a> {
    at: At<'a>,
    entries: &'a [Field],
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    /// The whole table as a value.
    pub fn table(&self) -> At<'a> {
        self.at
    }

    /// All entries, for tables whose keys are names.
    pub fn entries(&self) -> &'a [Field] {
        self.entries
    }

    /// A field that may be absent. `read` records its own faults.
    pub fn maybe<T>(&self, key: &'static str, read: impl FnOnce(At<'_>) -> Option<T>) -> Option<T> {
        self.known.borrow_mut().push(key);
        let entry = self.entries.iter().find(|e| e.key == key)?;
        let path = self.path_of(key);
        read(At { node: &entry.node, line: entry.line.or(self.at.line), path: &path, ..self.at })
    }

    /// A field that must be present. `help` says what to write.
    pub fn must<T>(&self, key: &'static str, help: &str, read: impl FnOnce(At<'_>) -> Option<T>) -> Option<T> {
        if self.has(key) {
            return self.maybe(key, read);
        }
        self.known.borrow_mut().push(key);
        self.at.refuse(format!("`{key}` is missing; {help}"))
    }

    /// Whether the field is present.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key == key)
    }

    /// A text that may be absent. An absent text is empty.
    pub fn prose(&self, key: &'static str) -> String {
        self.maybe(key, |at| at.prose()).unwrap_or_default()
    }

    fn path_of(&self, key: &str) -> String {
        let key = shorten(key);
        if self.at.path.is_empty() { key } else { format!("{}.{key}", self.at.path) }
    }

    /// Refuses the fields that were not asked for. Call it after all fields were asked for.
    pub fn refuse_others(&self) {
        let known = self.known.borrow();
        for entry in self.entries.iter().filter(|e| !known.contains(&e.key.as_str())) {
            let key = shorten(&entry.key);
            let help = match nearest(&entry.key, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of {}", known.join(", ")),
            };
            let line = entry.line.or(self.at.line);
            self.at.faults.note::<()>(line, self.path_of(&entry.key), format!("`{key}` is unknown here; {help}"));
        }
    }
}

/// The known name that is most similar. It differs by at most a third of its letters.
pub(super) fn nearest(name: &str, known: &[&'static str]) -> Option<&'static str> {
    if name.len() > 40 {
        return None;
    }
    let best = known.iter().map(|k| (distance(name, k), *k)).min()?;
    (best.0 <= best.1.len().div_ceil(3).max(1)).then_some(best.1)
}

/// The number of letters to change, add or remove (Levenshtein distance).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.chars().zip(row.iter().skip(1)) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(x != y));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
