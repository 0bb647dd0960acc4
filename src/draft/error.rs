//! What is wrong with a file.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraftFault {
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The path of the field, as in `portion[3].likelihood.term`; empty where it is about the whole.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// All that is wrong with a file; never empty. In the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraftError {
    /// The faults.
    pub findings: Vec<DraftFault>,
}

impl DraftError {
    /// From faults in any order.
    pub(super) fn new(mut findings: Vec<DraftFault>) -> Self {
        findings.sort_by_key(|f| f.line);
        Self { findings }
    }

    /// A single fault.
    pub(super) fn one(line: Option<usize>, message: impl Into<String>) -> Self {
        Self::new(vec![DraftFault { line, field: String::new(), message: message.into() }])
    }

    /// One `FILE:LINE: message` a line, as compilers write it, so that editors find the place.
    pub fn in_file(&self, file: &str) -> String {
        let lines = self.findings.iter().map(|fault| match fault.line {
            Some(line) => format!("{file}:{line}: {}", fault.sentence()),
            None => format!("{file}: {}", fault.sentence()),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl DraftFault {
    /// The field and the message.
    fn sentence(&self) -> String {
        match self.field.as_str() {
            "" => self.message.clone(),
            field => format!("{field}: {}", self.message),
        }
    }
}

impl fmt::Display for DraftError {
    /// As [`DraftError::in_file`], without the file.
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
