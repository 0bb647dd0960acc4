//! What is checked before an assessment is published. Errors block; warnings need to be accepted by name, and that is recorded.
//! A finding says what to do. It quotes single words of the draft, never its sentences.

mod headlines;
mod language;
mod markings;
mod portions;
mod structure;
mod subjects;
mod texts;

use std::fmt;

use serde::Serialize;

pub use subjects::why_withheld;

use super::{draft::Draft, time::Time, words::words};

words!(
    /// Whether a finding blocks.
    Severity, "severity" {
        /// It may be accepted by name.
        Warning = "warning",
        /// It blocks publication.
        Error = "error",
    }
);

/// What a text of the template holds until its author has filled it in.
pub const PLACEHOLDER: &str = "FILL IN";

/// Something to mend, or to accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable name, as in `--accept late-forecast`.
    pub code: &'static str,
    /// Whether it blocks.
    pub severity: Severity,
    /// The place of the portion in the draft, from 0; `None` where it is about the whole.
    pub portion: Option<usize>,
    /// The line of the draft's file, from 1.
    pub line: Option<usize>,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for Finding {
    /// `error[no-subject]: the draft names no subject; write a portion of kind subject`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, severity, message, help, .. } = self;
        write!(f, "{severity}[{code}]: {message}; {help}")
    }
}

/// All findings: those about the whole first, then by portion.
pub fn lint(draft: &Draft, now: Time) -> Vec<Finding> {
    let mut found = Findings { draft, life: (now, draft.expires), all: Vec::new() };
    structure::check(&mut found, now);
    portions::check(&mut found, now);
    markings::check(&mut found, now);
    headlines::check(&mut found);
    subjects::check(&mut found);
    language::check(&mut found);
    found.all.sort_by_key(|f| (f.portion.map_or(0, |p| p + 1), std::cmp::Reverse(f.severity)));
    found.all
}

/// Whether these findings let the draft be published, given the codes of the warnings that its author accepts.
pub fn blocking<'f>(findings: &'f [Finding], accepted: &[String]) -> Vec<&'f Finding> {
    let blocks = |f: &&Finding| f.severity == Severity::Error || !accepted.iter().any(|code| code == f.code);
    findings.iter().filter(blocks).collect()
}

/// Collects findings about one draft.
struct Findings<'d> {
    draft: &'d Draft,
    /// When it would be issued, and when it expires.
    life: (Time, Time),
    all: Vec<Finding>,
}

impl Findings<'_> {
    fn error(&mut self, code: &'static str, portion: Option<usize>, message: impl Into<String>, help: &str) {
        self.push(Severity::Error, code, portion, message.into(), help);
    }

    fn warn(&mut self, code: &'static str, portion: Option<usize>, message: impl Into<String>, help: &str) {
        self.push(Severity::Warning, code, portion, message.into(), help);
    }

    fn push(&mut self, severity: Severity, code: &'static str, portion: Option<usize>, message: String, help: &str) {
        let line = portion.and_then(|p| self.draft.portions.get(p)).and_then(|p| p.line);
        self.all.push(Finding { code, severity, portion, line, message, help: help.to_owned() });
    }
}
