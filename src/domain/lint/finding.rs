//! A finding, and the list in which the checks collect them.

use std::fmt;

use serde::Serialize;

use crate::domain::{draft::Draft, place::Country, time::Time, words::words};

words!(
    /// How severe a finding is.
    Severity, "severity" {
        /// It may be accepted by name.
        Warning = "warning",
        /// It may be accepted by name, by an officer.
        Officer = "officer",
        /// It blocks publication.
        Error = "error",
    }
);

/// The text in a template that an author has not filled in yet.
pub const PLACEHOLDER: &str = "FILL IN";

/// A fault to correct, or a warning to accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable name, as used in `--accept late-forecast`.
    pub code: &'static str,
    /// Whether it blocks.
    pub severity: Severity,
    /// The index of the portion in the draft, from 0. `None` if the finding is about the whole draft.
    pub portion: Option<usize>,
    /// The line of the draft's file, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// The states that it is about, for a finding about states that are no subjects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<NamedStates>,
    /// Passages of the draft to compare. They are for the author's eyes: no log and no error contains them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passages: Vec<Passage>,
}

/// States that portions name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedStates {
    /// One state, or several of which one is meant.
    pub states: Vec<Country>,
    /// The indexes of the portions in the draft, ascending.
    pub portions: Vec<usize>,
}

/// A passage of a draft, with who reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passage {
    /// The index of its portion.
    pub portion: usize,
    /// Who reads the portion: `GREEN, read by gh.example and 4 others`.
    pub readers: String,
    /// The words, with some of what stands around them.
    pub text: String,
}

impl fmt::Display for Passage {
    /// `GREEN, read by gh.example and 4 others: “…the nurse Halima…”`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: “{}”", self.readers, self.text)
    }
}

impl fmt::Display for Finding {
    /// `error[no-subject]: the draft names no subject; write a portion of kind subject`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, severity, message, help, .. } = self;
        write!(f, "{severity}[{code}]: {message}; {help}")
    }
}

/// Collects findings about one draft.
pub(super) struct Findings<'d> {
    pub draft: &'d Draft,
    /// When the assessment would be issued.
    pub now: Time,
    pub all: Vec<Finding>,
}

impl<'d> Findings<'d> {
    /// An empty list for a draft that would be issued now.
    pub fn new(draft: &'d Draft, now: Time) -> Self {
        Self { draft, now, all: Vec::new() }
    }

    /// Adds a finding that blocks.
    pub fn error(&mut self, code: &'static str, portion: Option<usize>, message: impl Into<String>, help: &str) {
        self.push(Severity::Error, code, portion, message.into(), help);
    }

    /// Adds a finding that may be accepted by name.
    pub fn warn(&mut self, code: &'static str, portion: Option<usize>, message: impl Into<String>, help: &str) {
        self.push(Severity::Warning, code, portion, message.into(), help);
    }

    /// Adds a finding that only an officer may accept, with the passages to compare.
    pub fn officer(
        &mut self,
        code: &'static str,
        portion: Option<usize>,
        (what, help): (String, &str),
        passages: Vec<Passage>,
    ) {
        self.push(Severity::Officer, code, portion, what, help);
        if let Some(last) = self.all.last_mut() {
            last.passages = passages;
        }
    }

    fn push(&mut self, severity: Severity, code: &'static str, portion: Option<usize>, message: String, help: &str) {
        let line = portion.and_then(|p| self.draft.portions.get(p)).and_then(|p| p.line);
        let help = help.to_owned();
        let (named, passages) = (None, vec![]);
        self.all.push(Finding { code, severity, portion, line, message, help, named, passages });
    }
}
