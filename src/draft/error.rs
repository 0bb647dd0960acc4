//! The faults of a draft.

use std::fmt;

use serde::Serialize;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraftFault {
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// The path of the field, such as `portion[3].likelihood.term`. Empty if the fault is about the whole file.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// All faults of a file, in the order of the lines. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraftError {
    /// The faults.
    pub findings: Vec<DraftFault>,
}

impl DraftError {
    /// Takes faults in any order.
    pub(super) fn new(mut findings: Vec<DraftFault>) -> Self {
        findings.sort_by_key(|f| f.line);
        Self { findings }
    }

    /// An error with a single fault.
    pub(super) fn one(line: Option<usize>, message: impl Into<String>) -> Self {
        Self::new(vec![DraftFault { line, field: String::new(), message: message.into() }])
    }

    /// Writes one line `FILE:LINE: message` for each fault. Editors understand this form, which compilers use.
    pub fn in_file(&self, file: &str) -> String {
        let lines = self.findings.iter().map(|fault| match fault.line {
            Some(line) => format!("{file}:{line}: {}", fault.sentence()),
            None => format!("{file}: {}", fault.sentence()),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl DraftFault {
    /// The field and the message, as a sentence.
    fn sentence(&self) -> String {
        match self.field.as_str() {
            "" => self.message.clone(),
            field => format!("{field}: {}", self.message),
        }
    }
}

impl fmt::Display for DraftError {
    /// As [`DraftError::in_file`], without the file's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.findings.iter().enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            match fault.line {
                Some(line) => write!(f, "{end}line {line}: {}", fault.sentence())?,
                None => write!(f, "{end}{}", fault.sentence())?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for DraftError {}
