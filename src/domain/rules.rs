//! House rules as files: their texts, their versions, and their mistakes.

use std::fmt;

use serde::Serialize;

use super::{ids::Sha256, time::Time};

/// The longest total length of all files of a set, in bytes. They are stored in one row and sent over the desk in one message.
pub const MAX_BYTES: usize = 1 << 20;

/// One file of house rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleFile {
    /// The file's name, without its directory.
    pub name: String,
    /// The rules, in Cedar.
    pub text: String,
}

/// One mistake in a file of house rules.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuleFault {
    /// The name of the file as it was given.
    pub file: String,
    /// The line, from 1. 0 if the fault concerns the whole file.
    pub line: u32,
    /// The column in characters, from 1. 0 if the fault concerns the whole file.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to do, if there is a suggestion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl RuleFault {
    /// A fault of a file as a whole.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: message.into(), help: None }
    }
}

impl fmt::Display for RuleFault {
    /// The form of compilers, which editors understand: `b.cedar:2:14: …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, message, help } = self;
        f.write_str(file)?;
        if *line > 0 {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {message}")?;
        help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

/// A set of house rules that came into force here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesVersion {
    /// The version, from 1.
    pub version: u32,
    /// When it came into force.
    pub at: Time,
    /// The digest over the files' names and texts.
    pub digest: Sha256,
    /// The files, by name. Empty if the rules were removed.
    pub files: Vec<RuleFile>,
}
